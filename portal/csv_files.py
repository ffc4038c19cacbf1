"""CSV files that a spreadsheet may open without running anything (UX-58)."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from django.http import StreamingHttpResponse

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_E164 = re.compile(r"\+[1-9]\d{5,14}")


class _Echo:
    """What csv.writer writes to: hands every line back."""

    def write(self, line: str) -> str:
        return line


def safe_cell(value: Any) -> str:
    """The value as text; what a spreadsheet would calculate gets an apostrophe, an E.164 number does not.

    So does what looks as if it had got one already: `plain_cell` gives every value back as it was.
    """
    text = "" if value is None else str(value)
    return "'" + text if _is_formula(text) else text


def plain_cell(cell: str) -> str:
    """The value that `safe_cell` made this cell of."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell[1:]) else cell


def _is_formula(text: str) -> bool:
    return bool(_FORMULA.match(text)) and not _E164.fullmatch(text)


def lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])


def csv_response(stem: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A download named after its stem and the moment, in UTF-8, sent as it is read."""
    moment = datetime.now(UTC).strftime("%Y-%m-%d-%H%M")
    text = chain(["\ufeff"], lines(header, rows))  # the mark by which Excel knows UTF-8
    response = StreamingHttpResponse((line.encode() for line in text), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{stem}-{moment}.csv"'
    response["Cache-Control"] = "no-store"
    return response
