"""One page before rejected numbers are filed again: what is canceled, what changes, all answers (J-7)."""

from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.numbering import spaced
from portal.reveal.views import private
from portal.twilio.errors import Uncertain
from porting.drafting.pages import draft_of
from porting.drafting.progress import read_progress
from porting.drafting.summary import sections_of
from porting.drafting.views_file import file_checked, last_refusal
from porting.following.fixing.actions import MOST_AT_ONCE, NotCanceled, StillCanceling, cancel_and_file
from porting.following.fixing.changes import changes_of
from porting.following.fixing.standing import Standing, standing_of
from porting.following.views import visible_port_in
from porting.models import PortInDraft, PortInNumber, PortInRequest
from porting.portin.dates import earliest_date


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def port_in_fix_check(request: StaffRequest, sid: str, pk: UUID) -> HttpResponse:
    """What is canceled and what the new request has. The one button does both, each once.

    It is the page to come back to as well: it says what is done of the two, and goes on with the rest.
    """
    port_in = visible_port_in(request, sid, Permission.MANAGE_PORTING)
    draft = draft_of(request, pk)
    if draft.replaces != port_in.pk:
        raise Http404
    context: dict[str, Any] = {}
    if request.method == "POST":
        begin = partial(cancel_and_file, request=port_in, although_refused="although_refused" in request.POST)
        try:
            if answer := file_checked(request, draft, context, begin):
                return answer
        except StillCanceling:
            return go(request, "porting:port-in-fix-check", port_in.pk, draft.pk)
        except NotCanceled as stopped:
            context["refusal"] = _sentence_of(stopped)
            context["failure"] = stopped.failure
        draft = draft_of(request, pk)
    is_refused = bool(context)
    if not is_refused:
        context = last_refusal(draft)
    context |= _context(request, port_in, draft)
    status = 422 if is_refused else 200
    template = "porting/following/port_in_fix_check.html"
    return private(page(request, template, context, fragment="fix-check", status=status))


def _context(request: StaffRequest, port_in: PortInRequest, draft: PortInDraft) -> dict[str, Any]:
    standing = standing_of(port_in, draft)
    return {
        "port_in": port_in,
        "draft": draft,
        "progress": read_progress(draft),
        "standing": standing,
        "stay": PortInNumber.objects.filter(request=port_in).exclude(phone_number__in=draft.numbers).count(),
        "changes": changes_of(port_in, draft, request.user),
        "earliest": earliest_date(draft.country, timezone.now().date()),
        "sections": sections_of(draft, request.user),
        "button": _button(standing),
        "is_in_parts": len(standing.waiting) > MOST_AT_ONCE,
        "form_key": uuid4(),
    }


def _sentence_of(stopped: NotCanceled) -> str:
    number = spaced(stopped.number.phone_number)
    if isinstance(stopped.failure, Uncertain):
        return f"Nothing was filed, and it is not known yet whether {number} was canceled. {stopped}"
    return f"{number} was not canceled, and nothing was filed. {stopped}"


def _button(standing: Standing) -> str:
    """The button names what it does, and nothing that was done before."""
    count = len(standing.waiting)
    if not count:
        return "File the new request"
    numbers = f"{count:,} number{'' if count == 1 else 's'}"
    if count > MOST_AT_ONCE:
        return f"Cancel {numbers} in the old request"
    return f"Cancel {numbers} and file the new request"
