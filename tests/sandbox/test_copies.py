"""Copies, replaced items and clones: the way to update what has been approved."""

import pytest

from portal.sandbox.regulatory import laws
from tests.sandbox.compliance import (
    FIRM,
    approve,
    document,
    fetch,
    make_address,
    make_bundle,
    move,
    ready_bundle,
    submitted,
    verdict,
)
from tests.sandbox.conftest import Api

UNTIL = "2026-09-01T00:00:00Z"


@pytest.fixture
def dated(api):
    """An approved bundle that is valid until September."""
    ready = ready_bundle(api)
    approve(api, ready.sid, valid_until=UNTIL)
    return ready


def make_copy(api, bundle, **form):
    return api.regulatory("POST", f"/Bundles/{bundle}/Copies", **form)


def replace(api, bundle, source):
    return api.regulatory("POST", f"/Bundles/{bundle}/ReplaceItems", FromBundleSid=source)


def objects(api, bundle):
    return {
        one["object_sid"] for one in api.regulatory("GET", f"/Bundles/{bundle}/ItemAssignments")["results"]
    }


def test_a_copy_is_a_draft_with_items_of_its_own(api, dated):
    copy = make_copy(api, dated.sid, FriendlyName="Update")
    assert (copy.status, copy["status"], copy["friendly_name"]) == (201, "draft", "Update")
    assert (copy["valid_until"], fetch(api, dated.sid)["valid_until"]) == (UNTIL, UNTIL)
    assert "url" not in copy.json
    twins = objects(api, copy["sid"])
    assert len(twins) == 2
    assert not twins & objects(api, dated.sid)
    paper = next(sid for sid in twins if sid.startswith("RD"))
    original = document(api, dated.documents[0])
    assert (document(api, paper)["status"], original["status"]) == ("draft", "approved")
    assert document(api, paper)["attributes"] == original["attributes"]
    assert [one["sid"] for one in api.regulatory("GET", f"/Bundles/{dated.sid}/Copies")["results"]] == [
        copy["sid"]
    ]


@pytest.mark.parametrize("status", ["draft", "pending-review", "twilio-rejected", "twilio-approved"])
def test_only_an_approved_bundle_with_a_last_day_is_copied(api, status):
    bundle = ready_bundle(api).sid
    if status != "draft":
        move(api, bundle, "pending-review")
        verdict(api, bundle, status=status if status != "pending-review" else None)
    assert make_copy(api, bundle).code == 22223


def test_a_bundle_whose_address_has_gone_is_not_copied(api, dated, sandbox):
    sandbox.store.db.execute("DELETE FROM document WHERE sid = ?", (dated.address,))
    assert make_copy(api, dated.sid).code == 22230


def test_an_approved_copy_gives_its_items_to_the_bundle(api, dated):
    copy = make_copy(api, dated.sid)["sid"]
    approve(api, copy)
    assert fetch(api, copy)["valid_until"] is None
    twins = objects(api, copy)
    answer = replace(api, dated.sid, copy)
    assert (answer.status, answer["sid"], answer["valid_until"]) == (201, dated.sid, None)
    assert objects(api, dated.sid) == twins
    assert objects(api, copy) == set()
    assert api.regulatory("DELETE", f"/Bundles/{copy}").status == 204
    assert objects(api, dated.sid) == twins
    assert api.regulatory("DELETE", f"/EndUsers/{dated.end_user}").status == 204


def test_items_are_replaced_from_an_approved_copy_only(api, dated):
    other = approve(api, ready_bundle(api).sid)
    copy = make_copy(api, dated.sid)["sid"]
    assert replace(api, dated.sid, dated.sid).code == 22226
    assert replace(api, dated.sid, "BU" + "0" * 32).code == 22225
    assert replace(api, dated.sid, "").code == 20001
    assert replace(api, dated.sid, other).code == 22224
    assert replace(api, dated.sid, copy).code == 22224
    approve(api, copy)
    assert replace(api, other, copy).code == 22224


def test_a_copy_approved_under_an_older_regulation_is_too_late(api, dated, sandbox):
    copy = make_copy(api, dated.sid)["sid"]
    approve(api, copy)
    sandbox.change_regulation(fetch(api, copy)["regulation_sid"], laws.RegulationChange(add="vat"))
    assert replace(api, dated.sid, copy).code == 22228


def test_the_addresses_stay_the_same(api, dated):
    copy = make_copy(api, dated.sid)["sid"]
    (paper,) = [sid for sid in objects(api, copy) if sid.startswith("RD")]
    other = make_address(api, Street="Musterstraße 99")
    attributes = f'{{"business_name": "{FIRM}", "address_sids": ["{other}"]}}'
    api.regulatory("POST", f"/SupportingDocuments/{paper}", Attributes=attributes)
    approve(api, copy)
    assert replace(api, dated.sid, copy).code == 22229


def test_a_clone_stands_in_another_account_with_all_it_needs(api, sub):
    ready = ready_bundle(api)
    approve(api, ready.sid)
    path = f"/Bundles/{ready.sid}/Clones"
    made = api.regulatory("POST", path, TargetAccountSid=sub.account, FriendlyName="Theirs")
    assert (made.status, made["account_sid"], made["status"]) == (201, sub.account, "twilio-approved")
    clone = made["bundle_sid"]
    assert fetch(sub, clone)["friendly_name"] == "Theirs"
    assert fetch(api, clone)["code"] == 20404
    (paper,) = [sid for sid in objects(sub, clone) if sid.startswith("RD")]
    (address,) = document(sub, paper)["attributes"]["address_sids"]
    assert address != ready.address
    assert sub.get(f"/Addresses/{address}")["customer_name"] == "Thornlea Dental"
    assert sub.regulatory("POST", f"/Bundles/{clone}/Evaluations")["status"] == "compliant"
    draft = api.regulatory("POST", path, TargetAccountSid=sub.account, MoveToDraft="true")
    assert draft["status"] == "draft"


def test_clones_go_to_accounts_of_the_family(api):
    waiting = submitted(api).sid
    path = f"/Bundles/{waiting}/Clones"
    assert api.regulatory("POST", path, TargetAccountSid="AC" + "0" * 32).code == 20404
    target = api.sandbox.subaccounts[1]
    assert api.regulatory("POST", path, TargetAccountSid=target.account_sid).code == 22223
    there = api.regulatory("POST", path, TargetAccountSid=target.account_sid, MoveToDraft="true")
    assert Api(api.sandbox, target).regulatory("GET", f"/Bundles/{there['bundle_sid']}").status == 200


def test_copies_are_listed_below_their_bundle(api, dated):
    made = [make_copy(api, dated.sid)["sid"] for _ in range(3)]
    page = api.regulatory("GET", f"/Bundles/{dated.sid}/Copies", {"PageSize": 2})
    assert [one["sid"] for one in page["results"]] == made[:0:-1]
    assert page["meta"]["next_page_url"]
    assert api.regulatory("GET", f"/Bundles/{make_bundle(api)['sid']}/Copies")["results"] == []
