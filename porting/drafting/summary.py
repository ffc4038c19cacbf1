"""The answers of a draft as they are checked before the request is filed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from compliance.guided.fields import said
from compliance.models import Bundle
from inventory.models import Address
from portal.models import User
from portal.numbering import country_name, spaced
from portal.reveal.reveals import mask
from porting.drafting.progress import Progress, page_of, read_progress
from porting.models import PortInDraft
from porting.portin.dates import warning_of


@dataclass(frozen=True, slots=True)
class Row:
    """One answer. `missing` is what is to be done about one that is not there, `warning` what to think of."""

    label: str
    value: str = ""
    missing: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    change_url: str
    rows: Sequence[Row]


_LABELS = {
    "customer_type": "Customer type",
    "customer_name": "Customer name",
    "account_number": "Account number",
    "account_telephone_number": "Account telephone number",
    "katakana_name": "Customer name in katakana",
    "portability_advance_carrier": "Carrier service in Japan",
    "auto_cancel_approval_numbers": "Numbers the losing carrier terminates",
    "authorized_representative": "Name",
    "authorized_representative_email": "E-mail",
    "authorized_representative_katakana": "Name in katakana",
}
# What says nothing about a person
_CLEAR = frozenset({"customer_type", "portability_advance_carrier", "auto_cancel_approval_numbers"})
_FOUND_NOT = "The bill says otherwise"


def sections_of(draft: PortInDraft, viewer: User) -> list[Section]:
    """All answers, in clear only for whoever typed them last; PINs for nobody."""
    return list(_sections(draft, read_progress(draft), is_clear=draft.saved_by_id == viewer.pk))


def _sections(draft: PortInDraft, progress: Progress, *, is_clear: bool) -> Iterator[Section]:
    held = draft.said
    missing = {gap.field: gap.words for gap in progress.gaps}

    def url(field: str) -> str:
        return f"{progress.page_url(page_of(field))}?check"

    def rows(*names: str) -> list[Row]:
        found = []
        for name in names:
            value = str(held.get(name) or "")
            if name == "account_telephone_number" and value:
                value = spaced(value)
            if value and not is_clear and name not in _CLEAR:
                value = mask(value)
            if not value and name not in missing:
                if name.endswith(("katakana", "katakana_name")) or name in _CLEAR:
                    continue
                value = "Not provided"
            warning = _FOUND_NOT if name in not_found else ""
            found.append(Row(_LABELS[name], value, missing.get(name, ""), warning))
        return found

    matches = held.get("matches")
    not_found = set() if matches is None else {"customer_name", "account_number", "address"} - set(matches)
    yield Section("Utility bill", url("bill"), _bill(draft, missing, is_clear))
    yield Section(
        "Customer at the losing carrier",
        url("customer_name"),
        rows(
            "customer_type", "customer_name", "katakana_name", "account_number", "account_telephone_number",
            "portability_advance_carrier", "auto_cancel_approval_numbers",
        ),
    )  # fmt: skip
    yield Section(
        "Authorized representative",
        url("authorized_representative"),
        rows(
            "authorized_representative",
            "authorized_representative_katakana",
            "authorized_representative_email",
        ),
    )
    warning = _FOUND_NOT if "address" in not_found else ""
    yield Section("Address", url("street"), [_address(draft, missing, is_clear, warning)])
    if draft.pin_numbers:
        pins = held.get("pins") or {}
        count = sum(number in pins for number in draft.pin_numbers)
        said_of = f"{count:,} of {len(draft.pin_numbers):,} given"
        yield Section("PINs", url("pins"), [Row("PINs", said_of, missing.get("pins", ""))])
    yield Section("When, and who hears of it", url("target_date"), _when(draft, missing, is_clear))


def _bill(draft: PortInDraft, missing: dict[str, str], is_clear: bool) -> list[Row]:
    value = ""
    if draft.bill:
        value = draft.bill.name if is_clear else f"{draft.bill.kind} file"
        value += ", at Twilio" if draft.document_sid else ", kept here and not at Twilio yet"
    elif draft.document_sid:
        value = f"At Twilio: {draft.document_sid}"
    dated = draft.said.get("bill_date")
    return [
        Row("Bill", value, missing.get("bill", "")),
        Row(
            "Date of the bill", said(date.fromisoformat(dated)) if dated else "", missing.get("bill_date", "")
        ),
    ]


def _address(draft: PortInDraft, missing: dict[str, str], is_clear: bool, warning: str) -> Row:
    held = draft.said
    lacking = next(
        (missing[name] for name in ("address_sid", "street", "city", "state", "zip") if name in missing), ""
    )
    if sid := held.get("address_sid"):
        address = Address.objects.filter(pk=sid).first()
        value = ", ".join([address.customer_name, *address.lines]) if address else sid
    else:
        parts = [held.get(name) for name in ("street", "street_2", "city", "state", "zip")]
        value = ", ".join(str(part) for part in parts if part)
        value = f"{value}, {country_name(draft.country)}" if value else ""
    if value and not is_clear:
        value = mask(value)
    return Row("Address", value, lacking, warning)


def _when(draft: PortInDraft, missing: dict[str, str], is_clear: bool) -> list[Row]:
    held = draft.said
    day = held.get("target_date")
    warning = warning_of(date.fromisoformat(day), draft.country) if day else ""
    told = said(date.fromisoformat(day)) if day else ""
    start, end, zone = (held.get(name) for name in ("window_start", "window_end", "time_zone"))
    window = " to ".join(part for part in (start, end) if part) if start and end else ""
    window = window or (f"From {start}" if start else f"Until {end}" if end else "Any time of the day")
    mails = [str(mail) for mail in held.get("notification_emails") or []]
    rows = [
        Row("Target date", told, missing.get("target_date", ""), warning),
        Row("Window", f"{window}, {zone}" if zone and (start or end) else window),
        Row(
            "Notification e-mails",
            ", ".join(mails if is_clear else map(mask, mails)) or "Nobody",
            missing.get("notification_emails", ""),
        ),
    ]
    if sid := held.get("bundle_sid"):
        bundle = Bundle.objects.filter(pk=sid).first()
        rows.append(Row("Regulatory bundle", str(bundle) if bundle else sid, missing.get("bundle_sid", "")))
    return rows
