"""Which of our numbers a pasted text or a file of numbers means, and every line that means none."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.db.models import F, Q

from inventory.files import spelling
from inventory.files.report import Problem
from inventory.files.tables import MOST_LINES, Line, Unreadable
from inventory.querysets import AnyOf, PhoneNumberQuerySet
from portal.csv_files import plain_cell

NO_NUMBER, NOT_OURS, TWICE, GONE = "Not a number", "Not one of your numbers", "Twice", "No longer at Twilio"
# How people call the column with the numbers, beside our own names for it
_NAMES = {
    "phone_number", "number", "phone", "phone number", "phonenumber", "telephone", "telephone number",
    "tel", "e164", "e.164", "msisdn", "sid", "did",
}  # fmt: skip
_AT_ONCE = 2_000

Piece = tuple[int, str]


@dataclass(slots=True)
class Intake:
    """`lines` are those where the numbers stand that were found, by sid, in the order of the text."""

    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, line: int, text: str, sids: Iterable[str]) -> None:
        for sid in sids:
            if sid in self.lines:
                self.problems.append(
                    Problem(line, text, TWICE, f"it stands in line {self.lines[sid]} already")
                )
            else:
                self.lines[sid] = line


def take_in(pieces: Iterable[Piece], country: str, rows: PhoneNumberQuerySet) -> Intake:
    """Find these numbers among `rows`, which are those that a person may see, present and missing.

    Raises Unreadable for more than MOST_LINES numbers.
    """
    intake, remaining = Intake(), iter(pieces)
    while chunk := list(islice(remaining, _AT_ONCE)):
        intake.count += len(chunk)
        if intake.count > MOST_LINES:
            raise Unreadable(f"These are more than {MOST_LINES:,} numbers. Do it in parts.")
        _take_in(chunk, country, rows, intake)
    return intake


def _take_in(chunk: list[Piece], country: str, rows: PhoneNumberQuerySet, intake: Intake) -> None:
    quick = {text: spelling.quick_reading(text) for _, text in chunk}
    present = rows.present()
    found = find(present, quick.values())
    readings = {
        text: spelling.readings_of(text, country) for text, reading in quick.items() if reading not in found
    }
    wanted = {reading for several in readings.values() for reading in several}
    found |= find(present, wanted)
    gone = find(rows.missing(), wanted - found.keys())
    for line, text in chunk:
        several = readings.get(text, [quick[text]])
        if reading := next((reading for reading in several if reading in found), ""):
            intake.add(line, text, found[reading])
        elif any(reading in gone for reading in several):
            intake.problems.append(Problem(line, text, GONE))
        elif fault := spelling.fault_of(text, country):
            intake.problems.append(no_number(line, text, fault))
        else:
            intake.problems.append(Problem(line, text, NOT_OURS))


def no_number(line: int, text: str, fault: str) -> Problem:
    """The problem of a text with this fault, as `spelling.fault_of` says it."""
    words = "" if fault in ("", NO_NUMBER) else fault[:1].lower() + fault[1:]
    return Problem(line, text, NO_NUMBER, words)


def find(rows: PhoneNumberQuerySet, readings: Iterable[str]) -> dict[str, list[str]]:
    """Sids by E.164, and by sid, of those of the rows that are named so."""
    wanted = set(readings) - {""}
    if not wanted:
        return {}
    return by_name(named(rows, wanted).order_by("sid").values_list("sid", "phone_number"))


def named(rows: PhoneNumberQuerySet, names: Collection[str]) -> PhoneNumberQuerySet:
    """The rows with these SIDs and E.164."""
    numbers = Q(AnyOf(F("phone_number"), [name for name in names if name.startswith("+")]))
    sids = [name for name in names if name.startswith("PN")]
    return rows.filter(numbers | Q(AnyOf(F("sid"), sids)) if sids else numbers)


def by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Sids by E.164 and by sid, of pairs of sid and E.164."""
    found: dict[str, list[str]] = {}
    for sid, number in pairs:
        found[sid] = [sid]
        found.setdefault(number, []).append(sid)
    return found


def pieces_of_table(lines: Iterable[Line]) -> Iterator[Piece]:
    """The cells of the column with the numbers. Raises Unreadable when none can be told to be that."""
    remaining = iter(lines)
    number, first = next(remaining)
    column = _named_column(first)
    if column is None:
        column = next((index for index, cell in enumerate(first) if _is_number(cell)), None)
        if column is None:
            raise Unreadable(
                f"No column is called Number (phone_number). The first line has: {_listed(first)}."
            )
        yield number, plain_cell(first[column]).strip()
    for number, cells in remaining:
        yield number, plain_cell(cells[column]).strip() if column < len(cells) else ""


def _named_column(cells: list[str]) -> int | None:
    for index, cell in enumerate(cells):
        title, _, key = cell.strip().lower().partition("(")
        if {title.strip(), key.rstrip(") ")} & _NAMES:
            return index
    return None


def _is_number(cell: str) -> bool:
    text = spelling.plain(plain_cell(cell))
    return bool(spelling.quick_reading(text)) or (
        sum(character.isdigit() for character in text) >= 7 and not any(map(str.isalpha, text))
    )


def _listed(cells: Iterable[str]) -> str:
    names = [cell.strip()[:40] for cell in cells if cell.strip()]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
