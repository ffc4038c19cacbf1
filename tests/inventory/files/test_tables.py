"""Files that people upload: whatever a spreadsheet makes of them, and nothing that is no table."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.files import tables
from inventory.files.tables import Unreadable, lines_of, text_of

CELLS = ["Büro Süd", "a,b;c\td", 'say "hello"', "two\nlines", ""]


def written(*rows, separator=","):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue()


def read(data):
    return list(lines_of(text_of(data)))


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_usual_encoding_and_separator_is_read(encoding, separator):
    header = ["Number", "Name", "Owner", "Tags", "Cost centre"]
    data = written(header, CELLS, separator=separator).encode(encoding)

    assert read(data) == [(1, header), (2, CELLS)]


def test_windows_letters_beyond_latin_1_are_read():
    assert read("Name\n“Café” – 5 €\n".encode("cp1252"))[1] == (2, ["“Café” – 5 €"])
    assert read(b"Name\n\x81\xe9\n")[1][1] == ["\x81é"], "bytes that Windows-1252 has not are read too"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_in_the_file(end):
    text = end.join(["Number,Name", "", '1,"two', 'lines"', " , ", "2,x", ""])

    assert [number for number, _ in lines_of(text)] == [1, 3, 6]


def test_quoted_separators_do_not_decide():
    assert list(lines_of('"a,b,c";d\n1;2\n')) == [(1, ["a,b,c", "d"]), (2, ["1", "2"])]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b" \r\n\t ", "The file is empty."),
        (b"\xef\xbb\xbf\n", "The file is empty."),
        (b"PK\x03\x04rest", "This is a workbook."),
        (b"\xd0\xcf\x11\xe0rest", "This is a workbook."),
        (b"\x00\x01\x02" * 50, "This is no text file."),
        ("Number".encode("utf-16") + b"\n", "breaks off in the middle of a character"),
        (b'Number\n"open\n' + b"1\n" * 9, "A quotation mark is missing or one too many in line 2."),
        (b'Number,Name\n1,"a"b\n', "A quotation mark is missing or one too many in line 2."),
        (b"Number\n" + b"x" * 140_000, "Line 2 has a cell of more than 131,072 characters."),
    ],
)
def test_what_is_no_table_is_said(data, words):
    with pytest.raises(Unreadable) as caught:
        read(data)

    assert words in str(caught.value)


def test_it_is_bounded(monkeypatch):
    assert len(read(b"Number\n" + b"1\n" * tables.MOST_LINES)) == tables.MOST_LINES + 1
    with pytest.raises(Unreadable, match="more than 50,000 lines"):
        read(b"Number\n" + b"1\n" * (tables.MOST_LINES + 1))
    monkeypatch.setattr(tables, "MOST_BYTES", 1024 * 1024)
    with pytest.raises(Unreadable, match="larger than 1 MB"):
        text_of(b"x" * (1024 * 1024 + 1))


@given(st.binary(max_size=300))
def test_no_bytes_do_anything_but_be_read_or_refused(data):
    with suppress(Unreadable):
        for number, cells in lines_of(text_of(data)):
            assert number > 0
            assert any(cell.strip() for cell in cells)
            assert not any("\0" in cell for cell in cells)
