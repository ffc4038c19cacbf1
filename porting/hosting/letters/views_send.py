"""Sending a letter of authorization, and taking one back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page, with_query
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.twilio.errors import Absent, TwilioFailure, Uncertain
from porting.hosting.contacts import addresses_of
from porting.hosting.letters import actions
from porting.hosting.letters.forms import LetterForm
from porting.hosting.letters.views import deadline_of_letter, may_write_again, visible_letter
from porting.hosting.orders.forms import ReasonedForm
from porting.hosting.refusals import LOST, field_of, sentence_of
from porting.models import AuthorizationDocument, LetterDraft

_NUMBERS_SHOWN = 12


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def authorization_create(request: StaffRequest, draft_id: UUID) -> HttpResponse:
    """Who signs for the orders of a draft. Sent, it goes to the signer at once."""
    drafts = LetterDraft.objects.filter(author=request.user).select_related("account")
    visible = request.access.visible(drafts, permission=Permission.MANAGE_PORTING)
    draft = get_object_or_404(visible, pk=draft_id)
    reopened = _reopened(draft)
    if draft.document_sid and not reopened:
        return go(request, "porting:authorization-detail", draft.document_sid)
    orders = actions.named_in(draft) if reopened else actions.orders_of_draft(draft)
    count = orders.count()
    addresses = addresses_of(draft.account)
    form = LetterForm(
        request.POST or None,
        draft=draft,
        addresses=addresses,
        count=count,
        chosen=request.GET.get("address", ""),
    )
    context: dict[str, Any] = {
        "draft": draft,
        "form": form,
        "count": count,
        "left_out": len(draft.order_sids) - count,
        "numbers": list(
            orders.order_by("phone_number").values_list("phone_number", flat=True)[:_NUMBERS_SHOWN]
        ),
        "addresses": addresses,
        "address_url": with_query(
            reverse("inventory:address-create"), account=draft.account_id, country="US", next=request.path
        ),
        "reopened": reopened,
    }
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _send(request, draft, reopened, form, context)):
            return answer
    return page(
        request, "porting/hosting/authorization_create.html", context, fragment="letter-form", status=status
    )


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def authorization_revoke(request: StaffRequest, sid: str) -> HttpResponse:
    """Take a letter back, and go on to a new one where that is asked for."""
    letter = visible_letter(request, sid, Permission.MANAGE_PORTING)
    form = ReasonedForm(request.POST or None)
    context: dict[str, Any] = {
        "letter": letter,
        "form": form,
        "count": len(actions.order_sids(letter)),
        "deadline": deadline_of_letter(letter),
        "stays": settings.HOSTING_API == "preview",
    }
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _revoke(request, letter, form, context)):
            return answer
    return page(
        request, "porting/hosting/authorization_revoke.html", context, fragment="revocation", status=status
    )


@require_POST
@allowed(Permission.MANAGE_PORTING)
def authorization_again(request: StaffRequest, sid: str) -> HttpResponse:
    """Go on to another letter in the place of one that nobody can sign any more."""
    letter = visible_letter(request, sid, Permission.MANAGE_PORTING)
    if not may_write_again(letter):
        messages.error(request, "The letter is signed, or with its signer. Revoke it first.")
        return go(request, letter)
    return _write_again(request, letter)


def _reopened(draft: LetterDraft) -> AuthorizationDocument | None:
    """The letter that was taken back and is to be sent once more: the preview's way."""
    if settings.HOSTING_API != "preview" or not draft.replaces:
        return None
    letters = AuthorizationDocument.objects.present().select_related("account")
    return letters.filter(pk=draft.replaces, status="opened").first()


def _send(
    request: StaffRequest,
    draft: LetterDraft,
    reopened: AuthorizationDocument | None,
    form: LetterForm,
    context: dict[str, Any],
) -> HttpResponse | None:
    """Send the letter. None when the form is to be shown again, with the reason on it."""
    said: dict[str, Any] = {
        "draft": draft,
        "terms": form.terms(),
        "actor": request.user,
        "form_key": form.cleaned_data["form_key"],
        "reason": form.cleaned_data["reason"],
    }
    try:
        if reopened:
            actions.resend_letter(document=reopened, **said)
            letter = reopened
        else:
            letter = actions.send_letter(**said)
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
        known = sent.operation.target.startswith("PX")
        to = (
            ("porting:authorization-detail", sent.operation.target)
            if known
            else ("porting:authorization-list",)
        )
        return go(request, *to)
    except AlreadyUnderWay:
        form.add_error(None, "This letter is being sent already. Wait until that has ended.")
        return None
    except actions.NothingToSign:
        form.add_error(None, "None of the orders can be put on a letter any more.")
        return None
    except Uncertain:
        messages.warning(request, f"{LOST} Do not send it again.")
        return go(request, "porting:authorization-list")
    except TwilioFailure as failure:
        context["failure"] = failure
        form.renew()
        form.add_error(field_of(failure, set(form.fields)), sentence_of(failure))
        return None
    messages.success(request, "Twilio has sent the letter to its signer, who has seven days.")
    return go(request, letter)


def _revoke(
    request: StaffRequest,
    letter: AuthorizationDocument,
    form: ReasonedForm,
    context: dict[str, Any],
) -> HttpResponse | None:
    named = actions.order_sids(letter)
    try:
        actions.revoke_letter(
            document=letter,
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
            reason=form.cleaned_data["reason"],
        )
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
        return go(request, letter)
    except AlreadyUnderWay:
        form.add_error(None, "A change of this letter has not ended yet. Wait for it, then try again.")
        return None
    except actions.NotRevocable:
        form.add_error(None, "The letter is signed, or over, and cannot be revoked any more.")
        return None
    except Absent:
        messages.info(request, "Twilio did not have this letter any more.")
        return go(request, letter)
    except Uncertain:
        messages.warning(request, LOST)
        return go(request, letter)
    except TwilioFailure as failure:
        context["failure"] = failure
        form.renew()
        form.add_error(None, sentence_of(failure))
        return None
    messages.success(request, "Revoked. Whoever has the letter cannot sign it any more.")
    return _write_again(request, letter, named) if "again" in request.POST else go(request, letter)


def _write_again(
    request: StaffRequest, letter: AuthorizationDocument, named: Sequence[str] = ()
) -> HttpResponse:
    try:
        draft = actions.draft_again(letter, actor=request.user, named=named)
    except actions.NothingToSign:
        messages.warning(request, "Which orders were on it is not known any more. Tick them in the list.")
        return go(request, letter)
    return go(request, "porting:authorization-create", draft.pk)
