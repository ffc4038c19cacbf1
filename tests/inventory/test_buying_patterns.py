"""Patterns of numbers for sale: exactly what Twilio takes (doc pages 20 to 22), and what they mean."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.buying.patterns import Pattern
from portal.sandbox.contains import compile_pattern
from portal.sandbox.errors import ApiError


@pytest.mark.parametrize(
    "text", ["55", "+1510555", "7306$", "%979%", "STORM", "*415", "415*", "+1415%", "*88$", "+4", "1" * 16]
)
def test_it_takes_what_twilio_takes(text):
    assert str(Pattern.read(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5", "Use 2 to 16 characters"),
        ("1" * 17, "Use 2 to 16 characters"),
        ("5ü5", "Use digits, letters from a to z and * % + $ only, not “ü”"),
        ("55#", "Use digits, letters from a to z and * % + $ only, not “#”"),
        ("1+510", "Put + in front: it means the start of the number"),
        ("$7306", "Put $ at the end: it means the end of the number"),
        ("5*5", "Put * and % in front or at the end: they cannot stand between digits"),
        ("+*415", "Keep * % + $ apart: two of them cannot stand side by side"),
        ("%%415", "Keep * % + $ apart: two of them cannot stand side by side"),
        ("*5", "Use at least two digits or letters with * or %"),
        ("+$", "Keep * % + $ apart: two of them cannot stand side by side"),
    ],
)
def test_it_says_what_is_wrong(text, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        Pattern.read(text)


def test_spaces_and_dashes_do_not_count():
    assert str(Pattern.read("+1 (510) 555-01")) == "+151055501"


def test_letters_stand_for_their_keys():
    assert Pattern.read("Storm").digits == "78676"


@given(st.text(alphabet=string.ascii_letters + string.digits + "*%+$", min_size=1, max_size=18))
def test_it_takes_and_refuses_what_the_sandbox_does(text):
    try:
        taken = str(Pattern.read(text)) == text
    except ValueError:
        taken = False
    try:
        compile_pattern(text)
        takes = True
    except ApiError:
        takes = False
    assert taken == takes


@given(
    st.from_regex(r"[+*%]?[0-9A-Za-z]{2,8}[*%$]?", fullmatch=True),
    st.from_regex(r"\+1[2-9][0-9]{9}", fullmatch=True),
)
def test_what_it_marks_in_a_number_is_what_is_found(text, number):
    before, found, after = Pattern.read(text).split(number)
    assert before + found + after == number
    assert bool(found) == bool(compile_pattern(text).search(number[1:]))


@pytest.mark.parametrize(
    ("text", "words", "example"),
    [
        ("+1510555", "Finds numbers that start with +1510555.", "+15105550123"),
        ("7306$", "Finds numbers that end in 7306.", "+12015557306"),
        ("STORM", "Finds numbers with 78676 (STORM) anywhere in them.", "+12015786763"),
        ("*415", "Finds numbers with any one digit and then 415 anywhere in them.", "+12015554153"),
        ("%979%", "Finds numbers with any digits and then 979 and then any digits anywhere in them.", None),
        ("+1415*", "Finds numbers that start with +1415 and then any one digit.", "+14155550123"),
        ("+12015550123$", "Finds the number +12015550123.", "+12015550123"),
    ],
)
def test_it_explains_itself_with_an_example(text, words, example):
    pattern = Pattern.read(text)
    assert pattern.words == words
    if example:
        assert pattern.example("US") == example
    assert pattern.split(pattern.example("US"))[1] == pattern.digits


def test_a_country_without_example_has_none():
    assert Pattern.read("55").example("ZZ") == ""
