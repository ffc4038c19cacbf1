"""Evaluations: what is missing, what does not match, and which of several papers will do."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.sandbox.dataset.regulations import regulations
from portal.sandbox.regulatory import requirements as needs
from portal.sandbox.regulatory.evaluation import Items, evaluate
from portal.sandbox.regulatory.resources import EndUser, SupportingDocument
from portal.sandbox.resources import Address
from tests.sandbox.compliance import FIRM, assign, make_address, make_bundle, make_document, make_end_user

DATES = {"date_created": "", "date_updated": ""}
CATALOGUE = list(regulations())
VALUES = {
    "birth_date": "1980-02-01",
    "nationality": "DE",
    "email": "a@example.com",
    "phone_number": "+16175550168",
    "business_website": "https://www.example.com",
    "business_identity": "DIRECT_CUSTOMER",
    "is_subassigned": "NO",
    "first_name": "Ottilie",
    "last_name": "Mossgrave",
    "issue_date": "2026-05-01",
    "expiration_date": "2030-05-01",
    "address_sids": ["AD1"],
}
EVERYTHING = {
    name: VALUES.get(name, f"some {name}") for name in (*VALUES, "business_name", "document_number")
}


def address(country):
    return Address(
        sid="AD1",
        account_sid="AC1",
        customer_name="Ottilie Mossgrave",
        street="1 Sample St",
        city="Berlin",
        region="BE",
        postal_code="10117",
        iso_country=country,
        **DATES,
    )


def values_for(holder):
    return {
        one["machine_name"]: EVERYTHING.get(one["machine_name"], "text") for one in holder["detailed_fields"]
    }


def complete(group, requirements, choices):
    """Items that lack nothing, with the accepted documents that `choices` picks."""
    (who,) = requirements["end_user"]
    end_user = EndUser(sid="IT1", friendly_name="x", type=who["type"], attributes=values_for(who), **DATES)
    documents = [
        SupportingDocument(
            sid=f"RD{index}", friendly_name="x", type=paper["type"], attributes=values_for(paper), **DATES
        )
        for index, wanted in enumerate(choices(needs.alternatives(requirements)))
        for paper in [wanted]
    ]
    return Items([end_user], documents, {"AD1": address(group[0])})


@st.composite
def cases(draw):
    """A regulation of the data set and items that satisfy it."""
    group, requirements = draw(st.sampled_from(CATALOGUE))
    picked = draw(st.sampled_from(needs.alternatives(requirements)))

    def choices(_):
        return [draw(st.sampled_from(wanted["accepted_documents"])) for wanted in picked]

    return group, requirements, complete(group, requirements, choices)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_whatever_accepted_document_is_chosen_complete_items_comply(case):
    group, requirements, items = case
    is_compliant, results = evaluate(requirements, group[0], items)
    assert is_compliant, [one for one in results if not one["passed"]]
    for result in results:
        assert result["passed"]
        assert (result["failure_reason"], result["error_code"], result["invalid"]) == (None, None, [])


@settings(max_examples=200, deadline=None)
@given(cases(), st.data())
def test_one_required_value_less_is_found_where_it_is_missing(case, data):
    group, requirements, items = case
    changed = copy.deepcopy(items)
    holder = data.draw(st.sampled_from([*changed.end_users, *changed.documents]))
    names = [
        name
        for name in holder.attributes
        if name not in ("comments", "issue_date", "expiration_date") and holder.attributes[name]
    ]
    if not names:
        return
    name = data.draw(st.sampled_from(names))
    holder.attributes[name] = data.draw(st.sampled_from([None, "", "  ", []]))
    is_compliant, results = evaluate(requirements, group[0], changed)
    twins = [
        one for one in changed.documents if one is not holder and one.type == getattr(holder, "type", "")
    ]
    if twins:
        return  # another document of the type may say it
    faults = [
        fault["error_code"]
        for result in results
        for fault in result["invalid"]
        if fault["object_field"] == name
    ]
    asked = {
        field["machine_name"]
        for _, kind, _, field in needs.fields_by_type(requirements)
        if kind == holder.type and field and not needs.is_optional(field)
    }
    if name in asked:
        assert not is_compliant
        assert set(faults) & {22215, 22217, 22219}


@settings(max_examples=100, deadline=None)
@given(cases())
def test_without_items_every_requirement_fails_once(case):
    group, requirements, _ = case
    is_compliant, results = evaluate(requirements, group[0], Items([], [], {}))
    assert not is_compliant
    assert not any(one["passed"] for one in results)
    names = [one["requirement_name"] for one in results]
    assert len(names) == len(set(names))
    assert results[0]["error_code"] == 22214
    assert {one["error_code"] for one in results[1:]} <= {22216}


@settings(max_examples=100, deadline=None)
@given(cases(), st.text(min_size=1, max_size=20))
def test_values_that_must_match_match_character_by_character(case, other):
    group, requirements, items = case
    if len(needs.alternatives(requirements)) > 1:
        return  # where a power of attorney will do, the names on an ID need not match
    matching = {
        (kind, field["machine_name"])
        for _, kind, _, field in needs.fields_by_type(requirements)
        if field and needs.constraint(field, "match") and field["machine_name"] != "address_sids"
    }
    for document in items.documents:
        for name in list(document.attributes):
            if (
                (document.type, name) not in matching
                or other == document.attributes[name]
                or not other.strip()
            ):
                continue
            changed = copy.deepcopy(items)
            for one in changed.documents:
                if one.type == document.type:
                    one.attributes[name] = other
            is_compliant, results = evaluate(requirements, group[0], changed)
            assert not is_compliant
            codes = {
                fault["error_code"]
                for one in results
                for fault in one["invalid"]
                if fault["object_field"] == name
            }
            assert codes & {22217, 22218}


def test_the_words_are_those_of_page_37(api):
    bundle = make_bundle(api, "FR local business")["sid"]
    evaluation = api.regulatory("POST", f"/Bundles/{bundle}/Evaluations")
    assert (evaluation.status, evaluation["status"]) == (201, "noncompliant")
    results = evaluation["results"]
    assert [one["requirement_name"] for one in results] == [
        "business_info",
        "business_name_info",
        "business_address_proof_info",
        "business_reg_no_info",
        "name_of_auth_rep_info",
        "power_of_attorney_info",
        "name_in_power_of_attorney_info",
    ]
    assert results[0] == {
        "friendly_name": "Business",
        "object_type": "business",
        "passed": False,
        "failure_reason": "A Business End-User is missing. Please add one to the regulatory bundle.",
        "error_code": 22214,
        "valid": [],
        "invalid": [
            {
                "friendly_name": name,
                "object_field": name.lower().replace(" ", "_"),
                "failure_reason": f"The {name} is missing. "
                f"Please enter in a {name} on the Business information.",
                "error_code": 22215,
            }
            for name in ("Business Name", "Business Registration Number", "First Name", "Last Name")
        ],
        "requirement_friendly_name": "Business",
        "requirement_name": "business_info",
    }
    kbis = "Excerpt from the commercial register (Extrait K-bis) showing name of Authorized Representative"
    assert results[1]["failure_reason"] == f"An {kbis} is missing. Please add one to the regulatory bundle."
    assert results[1]["invalid"] == [
        {
            "friendly_name": "Business Name",
            "object_field": "business_name",
            "failure_reason": "The Business Name is missing. Or, it does not match the Business Name "
            "you entered within Business information. Please enter in the Business Name shown on the "
            f"{kbis} or make sure both Business Name fields use the same exact inputs.",
            "error_code": 22217,
        }
    ]
    assert results[2]["invalid"][0]["error_code"] == 22219
    assert results[5] == {
        **results[5],
        "friendly_name": "Executed Copy of Power of Attorney",
        "error_code": 22216,
        "invalid": [],
    }


def test_a_power_of_attorney_stands_in_for_the_representatives_id(api):
    bundle = make_bundle(api, "FR local business")["sid"]
    french = make_address(api, "FR", City="Lyon", PostalCode="69002")
    person = {"first_name": "Ottilie", "last_name": "Mossgrave"}
    register = {"business_name": FIRM, "document_number": "K 1", "address_sids": [french]}
    assign(
        api,
        bundle,
        make_end_user(api, business_registration_number="K 1", **person),
        make_document(api, "commercial_registrar_excerpt", **register),
        make_document(api, "power_of_attorney"),
        make_document(api, "passport", first_name="Leopold", last_name="Larkspurne"),
    )
    evaluation = api.regulatory("POST", f"/Bundles/{bundle}/Evaluations")
    assert evaluation["status"] == "compliant"
    assert "name_of_auth_rep_info" not in [one["requirement_name"] for one in evaluation["results"]]
    path = f"/Bundles/{bundle}/Evaluations"
    assert api.regulatory("GET", f"{path}/{evaluation['sid']}").json == evaluation.json
    assert api.regulatory("GET", path)["results"] == [evaluation.json]
    other = make_bundle(api)["sid"]
    assert api.regulatory("GET", f"/Bundles/{other}/Evaluations/{evaluation['sid']}").code == 20404


@pytest.mark.parametrize(
    ("attributes", "code", "words"),
    [
        ({"business_name": "thornlea dental"}, 22218, "same exact inputs"),
        ({"business_name": ""}, 22217, "is missing"),
        ({"address_sids": []}, 22219, "The Address is missing"),
        ({"address_sids": ["AD" + "0" * 32]}, 22219, "The Address is missing"),
        ({"address_sids": "AD" + "0" * 32}, 22219, "The Address is missing"),
        ({"issue_date": "last week"}, 22217, "is not valid"),
        ({"address_sids": "abroad"}, 22219, "in the country"),
    ],
)
def test_a_fault_of_a_document_names_its_field(api, attributes, code, words):
    abroad = api.get("/Addresses", IsoCountry="US")["addresses"][0]["sid"]
    if attributes.get("address_sids") == "abroad":
        attributes = {"address_sids": [abroad]}
    papers = {"business_name": FIRM, "address_sids": [make_address(api)], **attributes}
    bundle = make_bundle(api)["sid"]
    assign(api, bundle, make_end_user(api), make_document(api, "trade_license", **papers))
    evaluation = api.regulatory("POST", f"/Bundles/{bundle}/Evaluations")
    assert evaluation["status"] == "noncompliant"
    faults = [fault for one in evaluation["results"] for fault in one["invalid"]]
    assert faults
    assert {fault["object_field"] for fault in faults} == set(attributes)
    assert {fault["error_code"] for fault in faults} == {code}
    assert words in faults[0]["failure_reason"]
    valid = {one["object_field"] for result in evaluation["results"] for one in result["valid"]}
    assert "business_name" in valid


def test_an_address_in_another_name_is_not_the_persons(api):
    papers = {"address_sids": [make_address(api, CustomerName="Somebody Else")]}
    person = {"first_name": "Ottilie", "last_name": "Mossgrave", "birth_date": "1980-02-01"}
    bundle = make_bundle(api, "DE local individual")["sid"]
    names = {"first_name": "Ottilie", "last_name": "Mossgrave"}
    bill = make_document(api, "utility_bill", **papers)
    assign(
        api, bundle, make_end_user(api, "individual", **person), make_document(api, "passport", **names), bill
    )
    results = api.regulatory("POST", f"/Bundles/{bundle}/Evaluations")["results"]
    ((fault,),) = [one["invalid"] for one in results if not one["passed"]]
    assert "name on the Address" in fault["failure_reason"]
    own = make_address(api, CustomerName="Ottilie Mossgrave")
    api.regulatory("POST", f"/SupportingDocuments/{bill}", Attributes=json.dumps({"address_sids": [own]}))
    assert api.regulatory("POST", f"/Bundles/{bundle}/Evaluations")["status"] == "compliant"


def test_evaluating_is_allowed_in_every_status(api):
    for status in ("draft", "in-review", "twilio-approved", "twilio-rejected"):
        query = {"Status": status, "PageSize": 1}
        (bundle,) = api.regulatory("GET", "/Bundles", query)["results"]
        assert api.regulatory("POST", f"/Bundles/{bundle['sid']}/Evaluations").status == 201
