"""The pages and JSON controls of porting and hosting: letters, the losing carrier, the telephone."""

import pytest
import requests

from tests.sandbox.hosting import call, order, received_order, send_document, status, verified_order
from tests.sandbox.porting import LOSING_CARRIER, PREFIX, fetch, file_port_in, statuses


@pytest.fixture
def session():
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def visit(server, session):
    """Reads a page, or presses one of its buttons."""

    def read(path, **form):
        url = f"{server.url}/{path}"
        return session.post(url, data=form, timeout=5) if form else session.get(url, timeout=5)

    return read


@pytest.fixture
def control(server, session):
    def call(method, path, body=None):
        answer = session.request(method, f"{server.url}/_sandbox{path}", json=body, timeout=5)
        return answer.status_code, answer.json()

    return call


def test_a_port_is_played_from_page_to_page(api, visit):
    sid = file_port_in(api, "00", "01")
    assert sid in visit("porting").text
    visit(f"porting/{sid}", act="review")
    letter = visit(f"porting/sign/{sid}").text
    assert f"{PREFIX}01" in letter
    assert "Day 1 of 30" in letter
    visit(f"porting/sign/{sid}", act="sign")
    assert "Signed" in visit(f"porting/sign/{sid}").text
    numbers = [one["port_in_phone_number_sid"] for one in fetch(api, sid)["phone_numbers"]]
    visit(f"porting/{sid}", act="accept", number=numbers[0], date="2026-07-03")
    visit(f"porting/{sid}", act="reject", number=numbers[1], code="22154")
    assert statuses(api, sid) == ["Action Required", "Port Pending", "Port Rejected"]
    assert "22154 Invalid Address" in visit(f"porting/{sid}").text
    visit(f"porting/{sid}", act="set-date", date="2026-07-04")
    assert fetch(api, sid)["phone_numbers"][0]["port_date"] == "2026-07-04T00:00:00Z"
    visit(f"porting/{sid}", act="complete")
    assert statuses(api, sid)[1] == "Completed"


def test_the_url_to_sign_at_leads_to_the_letter(api, server, session, sandbox):
    sid = file_port_in(api, "00")
    sandbox.porting.review(sid)
    auth = (api.keys.account_sid, api.keys.auth_token)
    url = f"{server.url}/numbers.twilio.com/v1/Porting/PortIn/{sid}"
    found = session.get(url, auth=auth, timeout=5).json()["signature_request_url"]
    assert found == f"{server.url}/porting/sign/{sid}"
    assert "Ottilie Marblethwaite" in session.get(found, timeout=5).text
    session.post(found, data={"act": "decline"}, timeout=5)
    assert statuses(api, sid) == ["Canceled"] * 2


def test_a_hosting_is_played_from_page_to_page(api, visit):
    sid = received_order(api, "00")
    assert "No call" in visit(f"hosting/call/{sid}").text
    code = call(api, sid)["verification_code"]
    assert sid in visit("hosting").text
    ringing = visit(f"hosting/call/{sid}").text
    assert code in ringing
    assert "Prompt 1 of 4, call 1 of 3" in ringing
    visit(f"hosting/call/{sid}", act="press", code="12")
    assert "Prompt 2 of 4" in visit(f"hosting/call/{sid}").text
    visit(f"hosting/call/{sid}", act="press", code=code)
    assert status(api, sid) == "verified"
    letter = send_document(api, sid)
    assert f"{PREFIX}00" in visit(f"hosting/sign/{letter}").text
    visit(f"hosting/sign/{letter}", act="sign")
    visit(f"hosting/{sid}", act="advance")
    visit(f"hosting/{sid}", act="advance")
    assert status(api, sid) == "completed"
    assert "is signed" in visit(f"hosting/sign/{letter}").text


def test_twilio_may_ask_for_action_with_a_reason(api, visit):
    sid = received_order(api, "00")
    visit(f"hosting/{sid}", act="require-action", reason="Ask us.")
    assert order(api, sid)["failure_reason"] == "Ask us."
    assert "Ask us." in visit("hosting?status=action-required").text
    visit(f"hosting/{sid}", act="fail")
    assert status(api, sid) == "failed"


def test_the_pages_tell_what_becomes_of_which_number(visit):
    for path in ("porting", "hosting"):
        text = visit(path).text
        assert "6n with 2215n" in text
        assert "CONTACT_SUPPORT_INELIGIBLE_CARRIER" in text


def test_what_is_shown_is_escaped(api, visit):
    name = "<script>alert(1)</script>"
    carrier = {**LOSING_CARRIER, "customer_name": name, "authorized_representative": name}
    sid = file_port_in(api, "00", losing_carrier_information=carrier)
    api.sandbox.porting.review(sid)
    for path in ("porting", f"porting/{sid}", f"porting/sign/{sid}"):
        assert "<script>" not in visit(path).text


def test_the_pages_filter_and_refuse(api, visit):
    sid = file_port_in(api, "00")
    assert sid not in visit("porting?status=completed").text
    for path in ("porting/KW" + "0" * 32, "hosting/HR" + "0" * 32, "hosting/sign/PX1", "porting/nothing"):
        assert visit(path).status_code == 404
    assert visit(f"porting/{sid}", act="sign").status_code == 400
    assert visit(f"porting/{sid}", act="dance").status_code == 400
    elsewhere = {"Origin": "https://evil.example.com"}
    url = visit("porting").url
    assert requests.post(url, data={"act": "sign"}, headers=elsewhere, timeout=5).status_code == 403


def test_the_speed_is_set(visit, control):
    visit("porting", automatic="on", review="1", sign="2", answer="3", cancel="4", ends_expired="on")
    found = control("GET", "/porting")[1]
    assert (found["review"], found["cancel"], found["ends_expired"]) == (1, 4, True)
    form = dict.fromkeys(("process", "answer", "bill", "sign", "carrier", "test", "bulk"), "9")
    visit("hosting", **form)
    found = control("GET", "/hosting")[1]
    assert (found["automatic"], found["test"]) == (False, 9)
    assert control("POST", "/hosting", {"carrier": 5})[1]["carrier"] == 5
    assert control("POST", "/porting", {"speed": 5})[0] == 400


def test_porting_over_json(api, control):
    sid = file_port_in(api, "00")
    assert control("POST", f"/port-ins/{sid}", {"act": "review"})[1]["status"] == "waiting_for_signature"
    assert sid in {
        one["sid"] for one in control("GET", "/port-ins?status=waiting_for_signature")[1]["port_ins"]
    }
    control("POST", f"/port-ins/{sid}", {"act": "sign"})
    rejected = control("POST", f"/port-ins/{sid}", {"act": "reject", "code": 22158})[1]
    assert rejected["numbers"][0]["rejection_code"] == 22158
    assert control("POST", f"/port-ins/{sid}", {"act": "complete"})[0] == 400
    assert control("POST", "/port-ins/KW0", {"act": "sign"})[0] == 404
    assert control("GET", "/fates")[1]["fates"]


def test_hosting_over_json(api, control):
    sid = verified_order(api, "00")
    letter = send_document(api, sid)
    assert control("GET", f"/authorization-documents/{letter}")[1]["orders"] == [sid]
    assert control("POST", f"/authorization-documents/{letter}", {"act": "sign"})[1]["status"] == "signed"
    assert control("POST", f"/hosted-orders/{sid}", {"act": "complete"})[1]["status"] == "completed"
    assert control("POST", f"/hosted-orders/{sid}", {"act": "press", "code": "1"})[0] == 400
    assert control("GET", "/hosted-orders?status=completed")[1]["hosted_orders"]
    assert control("GET", "/authorization-documents")[1]["authorization_documents"]
    assert control("POST", f"/accounts/{api.account}", {"porting": False, "hosting_preview": True})[0] == 200
