"""Rejected numbers: what to correct, by the code that they were rejected for (J-7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.models import Note
from portal.reveal.reveals import cell_of, running
from portal.reveal.views import private
from porting.drafting.pages import led_on
from porting.following.fixing.actions import held_draft, prepare_again
from porting.following.fixing.forms import FixForm
from porting.following.fixing.groups import Group, groups_of, support_text
from porting.following.lines import CARRIER_FIELDS, subject_of
from porting.following.views import visible_port_in
from porting.models import PortInRequest
from porting.portin.dates import proposed_date
from porting.portin.drafts import values_of_request
from porting.rejections import ADDRESS


@dataclass(frozen=True, slots=True)
class Part:
    """A group as the page shows it: what is asked, and what was filed."""

    group: Group
    tick: Any
    fields: list[Any]
    filed: list[Any]
    support: str


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def port_in_fix(request: StaffRequest, sid: str) -> HttpResponse:
    """What was rejected, by code; a draft comes of what is corrected, and nothing is canceled here."""
    port_in = visible_port_in(request, sid, Permission.MANAGE_PORTING)
    groups = groups_of(port_in)
    held = held_draft(port_in, request.user)
    if not groups and held:
        return go(request, "porting:port-in-fix-check", port_in.pk, held.pk)
    if not groups:
        messages.info(request, "No number of this request is rejected.")
        return go(request, port_in)
    country, today = groups[0].numbers[0].country, timezone.now().date()
    form = FixForm(
        request.POST if request.method == "POST" else None,
        groups=groups,
        country=country,
        old_date=port_in.target_date,
        proposed=_proposed(port_in, groups, proposed_date(country, today)),
        today=today,
        has_note=any(group.needs_note for group in groups) and _has_note(port_in),
        filed=values_of_request(port_in),
        held=held.said if held else None,
        held_numbers=held.numbers if held else (),
        may_show=held is not None and held.saved_by_id == request.user.pk,
    )
    if request.method == "POST" and form.is_valid():
        numbers = [number for group in form.chosen() for number in group.numbers]
        with led_on():
            draft = prepare_again(
                request=port_in, numbers=numbers, corrections=form.corrections(), actor=request.user
            )
        return go(request, "porting:port-in-fix-check", port_in.pk, draft.pk)
    can_reveal = request.access.can(Permission.REVEAL_PERSONAL, port_in.account_id)
    seen = running(request.user, port_in.pk) if can_reveal else {}
    shown: set[str] = set()
    parts = [_part(port_in, group, form, can_reveal, seen, shown) for group in groups]
    context = {"port_in": port_in, "form": form, "parts": parts, "held": held}
    status = 422 if form.errors else 200
    return private(
        page(request, "porting/following/port_in_fix.html", context, fragment="fix", status=status)
    )


def _proposed(port_in: PortInRequest, groups: Sequence[Group], first: date) -> date:
    """The day that was agreed with the customer, where Twilio still takes it and it was not the fault."""
    is_wrong = any("target_date" in group.fix.fields for group in groups)
    return first if is_wrong or port_in.target_date is None else max(first, port_in.target_date)


def _has_note(port_in: PortInRequest) -> bool:
    return Note.objects.filter(target=port_in.pk).exists()


def _part(
    port_in: PortInRequest,
    group: Group,
    form: FixForm,
    can_reveal: bool,
    seen: Mapping[str, Any],
    shown: set[str],
) -> Part:
    """What was filed stands once on the page, with the first group that is about it."""
    names = ["address" if name in ADDRESS else name for name in group.fix.fields]
    fields = [name for name in dict.fromkeys(names) if name in CARRIER_FIELDS and name not in shown]
    shown.update(fields)
    tick = f"again_{group.code}"
    return Part(
        group,
        form[tick] if tick in form.fields else None,
        form.fields_of(group),
        [cell_of(subject_of(port_in, name), can_reveal=can_reveal, running=seen) for name in fields],
        support_text(port_in, group) if group.asks_support else "",
    )
