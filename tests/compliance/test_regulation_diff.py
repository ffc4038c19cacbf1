"""What changed in a regulation, in plain words."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.regulation_diff import diff, diff_requirements
from compliance.requirements import read_requirements


def field(name, **told):
    return {"machine_name": name, "friendly_name": name.replace("_", " ").title(), "description": "", **told}


def paper(kind="utility_bill", *fields, **told):
    return {"name": kind.replace("_", " ").title(), "type": kind, "detailed_fields": list(fields), **told}


def need(name="proof_of_address", *papers, **told):
    return {
        "name": name.replace("_", " ").title(),
        "requirement_name": name,
        "description": "",
        "accepted_documents": list(papers) or [paper()],
        **told,
    }


def asks(*fields, needs=None, sets=None):
    who = {
        "name": "Business",
        "type": "business",
        "requirement_name": "business_info",
        "detailed_fields": list(fields) or [field("business_name")],
    }
    return {"end_user": [who], "supporting_document": sets or [needs if needs is not None else [need()]]}


def sentences(before, after):
    return [(one.part, one.sentence, one.effect) for one in diff(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            asks(field("business_name")),
            asks(field("business_name"), field("tax_id")),
            ("End user: Business", "Tax Id is needed now.", "more"),
        ),
        (
            asks(field("tax_id", constraints=[{"type": "optional"}])),
            asks(field("tax_id")),
            ("End user: Business", "Tax Id is needed now. It was optional.", "more"),
        ),
        (
            asks(field("tax_id", constraints=[{"type": "max_length", "value": 40}])),
            asks(field("tax_id", constraints=[{"type": "max_length", "value": 20}])),
            ("End user: Business", "Tax Id may have 20 characters at most now, no longer 40.", "more"),
        ),
        (
            asks(field("kind", constraints=[{"type": "enum", "values": ["A", "B"]}])),
            asks(field("kind", constraints=[{"type": "enum", "values": ["A", "C"]}])),
            ("End user: Business", "Kind may not be B any more.", "more"),
        ),
        (
            asks(needs=[need("a", paper("passport"))]),
            asks(needs=[need("a", paper("passport"), paper("visa"))]),
            ("A", "Visa is accepted as well.", "less"),
        ),
        (
            asks(needs=[need("a", paper("passport"), paper("visa"))]),
            asks(needs=[need("a", paper("passport"))]),
            ("A", "Visa is not accepted any more.", "more"),
        ),
        (
            asks(needs=[need("a")]),
            asks(needs=[need("a"), need("b", paper("visa"), paper("passport"))]),
            ("Documents", "B must be proved, by Visa or Passport.", "more"),
        ),
        (
            asks(needs=[need("a", paper("bill", constraints=[{"type": "max_age_months", "value": 12}]))]),
            asks(needs=[need("a", paper("bill", constraints=[{"type": "max_age_months", "value": 3}]))]),
            ("A: Bill", "It may be 3 months old at most now, no longer 12 months.", "more"),
        ),
        (
            asks(needs=[need("a")]),
            asks(needs=[need("a", constraints=[{"type": "address", "value": "domestic"}])]),
            ("A", "The address must be in the country of the number now.", "more"),
        ),
        (
            asks(needs=[need("a"), need("b")]),
            asks(sets=[[need("a")], [need("b")]]),
            ("Documents", "Any one of 2 sets of documents is enough now.", "less"),
        ),
        (
            asks(sets=[[need("a")], [need("b")]]),
            asks(needs=[need("a"), need("b")]),
            (
                "Documents",
                "All of these documents are needed together now. Before, one of several sets was enough.",
                "more",
            ),
        ),
    ],
)
def test_it_says_in_a_sentence_what_is_otherwise_and_for_whom_it_is_more(before, after, told):
    assert told in sentences(before, after)


def test_a_field_that_becomes_optional_asks_for_less():
    before = asks(field("tax_id"))
    after = asks(field("tax_id", constraints=[{"type": "optional"}]))
    assert sentences(before, after) == [("End user: Business", "Tax Id is optional now.", "less")]


def test_patterns_are_told_apart_from_the_sentence():
    before, after = asks(field("vat")), asks(field("vat", constraints=[{"type": "regex", "value": "^X"}]))
    [found] = diff(before, after)
    assert found.sentence == "Vat must be written in a certain way now."
    assert (found.before, found.after) == ("", "^X")


def test_what_concerns_nobody_is_said_in_one_line():
    before, after = asks(), {**asks(), "moon": "full"}
    [found] = diff(before, after)
    assert found.sentence == "Twilio writes it in another way or order. What is needed is the same."
    assert not found.asks_for_more


names = st.sampled_from(["alpha", "beta", "gamma"])
constraints = st.lists(
    st.sampled_from(
        [
            {"type": "optional"},
            {"type": "max_length", "value": 20},
            {"type": "max_length", "value": 300},
            {"type": "regex", "value": "^A"},
            {"type": "enum", "values": ["X", "Y"]},
            {"type": "enum", "values": ["Y"]},
            {"type": "match", "field": "alpha"},
            {"type": "file"},
            {"type": "max_age_months", "value": 3},
        ]
    ),
    max_size=2,
)
fields = st.lists(
    st.builds(lambda name, rules, hint: field(name, constraints=rules, description=hint), names, constraints,
              st.sampled_from(["", "YYYY-MM-DD", "As on the bill"])),
    max_size=3,
)  # fmt: skip
papers = st.lists(
    st.builds(lambda kind, inner, rules: paper(kind, *inner, constraints=rules), names, fields, constraints),
    min_size=1,
    max_size=2,
)
needs = st.builds(
    lambda name, inner, rules: need(name, *inner, constraints=rules),
    names,
    papers,
    st.sampled_from([[], [{"type": "address", "value": "domestic"}]]),
)
regulations = st.builds(
    lambda inner, sets: asks(*inner, sets=sets),
    fields,
    st.lists(st.lists(needs, min_size=1, max_size=2), min_size=1, max_size=2),
)


@given(regulations)
def test_nothing_differs_from_itself(requirements):
    assert diff(requirements, deepcopy(requirements)) == []


@given(regulations, regulations)
def test_whatever_differs_is_told_in_whole_sentences(before, after):
    found = diff(before, after)
    assert bool(found) == (before != after)
    assert all(one.sentence.endswith(".") and one.part for one in found)


@given(regulations, st.sampled_from(["delta", "omega"]))
def test_one_more_field_for_the_end_user_is_one_difference_and_asks_for_more(before, name):
    after = deepcopy(before)
    after["end_user"][0]["detailed_fields"].append(field(name))
    assert sentences(before, after) == [("End user: Business", f"{name.title()} is needed now.", "more")]
    assert [one.effect for one in diff(after, before)] == ["less"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON, JSON)
def test_whatever_twilio_writes_is_compared(before, after):
    diff(before, after)
    diff_requirements(read_requirements(before), read_requirements(after))
