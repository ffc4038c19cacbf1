"""Rejected numbers: what to correct, what comes of it, and on to the new request (J-7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.models import Note
from portal.numbering import spaced
from portal.reveal.reveals import cell_of, mask, running
from portal.reveal.views import private
from porting.drafting.pages import draft_of
from porting.drafting.progress import read_progress
from porting.following.fixing.actions import cancel_replaced, numbers_to_cancel, prepare_again
from porting.following.fixing.forms import FixForm
from porting.following.fixing.groups import Group, groups_of, support_text
from porting.following.lines import CARRIER_FIELDS, subject_of
from porting.following.views import visible_port_in
from porting.models import PortInDraft, PortInNumber, PortInRequest
from porting.portin.dates import proposed_date, warning_of
from porting.rejections import ADDRESS

_LABELS = {
    "customer_name": "Customer name",
    "customer_type": "Customer type",
    "account_number": "Account number",
    "authorized_representative": "Authorized representative",
    "authorized_representative_email": "Representative's e-mail",
    "street": "Street",
    "street_2": "Building, floor or suite",
    "city": "City",
    "state": "State",
    "zip": "ZIP code",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A group as the page shows it: what is asked, and what was filed."""

    group: Group
    tick: Any
    fields: list[Any]
    filed: list[Any]
    support: str


@dataclass(frozen=True, slots=True)
class Changed:
    label: str
    before: str
    after: str


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def port_in_fix(request: StaffRequest, sid: str) -> HttpResponse:
    """What was rejected, by code; a draft comes of what is corrected, and nothing is canceled here."""
    port_in = visible_port_in(request, sid, Permission.MANAGE_PORTING)
    groups = groups_of(port_in)
    if not groups:
        messages.info(request, "No number of this request is rejected.")
        return go(request, port_in)
    country, today = groups[0].numbers[0].country, timezone.now().date()
    form = FixForm(
        request.POST if request.method == "POST" else None,
        groups=groups,
        country=country,
        old_date=port_in.target_date,
        proposed=proposed_date(country, today),
        today=today,
        has_note=Note.objects.filter(target=port_in.pk).exists(),
    )
    if request.method == "POST" and form.is_valid():
        numbers = [number for group in form.chosen() for number in group.numbers]
        draft = prepare_again(
            request=port_in, numbers=numbers, corrections=form.corrections(), actor=request.user
        )
        return go(request, "porting:port-in-fix-check", port_in.pk, draft.pk)
    can_reveal = request.access.can(Permission.REVEAL_PERSONAL, port_in.account_id)
    seen = running(request.user, port_in.pk) if can_reveal else {}
    shown: set[str] = set()
    parts = [_part(port_in, group, form, can_reveal, seen, shown) for group in groups]
    context = {"port_in": port_in, "form": form, "parts": parts}
    status = 422 if form.errors else 200
    return private(
        page(request, "porting/following/port_in_fix.html", context, fragment="fix", status=status)
    )


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def port_in_fix_check(request: StaffRequest, sid: str, pk: UUID) -> HttpResponse:
    """What is canceled and what the new request has. Only the button here cancels."""
    port_in = visible_port_in(request, sid, Permission.MANAGE_PORTING)
    get_object_or_404(PortInDraft, pk=pk, replaces=port_in.pk)
    draft = draft_of(request, pk)
    progress = read_progress(draft)
    if request.method == "POST":
        batch = cancel_replaced(request=port_in, draft=draft, actor=request.user)
        if batch:
            count = batch.items.count()
            messages.success(
                request,
                f"{count:,} number{'' if count == 1 else 's'} of the old request: canceling is under way. "
                "The request says how it goes.",
            )
        return go(request, progress.next_url)
    cancels = numbers_to_cancel(port_in, draft)
    context = {
        "port_in": port_in,
        "draft": draft,
        "progress": progress,
        "cancels": cancels,
        "stay": PortInNumber.objects.filter(request=port_in).count() - len(cancels),
        "changes": _changes(request, port_in, draft),
        "warning": _warning(draft),
    }
    return private(page(request, "porting/following/port_in_fix_check.html", context))


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


def _changes(request: StaffRequest, port_in: PortInRequest, draft: PortInDraft) -> list[Changed]:
    """What differs. Whoever typed it reads it in clear, others and the old values are masked."""
    old, new = port_in.carrier, draft.said
    found = old.get("address")
    was = {**old, **(found if isinstance(found, dict) else {})}
    is_mine = draft.saved_by_id == request.user.pk
    changes = [
        Changed(label, mask(was.get(name)), str(new[name]) if is_mine else mask(new[name]))
        for name, label in _LABELS.items()
        if new.get(name) and new[name] != was.get(name)
    ]
    pins = new.get("pins") or {}
    changes += [Changed(f"PIN of {spaced(number)}", "–", mask(pin)) for number, pin in sorted(pins.items())]
    day = new.get("target_date")
    old_day = port_in.target_date.isoformat() if port_in.target_date else "–"
    if day and day != old_day:
        changes.append(Changed("Target date", old_day, str(day)))
    return changes


def _warning(draft: PortInDraft) -> str:
    day = draft.said.get("target_date")
    return warning_of(date.fromisoformat(day), draft.country) if day else ""
