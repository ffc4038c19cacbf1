"""End users, supporting documents, uploads and item assignments: rules and refusals."""

import json

import pytest

from portal.sandbox.faults import Fault
from tests.sandbox.compliance import (
    approve,
    assign,
    document,
    make_bundle,
    make_document,
    make_end_user,
    ready_bundle,
    submitted,
    verdict,
)

EVERY_BYTE = bytes(range(256)) + b"\r\n--Boundar\r\n\r\n--\x00" + b"--Bound" * 3
DOCUMENTS = "/SupportingDocuments"


def form(kind="passport", **values):
    return {"FriendlyName": "Papers", "Type": kind, **values}


def test_an_end_user_is_kept_as_it_is_sent(api):
    attributes = {"business_name": "Thornlea & Söhne", "vat": "DE123", "comments": ""}
    sid = make_end_user(api, **attributes)
    found = api.regulatory("GET", f"/EndUsers/{sid}")
    assert found["attributes"] == attributes
    changed = api.regulatory(
        "POST", f"/EndUsers/{sid}", FriendlyName="Other", Attributes='{"business_name": "X"}'
    )
    assert (changed["friendly_name"], changed["attributes"]) == ("Other", {"business_name": "X"})
    assert sid in {one["sid"] for one in api.regulatory("GET", "/EndUsers", {"PageSize": 1000})["results"]}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"FriendlyName": ""}, 20001),
        ({"Type": ""}, 20001),
        ({"Type": "robot"}, 22200),
        ({"Attributes": "{"}, 22207),
        ({"Attributes": "[1]"}, 22207),
        ({"Attributes": '{"shoe_size": 9}'}, 70002),
    ],
)
def test_what_is_no_end_user_is_refused(api, values, code):
    answer = api.regulatory("POST", "/EndUsers", **{"FriendlyName": "x", "Type": "business", **values})
    assert (answer.status, answer.code) == (400, code)


def test_an_assigned_end_user_is_not_deleted(api):
    ready = ready_bundle(api)
    assert api.regulatory("DELETE", f"/EndUsers/{ready.end_user}").code == 21644
    free = make_end_user(api)
    assert api.regulatory("DELETE", f"/EndUsers/{free}").status == 204
    assert api.regulatory("GET", f"/EndUsers/{free}").code == 20404


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Type": ""}, 22210),
        ({"Type": "library_card"}, 22210),
        ({"FriendlyName": ""}, 22211),
        ({"Attributes": "no"}, 22207),
        ({"Attributes": '{"shoe_size": 9}'}, 70002),
    ],
)
def test_what_is_no_document_is_refused(api, values, code):
    answer = api.regulatory("POST", DOCUMENTS, **{**form(), **values})
    assert (answer.status, answer.code) == (400, code)
    uploaded = api.upload(DOCUMENTS, b"%PDF", **{**form(), **values})
    assert (uploaded.status, uploaded.code) == (400, code)
    assert set(uploaded.json) == {"message", "code", "user_error", "http_status_code", "params"}


def test_a_document_without_a_file_has_no_type(api):
    made = api.regulatory("POST", DOCUMENTS, **form(Attributes='{"first_name": "Ottilie"}'))
    assert (made.status, made["mime_type"], made["status"], made["errors"]) == (201, None, "draft", None)


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "image/jpeg"])
def test_a_file_comes_through_byte_for_byte(api, sandbox, kind):
    attributes = json.dumps({"first_name": 'Ottilie "Otti" ; name="x"'})
    made = api.upload(DOCUMENTS, EVERY_BYTE, kind, **form(Attributes=attributes))
    assert (made.status, made["mime_type"]) == (201, kind)
    assert made["attributes"] == json.loads(attributes)
    assert made["url"].endswith(f"/Documents/{made['sid']}")
    kept = sandbox.store.row("SELECT name, type, content FROM file WHERE sid = ?", (made["sid"],))
    assert kept == ("scan", kind, EVERY_BYTE)
    found = document(api, made["sid"])
    assert (found["status"], found["failure_reason"], found["errors"]) == ("draft", None, None)
    assert found["url"].endswith(f"/SupportingDocuments/{made['sid']}")


@pytest.mark.parametrize("kind", ["application/pdf", ""])
def test_a_file_without_content_says_so_by_an_empty_type_alone(api, kind):
    made = api.upload(DOCUMENTS, b"", kind, **form())
    assert (made.status, made["mime_type"]) == (201, None)


def test_a_file_can_be_lost_on_the_way(api, sandbox):
    sandbox.faults.add(Fault(kind="empty-file", path="*/SupportingDocuments", times=1))
    assert api.upload(DOCUMENTS, b"%PDF", **form())["mime_type"] is None
    assert api.upload(DOCUMENTS, b"%PDF", **form())["mime_type"] == "application/pdf"


def test_files_have_a_greatest_size_and_a_kind(api):
    limit = 5 * 1024 * 1024
    assert api.upload(DOCUMENTS, b"x" * limit, **form()).status == 201
    answer = api.upload(DOCUMENTS, b"x" * (limit + 1), **form())
    assert (answer.status, answer.code) == (413, 20413)
    assert api.upload(DOCUMENTS, b"x" * (limit + 1), **form("utility_bill")).status == 201
    assert api.upload(DOCUMENTS, b"x" * (2 * limit + 1), **form("utility_bill")).code == 20413
    assert api.upload(DOCUMENTS, b"<svg/>", "image/svg+xml", **form()).code == 20422


def test_a_refused_upload_leaves_nothing(api):
    before = len(api.regulatory("GET", DOCUMENTS, {"PageSize": 1000})["results"])
    api.upload(DOCUMENTS, b"<svg/>", "image/svg+xml", **form())
    assert len(api.regulatory("GET", DOCUMENTS, {"PageSize": 1000})["results"]) == before


def test_uploads_are_for_those_who_sign_in(api, sub):
    sid = make_document(sub, "passport")
    assert api.upload(f"{DOCUMENTS}/{sid}", b"%PDF").code == 20404
    api.user = ("AC" + "0" * 32, "wrong")
    assert api.upload(DOCUMENTS, b"%PDF", **form()).code == 20003


def test_another_file_makes_a_rejected_document_a_draft_again(api, sandbox):
    ready = submitted(api)
    (sid,) = ready.documents
    verdict(api, ready.sid, status="twilio-rejected", code=18002)
    rejected = document(api, sid)
    assert (rejected["status"], rejected["errors"]) == ("rejected", [{"code": 18002}])
    assert rejected["failure_reason"] == "Illegible or blurry document submission"
    again = api.upload(f"{DOCUMENTS}/{sid}", b"\x89PNG better", "image/png", FriendlyName="Sharper")
    assert (again.status, again["status"], again["mime_type"]) == (200, "draft", "image/png")
    assert (again["failure_reason"], again["errors"], again["friendly_name"]) == (None, None, "Sharper")
    assert again["attributes"] == rejected["attributes"]
    assert sandbox.store.value("SELECT content FROM file WHERE sid = ?", (sid,)) == b"\x89PNG better"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Status": "draft", "Attributes": "{}"}, 22208),
        ({"Status": "lost"}, 22209),
        ({"Status": "approved"}, 20422),
    ],
)
def test_a_documents_status_is_not_its_owners(api, values, code):
    sid = make_document(api, "passport")
    assert api.regulatory("POST", f"{DOCUMENTS}/{sid}", **values).code == code


def test_what_is_under_review_or_approved_keeps_its_content(api):
    ready = submitted(api)
    (sid,) = ready.documents
    changes = {"Attributes": '{"business_name": "Other"}'}
    for _ in range(2):
        assert api.regulatory("POST", f"{DOCUMENTS}/{sid}", **changes).code == 20409
        assert api.upload(f"{DOCUMENTS}/{sid}", b"%PDF").code == 20409
        renamed = api.regulatory("POST", f"{DOCUMENTS}/{sid}", FriendlyName="Only the name")
        assert renamed["friendly_name"] == "Only the name"
        verdict(api, ready.sid, status="twilio-approved")
    other = submitted(api)
    assert api.regulatory("POST", f"/EndUsers/{other.end_user}", **changes).code == 20409


def test_documents_are_deleted_when_nothing_holds_them(api, sandbox):
    ready = submitted(api)
    (sid,) = ready.documents
    assert api.regulatory("DELETE", f"{DOCUMENTS}/{sid}").code == 21646
    verdict(api, ready.sid, status="twilio-rejected")
    assert api.regulatory("DELETE", f"{DOCUMENTS}/{sid}").code == 21645
    api.regulatory("DELETE", f"/Bundles/{ready.sid}")
    assert api.regulatory("DELETE", f"{DOCUMENTS}/{sid}").status == 204
    assert document(api, sid)["code"] == 20404
    assert sandbox.store.value("SELECT 1 FROM file WHERE sid = ?", (sid,)) is None


def test_an_address_of_a_verified_document_is_not_changed(api):
    ready = ready_bundle(api)
    assert api.post(f"/Addresses/{ready.address}", Street="Musterstraße 13").status == 200
    approve(api, ready.sid)
    assert api.post(f"/Addresses/{ready.address}", Street="Musterstraße 14").code == 21630
    assert api.delete(f"/Addresses/{ready.address}").code == 21630


def test_items_are_end_users_and_documents_of_the_account(api, sub):
    bundle = make_bundle(api)["sid"]
    path = f"/Bundles/{bundle}/ItemAssignments"
    address = api.get("/Addresses")["addresses"][0]["sid"]
    for sid, code in (
        ("", 20001),
        ("IT1", 22205),
        ("IT" + "0" * 32, 22205),
        (make_end_user(sub), 22205),
        (address, 22206),
        (bundle, 22206),
    ):
        assert api.regulatory("POST", path, ObjectSid=sid).code == code
    end_user = make_end_user(api)
    (item,) = assign(api, bundle, end_user)
    assert api.regulatory("POST", path, ObjectSid=end_user).code == 20409
    found = api.regulatory("GET", f"{path}/{item}")
    assert (found["object_sid"], found["bundle_sid"]) == (end_user, bundle)
    other = make_bundle(api)["sid"]
    assert api.regulatory("GET", f"/Bundles/{other}/ItemAssignments/{item}").code == 20404
    assign(api, other, end_user)
    assert api.regulatory("DELETE", f"{path}/{item}").status == 204
    assert api.regulatory("GET", path)["results"] == []
    assert len(api.regulatory("GET", f"/Bundles/{other}/ItemAssignments")["results"]) == 1
