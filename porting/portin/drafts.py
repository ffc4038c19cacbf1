"""Port-in requests that are being prepared: made, saved, thrown away.

All that is typed lies in `PortInDraft.values`, flat, by the names of doc page 15: those of the losing
carrier's information, of its address (`street`, `street_2`, `city`, `state`, `zip`, `country`, or
`address_sid`), and `target_date`, `window_start` and `window_end` (`09:00`), `time_zone`,
`notification_emails` (a list), `bundle_sid`, `portability_advance_carrier`, `auto_cancel_approval_numbers`,
`pins` (by number), `bill_date`, and `matches`: which values somebody has found on the bill.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from portal import files
from portal.models import StoredFile, TwilioAccount, User
from portal.numbering import MOBILE, country_of, normal_type, type_of
from porting.models import PortInDraft, PortInRequest
from porting.portin.splitter import MOST_NUMBERS

CUSTOMER = ("customer_type", "customer_name", "account_number", "account_telephone_number")
REPRESENTATIVE = ("authorized_representative", "authorized_representative_email")
ADDRESS = ("street", "street_2", "city", "state", "zip", "country")
KATAKANA = ("authorized_representative_katakana", "katakana_name", "sub_municipality", "building")


# What was said of one bill, and is no good beside another; and what was typed and could not be read.
_OF_THE_BILL = ("bill_date", "matches", "typed")


class ChangedMeanwhile(Exception):
    """Somebody else has saved the draft since it was opened."""

    def __init__(self, draft: PortInDraft) -> None:
        super().__init__("The draft has changed since it was opened.")
        self.draft = draft


class NotEditable(Exception):
    """The draft is filed, being filed, or thrown away. What is sent to Twilio stays as it was sent."""

    def __init__(self, draft: PortInDraft) -> None:
        super().__init__("The draft cannot be changed any more.")
        self.draft = draft


class CannotMove(Exception):
    """Numbers cannot go into this draft; the words say why."""


def create_draft(
    *,
    account: TwilioAccount,
    numbers: Sequence[str],
    values: Mapping[str, Any],
    actor: User,
    replaces: str = "",
    pin_numbers: Collection[str] | None = None,
    country: str = "",
    number_type: str = "",
    carrier: str = "",
) -> PortInDraft:
    """Begin a request for these numbers (E.164), with `values` filled in where they are known already.

    What is not said of the numbers is read off them: where they are from, and that mobile numbers want a
    PIN, which nobody can tell of a number in North America. `document_sid` among the values is a bill that
    Twilio has already; `replaces` is the request whose rejected numbers these are.
    """
    ordered = list(dict.fromkeys(numbers))
    if not ordered:
        raise ValueError("A request has at least one number.")
    known = dict(values)
    document_sid = str(known.pop("document_sid", "") or "")
    if pin_numbers is None:
        with_pin = normal_type(number_type) == MOBILE
        pin_numbers = [number for number in ordered if with_pin or type_of(number) == MOBILE]
    wanted = set(pin_numbers) | set(known.get("pins") or ())
    return PortInDraft.objects.create(
        account=account,
        numbers=ordered,
        pin_numbers=[number for number in ordered if number in wanted],
        country=country or country_of(ordered[0]),
        number_type=normal_type(number_type),
        carrier=carrier,
        values=known,  # type: ignore[misc]
        document_sid=document_sid,
        replaces=replaces,
        created_by=actor,
        saved_by=actor,
    )


def save_draft(
    *,
    draft: PortInDraft,
    values: Mapping[str, Any],
    actor: User,
    version: int | None = None,
    **columns: Any,
) -> PortInDraft:
    """Keep what was said at a task; values of other tasks stay. None takes a value away.

    With `version`, the one that was opened, raises ChangedMeanwhile rather than overwrite what somebody else
    has answered since. What Twilio refused of these values is forgotten: they may be right now. Raises
    NotEditable.
    """
    with transaction.atomic():
        row = lock_draft(draft)
        held = row.said
        is_old = version is not None and row.version != version and row.saved_by_id != actor.pk
        if is_old and any(held.get(name) not in (None, value) for name, value in values.items()):
            raise ChangedMeanwhile(row)
        after = {**held, **values}
        row.values = {name: value for name, value in after.items() if value is not None}
        row.refusals = {name: words for name, words in (row.refusals or {}).items() if name not in values}
        for name, value in columns.items():
            setattr(row, name, value)
        row.saved_by, row.version = actor, row.version + 1
        row.save(update_fields=["values", "refusals", "saved_by", "version", *columns])
        PortInDraft.objects.filter(pk=row.pk).update(saved_at=Now())
    return fetch_draft(row)


def leave_out(*, draft: PortInDraft, numbers: Collection[str]) -> bool:
    """Take numbers out of a draft, with their PINs; False, and nothing changed, where none would be left.

    Raises NotEditable.
    """
    with transaction.atomic():
        row = lock_draft(draft)
        if not set(row.numbers) - set(numbers):
            return False
        _take_out(row, numbers)
    return True


def move_numbers(*, draft: PortInDraft, to: PortInDraft, numbers: Collection[str]) -> int:
    """Move numbers into another draft of the account, with their PINs; returns how many that are.

    Raises CannotMove where a rule of Twilio's forbids it, or nothing would be left.
    """
    with transaction.atomic():
        both = PortInDraft.objects.editable().select_for_update().order_by("pk").in_bulk([draft.pk, to.pk])
        row, other = both.get(draft.pk), both.get(to.pk)
        if row is None or other is None:
            raise CannotMove("One of the requests is being filed, was filed, or was thrown away meanwhile.")
        moved = [number for number in row.numbers if number in set(numbers)]
        if len(moved) == len(row.numbers):
            raise CannotMove("No number would be left. Leave one, or throw this request away instead.")
        if (row.account_id, row.country) != (other.account_id, other.country):
            raise CannotMove("A request takes numbers of one country, for one account.")
        pins = row.said.get("pins") or {}
        add_to = [number for number in moved if number not in other.numbers]
        _put_in(
            other,
            add_to,
            pin_numbers=[number for number in moved if number in row.pin_numbers],
            pins={number: pins[number] for number in moved if number in pins},
            number_type=row.number_type,
            carrier=row.carrier,
        )
        _take_out(row, moved)
    return len(moved)


def split_off(*, draft: PortInDraft, numbers: Collection[str], actor: User) -> PortInDraft:
    """A new draft with some of the numbers, their PINs, and what was typed; its bill is selected anew.

    Whose answers they are stays as it is. Raises CannotMove when nothing would be left, and NotEditable.
    """
    with transaction.atomic():
        row = lock_draft(draft)
        moved = [number for number in row.numbers if number in set(numbers)]
        if len(moved) == len(row.numbers):
            raise CannotMove("No number would be left. Leave one, or throw this request away instead.")
        values = {name: value for name, value in row.said.items() if name not in _OF_THE_BILL}
        pins = values.pop("pins", None) or {}
        if kept := {number: pins[number] for number in moved if number in pins}:
            values["pins"] = kept
        new = create_draft(
            account=row.account,
            numbers=moved,
            values=values,
            actor=actor,
            pin_numbers=[number for number in moved if number in row.pin_numbers],
            country=row.country,
            number_type=row.number_type,
            carrier=row.carrier,
        )
        PortInDraft.objects.filter(pk=new.pk).update(saved_by=row.saved_by_id)
        _take_out(row, moved)
    return fetch_draft(new)


def add_numbers(
    *, draft: PortInDraft, numbers: Sequence[str], pin_numbers: Collection[str], number_type: str
) -> None:
    """Put numbers into a draft; `number_type` is that of all of them.

    Raises CannotMove for too many, and NotEditable.
    """
    with transaction.atomic():
        row = lock_draft(draft)
        _put_in(row, numbers, pin_numbers=pin_numbers, pins={}, number_type=number_type, carrier=row.carrier)


def _put_in(
    row: PortInDraft,
    numbers: Sequence[str],
    *,
    pin_numbers: Collection[str],
    pins: Mapping[str, str],
    number_type: str,
    carrier: str,
) -> None:
    """What the numbers of a draft do not share any more is said of none of them."""
    whole = list(dict.fromkeys([*row.numbers, *numbers]))
    if len(whole) > MOST_NUMBERS:
        raise CannotMove(f"It would have {len(whole):,} numbers. A request takes up to {MOST_NUMBERS:,}.")
    wanted = {*row.pin_numbers, *pin_numbers}
    row.numbers, row.pin_numbers = whole, [number for number in whole if number in wanted]
    row.number_type = row.number_type if row.number_type == number_type else ""
    row.carrier = row.carrier if row.carrier.casefold() == carrier.casefold() else ""
    if pins:
        row.values = {**row.said, "pins": {**(row.said.get("pins") or {}), **pins}}
    _save_numbers(row)


def _take_out(row: PortInDraft, numbers: Collection[str]) -> None:
    gone = set(numbers)
    if row.said.get("pins"):
        pins = {number: pin for number, pin in row.said["pins"].items() if number not in gone}
        row.values = {**row.said, "pins": pins}
    row.numbers = [number for number in row.numbers if number not in gone]
    row.pin_numbers = [number for number in row.pin_numbers if number not in gone]
    _save_numbers(row)


def _save_numbers(row: PortInDraft) -> None:
    """Who moves numbers has not read what was typed: whose answers they are stays as it is."""
    row.refusals = {name: words for name, words in (row.refusals or {}).items() if name != "numbers"}
    row.version += 1
    row.save(
        update_fields=["values", "numbers", "pin_numbers", "number_type", "carrier", "refusals", "version"]
    )
    PortInDraft.objects.filter(pk=row.pk).update(saved_at=Now())


def lock_draft(draft: PortInDraft) -> PortInDraft:
    """The draft as it is now, for whoever changes it in this transaction. Raises NotEditable.

    A filing that begins in this very moment is not sent: other answers or numbers make another version.
    """
    row = PortInDraft.objects.editable().select_for_update().filter(pk=draft.pk).first()
    if row is None:
        raise NotEditable(draft)
    return row


def fetch_draft(draft: PortInDraft) -> PortInDraft:
    """The draft as it is now."""
    return PortInDraft.objects.select_related("account", "bill", "saved_by").get(pk=draft.pk)


def delete_draft(*, draft: PortInDraft) -> None:
    """Throw a draft away, and the bill that was kept for it. Raises NotEditable."""
    with transaction.atomic():
        lock_draft(draft).delete()
    forget_bill(draft)


def forget_bill(draft: PortInDraft) -> None:
    """Nobody needs the file that was kept for the draft any more."""
    for stored in StoredFile.objects.there().filter(owner_sid=draft.file_owner):
        StoredFile.objects.filter(pk=stored.pk).update(owner_sid="")
        files.discard(stored.pk)


def values_of_request(request: PortInRequest) -> dict[str, Any]:
    """What a request was filed with, as a draft keeps it: to file its rejected numbers again."""
    carrier = request.carrier
    found = carrier.get("address")
    address: Mapping[str, Any] = found if isinstance(found, dict) else {}
    values = {name: carrier.get(name) for name in (*CUSTOMER, *REPRESENTATIVE, *KATAKANA)}
    values |= {name: address.get(name) for name in ADDRESS}
    values |= {
        "notification_emails": request.notification_emails or None,
        "bundle_sid": request.bundle_sid,
        "portability_advance_carrier": request.payload.get("portability_advance_carrier"),
        "document_sid": next(iter(request.document_sids), ""),
    }
    return {name: value for name, value in values.items() if value}
