"""What an uploaded export would change, line by line, and every line that cannot be used."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from inventory.files import edits, spelling
from inventory.files.edits import Header
from inventory.files.intake import GONE, NOT_OURS, TWICE, by_name, find, named, no_number
from inventory.files.report import Problem
from inventory.files.tables import Line, Unreadable
from inventory.models import Application, PhoneNumber
from inventory.querysets import PhoneNumberQuerySet
from portal.batches.asking import Frozen
from portal.models import TwilioAccount

WRONG_CELL, WRONG_WIDTH, UNCLEAR = "Not possible", "Cells", "Which number it is about"
NOT_ALLOWED = "You may look at this number and not change it"
_AT_ONCE = 2_000


@dataclass(slots=True)
class DryRun:
    """`items` is what would be changed; `fixed` names lines by columns that differ and stay as they are."""

    header: Header
    items: list[Frozen] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    fixed: dict[str, list[int]] = field(default_factory=dict)
    count: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: Mapping[str, str]
    names: Sequence[str]  # what it calls its number: SID and E.164, of which one is enough

    @property
    def text(self) -> str:
        return self.cells.get("phone_number", "").strip() or self.cells.get("sid", "").strip()


def dry_run(lines: Iterable[Line], rows: PhoneNumberQuerySet, *, may_change: Callable[[str], bool]) -> DryRun:
    """Compare a table with the numbers it is about; `rows` are those a person may see.

    Raises Unreadable when the whole of it cannot be used.
    """
    remaining = iter(lines)
    run = DryRun(edits.read_header(next(remaining)[1]))
    seen: dict[str, int] = {}
    while chunk := list(islice(remaining, _AT_ONCE)):
        run.count += len(chunk)
        _compare(list(_rows(chunk, run)), rows, may_change, seen, run)
    if not run.count:
        raise Unreadable("The file has a header and no lines.")
    return run


def _rows(chunk: Iterable[Line], run: DryRun) -> Iterator[_Row]:
    width = run.header.width
    for line, cells in chunk:
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            words = f"it has {len(cells)} and the first line has {width}"
            run.problems.append(Problem(line, cells[0], WRONG_WIDTH, words))
            continue
        named = {key: cells[position] for key, position in run.header.positions.items()}
        yield _Row(line, named, _names(named))


def _names(cells: Mapping[str, str]) -> list[str]:
    sid, number = cells.get("sid", "").strip(), cells.get("phone_number", "").strip()
    names = [spelling.quick_reading(sid)] if sid else []
    # Without a country, so what has lost its + is read as the international number that it was.
    names.append(spelling.quick_reading(number) or next(iter(spelling.readings_of(number, "")), ""))
    return [name for name in names if name]


def _compare(
    chunk: Sequence[_Row],
    rows: PhoneNumberQuerySet,
    may_change: Callable[[str], bool],
    seen: dict[str, int],
    run: DryRun,
) -> None:
    names = {name for row in chunk for name in row.names}
    numbers = {number.pk: number for number in named(rows.present(), names).only(*edits.READ)}
    accounts = TwilioAccount.objects.only("friendly_name").in_bulk({n.account_id for n in numbers.values()})
    for number in numbers.values():
        number.account = accounts[number.account_id]
    found = by_name((number.pk, number.phone_number) for number in numbers.values())
    gone = find(rows.missing(), names - found.keys())
    edited: list[tuple[_Row, PhoneNumber, dict[str, str]]] = []
    for row in chunk:
        meant = _meant_by(row, found, gone)
        if isinstance(meant, Problem):
            run.problems.append(meant)
            continue
        number = numbers[meant]
        if number.pk in seen:
            words = f"it stands in line {seen[number.pk]} already, and that line counts"
            run.problems.append(Problem(row.line, row.text, TWICE, words))
            continue
        seen[number.pk] = row.line
        wanted = edits.edited(number, row.cells)
        for key in wanted.keys() & set(run.header.fixed):
            run.fixed.setdefault(key, []).append(row.line)
        wanted = {key: value for key, value in wanted.items() if key in run.header.editable}
        if not wanted:
            run.unchanged += 1
        elif not may_change(number.account_id):
            run.problems.append(Problem(row.line, row.text, NOT_ALLOWED))
        else:
            edited.append((row, number, wanted))
    _judge(edited, run)


def _meant_by(
    row: _Row, found: Mapping[str, Sequence[str]], gone: Mapping[str, Sequence[str]]
) -> str | Problem:
    """The sid of the number that a line is about."""
    if not row.names:
        return no_number(row.line, row.text, spelling.fault_of(row.text, ""))
    known = [set(found[name]) for name in row.names if name in found]
    if not known:
        return Problem(row.line, row.text, GONE if any(name in gone for name in row.names) else NOT_OURS)
    meant = set.intersection(*known)
    if not meant or len(known) < len(row.names):
        return Problem(row.line, row.text, UNCLEAR, "SID and number are not of the same number")
    if len(meant) > 1:
        return Problem(row.line, row.text, UNCLEAR, "two accounts have it; the column SID says which")
    return meant.pop()


def _judge(edited: Sequence[tuple[_Row, PhoneNumber, dict[str, str]]], run: DryRun) -> None:
    sids = [number.pk for _, number, _ in edited]
    whole = PhoneNumber.objects.in_bulk(sids)
    named = {wanted[key] for _, _, wanted in edited for key in edits.APPLICATIONS if key in wanted}
    applications = set(
        Application.objects.present()
        .filter(pk__in=[sid for sid in named if sid.isalnum()])
        .values_list("account_id", "pk")
    )
    for row, number, wanted in edited:
        edit = edits.edit_of(whole[number.pk], wanted, applications)
        if edit.faults:
            run.problems.append(Problem(row.line, row.text, WRONG_CELL, "; ".join(edit.faults)))
        elif edit.effect.is_nothing:
            run.unchanged += 1
        else:
            effect = edit.effect
            run.items.append(
                Frozen(
                    number.account_id, number.pk, number.phone_number, str(whole[number.pk].payload_hash),
                    {"fields": effect.fields, "ours": effect.ours, "lines": effect.lines, "possible": True},
                )
            )  # fmt: skip
