"""Differences between names that people read as the same one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.lint import Said, difference, holder_names, lint

SAME_TO_THE_EYE = {
    "Marlow & Finch Ltd ": "space at the beginning or at the end",
    "Marlow  & Finch Ltd": "differ in spaces",
    "MARLOW & Finch Ltd": "capital letters",
    "Marl\u043ew & Finch Ltd": "only looks the same",
    "Marlow & Finch\u00a0Ltd": "spaces",
    "Marlöw & Finch Ltd": "accents",
    "Marlow & Finch Ltd.": "punctuation",
    "Finch & Marlow Ltd": "another order",
    "Marlow Holding": "They are different",
}


@pytest.mark.parametrize(("found", "words"), SAME_TO_THE_EYE.items())
def test_it_says_how_two_names_differ(found, words):
    assert words in difference("Marlow & Finch Ltd", found).words


def test_what_differs_can_be_seen_where_it_is_a_space():
    shown = [segment.shown for segment in difference("A B", "A  B").segments if segment.side != "same"]

    assert shown == ["·"]


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_segments_make_up_both_texts(expected, found):
    told = difference(expected, found)

    if told is None:
        assert expected == found
        return
    assert "".join(one.text for one in told.segments if one.side != "found") == expected
    assert "".join(one.text for one in told.segments if one.side != "expected") == found
    assert told.words


def test_it_compares_fields_of_the_same_name_or_those_that_the_regulation_names():
    end_user = {"business_name": "Marlow Ltd", "first_name": "Alex", "last_name": "Example"}
    document = Said("Excerpt", "RD1", {"business_name": "Marlow Ltd.", "document_number": "7"}, {})
    address = Said("Address", "AD1", {"name": "Alex Sample"}, {"name": ("first_name", "last_name")})

    found = lint(end_user, [document, address])

    assert [(one.where, one.field, one.label) for one in found] == [
        ("Excerpt", "business_name", "business name"),
        ("Address", "name", "first name and last name"),
    ]


def test_what_is_blank_is_not_compared():
    assert lint({"business_name": ""}, [Said("Excerpt", "RD1", {"business_name": "A"}, {})]) == []
    assert lint({"business_name": "A"}, [Said("Excerpt", "RD1", {"business_name": " "}, {})]) == []


def test_an_address_may_be_in_the_name_of_the_business_or_of_its_person():
    assert holder_names({"business_name": "B", "first_name": "A", "last_name": "E"}) == ["B", "A E"]
    assert holder_names({}) == []
