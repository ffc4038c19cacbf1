"""What an edited export asks for: pure, without Twilio and without the database.

A cell that says what the export says of its number is no edit, whatever it says; so a file that nobody
touched changes nothing.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inventory.bulk.change import LONGEST_NAME, Effect
from inventory.columns import COLUMNS, Beside, Column
from inventory.configuration import configuration_of
from inventory.files.tables import Unreadable
from inventory.models import PhoneNumber
from inventory.pricing import PriceList
from portal.csv_files import plain_cell
from portal.urls_from_staff import fault_of_url

FIELDS = (
    "friendly_name",
    "trunk_sid",
    "voice_application_sid",
    "voice_url",
    "sms_application_sid",
    "sms_url",
)
OURS = ("owner", "cost_centre", "tags")
APPLICATIONS = ("voice_application_sid", "sms_application_sid")
KEYS = ("sid", "phone_number")
_OF_CALLS = ("trunk_sid", "voice_application_sid", "voice_url")
_OF_MESSAGES = ("sms_application_sid", "sms_url")
# Of what a file cannot change: what stands still and no spreadsheet respells, so a difference is meant
_COMPARED = frozenset(
    {
        "country", "number_type", "capabilities", "status", "origin", "address_requirements", "address_sid",
        "bundle_sid", "emergency_status", "emergency_address_status", "account_sid", "account",
    }
)  # fmt: skip

# The columns of numbers that comparing takes, and which are all that is read of those that stay as they are
READ = (
    "sid", "account_id", "phone_number", "friendly_name", "country", "number_type", "voice", "sms", "mms",
    "fax", "status", "origin", "address_requirements", "address_id", "bundle_sid", "emergency_status",
    "emergency_address_status", "trunk_sid", "voice_application_id", "voice_url", "sms_application_id",
    "sms_url", "owner", "cost_centre", "tags",
)  # fmt: skip
_BY_KEY: Mapping[str, tuple[Column, int]] = {
    key: (column, index) for column in COLUMNS for index, key in enumerate(column.keys)
}
_BESIDE_NOTHING = Beside(PriceList((), ()))


@dataclass(frozen=True, slots=True)
class Header:
    """Which column of a file holds what. `unknown` are titles that mean nothing to us."""

    positions: Mapping[str, int]
    width: int
    unknown: Sequence[str]

    @property
    def editable(self) -> list[str]:
        return [key for key in (*FIELDS, *OURS) if key in self.positions]

    @property
    def fixed(self) -> list[str]:
        """Columns of ours that a file cannot change."""
        return [key for key in self.positions if key not in (*FIELDS, *OURS, *KEYS)]


def title_of(key: str) -> str:
    """The title that the export gives a column: `Name (friendly_name)`."""
    return f"{_BY_KEY[key][0].title} ({key})"


def read_header(cells: Sequence[str]) -> Header:
    """Read columns by machine key, in brackets or alone, or by title. Raises Unreadable."""
    positions: dict[str, int] = {}
    unknown = []
    for index, cell in enumerate(cells):
        name = plain_cell(cell).strip()
        key = _key_of(name)
        if key is None:
            unknown += [name] if name else []
        elif key in positions:
            raise Unreadable(f"Two columns are called {title_of(key)}. Remove one.")
        else:
            positions[key] = index
    header = Header(positions, len(cells), unknown)
    if not any(key in positions for key in KEYS):
        raise Unreadable(
            "No column says which number a line is about: it needs Number (phone_number) or SID (sid)."
        )
    if not header.editable:
        names = ", ".join(map(title_of, (*FIELDS, *OURS)))
        raise Unreadable(f"None of its columns can be changed by a file. These can: {names}.")
    return header


def _key_of(name: str) -> str | None:
    bracketed = re.search(r"\((\w+)\)\s*$", name)
    for key in (bracketed[1] if bracketed else "", name):
        if key.lower() in _BY_KEY:
            return key.lower()
    return next(
        (
            column.keys[0]
            for column in COLUMNS
            if column.title.lower() == name.lower() and (len(column.keys) == 1 or column.name == "number")
        ),
        None,
    )


def edited(number: PhoneNumber, cells: Mapping[str, str]) -> dict[str, str]:
    """The cells that say something else than the export of the number does, by key."""
    differing = {}
    for key, cell in cells.items():
        if key not in _COMPARED and key not in FIELDS and key not in OURS:
            continue
        value = plain_cell(cell)
        if _folded(value) != _folded(_exported(number, key)):
            differing[key] = value.strip()
    return differing


def _exported(number: PhoneNumber, key: str) -> str:
    column, index = _BY_KEY[key]
    value = column.cells(number, _BESIDE_NOTHING)[index]
    return "" if value is None else str(value)


def _folded(text: str) -> str:
    """As spreadsheets may leave a text: line ends of another kind, no blanks around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


@dataclass(slots=True)
class Edit:
    """What one line asks of its number, and what is wrong with it."""

    effect: Effect
    faults: list[str] = field(default_factory=list)


def edit_of(
    number: PhoneNumber, wanted: Mapping[str, str], applications: Collection[tuple[str, str]]
) -> Edit:
    """Before and after of the edited cells; `number` has its payload, `applications` are account and sid."""
    before = configuration_of(number.payload)
    fields: dict[str, list[Any]] = {}
    ours: dict[str, list[Any]] = {}
    faults = []

    def judge(key: str, value: str) -> str:
        if not value:
            return ""
        if key in _OF_CALLS and not number.voice:
            return "the number cannot take calls"
        if key in _OF_MESSAGES and not (number.sms or number.mms):
            return "the number cannot take messages"
        fault = _RULES[key](value)
        if not fault and key in APPLICATIONS and (number.account_id, value) not in applications:
            return "the account of the number has no such application"
        return fault

    for key in (*FIELDS, *OURS):
        if key not in wanted:
            continue
        if fault := judge(key, wanted[key]):
            faults.append(f"{title_of(key)}: {fault}")
        elif key in FIELDS:
            if before[key] != wanted[key]:
                fields[key] = [before[key], wanted[key]]
        elif key == "tags":
            tags = tags_of(wanted[key])
            if tags != sorted(number.tags):
                ours[key] = [sorted(number.tags), tags]
        elif getattr(number, key) != wanted[key]:
            ours[key] = [getattr(number, key), wanted[key]]
    return Edit(Effect(fields, ours), faults)


def tags_of(text: str) -> list[str]:
    return sorted({tag.strip().lower() for tag in text.split(",")} - {""})


def _no_longer_than(most: int) -> Callable[[str], str]:
    return lambda text: f"longer than {most} characters" if len(text) > most else ""


def _tags(text: str) -> str:
    return next(
        (f"the tag “{tag[:20]}…” is longer than 40 characters" for tag in tags_of(text) if len(tag) > 40), ""
    )


def _url(text: str) -> str:
    fault = fault_of_url(text)
    return (fault[:1].lower() + fault[1:]) if fault else _no_longer_than(2000)(text)


def _sid(prefix: str, what: str) -> Callable[[str], str]:
    form = re.compile(rf"{prefix}[0-9a-fA-F]{{32}}")
    return lambda text: "" if form.fullmatch(text) else f"{what} is {prefix} and 32 letters or digits"


_RULES: Mapping[str, Callable[[str], str]] = {
    "friendly_name": _no_longer_than(LONGEST_NAME),
    "voice_url": _url,
    "sms_url": _url,
    "voice_application_sid": _sid("AP", "an application"),
    "sms_application_sid": _sid("AP", "an application"),
    "trunk_sid": _sid("TK", "a trunk"),
    "owner": _no_longer_than(100),
    "cost_centre": _no_longer_than(60),
    "tags": _tags,
}
