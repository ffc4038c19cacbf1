"""Check the answers, file the request, and the page that says what happens next."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods

from portal.access import Permission, allowed
from portal.files import NotThere
from portal.http import StaffRequest, go
from portal.models import Operation
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.reveal.reveals import mask_address
from portal.secrets import CannotDecrypt
from portal.timeline import note_event
from porting.drafting.pages import draft_of, draft_page
from porting.drafting.progress import read_progress
from porting.drafting.summary import sections_of
from porting.following.telling.correction import CorrectionForm, correction_form, note_of
from porting.following.tracker import LOA_DAYS
from porting.models import AccountFeature, PortInDraft, PortInRequest
from porting.portin.actions import AlreadyFiled, AlreadyPorting, FiledBeside, begin_filing, filing_of
from porting.portin.refusals import failure_of, sentence_of
from porting.statuses import PORT_IN_STATES


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def draft_check(request: StaffRequest, pk: UUID) -> HttpResponse:
    """All answers before anything is filed; the button has the request filed, once.

    What files rejected numbers of another request again is checked on a page that cancels them, too.
    """
    draft = draft_of(request, pk)
    if draft.replaces:
        return go(request, "porting:port-in-fix-check", draft.replaces, draft.pk)
    context: dict[str, Any] = {}
    if request.method == "POST" and (answer := file_checked(request, draft, context, begin_filing)):
        return answer
    is_refused = bool(context)
    if not is_refused:
        context = last_refusal(draft)
    context |= {"sections": sections_of(draft, request.user), "form_key": uuid4()}
    return draft_page(request, "draft_check", draft, context, status=422 if is_refused else 200)


def file_checked(
    request: StaffRequest, draft: PortInDraft, context: dict[str, Any], begin: Callable[..., object]
) -> HttpResponse | None:
    """Let `begin` have the draft filed, and lead to what becomes of it. None: the context says why not."""
    progress = read_progress(draft)
    if not progress.may_be_filed:
        context["refusal"] = "Some tasks are not completed yet"
        return None
    if progress.mismatches and "acknowledge" not in request.POST:
        context["acknowledge_error"] = "Tick that the request is to be filed although the bill says otherwise"
        return None
    try:
        begin(
            draft=draft,
            actor=request.user,
            form_key=_form_key(request),
            reason=request.POST.get("reason", "")[:200],
        )
    except (AlreadyFiled, AlreadyUnderWay, AlreadySent):
        pass  # the next page says what became of it
    except AlreadyPorting as porting:
        context["porting"] = [
            (number, request.access.can(Permission.VIEW, number.request.account_id))
            for number in porting.numbers
        ]
        context["refusal"] = "Some of these numbers are being ported already. Nothing was filed."
        return None
    except FiledBeside as beside:
        context["refusal"] = f"{beside} Nothing was filed."
        return None
    except (NotThere, CannotDecrypt):
        context["refusal"] = "The utility bill was not kept. Upload it again, then file the request."
        return None
    return go(request, "porting:draft-filed", draft.pk)


def last_refusal(draft: PortInDraft) -> dict[str, Any]:
    """Why the last filing came to nothing, until something is changed."""
    filing = filing_of(draft)
    if filing is None or filing.state != Operation.State.REFUSED:
        return {}
    if filing.ended_at is None or filing.ended_at < draft.saved_at:
        return {}
    feature = AccountFeature.Feature.PORTING
    closed = AccountFeature.objects.filter(account=draft.account_id, feature=feature, is_available=False)
    return {"refusal": sentence_of(filing, is_closed=closed.exists()), "failure": failure_of(filing)}


def _form_key(request: StaffRequest) -> UUID:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()


@require_GET
@allowed(Permission.MANAGE_PORTING)
def draft_filed(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Reference, who signs, what happens next and by when. It stays true whatever became of it since.

    Until there is a request it says how far that is, and leads back to the answers if it came to nothing.
    """
    draft = draft_of(request, pk, must_be_open=False)
    return filed_page(request, draft)


def filed_page(
    request: StaffRequest, draft: PortInDraft, *, tell_form: CorrectionForm | None = None, status: int = 200
) -> HttpResponse:
    """Of numbers that were filed again it also offers a note for the customer, or shows the one there is."""
    port_in = PortInRequest.objects.select_related("account").filter(pk=draft.port_in_sid).first()
    filing = filing_of(draft)
    if port_in is None and (filing is None or not filing.is_open):
        return go(request, "porting:draft-check", draft.pk)
    context: dict[str, Any] = {
        "port_in": port_in,
        "filing": filing,
        "is_uncertain": filing is not None and filing.state == Operation.State.UNCERTAIN,
        "label": PORT_IN_STATES.get(port_in.status) if port_in else None,
        "signer": mask_address(port_in.carrier.get("authorized_representative_email")) if port_in else "",
        "loa_days": LOA_DAYS,
    }
    if port_in and draft.replaces:
        old = get_object_or_404(PortInRequest, pk=draft.replaces)
        note = note_of(old, port_in)
        form = None if note else tell_form or correction_form(old, port_in)
        context |= {"old": old, "told": [note_event(note)] if note else [], "tell_form": form}
    return draft_page(request, "draft_filed", draft, context, fragment="filed", status=status)
