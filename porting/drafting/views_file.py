"""Check the answers, file the request, and the page that says what happens next."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from portal.access import Permission, allowed
from portal.files import NotThere
from portal.http import StaffRequest, go
from portal.models import Operation
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.reveal.reveals import mask
from portal.secrets import CannotDecrypt
from portal.twilio.errors import TwilioFailure, Uncertain
from porting.drafting.pages import draft_of, draft_page
from porting.drafting.progress import read_progress
from porting.drafting.summary import sections_of
from porting.models import PortInDraft, PortInRequest
from porting.portin.actions import FILE_PORT_IN, AlreadyFiled, AlreadyPorting, file_port_in
from porting.portin.filing import natural_key
from porting.portin.refusals import problems_of, sentence_of
from porting.statuses import PORT_IN_STATES

LOA_DAYS = 30


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def draft_check(request: StaffRequest, pk: UUID) -> HttpResponse:
    """All answers before anything is filed; the button files the request, once."""
    draft = draft_of(request, pk)
    context: dict[str, Any] = {}
    if request.method == "POST":
        progress = read_progress(draft)
        if not progress.may_be_filed:
            context["refusal"] = "Some tasks are not completed yet"
        elif progress.mismatches and "acknowledge" not in request.POST:
            context["acknowledge_error"] = (
                "Tick that the request is to be filed although the bill says otherwise"
            )
        elif answer := _file(request, draft, context):
            return answer
        draft = draft_of(request, pk)
    context |= {"sections": sections_of(draft, request.user), "form_key": uuid4()}
    is_refused = "refusal" in context or "acknowledge_error" in context
    return draft_page(request, "draft_check", draft, context, status=422 if is_refused else 200)


def _file(request: StaffRequest, draft: PortInDraft, context: dict[str, Any]) -> HttpResponse | None:
    try:
        file_port_in(
            draft=draft,
            actor=request.user,
            form_key=_form_key(request),
            reason=request.POST.get("reason", "")[:200],
        )
    except AlreadyFiled:
        pass
    except AlreadyPorting as porting:
        context["porting"] = porting.numbers
        context["refusal"] = "Some of these numbers are being ported already. Nothing was filed."
        return None
    except AlreadySent as sent:
        if sent.operation.state == Operation.State.REFUSED:
            context["refusal"] = f"This form was sent before, and was refused: {sent.operation.words}"
            return None
    except (NotThere, CannotDecrypt):
        context["refusal"] = "The utility bill was not kept. Upload it again, then file the request."
        return None
    except AlreadyUnderWay:
        messages.info(request, "The request is being filed already. This page says what became of it.")
    except Uncertain as failure:
        messages.warning(request, sentence_of(failure))
    except TwilioFailure as failure:
        context["failure"], context["refusal"] = failure, sentence_of(failure)
        context["told"] = problems_of(failure).get("", "")
        return None
    return go(request, "porting:draft-filed", draft.pk)


def _form_key(request: StaffRequest) -> UUID:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()


@require_GET
@allowed(Permission.MANAGE_PORTING)
def draft_filed(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Reference, who signs, what happens next and by when. It stays true whatever became of it since."""
    draft = draft_of(request, pk, must_be_open=False)
    port_in = PortInRequest.objects.select_related("account").filter(pk=draft.port_in_sid).first()
    # The same wish may have been filed from another draft: that one has the answer.
    operation = (
        Operation.objects.filter(kind=FILE_PORT_IN)
        .filter(detail__natural_key=natural_key(draft.account_id, draft.numbers))
        .first()
    )
    if port_in is None and (operation is None or not operation.is_open):
        return go(request, draft)
    context = {
        "port_in": port_in,
        "operation": operation,
        "label": PORT_IN_STATES.get(port_in.status) if port_in else None,
        "signer": _masked_mail(port_in.carrier.get("authorized_representative_email")) if port_in else "",
        "loa_days": LOA_DAYS,
    }
    return draft_page(request, "draft_filed", draft, context, fragment="filed")


def _masked_mail(mail: Any) -> str:
    """`o••••@thornlea.example.com`: enough to know whose it is, not enough to write to it."""
    name, _, host = str(mail or "").partition("@")
    return f"{name[:1]}••••@{host}" if host else mask(mail)
