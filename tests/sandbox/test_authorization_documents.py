"""Authorization documents of both versions, and what only the preview has of orders (contract 4.11)."""

import pytest

from portal.sandbox.hosting.settings import HostingSettings
from tests.sandbox.hosting import (
    CONTACT,
    DAY,
    EMAIL,
    SECOND,
    address_of,
    make_order,
    number,
    order,
    order_form,
    received_order,
    send_document,
    status,
    verified_order,
)

IDENTITY = "RI" + "a" * 32


@pytest.fixture
def preview(api, sandbox):
    """The account, let into the preview."""
    sandbox.set_account(api.account, hosting_preview=True)
    return api


def dependents(api, sid, **query):
    return api.hosted("GET", f"/AuthorizationDocuments/{sid}/DependentHostedNumberOrders", query)


def document(api, sid):
    return api.hosted("GET", f"/AuthorizationDocuments/{sid}")


def ordered(api, ending="00", **form):
    return api.preview(
        "POST", "/HostedNumberOrders", PhoneNumber=number(ending), SmsCapability="true", **form
    )


def test_a_document_is_sent_at_once_for_all_its_orders(api):
    orders = [verified_order(api, ending) for ending in ("00", "01")]
    sid = send_document(api, *orders, CcEmails=["a@example.com", "b@example.com"])
    found = document(api, sid)
    assert (found["status"], found["email"]) == ("signing", EMAIL)
    assert found["cc_emails"] == ["a@example.com", "b@example.com"]
    assert found["links"]["dependent_hosted_number_orders"].endswith(f"{sid}/DependentHostedNumberOrders")
    rows = dependents(api, sid)["items"]
    assert [row["sid"] for row in rows] == orders[::-1]
    assert {row["status"] for row in rows} == {"pending-loa"}
    assert dependents(api, sid, PhoneNumber=number("01"))["items"][0]["sid"] == orders[1]
    listed = api.hosted("GET", "/AuthorizationDocuments", {"Status": "signing", "Email": EMAIL})["items"]
    assert sid in {one["sid"] for one in listed}
    assert api.hosted("GET", "/AuthorizationDocuments", {"Status": "lost"}).code == 22122


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"HostedNumberOrderSids": "HR" + "0" * 32}, 22101),
        ({"AddressSid": "AD" + "0" * 32}, 22109),
        ({"Email": "nobody"}, 22104),
        ({"ContactPhoneNumber": "207"}, 22102),
        ({"Email": ""}, 20001),
    ],
)
def test_a_document_that_cannot_be_is_refused(api, form, code):
    sent = {
        "HostedNumberOrderSids": verified_order(api, "00"),
        "AddressSid": address_of(api),
        "Email": EMAIL,
        "ContactPhoneNumber": CONTACT,
        **form,
    }
    assert api.hosted("POST", "/AuthorizationDocuments", **sent).code == code


def test_orders_must_be_verified_and_not_on_another_document(api):
    sent = {"AddressSid": address_of(api), "Email": EMAIL, "ContactPhoneNumber": CONTACT}
    waiting, taken = received_order(api, "00"), verified_order(api, "01")
    send_document(api, taken)
    for sid in (waiting, taken):
        refused = api.hosted("POST", "/AuthorizationDocuments", HostedNumberOrderSids=sid, **sent)
        assert refused.code == 22101


def test_seven_days_without_a_signature_are_the_end(api, sandbox):
    held = verified_order(api, "00")
    sid = send_document(api, held, Email="never@thornlea.example.com")
    sandbox.clock.advance(7 * DAY - SECOND)
    assert document(api, sid)["status"] == "signing"
    sandbox.clock.advance(SECOND)
    assert document(api, sid)["status"] == "failed"
    assert status(api, held) == "action-required"
    assert "not signed within seven days" in order(api, held)["failure_reason"]
    assert api.hosted("DELETE", f"/AuthorizationDocuments/{sid}").code == 22107


def test_a_signer_who_declines_leaves_the_orders_verified(api, sandbox):
    held = verified_order(api, "00")
    sid = send_document(api, held, Email="declines@thornlea.example.com")
    sandbox.clock.advance(600 * SECOND)
    assert (document(api, sid)["status"], status(api, held)) == ("canceled", "verified")
    again = send_document(api, held)
    sandbox.hosting.decline(again)
    with pytest.raises(ValueError, match="canceled"):
        sandbox.hosting.sign(again)


def test_a_document_is_revoked_and_made_anew(api, sandbox):
    held = verified_order(api, "00")
    sid = send_document(api, held)
    assert api.hosted("DELETE", f"/AuthorizationDocuments/{sid}").status == 204
    assert document(api, sid).status == 404
    assert (status(api, held), order(api, held)["signing_document_sid"]) == ("verified", None)
    again = send_document(api, held)
    sandbox.clock.advance(600 * SECOND)
    assert (document(api, again)["status"], status(api, held)) == ("signed", "carrier-processing")
    assert api.hosted("DELETE", f"/AuthorizationDocuments/{again}").code == 22107


def test_v2_calls_some_statuses_of_dependents_by_another_name(api, sandbox):
    held = verified_order(api, "00")
    sid = send_document(api, held)
    sandbox.hosting.sign(sid)
    sandbox.hosting.advance(held)
    assert status(api, held) == "testing"
    assert dependents(api, sid)["items"][0]["status"] == "carrier-processing"


def test_a_document_is_its_accounts_own(api, sub):
    sid = send_document(api, verified_order(api, "00"))
    assert document(sub, sid).status == 404
    assert dependents(sub, sid).status == 404


def test_a_thousand_orders_fit_on_one_letter(api, sandbox):
    sandbox.hosting.set(HostingSettings(automatic=False))
    body = {
        "phone_numbers": [f"+1207555{serial:04d}" for serial in range(4000, 5000)],
        "address_sid": address_of(api),
        "email": EMAIL,
        "contact_phone_number": CONTACT,
    }
    made = api.numbers("POST", "/v2/HostedNumber/Orders/Bulk", body)
    sandbox.clock.advance(10 * SECOND)
    found = api.numbers("GET", f"/v2/HostedNumber/Orders/Bulk/{made['bulk_hosting_sid']}")
    waiting = next(group for group in found["results"] if group["order_status"] == "pending_loa")
    sid = waiting["orders"][0]["signing_document_sid"]
    assert len(dependents(api, sid, PageSize=1000)["items"]) == int(waiting["count"])
    sandbox.hosting.sign(sid)
    assert dependents(api, sid, PageSize=1)["items"][0]["status"] == "carrier-processing"


def test_a_bulk_request_makes_its_orders_later(api, sandbox):
    body = {"friendly_name": "Move", "phone_numbers": [number("00"), {"phone_number": number("20")}]}
    made = api.numbers("POST", "/v2/HostedNumber/Orders/Bulk", body)
    assert (made.status, made["request_status"], made["total_count"]) == (202, "QUEUED", 2)
    path = f"/v2/HostedNumber/Orders/Bulk/{made['bulk_hosting_sid']}"
    sandbox.clock.advance(5 * SECOND)
    assert api.numbers("GET", path)["request_status"] == "IN_PROGRESS"
    sandbox.clock.advance(5 * SECOND)
    found = api.numbers("GET", path)
    assert found["request_status"] == "PROCESSED"
    groups = {group["order_status"]: group for group in found["results"]}
    assert {name: group["count"] for name, group in groups.items()} == {"received": "1", "failed": "1"}
    failed = groups["failed"]["orders"][0]
    assert failed["next_step"] == "CONTACT_SUPPORT_INELIGIBLE_CARRIER"
    assert order(api, failed["hosting_order_sid"])["status"] == "failed"
    only = api.numbers("GET", path, OrderStatus="received")["results"]
    assert [group["order_status"] for group in only] == ["received"]
    assert api.numbers("GET", path, OrderStatus="SUCCESSFUL")["results"] == []


def test_the_preview_is_closed_unless_an_account_was_let_in(api, sandbox):
    assert api.preview("GET", "/HostedNumberOrders").code == 20404
    assert ordered(api).code == 20404
    sandbox.set_account(api.account, hosting_preview=True)
    assert ordered(api).status == 201


def test_the_preview_asks_for_less_and_shows_something_else(preview):
    made = ordered(preview, UniqueName="front-desk", FriendlyName="x" * 64)
    assert (made["status"], made["unique_name"], made["call_delay"]) == ("twilio-processing", "front-desk", 0)
    assert "contact_title" not in made.json
    assert ordered(preview, "01", UniqueName="front-desk").code == 22115
    assert ordered(preview, "01", FriendlyName="x" * 65).code == 22116
    assert preview.preview("POST", "/HostedNumberOrders", PhoneNumber=number("01")).code == 20001
    listed = preview.preview("GET", "/HostedNumberOrders", {"UniqueName": "front-desk"})["items"]
    assert [one["sid"] for one in listed] == [made["sid"]]
    assert order(preview, made["sid"])["phone_number"] == number("00")


def test_the_preview_takes_codes_and_other_changes(preview, sandbox):
    sid = ordered(preview)["sid"]
    path = f"/HostedNumberOrders/{sid}"
    assert preview.preview("POST", path, VerificationCode="1").code == 22114
    sandbox.hosting.process(sid)
    called = preview.preview(
        "POST",
        path,
        Status="pending-verification",
        VerificationType="phone-call",
        Extension="w1",
        CallDelay=5,
    )
    assert (called["extension"], called["call_delay"], called["verification_attempts"]) == ("w1", 5, 1)
    changed = preview.preview(
        "POST", path, FriendlyName="Desk", Email="new@example.com", CcEmails="c@example.com"
    )
    assert (changed["friendly_name"], changed["email"]) == ("Desk", "new@example.com")
    assert preview.preview("POST", path, VerificationCode="000").code == 22113
    proved = preview.preview("POST", path, VerificationCode=called["verification_code"])
    assert proved["status"] == "verified"
    assert preview.preview("POST", path, VerificationType="letter").code == 22120


def test_a_phone_bill_is_proof_in_the_preview(preview, sandbox):
    assert ordered(preview, VerificationType="phone-bill").code == 22118
    sid = ordered(preview, VerificationType="phone-bill", VerificationDocumentSid=IDENTITY)["sid"]
    sandbox.clock.advance(30 * SECOND)
    assert status(preview, sid) == "received"
    assert order(preview, sid)["verification_type"] == "phone-call"
    sandbox.clock.advance(3600 * SECOND)
    assert status(preview, sid) == "verified"
    later = ordered(preview, "01")["sid"]
    sandbox.hosting.process(later)
    path = f"/HostedNumberOrders/{later}"
    proof = {"VerificationType": "phone-bill", "VerificationDocumentSid": IDENTITY}
    assert preview.preview("POST", path, Status="pending-verification", **proof)["verification_attempts"] == 0
    sandbox.hosting.verify(later)
    assert preview.preview("GET", path)["verification_document_sid"] == IDENTITY


def test_the_preview_opens_a_document_and_changes_it(preview, sandbox):
    first, second = verified_order(preview, "00"), verified_order(preview, "01")
    form = {"AddressSid": address_of(preview), "Email": EMAIL, "ContactPhoneNumber": CONTACT}
    sent = preview.preview("POST", "/AuthorizationDocuments", HostedNumberOrderSids=first, **form)
    assert sent.code == 20001
    form["ContactTitle"] = "Owner"
    sid = preview.preview("POST", "/AuthorizationDocuments", HostedNumberOrderSids=first, **form)["sid"]
    path = f"/AuthorizationDocuments/{sid}"
    assert preview.preview("POST", path, Email="x@example.com").code == 22107
    assert preview.preview("POST", path, Status="signed").code == 22122
    assert preview.preview("POST", path, Status="opened")["status"] == "opened"
    changed = preview.preview("POST", path, Email="x@example.com", HostedNumberOrderSids=second)
    assert (changed["status"], changed["email"]) == ("opened", "x@example.com")
    assert (status(preview, first), status(preview, second)) == ("verified", "pending-loa")
    with pytest.raises(ValueError, match="opened"):
        sandbox.hosting.sign(sid)
    assert preview.preview("POST", path, Status="signing")["status"] == "signing"
    sandbox.hosting.sign(sid)
    assert preview.preview("POST", path, Status="opened").code == 22107
    rows = preview.preview("GET", f"{path}/DependentHostedNumberOrders")["items"]
    assert [(row["sid"], row["status"]) for row in rows] == [(second, "carrier-processing")]
    assert "contact_title" not in rows[0]


def test_each_version_lacks_what_the_other_can_do(preview):
    sid = send_document(preview, verified_order(preview, "00"))
    assert preview.preview("DELETE", f"/AuthorizationDocuments/{sid}").code == 20004
    assert preview.hosted("POST", f"/AuthorizationDocuments/{sid}", Status="opened").code == 20004


def test_both_versions_see_the_same(preview):
    sid = make_order(preview, "00")
    assert preview.preview("GET", f"/HostedNumberOrders/{sid}")["phone_number"] == number("00")
    assert order_form(preview, "00")["PhoneNumber"] == number("00")
