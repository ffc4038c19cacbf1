"""What a request that is filed again says otherwise than the old one, value by value, side by side."""

from dataclasses import dataclass
from datetime import date

from compliance.guided.fields import said
from inventory.models import Address
from portal.models import User
from portal.numbering import spaced
from portal.reveal.reveals import mask
from porting.following.fixing.labels import LABELS
from porting.models import PortInDraft, PortInRequest
from porting.rejections import ADDRESS


@dataclass(frozen=True, slots=True)
class Changed:
    label: str
    before: str
    after: str


def changes_of(port_in: PortInRequest, draft: PortInDraft, viewer: User) -> list[Changed]:
    """What differs. Whoever typed it reads it in clear; others, and the old values, are masked."""
    old, new = port_in.carrier, draft.said
    found = old.get("address")
    was = {**old, **(found if isinstance(found, dict) else {})}
    is_mine = draft.saved_by_id == viewer.pk
    chosen = new.get("address_sid")
    changes = [
        Changed(label, mask(was.get(name)), _shown(new.get(name), is_mine=is_mine))
        for name, label in LABELS.items()
        if (new.get(name) or "") != (was.get(name) or "") and not (chosen and name in ADDRESS)
    ]
    if chosen:
        address = Address.objects.filter(pk=chosen).first()
        line = ", ".join(address.lines) if address else chosen
        changes.append(Changed("Address", mask(was.get("street")), _shown(line, is_mine=is_mine)))
    pins = new.get("pins") or {}
    changes += [Changed(f"PIN of {spaced(number)}", "–", mask(pin)) for number, pin in sorted(pins.items())]
    old_day = port_in.target_date.isoformat() if port_in.target_date else ""
    day = new.get("target_date") or ""
    if day != old_day:
        changes.append(Changed("Target date", _day(old_day), _day(day)))
    return changes


def _shown(value: str | None, *, is_mine: bool) -> str:
    return value if value and is_mine else mask(value)


def _day(text: str) -> str:
    return said(date.fromisoformat(text)) if text else "–"
