"""What every page of the guided way begins and ends with."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from compliance.bundles.actions import NotEditable
from compliance.guided.draft import Draft, read_draft
from compliance.models import Bundle
from portal.access import Permission
from portal.http import Elsewhere, StaffRequest, go, page
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.reveal.views import private
from portal.twilio.errors import TwilioFailure, Unavailable, Uncertain

LOST = (
    "Twilio's answer was lost. Numberdesk looks at Twilio until it knows what became of it, and sends "
    "nothing twice. What you typed is kept."
)


def draft_of(
    request: StaffRequest,
    sid: str,
    *,
    must_be_open: bool = True,
    permission: Permission = Permission.MANAGE_BUNDLES,
) -> Draft:
    """The bundle with the access check. One that is not ours to change any more leads to where it stands."""
    rows = Bundle.objects.present().select_related("account", "regulation")
    bundle = get_object_or_404(request.access.visible(rows), pk=sid)
    request.access.require(permission, bundle.account_id)
    if must_be_open and not bundle.is_editable:
        raise Elsewhere(closed_url(bundle))
    return read_draft(bundle)


def closed_url(bundle: Bundle) -> str:
    """Where a bundle stands that Twilio has now."""
    name = "bundle-submitted" if bundle.is_under_review else "bundle-detail"
    return reverse(f"compliance:{name}", args=[bundle.pk])


def task_page(
    request: StaffRequest, template: str, draft: Draft, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page that may show personal values: no cache keeps it."""
    whole = {"draft": draft, "bundle": draft.bundle, "regulation": draft.bundle.regulation, **context}
    return private(page(request, f"compliance/guided/{template}.html", whole, status=status))


def explain(failure: Exception) -> str:
    """Why a press of the button came to nothing at Twilio, and what to do next."""
    match failure:
        case NotEditable():
            return "The bundle is not a draft any more, so Twilio changes nothing in it. Open its page again."
        case AlreadyUnderWay():
            return (
                "A change of this bundle has not ended yet. Wait for it a moment, then press the button "
                "again. What you typed is kept."
            )
        case Uncertain():
            return LOST
        case Unavailable():
            return f"Unavailable: {failure.words} What you typed is kept; press the button again in a moment."
        case TwilioFailure():
            return f"Twilio refused it: {failure.words} What you typed is kept."
        case _:
            raise failure


def version_of(draft: Draft, task: str) -> str:
    """What a form without an item of its own is opened with."""
    answer = draft.answers.get(task)
    return str(answer.version) if answer else "0"


def was_changed_by_another(request: StaffRequest, draft: Draft, task: str) -> bool:
    """Whether somebody else has answered this task since the form was opened."""
    answer = draft.answers.get(task)
    if answer is None or answer.saved_by_id == request.user.pk:
        return False
    return request.POST.get("version", "0") != version_of(draft, task)


FAILURES = (TwilioFailure, AlreadyUnderWay, NotEditable)


def already_sent(request: StaffRequest, sent: AlreadySent, url: str) -> HttpResponse:
    """The same form once more: what it did stands."""
    messages.info(request, sent.outcome)
    return go(request, url)
