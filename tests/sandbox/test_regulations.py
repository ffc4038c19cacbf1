"""Regulations and types: lists, constraints, and what a change of the law does."""

import json
from collections import Counter
from datetime import timedelta

import pytest

from portal.sandbox.dataset.plan import LINES
from portal.sandbox.regulatory import laws
from portal.sandbox.regulatory.resources import TYPE_OF_LINE
from tests.sandbox.compliance import (
    CALLBACK,
    approve,
    assign,
    fetch,
    make_bundle,
    make_document,
    make_end_user,
    move,
    ready_bundle,
    submitted,
)

UNHEARD_OF = {
    "end_user": [
        {
            "name": "Business",
            "type": "business",
            "requirement_name": "business_info",
            "detailed_fields": [
                {"machine_name": "business_name"},
                {
                    "machine_name": "moon_phase",
                    "friendly_name": "Moon Phase",
                    "constraint": "Lunar",
                    "constraints": [{"type": "enum", "values": ["NEW", "FULL"]}],
                },
            ],
        }
    ],
    "supporting_document": [
        [
            {
                "name": "Proof of Lighthouse",
                "requirement_name": "lighthouse_info",
                "accepted_documents": [
                    {
                        "name": "Lighthouse Certificate",
                        "type": "lighthouse_certificate",
                        "detailed_fields": [{"machine_name": "beam_colour"}],
                    }
                ],
            }
        ]
    ],
}


def listed(api, **query):
    return api.regulatory("GET", "/Regulations", {"PageSize": 1000, **query})["results"]


def group(regulation):
    return regulation["iso_country"], regulation["number_type"], regulation["end_user_type"]


def change(sandbox, sid, **wanted):
    return sandbox.change_regulation(sid, laws.RegulationChange(**wanted))


def add(sandbox, **wanted):
    return sandbox.add_regulation(laws.NewRegulation(**wanted))


def test_every_kind_of_number_that_takes_a_bundle_has_one_regulation_for_businesses(api):
    found = Counter(group(regulation) for regulation in listed(api))
    assert set(found.values()) == {1}
    needed = {(line.country, TYPE_OF_LINE.get(line.type, line.type)) for line in LINES if line.bundle}
    assert {(*key, "business") for key in needed} <= set(found)
    assert len(found) >= 25
    assert len({country for country, _, _ in found}) >= 12
    assert {people for _, _, people in found} == {"individual", "business"}
    assert {kind for _, kind, _ in found} == {"local", "mobile", "national", "toll-free"}
    assert {"AU", "DE", "FR", "GB", "JP", "SG"} <= {country for country, _, _ in found}


def test_they_have_the_shape_of_the_page(api):
    (australian,) = listed(api, IsoCountry="au", NumberType="local", EndUserType="individual")
    assert australian["friendly_name"] == "Australia: Local - Individual"
    (person,) = australian["requirements"]["end_user"]
    assert person["fields"] == ["first_name", "last_name"]
    assert person["detailed_fields"][0] == {
        "machine_name": "first_name",
        "friendly_name": "First Name",
        "description": "",
    }
    ((address,),) = australian["requirements"]["supporting_document"]
    assert (address["type"], address["requirement_name"]) == ("document", "proof_of_address")
    assert [one["type"] for one in address["accepted_documents"]] == ["address"]
    assert address["accepted_documents"][0]["fields"] == ["address_sids"]


def test_constraints_are_included_on_request(api):
    (plain,) = listed(api, IsoCountry="GB", NumberType="local", EndUserType="business")
    (full,) = listed(
        api, IsoCountry="GB", NumberType="local", EndUserType="business", IncludeConstraints="true"
    )
    assert "constraint" not in json.dumps(plain)
    fields = {one["machine_name"]: one for one in full["requirements"]["end_user"][0]["detailed_fields"]}
    assert fields["is_subassigned"]["constraints"] == [{"type": "enum", "values": ["YES", "NO"]}]
    assert fields["email"]["constraint"] == "String"
    path = f"/Regulations/{full['sid']}"
    assert api.regulatory("GET", path).json == plain
    assert api.regulatory("GET", path, {"IncludeConstraints": "true"}).json == full


@pytest.mark.parametrize(
    ("query", "code"), [({"EndUserType": "robot"}, 22212), ({"NumberType": "pager"}, 22213)]
)
def test_filters_that_are_none_are_refused(api, query, code):
    assert api.regulatory("GET", "/Regulations", query).code == code


def test_toll_free_is_found_however_it_is_spelled(api):
    wanted = [group(one) for one in listed(api, NumberType="toll-free")]
    assert wanted
    assert [group(one) for one in listed(api, NumberType="tollfree")] == wanted


def test_the_list_comes_in_pages(api):
    first = api.regulatory("GET", "/Regulations", {"PageSize": 30})
    query = first["meta"]["next_page_url"].partition("?")[2]
    path = "/v2/RegulatoryCompliance/Regulations"
    second = api.send("GET", path, host="numbers.twilio.com", raw_query=query)
    assert len(first["results"]) == len(second["results"]) == 30
    assert not {one["sid"] for one in first["results"]} & {one["sid"] for one in second["results"]}


def test_types_know_every_field_that_a_regulation_asks_for(api):
    people = api.regulatory("GET", "/EndUserTypes")["end_user_types"]
    papers = api.regulatory("GET", "/SupportingDocumentTypes")["supporting_document_types"]
    known = {
        one["machine_name"]: {field["machine_name"] for field in one["fields"]} for one in people + papers
    }
    assert set(known["individual"]) >= {"first_name", "last_name", "birth_date"}
    for regulation in listed(api):
        for one in regulation["requirements"]["end_user"]:
            assert set(one["fields"]) <= known[one["type"]]
        for wanted in [
            one for several in regulation["requirements"]["supporting_document"] for one in several
        ]:
            for paper in wanted["accepted_documents"]:
                assert set(paper["fields"]) <= known[paper["type"]]
    by_name = api.regulatory("GET", "/SupportingDocumentTypes/passport")
    assert api.regulatory("GET", f"/SupportingDocumentTypes/{by_name['sid']}").json == by_name.json
    assert api.regulatory("GET", "/EndUserTypes/robot").status == 404


def test_a_regulation_with_unheard_of_fields_takes_bundles(api, sandbox):
    new = add(
        sandbox, iso_country="is", number_type="local", end_user_type="business", requirements=UNHEARD_OF
    )
    assert listed(api, IsoCountry="IS")[0]["sid"] == new.sid
    bundle = make_bundle(api, "IS local business")["sid"]
    end_user = make_end_user(api, moon_phase="WANING")
    assign(api, bundle, end_user, make_document(api, "lighthouse_certificate", beam_colour="white"))
    evaluation = api.regulatory("POST", f"/Bundles/{bundle}/Evaluations")
    (wrong,) = evaluation["results"][0]["invalid"]
    assert wrong["failure_reason"] == "The Moon Phase must be one of NEW, FULL on the Business information."
    attributes = json.dumps({"business_name": "Thornlea", "moon_phase": "NEW"})
    api.regulatory("POST", f"/EndUsers/{end_user}", Attributes=attributes)
    assert move(api, bundle, "pending-review").status == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"end_user": []},
        {"end_user": [{"name": "Business", "type": "business"}]},
        {**UNHEARD_OF, "supporting_document": [{"name": "not in a list"}]},
        {**UNHEARD_OF, "more": 1},
    ],
)
def test_requirements_that_are_none_change_nothing(sandbox, wrong):
    with pytest.raises(ValueError, match=r"require|missing|list|object"):
        add(sandbox, iso_country="IS", number_type="local", end_user_type="business", requirements=wrong)
    assert not [line for line in sandbox.dump("regulations") if b'"IS"' in line]


def test_a_second_regulation_for_a_group_is_refused(sandbox):
    with pytest.raises(ValueError, match="there is a regulation"):
        add(sandbox, iso_country="DE", number_type="local", end_user_type="business", requirements=UNHEARD_OF)


def test_a_change_gives_approved_bundles_a_date_and_rejects_those_under_review(api, sandbox):
    approved = approve(api, ready_bundle(api, StatusCallback=CALLBACK).sid)
    waiting = submitted(api).sid
    draft = make_bundle(api)["sid"]
    sid = fetch(api, approved)["regulation_sid"]
    assert change(sandbox, sid, add="vat", days=30).version == 2
    assert "vat" in api.regulatory("GET", f"/Regulations/{sid}")["requirements"]["end_user"][0]["fields"]
    assert (fetch(api, approved)["status"], fetch(api, approved)["valid_until"]) == (
        "twilio-approved",
        "2026-07-15T12:00:00Z",
    )
    assert fetch(api, waiting)["status"] == "twilio-rejected"
    assert fetch(api, draft)["status"] == "draft"
    sandbox.clock.advance(timedelta(days=31))
    assert fetch(api, approved)["status"] == "twilio-rejected"


def test_a_change_that_all_comply_with_is_no_deadline(api, sandbox):
    approved = approve(api, ready_bundle(api).sid)
    optional = {"machine_name": "nickname", "constraints": [{"type": "optional"}]}
    change(sandbox, fetch(api, approved)["regulation_sid"], add=optional)
    assert fetch(api, approved)["valid_until"] is None


def test_a_reissued_regulation_has_a_sid_of_its_own_and_the_old_one_is_retired(api, sandbox):
    approved, draft = approve(api, ready_bundle(api).sid), make_bundle(api)["sid"]
    old = fetch(api, approved)["regulation_sid"]
    new = change(sandbox, old, remove="issue_date", at="business_name_info", reissue=True)
    assert [
        one["sid"] for one in listed(api, IsoCountry="DE", NumberType="local", EndUserType="business")
    ] == [new.sid]
    assert api.regulatory("GET", f"/Regulations/{old}").status == 200
    assert (fetch(api, approved)["regulation_sid"], fetch(api, draft)["regulation_sid"]) == (old, new.sid)
    form = {"FriendlyName": "x", "Email": "a@example.com", "RegulationSid": old}
    assert api.regulatory("POST", "/Bundles", **form).code == 22201
    with pytest.raises(ValueError, match="in force"):
        change(sandbox, old, add="vat")
    with pytest.raises(ValueError, match="no requirement"):
        change(sandbox, new.sid, add="vat", at="nothing_info")
    with pytest.raises(ValueError, match="a change has"):
        change(sandbox, new.sid)
