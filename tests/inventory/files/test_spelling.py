"""Numbers as people write them."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from inventory.files.report import LISTED, Problem, as_json, ranges
from inventory.files.spelling import fault_of, pieces_of, quick_reading, readings_of

SID = "PN" + "0a" * 16


@pytest.mark.parametrize(
    ("text", "country", "first"),
    [
        ("+12025550100", "", "+12025550100"),
        (" +1 (202) 555-0100 ", "", "+12025550100"),
        ("+1.202.555.0100", "", "+12025550100"),
        ("001 202 555 0100", "", "+12025550100"),
        ("(202) 555-0100", "US", "+12025550100"),
        ("1-202-555-0100", "US", "+12025550100"),
        ("030/23125017", "DE", "+493023125017"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("tel:+12025550100", "", "+12025550100"),
        ("\u202a+1\u00a0(202)\u2011555\u20130100\u202c", "", "+12025550100"),
        ("\uff12\uff10\uff12\uff15\uff15\uff15\uff10\uff11\uff10\uff10", "US", "+12025550100"),
        ("12025550100", "", "+12025550100"),
        ("12025550100", "DE", "+4912025550100"),
        (SID, "US", SID),
    ],
)
def test_a_number_is_read_in_any_format(text, country, first):
    assert readings_of(text, country)[0] == first
    assert fault_of(text, country) == "" or not country


def test_the_second_reading_is_that_of_a_spreadsheet_which_took_the_plus_away():
    assert readings_of("493023125017", "US") == ["+493023125017"]
    assert readings_of("12025550100", "DE")[1] == "+12025550100"
    assert "+493023125017" in readings_of("+49 (0)30 23125017", "")


@pytest.mark.parametrize(
    ("text", "country", "words"),
    [
        ("1-800-FLOWERS", "US", "It has letters. Write it in digits"),
        ("Anna +12025550100", "US", "It has letters. Write it in digits"),
        ("+1 202 555 0100 ext. 12", "", "It has an extension. Write the number without it"),
        ("+1 202 555 0100 x12", "", "It has an extension. Write the number without it"),
        ("+1 202 555 0100;ext=12", "", "It has an extension. Write the number without it"),
        ("+1 202 555 0100 #3", "", "It has an extension. Write the number without it"),
        ("1.20256E+10", "", "A spreadsheet has shortened it. Format the column as text"),
        ("1,20256e+10", "", "A spreadsheet has shortened it. Format the column as text"),
        ("2025550100", "", "It has no country code. Begin it with +, or say of which country it is"),
        ("+999 123 456 789", "", "No country has this code"),
        ("+1 202 555 01", "", "It is too short"),
        ("+1 202 555 0100 0100", "", "It is too long"),
        ("+1" * 40, "", "It is too long"),
        ("12", "US", "It is too short"),
        ("–––", "", "Not a number"),
        ("Number", "", "Not a number"),
        ("", "", "Not a number"),
    ],
)
def test_what_is_wrong_is_said(text, country, words):
    assert fault_of(text, country) == words


def test_a_text_is_taken_apart_line_by_line():
    text = (
        "Number\n"
        "+1 202 555 0100 +1 202 555 0101; (202) 555-0102,2025550103\n"
        "\n"
        "2025550104 2025550105\t030 23125017  |  '+49 30 1234567'\r\n"
        "+1 202 555 0100;ext=12"
    )

    assert list(pieces_of(text)) == [
        (1, "Number"),
        (2, "+1 202 555 0100"), (2, "+1 202 555 0101"), (2, "(202) 555-0102"), (2, "2025550103"),
        (4, "2025550104"), (4, "2025550105"), (4, "030 23125017"), (4, "+49 30 1234567"),
        (5, "+1 202 555 0100;ext=12"),
    ]  # fmt: skip


_numbers = st.sampled_from(["US", "DE", "GB", "FR", "BR"]).map(phonenumbers.example_number)


@given(st.lists(_numbers, min_size=1, max_size=6), st.sampled_from([", ", "; ", "\n", "\t", "  ", " | "]))
def test_numbers_in_international_format_are_found_whatever_is_between_them(numbers, between):
    text = between.join(
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL) for number in numbers
    )

    found = [readings_of(piece, "")[0] for _, piece in pieces_of(text)]

    assert found == [phonenumbers.format_number(number, PhoneNumberFormat.E164) for number in numbers]


@given(st.text(max_size=200), st.sampled_from(["", "US", "DE"]))
def test_no_text_does_anything_but_be_read_or_refused(text, country):
    for line, piece in pieces_of(text):
        assert 0 < line <= len(text.splitlines())
        assert piece.strip()
        for reading in readings_of(piece, country):
            assert quick_reading(reading) == reading
        assert readings_of(piece, country) or fault_of(piece, country)


# What is said of them


def test_many_problems_are_still_each_named():
    problems = [
        Problem(line, "x" * 200, "Twice" if line % 2 else "No number", "so") for line in range(2, 1502)
    ]

    report = as_json(problems[::-1])

    assert report["count"] == 1500
    assert [line for line, _, _ in report["listed"]] == list(range(2, 2 + LISTED))
    assert report["listed"][0][2] == "No number: so"
    assert all(len(text) <= 80 for _, text, _ in report["listed"])
    rest = dict(report["rest"])
    assert rest["Twice"].startswith("503, 505, ")
    assert rest["No number"].endswith("1500")


@pytest.mark.parametrize(
    ("numbers", "words"), [([], ""), ([3], "3"), ([3, 1, 2, 3], "1–3"), ([9, 1, 3, 4], "1, 3–4, 9")]
)
def test_lines_in_a_row_are_said_as_ranges(numbers, words):
    assert ranges(numbers) == words
