"""Reviews that go on by themselves, verdicts by hand, and the callbacks both send."""

import json
import socket
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread
from time import monotonic, sleep
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from portal.sandbox import callbacks
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory.reasons import REASONS
from portal.sandbox.regulatory.review import ReviewSettings
from tests.sandbox.compliance import (
    CALLBACK,
    FIRM,
    approve,
    assign,
    document,
    fetch,
    make_address,
    make_bundle,
    make_document,
    make_end_user,
    move,
    ready_bundle,
    submitted,
    verdict,
)

PICKED_UP, DECIDED = timedelta(seconds=60), timedelta(seconds=240)


def collect(sandbox):
    """Deliver everything that is due; what a listener would have got."""
    got = []

    def post(url, headers, body):
        got.append((url, headers, dict(parse_qsl(body.decode(), keep_blank_values=True))))
        return "204"

    sandbox.deliver(post)
    return got


def said(sandbox):
    return [form for _, _, form in collect(sandbox)]


def set_callbacks(sandbox, **values):
    with sandbox.changing() as (store, _):
        store.write_meta({"callbacks": callbacks.CallbackSettings(**values)})


def test_a_review_is_picked_up_and_decided_as_time_goes_by(api, sandbox):
    ready = submitted(api)
    (paper,) = ready.documents
    assert document(api, paper)["status"] == "pending-review"
    sandbox.clock.advance(PICKED_UP - timedelta(seconds=1))
    assert fetch(api, ready.sid)["status"] == "pending-review"
    sandbox.clock.advance(timedelta(seconds=1))
    assert fetch(api, ready.sid)["status"] == "in-review"
    sandbox.clock.advance(DECIDED)
    assert fetch(api, ready.sid)["status"] == "twilio-approved"
    assert fetch(api, ready.sid)["date_updated"] == "2026-06-15T12:05:00Z"
    assert document(api, paper)["status"] == "approved"


def test_reviews_take_as_long_as_they_are_told_or_wait_for_somebody(api, sandbox):
    sandbox.set_reviews(ReviewSettings(pick_up=3600, decide=7200))
    slow = submitted(api).sid
    sandbox.clock.advance(timedelta(hours=2, minutes=59))
    assert fetch(api, slow)["status"] == "in-review"
    sandbox.set_reviews(ReviewSettings(automatic=False))
    by_hand = submitted(api).sid
    sandbox.clock.advance(timedelta(days=30))
    assert fetch(api, slow)["status"] == "twilio-approved"
    assert fetch(api, by_hand)["status"] == "pending-review"


def test_a_verdict_by_hand_comes_before_the_one_by_itself(api, sandbox):
    bundle = submitted(api).sid
    verdict(api, bundle, status="twilio-rejected", code=18003)
    sandbox.clock.advance(timedelta(days=1))
    assert fetch(api, bundle)["status"] == "twilio-rejected"
    assert move(api, bundle, "pending-review").status == 200
    sandbox.clock.advance(PICKED_UP + DECIDED)
    assert fetch(api, bundle)["status"] == "twilio-approved"


def test_a_test_bundle_is_rejected(api, sandbox):
    bundle = submitted(api, IsTest="true", StatusCallback=CALLBACK).sid
    sandbox.clock.advance(PICKED_UP + DECIDED)
    assert fetch(api, bundle)["status"] == "twilio-rejected"
    assert said(sandbox)[-1]["FailureReason"] == "Rejected test bundle (IsTest=true)"
    (paper,) = [
        one["object_sid"]
        for one in api.regulatory("GET", f"/Bundles/{bundle}/ItemAssignments")["results"]
        if one["object_sid"].startswith("RD")
    ]
    assert document(api, paper)["errors"] == [{"code": 18099}]


@pytest.mark.parametrize(
    ("values", "street", "code"),
    [
        ({"issue_date": "2026-06-01"}, "Musterstraße 1", None),
        ({"issue_date": "2024-06-01"}, "Musterstraße 1", 18022),
        ({}, "Postfach 12", 18018),
        ({"content": b""}, "Musterstraße 1", 18060),
    ],
)
def test_reviewers_find_what_an_evaluation_does_not(api, sandbox, values, street, code):
    address = make_address(api)
    with sandbox.changing() as (store, _):
        body = store.value("SELECT body FROM document WHERE sid = ?", (address,))
        body = json.dumps({**json.loads(body), "street": street})
        store.db.execute("UPDATE document SET body = ? WHERE sid = ?", (body, address))
    paper = make_document(api, "trade_license", business_name=FIRM, address_sids=[address], **values)
    bundle = make_bundle(api)["sid"]
    assign(api, bundle, make_end_user(api), paper)
    assert move(api, bundle, "pending-review").status == 200
    sandbox.clock.advance(PICKED_UP + DECIDED)
    assert fetch(api, bundle)["status"] == ("twilio-rejected" if code else "twilio-approved")
    assert document(api, paper)["errors"] == ([{"code": code}] if code else None)
    assert document(api, paper)["failure_reason"] == (REASONS[code] if code else None)


def test_only_the_document_at_fault_is_rejected(api):
    person = {"first_name": "Ottilie", "last_name": "Mossgrave", "birth_date": "1980-02-01"}
    names = {"first_name": "Ottilie", "last_name": "Mossgrave"}
    bundle = make_bundle(api, "DE local individual")["sid"]
    passport = make_document(api, "passport", **names)
    bill = make_document(
        api, "utility_bill", address_sids=[make_address(api, CustomerName="Ottilie Mossgrave")]
    )
    assign(api, bundle, make_end_user(api, "individual", **person), passport, bill)
    assert move(api, bundle, "pending-review").status == 200
    verdict(api, bundle, status="twilio-rejected", code=18022, reason="Too old", documents=[bill])
    assert (document(api, bill)["status"], document(api, passport)["status"]) == ("rejected", "approved")
    assert document(api, bill)["failure_reason"] == "Too old"


@pytest.mark.parametrize(
    ("said_", "words"),
    [
        ({"status": "draft"}, "reviewers set"),
        ({"status": "twilio-rejected", "code": 1}, "no rejection code"),
        ({"valid_until": "2026-09-01"}, "only what is approved"),
    ],
)
def test_a_verdict_that_makes_no_sense_changes_nothing(api, said_, words):
    bundle = submitted(api).sid
    with pytest.raises(ValueError, match=words):
        verdict(api, bundle, **said_)
    assert fetch(api, bundle)["status"] == "pending-review"
    with pytest.raises(ValueError, match="owner"):
        verdict(api, make_bundle(api)["sid"], status="twilio-approved")


def test_a_bundle_ends_on_its_last_day(api, sandbox):
    bundle = ready_bundle(api, StatusCallback=CALLBACK).sid
    approve(api, bundle, valid_until="2026-06-20")
    sandbox.clock.advance(timedelta(days=5))
    assert fetch(api, bundle)["status"] == "twilio-rejected"
    verdict(api, bundle, status="twilio-approved", valid_until="2026-06-25")
    verdict(api, bundle, valid_until="")
    sandbox.clock.advance(timedelta(days=30))
    assert (fetch(api, bundle)["status"], fetch(api, bundle)["valid_until"]) == ("twilio-approved", None)


def test_every_change_of_status_but_one_is_called_back(api, sandbox):
    bundle = submitted(api, StatusCallback=CALLBACK).sid
    sandbox.clock.advance(PICKED_UP)
    assert said(sandbox) == [
        {"AccountSID": api.account, "BundleSID": bundle, "Status": "pending-review", "FailureReason": ""}
    ]
    assert fetch(api, bundle)["status"] == "in-review"
    sandbox.clock.advance(DECIDED)
    assert [form["Status"] for form in said(sandbox)] == ["twilio-approved"]
    verdict(api, bundle, status="twilio-rejected", code=18002)
    assert said(sandbox)[0]["FailureReason"] == REASONS[18002]
    assert said(sandbox) == []


def test_a_last_day_is_called_back_with_the_status_as_it_was(api, sandbox):
    bundle = ready_bundle(api, StatusCallback=CALLBACK).sid
    approve(api, bundle)
    collect(sandbox)
    verdict(api, bundle, valid_until="2026-09-01")
    form = {
        "account_sid": api.account,
        "bundle_sid": bundle,
        "status": "twilio-approved",
        "valid_until": "2026-09-01T00:00:00Z",
        "failure_reason": "",
    }
    assert said(sandbox) == [form]
    set_callbacks(sandbox, spelling="pascal")
    verdict(api, bundle, valid_until="2026-10-01")
    assert said(sandbox) == [
        {
            "AccountSID": api.account,
            "BundleSID": bundle,
            "Status": "twilio-approved",
            "ValidUntil": "2026-10-01T00:00:00Z",
            "FailureReason": "",
        }
    ]


def test_callbacks_are_signed_by_the_bundles_account(api, sub, sandbox):
    for one in (api, sub):
        submitted(one, StatusCallback=f"{CALLBACK}?tenant=7")
    for (url, headers, form), one in zip(collect(sandbox), (api, sub), strict=True):
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert RequestValidator(one.keys.auth_token).validate(url, form, headers["X-Twilio-Signature"])
        assert "I-Twilio-Idempotency-Token" not in headers


def test_a_bundle_without_a_callback_url_is_silent(api, sandbox):
    submitted(api)
    assert collect(sandbox) == []


def test_callbacks_come_twice_late_forged_or_not_at_all(api, sandbox):
    set_callbacks(sandbox, idempotency_token=True)
    sandbox.faults.add(Fault(kind="callback-twice", path="hooks.example.com/*"))
    submitted(api, StatusCallback=CALLBACK)
    first, second = collect(sandbox)
    assert first == second
    assert first[1]["I-Twilio-Idempotency-Token"]

    sandbox.faults.clear()
    sandbox.faults.add(Fault(kind="callback-late", seconds=600))
    late = submitted(api, StatusCallback=CALLBACK).sid
    assert collect(sandbox) == []
    sandbox.faults.clear()
    verdict(api, late, status="twilio-approved")
    assert said(sandbox)[0]["Status"] == "twilio-approved"
    sandbox.clock.advance(timedelta(minutes=10))
    assert [form["Status"] for form in said(sandbox) if form["BundleSID"] == late] == ["pending-review"]

    sandbox.faults.add(Fault(kind="callback-lost", times=1))
    submitted(api, StatusCallback=CALLBACK)
    assert collect(sandbox) == []

    sandbox.faults.add(Fault(kind="callback-forged"))
    submitted(api, StatusCallback=CALLBACK)
    ((url, headers, form),) = collect(sandbox)
    assert not RequestValidator(api.keys.auth_token).validate(url, form, headers["X-Twilio-Signature"])


def test_callback_faults_leave_requests_alone(api, sandbox):
    sandbox.faults.add(Fault(kind="callback-lost"))
    assert api.get("/Addresses").status == 200
    sandbox.faults.clear()
    sandbox.faults.add(Fault(kind="status", status=500, path="*/bundles"))
    submitted(api, StatusCallback=CALLBACK)
    assert len(collect(sandbox)) == 1


class Listener(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body.decode()))
        self.send_response(204)
        self.end_headers()
        self.server.came.set()

    def log_message(self, *_):
        pass


def test_the_server_posts_to_whoever_listens_on_this_machine(api, server):
    listener = HTTPServer(("127.0.0.1", 0), Listener)
    listener.got, listener.came = [], Event()
    thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        url = f"http://127.0.0.1:{listener.server_address[1]}/callbacks/bundles"
        submitted(api, StatusCallback=url)
        assert listener.came.wait(10)
        path, headers, body = listener.got[0]
        assert path == "/callbacks/bundles"
        form = dict(parse_qsl(body, keep_blank_values=True))
        assert form["Status"] == "pending-review"
        assert RequestValidator(api.keys.auth_token).validate(url, form, headers["X-Twilio-Signature"])
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


def test_nobody_listening_stops_nothing(api, server, sandbox):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        submitted(api, StatusCallback=f"http://127.0.0.1:{taken.getsockname()[1]}/")
        submitted(api, StatusCallback=CALLBACK)
        until = monotonic() + 10
        while monotonic() < until:
            with sandbox.store.lock:
                answers = [one.answer for one in callbacks.latest(sandbox.store)]
            if all(answers):
                break
            sleep(0.05)
    assert answers == ["not sent: the sandbox calls this machine only", "failed: ConnectionError"]
    assert api.get("/Addresses").status == 200
