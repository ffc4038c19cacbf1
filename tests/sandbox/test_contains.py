"""The Contains pattern against a slow and obvious reference."""

import string
from contextlib import suppress

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portal.sandbox.contains import compile_pattern
from portal.sandbox.errors import ApiError

KEYS = {"2": "abc", "3": "def", "4": "ghi", "5": "jkl", "6": "mno", "7": "pqrs", "8": "tuv", "9": "wxyz"}
CORE = st.text(string.digits + string.ascii_letters, min_size=1, max_size=14)
DIGITS = st.text(string.digits, min_size=8, max_size=15)


def key_of(character: str) -> str:
    return next((key for key, letters in KEYS.items() if character.lower() in letters), character)


def matches(pattern: str, number: str) -> bool:
    """Try the pattern's digits at every place of the number and look at what is around them."""
    head = pattern[0] if pattern[0] in "+*%" else ""
    tail = pattern[-1] if pattern[-1] in "*%$" else ""
    core = "".join(key_of(character) for character in pattern.strip("+*%$"))
    for start in range(len(number) - len(core) + 1):
        end = start + len(core)
        if number[start:end] != core:
            continue
        if head == "+" and start > 0:
            continue
        if head == "*" and start == 0:
            continue
        if tail == "$" and end < len(number):
            continue
        if tail == "*" and end == len(number):
            continue
        return True
    return False


@settings(deadline=None)
@given(st.sampled_from(["", "+", "*", "%"]), CORE, st.sampled_from(["", "*", "%", "$"]), DIGITS)
def test_it_finds_what_the_reference_finds(head, core, tail, number):
    pattern = head + core + tail
    assume(2 <= len(pattern) <= 16 and (len(core) > 1 or not set(head + tail) & {"*", "%"}))
    assert (compile_pattern(pattern).search(number) is not None) is matches(pattern, number)


@settings(deadline=None)
@given(st.data(), DIGITS)
def test_it_finds_any_part_of_a_number(data, number):
    start = data.draw(st.integers(0, len(number) - 2))
    end = data.draw(st.integers(start + 2, len(number)))
    assert compile_pattern(number[start:end]).search(number)


@settings(deadline=None)
@given(st.text(string.digits + string.ascii_letters + "+*%$ -é", max_size=20))
def test_it_refuses_or_compiles_but_never_breaks(text):
    with suppress(ApiError):
        compile_pattern(text)


@pytest.mark.parametrize(
    "pattern",
    [
        "5", "12345678901234567", "**555", "555%%", "5*5", "5%55", "+*55", "55*$", "*5", "5%", "*$", "+$",
        "55+", "$55", "5$5", "55 5", "55-5", "é55", "++55", "55$$", "%*55",
    ],
)  # fmt: skip
def test_it_refuses_what_the_page_forbids(pattern):
    with pytest.raises(ApiError) as refused:
        compile_pattern(pattern)
    assert refused.value.code == 21421


@pytest.mark.parametrize(
    ("pattern", "found", "missed"),
    [
        ("+1510555", "15105550123", "25151055501"),
        ("7306$", "15105557306", "15107306555"),
        ("%979%", "15109795550", "15105550123"),
        ("STORM", "15105578676", "15105550123"),
        ("*555", "15105550123", "5551234567"),
        ("0123*", "15101235550", "15105550123"),
        ("+1", "15105550123", "442079460123"),
        ("+15105550123$", "15105550123", "151055501234"),
    ],
)
def test_it_reads_the_examples_of_the_page(pattern, found, missed):
    assert compile_pattern(pattern).search(found)
    assert not compile_pattern(pattern).search(missed)
