"""What Twilio is told of a draft (page 15), and by what a request is known again. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from portal.secrets import fingerprint
from porting.models import PortInDraft
from porting.portin.drafts import ADDRESS, CUSTOMER, KATAKANA, REPRESENTATIVE

JAPAN = "JP"


def natural_key(account_sid: str, numbers: Iterable[str]) -> str:
    """What a request is wherever it is looked for: its account and its numbers. It leads back to neither."""
    return f"port-in:{fingerprint('port-in', account_sid, *sorted(set(numbers)))}"


def body_of(draft: PortInDraft) -> dict[str, Any]:
    """The body of the request, without what was left empty."""
    held = draft.said
    pins = held.get("pins") or {}
    customer = _given(held, (*CUSTOMER, *REPRESENTATIVE))
    if draft.country == JAPAN:
        customer |= _given(held, KATAKANA)
    if held.get("address_sid"):
        customer["address_sid"] = held["address_sid"]
    else:
        customer["address"] = {"country": draft.country, **_given(held, ADDRESS)}
    body: dict[str, Any] = {
        "account_sid": draft.account_id,
        "documents": [draft.document_sid],
        "losing_carrier_information": customer,
        "phone_numbers": [
            {"phone_number": number, **({"pin": pins[number]} if pins.get(number) else {})}
            for number in draft.numbers
        ],
        **_given(held, ("notification_emails", "bundle_sid")),
    }
    if day := held.get("target_date"):
        body["target_port_in_date"] = day
        zone = ZoneInfo(held.get("time_zone") or "UTC")
        for name, moment in (("start", held.get("window_start")), ("end", held.get("window_end"))):
            if moment:
                body[f"target_port_in_time_range_{name}"] = _offset_time(day, moment, zone)
    if draft.country == JAPAN:
        body |= _given(held, ("portability_advance_carrier", "auto_cancel_approval_numbers"))
    return body


def personal_texts(held: Mapping[str, Any]) -> list[str]:
    """What was typed about people, to be taken out of words that are kept."""
    names = (*CUSTOMER[1:], *REPRESENTATIVE, *ADDRESS, *KATAKANA)
    pins, mails = held.get("pins") or {}, held.get("notification_emails") or []
    return [*_given(held, names).values(), *pins.values(), *mails]


def _given(held: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: held[name] for name in names if held.get(name)}


def _offset_time(day: str, moment: str, zone: ZoneInfo) -> str:
    """`10:15:00-08:00`: the time of that day where the customer is."""
    hour, minute = (int(part) for part in moment.split(":")[:2])
    there = datetime.combine(date.fromisoformat(day), time(hour, minute), zone)
    return there.isoformat(timespec="seconds").partition("T")[2]
