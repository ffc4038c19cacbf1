"""Bundles: making, listing, submitting and deleting them, and Twilio's refusals."""

from itertools import pairwise

import pytest

from portal.sandbox.regulatory.resources import STATUSES
from tests.sandbox.compliance import (
    CALLBACK,
    approve,
    assign,
    fetch,
    make_bundle,
    make_end_user,
    move,
    ready_bundle,
    submitted,
    verdict,
)
from tests.sandbox.conftest import owned

SORTED_PAGES = 7


def listed(api, **query):
    return api.regulatory("GET", "/Bundles", {"PageSize": 1000, **query})["results"]


def all_pages(api, **query):
    """Every row, page by page, and back again."""
    page = api.regulatory("GET", "/Bundles", {"PageSize": SORTED_PAGES, **query})
    rows = [*page["results"]]
    while page["meta"]["next_page_url"]:
        page = follow(api, page["meta"]["next_page_url"])
        rows += page["results"]
    back = [*page["results"]]
    while page["meta"]["previous_page_url"]:
        page = follow(api, page["meta"]["previous_page_url"])
        back = [*page["results"], *back]
    assert back == rows
    return rows


def follow(api, url):
    path, _, query = url.removeprefix("https://numbers.twilio.com").partition("?")
    return api.send("GET", path, host="numbers.twilio.com", raw_query=query)


def test_a_bundle_is_made_for_a_number_group(api):
    bundle = make_bundle(api, "DE local business", StatusCallback=CALLBACK)
    assert (bundle["status"], bundle["valid_until"]) == ("draft", None)
    assert bundle["status_callback"] == CALLBACK
    assert bundle["date_created"] == "2026-06-15T12:00:00Z"
    assert bundle["url"].endswith(f"/v2/RegulatoryCompliance/Bundles/{bundle['sid']}")
    assert set(bundle["links"]) == {"evaluations", "item_assignments", "bundle_copies"}
    assert fetch(api, bundle["sid"]) == bundle


def test_a_bundle_is_made_for_a_regulation(api):
    sid = make_bundle(api, "GB mobile individual")["regulation_sid"]
    form = {"FriendlyName": "x", "Email": "a@example.com", "RegulationSid": sid}
    assert api.regulatory("POST", "/Bundles", **form)["regulation_sid"] == sid


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"FriendlyName": ""}, 20001),
        ({"Email": ""}, 20001),
        ({"Email": "nobody"}, 20422),
        ({"StatusCallback": "ftp://example.com"}, 21402),
        ({"EndUserType": "robot"}, 22200),
        ({"NumberType": "pager"}, 22200),
        ({"IsoCountry": "ZZ"}, 22201),
        ({"IsoCountry": "", "NumberType": "", "EndUserType": "", "RegulationSid": "RN" + "0" * 32}, 22201),
        ({"IsoCountry": ""}, 22202),
        ({"RegulationSid": "RN" + "0" * 32}, 22202),
        ({"IsTest": "maybe"}, 20422),
    ],
)
def test_what_is_no_bundle_is_refused(api, form, code):
    before = len(listed(api))
    answer = api.regulatory(
        "POST",
        "/Bundles",
        **{
            "FriendlyName": "x",
            "Email": "a@example.com",
            "IsoCountry": "de",
            "NumberType": "local",
            "EndUserType": "business",
            **form,
        },
    )
    assert (answer.status, answer.code) == (400, code)
    assert len(listed(api)) == before


def test_only_the_owner_reaches_a_bundle(api, sub):
    bundle = make_bundle(sub)["sid"]
    assert api.regulatory("GET", f"/Bundles/{bundle}").code == 20404
    assert api.regulatory("DELETE", f"/Bundles/{bundle}").code == 20404
    assert bundle not in {one["sid"] for one in listed(api)}
    assert bundle in {one["sid"] for one in listed(sub)}


@pytest.mark.parametrize("status", STATUSES)
def test_bundles_are_filtered_by_status(api, status):
    found = listed(api, Status=status)
    assert found
    assert {one["status"] for one in found} == {status}


def test_bundles_are_filtered_by_regulation_and_by_what_it_is_for(api):
    bundle = make_bundle(api, "SG national individual", FriendlyName="Singapore!")
    for query in (
        {"RegulationSid": bundle["regulation_sid"]},
        {"IsoCountry": "sg", "NumberType": "national", "EndUserType": "individual"},
        {"FriendlyName": "Singapore!"},
        {"BundleSids": f"BU{'0' * 32},{bundle['sid']}"},
    ):
        assert [one["sid"] for one in listed(api, **query)] == [bundle["sid"]], query
    assert {one["friendly_name"].split(": ")[1] for one in listed(api, NumberType="tollfree")}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"Status": "approved"}, 22203),
        ({"NumberType": "pager"}, 22200),
        ({"SortBy": "name"}, 20422),
        ({"SortDirection": "UP"}, 20422),
        ({"ValidUntilDate<": "soon"}, 20422),
        ({"BundleSids": "BU1"}, 20423),
        ({"PageToken": "PABU" + "0" * 32, "Page": 1}, 21481),
    ],
)
def test_what_cannot_be_listed_is_refused(api, query, code):
    assert api.regulatory("GET", "/Bundles", query).code == code


def test_bundles_are_filtered_by_their_last_day(api):
    dated = sorted(one["valid_until"] for one in listed(api, HasValidUntilDate="true"))
    assert len(dated) > 2
    assert None not in dated
    assert not any(one["valid_until"] for one in listed(api, HasValidUntilDate="false"))
    before = listed(api, **{"ValidUntilDate<": dated[1]})
    after = listed(api, **{"ValidUntilDate>": dated[1]})
    assert sorted(one["valid_until"] for one in before) == [date for date in dated if date <= dated[1]]
    assert sorted(one["valid_until"] for one in after) == [date for date in dated if date >= dated[1]]
    assert {one["valid_until"] for one in listed(api, ValidUntilDate=dated[0])} == {dated[0]}


@pytest.mark.parametrize("way", ["ASC", "DESC"])
@pytest.mark.parametrize(
    ("by", "key"), [("valid-until", "valid_until"), ("date-updated", "date_updated"), ("", "sid")]
)
def test_bundles_are_sorted_and_paged_in_either_direction(api, by, key, way):
    rows = all_pages(api, SortDirection=way, **({"SortBy": by} if by else {}))
    assert len({one["sid"] for one in rows}) == len(rows) == len(listed(api))
    if by:
        values = [one[key] for one in rows if one[key]]
        assert values == sorted(values, reverse=way == "DESC")
        assert all(rows[index][key] is None for index in range(len(values), len(rows)))
    newest = [one["sid"] for one in listed(api)]
    if not by:
        assert [one["sid"] for one in rows] == (newest if way == "DESC" else newest[::-1])


def test_properties_and_status_are_changed_apart(api):
    bundle = make_bundle(api)["sid"]
    path = f"/Bundles/{bundle}"
    changed = api.regulatory("POST", path, FriendlyName="Other", Email="b@example.com", StatusCallback="")
    assert (changed["friendly_name"], changed["email"], changed["status_callback"]) == (
        "Other",
        "b@example.com",
        None,
    )
    both = api.regulatory("POST", path, FriendlyName="Third", Status="pending-review")
    assert both.code == 22204
    assert both["message"] == "Bundle status and properties cannot be updated in the same request"
    assert fetch(api, bundle)["friendly_name"] == "Other"
    assert move(api, bundle, "approved").code == 22203


def test_what_does_not_comply_is_not_submitted(api):
    bundle = make_bundle(api)["sid"]
    refused = move(api, bundle, "pending-review")
    assert (refused.status, refused.code) == (400, 20422)
    assert "not regulatory compliant" in refused["message"]
    assert fetch(api, bundle)["status"] == "draft"


def put(api, status):
    """A bundle in a status, by its owner and its reviewers."""
    ready = ready_bundle(api)
    if status != "draft":
        move(api, ready.sid, "pending-review")
    if status not in ("draft", "pending-review"):
        verdict(api, ready.sid, status=status)
    assert fetch(api, ready.sid)["status"] == status
    return ready.sid


@pytest.mark.parametrize("start", STATUSES)
def test_the_owner_moves_a_bundle_along_two_ways_only(api, start):
    allowed = {
        "draft": {"pending-review"},
        "twilio-rejected": {"pending-review", "draft"},
    }.get(start, set())
    for status in STATUSES:
        bundle = put(api, start)
        answer = move(api, bundle, status)
        if status == start or status in allowed:
            assert (answer.status, answer["status"]) == (200, status)
        else:
            assert answer.code == 20422
            assert fetch(api, bundle)["status"] == start


@pytest.mark.parametrize("status", STATUSES)
def test_items_are_changed_in_drafts_and_in_rejected_bundles(api, status):
    bundle = put(api, status)
    path = f"/Bundles/{bundle}/ItemAssignments"
    item = api.regulatory("GET", path)["results"][0]["sid"]
    is_editable = status in ("draft", "twilio-rejected")
    added = api.regulatory("POST", path, ObjectSid=make_end_user(api))
    removed = api.regulatory("DELETE", f"{path}/{item}")
    assert (added.status, removed.status) == ((201, 204) if is_editable else (409, 409))


@pytest.mark.parametrize("status", STATUSES)
def test_a_bundle_is_deleted_in_some_statuses_only(api, status):
    bundle = put(api, status)
    answer = api.regulatory("DELETE", f"/Bundles/{bundle}")
    if status in ("draft", "twilio-rejected", "twilio-approved"):
        assert answer.status == 204
        assert api.regulatory("GET", f"/Bundles/{bundle}").code == 20404
    else:
        assert answer.code == 21647


def test_a_bundle_that_a_number_cites_is_not_deleted(api):
    bundle = owned(api, type="local", address_requirements="local")["bundle_sid"]
    assert api.regulatory("DELETE", f"/Bundles/{bundle}").code == 21648


def test_a_deleted_bundle_leaves_its_items(api):
    ready = ready_bundle(api)
    api.regulatory("DELETE", f"/Bundles/{ready.sid}")
    assert api.regulatory("DELETE", f"/EndUsers/{ready.end_user}").status == 204
    assert api.regulatory("DELETE", f"/SupportingDocuments/{ready.documents[0]}").status == 204


def test_a_page_token_stays_good_when_its_row_has_gone(api):
    made = [make_bundle(api)["sid"] for _ in range(4)]
    page = api.regulatory("GET", "/Bundles", {"PageSize": 2})
    assert [one["sid"] for one in page["results"]] == made[:1:-1]
    api.regulatory("DELETE", f"/Bundles/{made[2]}")
    after = follow(api, page["meta"]["next_page_url"])
    assert [one["sid"] for one in after["results"]] == made[1::-1]


def test_a_rejected_bundle_is_mended_and_submitted_again(api):
    ready = submitted(api)
    verdict(api, ready.sid, status="twilio-rejected", code=18002)
    (item,) = [
        one["sid"]
        for one in api.regulatory("GET", f"/Bundles/{ready.sid}/ItemAssignments")["results"]
        if one["object_sid"] == ready.documents[0]
    ]
    api.regulatory("DELETE", f"/Bundles/{ready.sid}/ItemAssignments/{item}")
    assert move(api, ready.sid, "pending-review").code == 20422
    assign(api, ready.sid, ready.documents[0])
    assert move(api, ready.sid, "pending-review")["status"] == "pending-review"


def test_bundles_are_newest_first(api):
    made = [make_bundle(api)["sid"] for _ in range(3)]
    rows = [one["sid"] for one in listed(api)]
    assert rows[:3] == made[::-1]
    dates = [one["date_created"] for one in listed(api)[:3]]
    assert all(later >= earlier for later, earlier in pairwise(dates))


def test_only_an_approved_bundle_for_the_kind_of_number_buys_it(api):
    from tests.sandbox.conftest import for_sale

    ready = ready_bundle(api)
    papers = {"PhoneNumber": for_sale(api, "DE", "Local"), "AddressSid": ready.address}
    for status, refuse in (("draft", True), ("pending-review", True), ("twilio-approved", False)):
        if status == "pending-review":
            move(api, ready.sid, status)
        elif status == "twilio-approved":
            approve(api, ready.sid)
        answer = api.post("/IncomingPhoneNumbers", **papers, BundleSid=ready.sid)
        if refuse:
            assert answer.code == 21649
            assert answer["message"] == f"Bundle [{ready.sid}] status is not twilio-approved"
    assert answer["bundle_sid"] == ready.sid
    mobile = for_sale(api, "DE", "Mobile")
    form = {"PhoneNumber": mobile, "AddressSid": ready.address, "BundleSid": ready.sid}
    assert api.post("/IncomingPhoneNumbers", **form).code == 21651
