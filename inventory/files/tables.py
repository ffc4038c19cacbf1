"""Reading what a person uploads as a table: any usual encoding and separator, bounded, nothing kept."""

import codecs
import csv
import io
from collections.abc import Iterator

MOST_BYTES = 20 * 1024 * 1024
MOST_LINES = 50_000

# The longest first: a BOM of UTF-32 begins like one of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # of Excel and LibreOffice
_SEPARATORS = ",;\t"

Line = tuple[int, list[str]]


class Unreadable(Exception):
    """The whole of it cannot be used; the words say why, and what to do."""


def text_of(data: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 or UTF-32 as it says itself, else UTF-8, else Windows-1252.

    Every file that is no valid UTF-8 is readable as Windows-1252, which holds Latin-1; what it makes of
    the letters is seen before anything is done with them. Raises Unreadable for what is no text.
    """
    if len(data) > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it.")
    if not data.strip():
        raise Unreadable("The file is empty.")
    if data.startswith(_WORKBOOKS):
        raise Unreadable("This is a workbook. Save it as CSV (UTF-8) in the spreadsheet, and upload that.")
    try:
        text = data.decode(_encoding_of(data))
    except UnicodeDecodeError as error:
        raise Unreadable("The file breaks off in the middle of a character. Save it again.") from error
    if "\0" in text:
        raise Unreadable("This is no text file. Save the list as CSV (UTF-8), and upload that.")
    if not text.strip():
        raise Unreadable("The file is empty.")
    return text


def _encoding_of(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    # UTF-16 without a mark: every other byte of plain letters is nothing.
    beginning = data[:2000]
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = beginning[offset::2]
        if half.count(0) * 2 > len(half):
            return encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            data.decode("cp1252")
        except UnicodeDecodeError:
            return "latin-1"
        return "cp1252"
    return "utf-8"


def lines_of(text: str) -> Iterator[Line]:
    """Each line that is not blank, with its number in the file and its cells.

    A cell may hold line breaks; its line is the one it begins in. Raises Unreadable at a quotation mark
    that is missing, since nobody can tell what belongs to what behind it.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator_of(text), strict=True)
    count = 0
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field larger" in str(error):
                raise Unreadable(f"Line {number} has a cell of more than 131,072 characters.") from error
            raise Unreadable(f"A quotation mark is missing or one too many in line {number}.") from error
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MOST_LINES + 1:  # and a header
            raise Unreadable(f"The file has more than {MOST_LINES:,} lines. Split it.")
        yield number, cells


def _separator_of(text: str) -> str:
    """What stands most often between cells in the first line that has any."""
    counts = dict.fromkeys(_SEPARATORS, 0)
    first = next((line for line in text.lstrip().splitlines() if line.strip()), "")
    in_quotes = False
    for character in first:
        if character == '"':
            in_quotes = not in_quotes
        elif character in counts and not in_quotes:
            counts[character] += 1
    return max(_SEPARATORS, key=lambda separator: counts[separator])
