"""What a request that is filed again says otherwise than the old one, value by value, side by side."""

from dataclasses import dataclass
from datetime import date

from compliance.guided.fields import said
from portal.models import User
from portal.numbering import spaced
from portal.reveal.reveals import mask
from porting.following.fixing.labels import LABELS
from porting.models import PortInDraft, PortInRequest


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
    changes = [
        Changed(label, mask(was.get(name)), str(new[name]) if is_mine else mask(new[name]))
        for name, label in LABELS.items()
        if new.get(name) and new[name] != was.get(name)
    ]
    pins = new.get("pins") or {}
    changes += [Changed(f"PIN of {spaced(number)}", "–", mask(pin)) for number, pin in sorted(pins.items())]
    old_day = port_in.target_date.isoformat() if port_in.target_date else ""
    day = new.get("target_date") or ""
    if day != old_day:
        changes.append(Changed("Target date", _day(old_day), _day(day)))
    return changes


def _day(text: str) -> str:
    return said(date.fromisoformat(text)) if text else "–"
