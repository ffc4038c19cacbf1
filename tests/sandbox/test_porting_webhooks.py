"""Porting webhooks: where they go, what they say, how they are signed and how often they are tried."""

import json
from datetime import timedelta

import pytest
from twilio.request_validator import RequestValidator

from portal.sandbox.callbacks import CallbackSettings
from portal.sandbox.faults import Fault
from tests.sandbox.porting import (
    PORT_IN,
    PREFIX,
    WEBHOOK,
    collect,
    fetch,
    file_port_in,
    listen,
    port_in_body,
    said,
)

CONFIGURATION = "/v1/Porting/Configuration/Webhook"
MINUTE = timedelta(minutes=1)


def reviewed(api, *endings, **changes):
    sid = file_port_in(api, *endings, **changes)
    api.sandbox.porting.review(sid)
    return sid


def genuine(api, url, headers, body):
    validator = RequestValidator(api.keys.auth_token)
    return validator.validate(url, body.decode(), headers["X-Twilio-Signature"])


def test_the_configuration_is_read_replaced_and_deleted(api):
    empty = api.numbers("GET", CONFIGURATION)
    assert (empty["port_in_target_url"], empty["notifications_of"]) == (None, [])
    listen(api, port_out_target_url=f"{WEBHOOK}/out", notifications_of=["PortInCompleted"])
    found = api.numbers("GET", CONFIGURATION)
    assert found["port_in_target_date_created"] == "2026-06-15T12:00:00Z"
    listen(api, notifications_of=["PortInCanceled", "PortInExpired"])
    found = api.numbers("GET", CONFIGURATION)
    assert found["port_out_target_url"] is None
    assert found["notifications_of"] == ["PortInCanceled", "PortInExpired"]
    assert api.numbers("DELETE", f"{CONFIGURATION}/PORT_OUT").status == 204
    assert api.numbers("DELETE", f"{CONFIGURATION}/PORT_IN").status == 204
    assert api.numbers("DELETE", f"{CONFIGURATION}/PORT_IN").status == 404
    assert api.numbers("GET", CONFIGURATION)["port_in_target_url"] is None


@pytest.mark.parametrize(
    "body",
    [{}, {"port_in_target_url": "ftp://x"}, {"port_in_target_url": WEBHOOK, "notifications_of": ["Lost"]}],
)
def test_a_configuration_that_makes_no_sense_is_refused(api, body):
    assert api.numbers("POST", CONFIGURATION, body).status == 400
    assert api.numbers("DELETE", f"{CONFIGURATION}/PORT").code == 400


def test_an_event_says_what_page_17_says(api, sandbox):
    listen(api)
    sid = reviewed(api, "00")
    sent = [(url, headers, json.loads(body)) for url, headers, body in collect(sandbox)]
    (_, headers, of_number), (_, _, of_request) = sent
    assert headers["Content-Type"] == "application/json"
    assert of_number == {
        "port_in_request_sid": sid,
        "port_in_phone_number_sid": fetch(api, sid)["phone_numbers"][0]["port_in_phone_number_sid"],
        "last_date_updated": "2026-06-15 12:00:00.000",
        "phone_number": f"{PREFIX}00",
        "status": "waiting_for_signature",
        "portable": "true",
        "not_portable_reason_code": None,
        "not_portable_reason": None,
        "rejection_reason": None,
        "rejection_reason_code": None,
    }
    assert (of_request["port_in_phone_number_sid"], of_request["portable"]) == (None, None)


def test_dates_may_be_hyphenated_as_the_page_prints_them(api, sandbox):
    with sandbox.changing() as (store, _):
        store.write_meta({"callbacks": CallbackSettings(page_hyphens=True)})
    listen(api)
    reviewed(api, "00")
    assert json.loads(collect(sandbox)[0][2])["last_date_updated"] == (
        "2026-06-15 12:00:00.000".replace("-", "\N{NON-BREAKING HYPHEN}")
    )


def test_events_are_told_from_filing_to_completion(api, sandbox):
    listen(api)
    file_port_in(api, "00", "64", "90")
    sandbox.clock.advance(MINUTE)
    assert said(sandbox) == [
        (f"{PREFIX}00", "waiting_for_signature"),
        (f"{PREFIX}64", "waiting_for_signature"),
        (f"{PREFIX}90", "canceled"),
        (None, "waiting_for_signature"),
    ]
    sandbox.clock.advance(10 * MINUTE)
    assert said(sandbox) == [
        (f"{PREFIX}00", "port_submitted"),
        (f"{PREFIX}64", "port_submitted"),
        (None, "in_progress"),
    ]
    sandbox.clock.advance(10 * MINUTE)
    assert said(sandbox) == [
        (f"{PREFIX}00", "port_pending"),
        (f"{PREFIX}64", "port_rejected"),
        (None, "action_required"),
    ]
    sandbox.clock.advance(timedelta(days=16))
    assert [event for event in said(sandbox) if event[0] == f"{PREFIX}00"] == [(f"{PREFIX}00", "completed")]


def test_only_the_events_that_are_wanted_are_told(api, sandbox):
    listen(api, notifications_of=["PortInInProgress", "PortInPhoneNumberPending"])
    file_port_in(api, "00")
    sandbox.clock.advance(timedelta(hours=1))
    assert said(sandbox) == [(None, "in_progress"), (f"{PREFIX}00", "port_pending")]


def test_the_parent_hears_of_its_subaccounts_and_signs(api, sub, sandbox):
    listen(api)
    reviewed(sub, "00")
    sent = collect(sandbox)
    assert len(sent) == 2
    for one in sent:
        assert one[0].startswith(f"{WEBHOOK}?bodySHA256=")
        assert genuine(api, *one)
        assert not genuine(sub, *one)
    listen(sub, port_in_target_url="https://sub.example.com/porting?tenant=7")
    reviewed(sub, "01")
    mine = [one for one in collect(sandbox) if one[0].startswith("https://sub.")]
    assert len(mine) == 2
    assert all(genuine(sub, *one) for one in mine)
    reviewed(api, "02")
    assert len(collect(sandbox)) == 2


def test_a_deleted_configuration_is_used_for_some_minutes_more(api, sandbox):
    listen(api)
    api.numbers("DELETE", f"{CONFIGURATION}/PORT_IN")
    reviewed(api, "00")
    assert len(said(sandbox)) == 2
    sandbox.clock.advance(3 * MINUTE)
    reviewed(api, "01")
    assert said(sandbox) == []


def test_what_is_not_answered_with_200_comes_again_for_21_hours(api, sandbox):
    listen(api, notifications_of=["PortInWaitingForSignature"])
    reviewed(api, "00")
    bodies, waits = [], []
    start = sandbox.clock.now()
    while len(bodies) < 20:
        got = collect(sandbox, answer="503")
        if got:
            bodies += [body for _, _, body in got]
            waits.append(round((sandbox.clock.now() - start) / MINUTE))
        if sandbox.clock.now() - start > timedelta(hours=30):
            break
        sandbox.clock.advance(5 * MINUTE)
    assert waits == [0, 5, 15, 35, 75, 155, 315, 635, 1275]
    assert len(set(bodies)) == 1


def test_a_retry_that_is_answered_is_the_last(api, sandbox):
    listen(api, notifications_of=["PortInWaitingForSignature"])
    reviewed(api, "00")
    assert len(collect(sandbox, answer="204")) == 1
    sandbox.clock.advance(5 * MINUTE)
    assert len(collect(sandbox)) == 1
    sandbox.clock.advance(timedelta(days=2))
    assert collect(sandbox) == []


def test_webhooks_come_twice_in_another_order_or_forged(api, sandbox):
    listen(api)
    sandbox.faults.add(Fault(kind="callback-twice", path="hooks.example.com/*"))
    reviewed(api, "00")
    sent = collect(sandbox)
    assert len(sent) == 4
    assert len({body for _, _, body in sent}) == 2
    sandbox.faults.clear()

    sandbox.faults.add(Fault(kind="callback-late", nth=1, seconds=3600))
    sid = reviewed(api, "01")
    sandbox.porting.sign(sid)
    order = said(sandbox)
    sandbox.clock.advance(timedelta(hours=1))
    assert order[0] == (None, "waiting_for_signature")
    assert (f"{PREFIX}01", "waiting_for_signature") in said(sandbox)
    sandbox.faults.clear()

    for kind in ("callback-forged", "callback-tampered"):
        sandbox.faults.add(Fault(kind=kind))
        reviewed(api, "02" if kind == "callback-forged" else "03")
        sent = collect(sandbox)
        assert sent
        assert not any(genuine(api, *one) for one in sent)
        sandbox.faults.clear()

    sandbox.faults.add(Fault(kind="callback-lost"))
    reviewed(api, "04")
    assert collect(sandbox) == []
    sandbox.faults.clear()
    sandbox.clock.advance(timedelta(minutes=5))
    assert (f"{PREFIX}04", "waiting_for_signature") not in said(sandbox)


def test_a_lost_answer_leaves_a_request_behind(api, sandbox):
    body = port_in_body(api, "00")
    sandbox.faults.add(
        Fault(kind="status", status=500, method="POST", path="*/PortIn", commits=True, times=1)
    )
    assert api.numbers("POST", PORT_IN, body).status == 500
    newest = api.numbers("GET", f"{PORT_IN}/PortInRequests", Size=1)["port_in_requests"][0]
    found = fetch(api, newest["port_in_request_sid"])
    assert found["phone_numbers"][0]["phone_number"] == f"{PREFIX}00"
