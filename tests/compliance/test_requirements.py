"""Regulations as Twilio describes them, and as nobody has described one yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.requirements import read_requirements
from portal.sandbox.dataset.regulations import regulations

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["end_user", "supporting_document", "type", "name", "detailed_fields", "fields", "accepted_documents",
     "machine_name", "friendly_name", "description", "constraints", "requirement_name", "value", "values"]
)  # fmt: skip
ALMOST = st.recursive(
    JSON, lambda inner: st.dictionaries(KEYS, inner, max_size=4) | st.lists(inner, max_size=3), max_leaves=20
)


def _field(**told):
    who = {"type": "business", "detailed_fields": [{"machine_name": "thing", **told}]}
    return read_requirements({"end_user": [who]}).end_users[0].fields[0]


@given(ALMOST)
def test_whatever_twilio_sends_is_read_without_a_fault(told):
    for requirements in (read_requirements(told), read_requirements({"end_user": told})):
        assert requirements.needs is not None
        for need in requirements.end_users:
            need.faults({"a": "b"})


def test_every_regulation_of_the_sandbox_is_read_whole():
    seen = 0
    for group, told in regulations():
        requirements = read_requirements(told)
        assert [one.type for one in requirements.end_users] == [group[2]]
        assert len(requirements.alternatives) == len(told["supporting_document"])
        names = {need["requirement_name"] for way in told["supporting_document"] for need in way}
        assert {need.requirement_name for need in requirements.needs} == names
        seen += 1
    assert seen > 25


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"machine_name": "birth_date"}, "date"),
        ({"machine_name": "anything", "description": "YYYY-MM-DD"}, "date"),
        ({"machine_name": "email"}, "email"),
        ({"machine_name": "phone_number"}, "phone"),
        ({"machine_name": "business_website"}, "url"),
        ({"machine_name": "nationality"}, "country"),
        ({"machine_name": "address_sids"}, "addresses"),
        ({"machine_name": "colours", "constraint": "List"}, "list"),
        ({"constraints": [{"type": "enum", "values": ["A", "B"]}]}, "choice"),
        ({"description": "Choose any one of the following values: [A, B]."}, "choice"),
        ({"constraints": [{"type": "max_length", "value": 500}]}, "long"),
        ({"constraint": "Hologram"}, "text"),
    ],
)
def test_it_asks_for_a_value_in_the_way_that_fits(told, kind):
    assert _field(**told).kind == kind


@pytest.mark.parametrize(
    "told",
    [
        {"friendly_name": "Comments (Optional)"},
        {"description": "This is an optional field."},
        {"constraints": [{"type": "optional"}]},
        {"required": False},
    ],
)
def test_what_may_be_left_out_is_known_by_any_of_its_signs(told):
    field = _field(**told)

    assert field.is_optional
    assert "ptional" not in field.label + field.hint
    assert field.fault("") == ""


def test_a_value_is_judged_by_the_constraints_it_has():
    shape = _field(friendly_name="VAT", constraints=[{"type": "regex", "value": "^DE[0-9]+$"}])
    short = _field(friendly_name="Code", constraints=[{"type": "max_length", "value": 3}])
    chosen = _field(friendly_name="Kind", constraints=[{"type": "enum", "values": ["A", "B"]}])
    broken = _field(constraints=[{"type": "regex", "value": "(("}])

    assert shape.fault("DE1") == ""
    assert "VAT is not written" in shape.fault("FR1")
    assert short.fault("1234") == "Code must be 3 characters or fewer."
    assert chosen.fault("C") == "Kind must be one of: A, B."
    assert broken.fault("anything") == ""
    assert _field(machine_name="birth_date").fault("2001-02-30") == "Birth date must be a real date."
    assert _field(friendly_name="Tax ID").fault(" ") == "Enter tax ID."


def test_a_document_must_repeat_the_end_users_very_words():
    name = {"machine_name": "name", "constraints": [{"type": "match", "field": "first_name+last_name"}]}
    paper = {"type": "passport", "detailed_fields": [name]}
    need = {"requirement_name": "name_info", "accepted_documents": [paper]}
    accepted = read_requirements({"supporting_document": [[need]]}).needs[0].accepted[0]
    end_user = {"first_name": "Alex", "last_name": "Example"}

    assert accepted.faults({"name": "Alex Example"}, end_user) == {}
    assert set(accepted.faults({"name": "Alex  Example"}, end_user)) == {"name"}
    assert accepted.faults({"name": "Somebody"}) == {}


def test_without_constraints_an_address_alone_takes_no_file():
    cited = [{"machine_name": "address_sids"}]
    papers = [
        {"type": "address", "detailed_fields": cited},
        {"type": "utility_bill", "detailed_fields": cited},
    ]
    need = {"requirement_name": "address_info", "accepted_documents": papers}

    (need,) = read_requirements({"supporting_document": [[need]]}).needs

    assert [one.takes_file for one in need.accepted] == [False, True]


def test_requirements_that_are_not_wrapped_in_a_list_are_one_set():
    need = {"requirement_name": "name_info", "accepted_documents": [{"type": "passport"}]}

    assert len(read_requirements({"supporting_document": [need, need]}).alternatives) == 1
