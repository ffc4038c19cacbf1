"""Scripted faults, through both doors, and the journal that tells what was asked."""

import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.exceptions import ChunkedEncodingError, ConnectionError, ReadTimeout
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from portal.sandbox.faults import KINDS, Fault
from portal.sandbox.inprocess import SandboxAdapter
from tests.sandbox.conftest import for_sale

NUMBERS = "/2010-04-01/Accounts/*/IncomingPhoneNumbers*.json"


class Door:
    """A requests session at one of the doors, signed in as the parent."""

    def __init__(self, base: str, sandbox: Any) -> None:
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False
        if base.endswith(".test"):
            self.session.mount(base, SandboxAdapter(sandbox))
        self.session.auth = (sandbox.credentials.account_sid, sandbox.credentials.auth_token)
        self.numbers = f"/2010-04-01/Accounts/{sandbox.credentials.account_sid}/IncomingPhoneNumbers.json"

    def send(self, method: str, path: str, timeout: float = 5, **options: Any) -> requests.Response:
        return self.session.request(method, f"{self.base}/api.twilio.com{path}", timeout=timeout, **options)

    def get(self, **query: Any) -> requests.Response:
        return self.send("GET", self.numbers, params={"PageSize": 20, **query})

    def buy(self, number: str, timeout: float = 5) -> requests.Response:
        return self.send("POST", self.numbers, timeout, data={"PhoneNumber": number})


@pytest.fixture(params=["http", "in process"])
def door(request, sandbox) -> Iterator[Door]:
    base = request.getfixturevalue("server").url if request.param == "http" else "http://sandbox.test"
    door = Door(base, sandbox)
    yield door
    door.session.close()


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (500, 20500), (503, 20503), (502, 502)])
def test_a_status_takes_the_place_of_the_answer(sandbox, door, status, code):
    sandbox.faults.add(Fault(kind="status", status=status, times=1))
    refused = door.get()
    assert (refused.status_code, refused.json()["code"], refused.json()["status"]) == (status, code, status)
    assert "Retry-After" not in refused.headers
    assert refused.headers["Twilio-Request-Id"].startswith("RQ")
    assert door.get().status_code == 200


def test_it_can_say_when_to_come_back(sandbox, door):
    sandbox.faults.add(Fault(kind="status", status=429, retry_after=7))
    assert door.get().headers["Retry-After"] == "7"


def test_an_error_can_be_a_page(sandbox, door):
    sandbox.faults.add(Fault(kind="status", status=500, body="html"))
    refused = door.get()
    assert refused.headers["Content-Type"].startswith("text/html")
    assert refused.text.startswith("<html>")


def test_a_page_can_come_with_200(sandbox, door):
    sandbox.faults.add(Fault(kind="html"))
    answer = door.get()
    assert (answer.status_code, answer.text[:6]) == (200, "<html>")


def test_a_refused_request_is_not_processed(sandbox, door, api):
    sandbox.faults.add(Fault(kind="status", status=503, method="POST"))
    number = for_sale(api)
    assert door.buy(number).status_code == 503
    assert for_sale(api) == number
    assert [entry.committed for entry in sandbox.journal.entries(method="POST")] == [False]


def test_an_error_can_hide_a_purchase_that_counts(sandbox, door, api):
    number = for_sale(api)
    sandbox.faults.add(Fault(kind="status", status=500, commits=True, method="POST"))
    assert door.buy(number).status_code == 500
    assert api.get("/IncomingPhoneNumbers", PhoneNumber=number)["incoming_phone_numbers"]
    assert [entry.committed for entry in sandbox.journal.entries(method="POST")] == [True]


def test_a_reset_breaks_the_connection_before_anything_happens(sandbox, door, api):
    number = for_sale(api)
    sandbox.faults.add(Fault(kind="reset", times=1))
    with pytest.raises(ConnectionError):
        door.buy(number)
    assert for_sale(api) == number
    assert door.buy(number).status_code == 201


def test_a_lost_answer_is_one_whose_purchase_counts(sandbox, door, api):
    number = for_sale(api)
    sandbox.faults.add(Fault(kind="lost-answer", method="POST", times=1))
    with pytest.raises(ConnectionError):
        door.buy(number)
    owned = api.get("/IncomingPhoneNumbers", PhoneNumber=number)["incoming_phone_numbers"]
    assert [row["phone_number"] for row in owned] == [number]
    (entry,) = sandbox.journal.entries(method="POST")
    assert (entry.status, entry.committed, entry.fault) == (201, True, "lost-answer")


def test_truncated_json_cannot_be_read(sandbox, door):
    sandbox.faults.add(Fault(kind="truncated", times=2))
    for _ in range(2):
        answer = door.get()
        assert answer.status_code == 200
        with pytest.raises(requests.JSONDecodeError):
            answer.json()
    assert door.get().json()


@pytest.mark.parametrize("at", [0, 1, 500])
def test_a_body_can_end_at_any_byte(sandbox, door, at):
    sandbox.faults.add(Fault(kind="truncated", at=at))
    assert len(door.get().content) == at


@pytest.mark.parametrize("at", [None, 0, 100])
def test_a_wrong_length_is_noticed(sandbox, door, at):
    sandbox.faults.add(Fault(kind="wrong-length", at=at, times=1))
    with pytest.raises((ChunkedEncodingError, ConnectionError)):
        door.get()
    assert door.get().status_code == 200


def test_a_slow_answer_outlasts_the_timeout_but_was_processed(sandbox, door, api):
    number = for_sale(api)
    sandbox.faults.add(Fault(kind="slow", seconds=0.4, times=1))
    began = time.monotonic()
    with pytest.raises(ReadTimeout):
        door.buy(number, timeout=0.15)
    assert time.monotonic() - began < 0.4
    assert api.get("/IncomingPhoneNumbers", PhoneNumber=number)["incoming_phone_numbers"]


def test_a_slow_answer_within_the_timeout_arrives(sandbox, door):
    sandbox.faults.add(Fault(kind="slow", seconds=0.1))
    assert door.get().status_code == 200


def test_in_process_nobody_sleeps(sandbox):
    sandbox.faults.add(Fault(kind="slow", seconds=60))
    door = Door("http://sandbox.test", sandbox)
    began = time.monotonic()
    assert door.send("GET", door.numbers, timeout=120).status_code == 200
    assert time.monotonic() - began < 5


def read_all(door: Door, most: int = 200) -> list[str]:
    """Follow next pages blindly."""
    seen = []
    answer = door.send("GET", door.numbers, params={"PageSize": 50}).json()
    for _ in range(most):
        seen += [row["sid"] for row in answer["incoming_phone_numbers"]]
        if not answer["next_page_uri"]:
            break
        answer = door.send("GET", answer["next_page_uri"]).json()
    return seen


def test_a_duplicate_page_repeats_rows_and_loses_none(sandbox, door):
    whole = read_all(door)
    sandbox.faults.add(Fault(kind="duplicate-page", nth=2))
    again = read_all(door)
    assert len(again) == len(whole) + 49
    assert set(again) == set(whole)


def test_a_list_without_sids_can_repeat_itself_too(sandbox, api):
    sandbox.faults.add(Fault(kind="duplicate-page"))
    reply = api.price(PageSize=5)
    assert reply["meta"]["next_page_url"].endswith(f"PageToken=PA{reply['countries'][0]['iso_country']}")


def test_a_row_can_come_twice_in_one_page(sandbox, door):
    whole = read_all(door)
    sandbox.faults.add(Fault(kind="duplicate-row", nth=1))
    again = read_all(door)
    assert again[49] == again[50]
    assert set(again) == set(whole)


def test_next_pages_can_lead_in_a_circle(sandbox, door):
    sandbox.faults.add(Fault(kind="next-page-loop"))
    answer = door.get().json()
    assert answer["next_page_uri"] == answer["uri"]


def test_a_next_page_can_lie_on_a_foreign_host(sandbox, door, api):
    sandbox.faults.add(Fault(kind="foreign-next-page", url="http://127.0.0.1:9/steal"))
    assert door.get().json()["next_page_uri"] == "http://127.0.0.1:9/steal"
    assert api.sandbox.journal.entries()[-1].fault == "foreign-next-page"
    prices = door.session.get(f"{door.base}/pricing.twilio.com/v1/PhoneNumbers/Countries").json()
    assert prices["meta"]["next_page_url"] == "http://127.0.0.1:9/steal"


@pytest.mark.parametrize("kind", ["duplicate-page", "duplicate-row", "next-page-loop", "foreign-next-page"])
def test_what_is_no_list_has_no_pages_to_spoil(sandbox, api, kind):
    sandbox.faults.add(Fault(kind=kind))
    assert api.get("").status == 200
    assert api.get("/Nonsense").code == 20404


@pytest.mark.parametrize(
    ("matching", "expected"),
    [
        ({}, [500, 500, 500, 500]),
        ({"method": "POST"}, [200, 200, 200, 200]),
        ({"path": NUMBERS}, [500, 500, 500, 500]),
        ({"path": "/api.twilio.com" + NUMBERS}, [500, 500, 500, 500]),
        ({"path": "/pricing.twilio.com/*"}, [200, 200, 200, 200]),
        ({"nth": 3}, [200, 200, 500, 200]),
        ({"times": 2}, [500, 500, 200, 200]),
        ({"probability": 0}, [200, 200, 200, 200]),
        ({"account": "AC" + "0" * 32}, [200, 200, 200, 200]),
    ],
)
def test_a_fault_strikes_where_it_is_told_to(sandbox, api, matching, expected):
    sandbox.faults.add(Fault(kind="status", status=500, **matching))
    assert [api.get("/IncomingPhoneNumbers", PageSize=1).status for _ in range(4)] == expected


def test_a_fault_can_strike_one_account(sandbox, api, sub):
    sandbox.faults.add(Fault(kind="status", account=sub.account))
    assert sub.get("").status == 500
    assert sub.price("/US").status == 500
    assert api.on(sub.account).get("").status == 500
    assert api.get("").status == 200


def test_chance_is_seeded(sandbox, api):
    def thirty(seed):
        fault = sandbox.faults.add(Fault(kind="status", probability=0.3, seed=seed))
        statuses = [api.get("").status for _ in range(30)]
        sandbox.faults.remove(fault.id)
        return statuses

    assert thirty(1) == thirty(1) != thirty(2)
    assert 2 < thirty(1).count(500) < 18


def test_faults_are_listed_and_removed(sandbox, api):
    first = sandbox.faults.add(Fault(kind="status"))
    second = sandbox.faults.add(Fault(kind="html"))
    api.get("")
    assert [(fault.id, fault.fired) for fault in sandbox.faults.list()] == [(first.id, 1), (second.id, 0)]
    assert sandbox.faults.remove(first.id)
    assert not sandbox.faults.remove(first.id)
    sandbox.faults.clear()
    assert sandbox.faults.list() == []


def test_the_kinds_are_these():
    assert len(KINDS) == 17


def test_the_journal_holds_what_was_asked(sandbox, api, sub):
    api.get("/IncomingPhoneNumbers", PageSize=3)
    number = for_sale(api)
    bought = api.post("/IncomingPhoneNumbers", PhoneNumber=number)
    sub.get("/Nonsense")
    listed, _, purchase, missing = sandbox.journal.entries()
    assert (listed.query, listed.committed, listed.account) == ((("PageSize", "3"),), False, api.account)
    assert (purchase.form, purchase.status, purchase.committed) == ((("PhoneNumber", number),), 201, True)
    assert purchase.request_id == bought.headers["Twilio-Request-Id"]
    assert purchase.time == "2026-06-15T12:00:00.000+00:00"
    assert (missing.status, missing.code, missing.account) == (404, 20404, sub.account)
    assert sandbox.journal.entries(method="POST") == [purchase]
    assert sandbox.journal.entries(path="*/Nonsense.json", status=404) == [missing]
    assert sandbox.journal.entries(account=sub.account) == [missing]
    assert sandbox.journal.entries(since=purchase.number) == [missing]
    assert sandbox.journal.entries(committed=True) == [purchase]
    sandbox.journal.clear()
    assert sandbox.journal.entries() == []


def test_no_secret_enters_the_journal(sandbox, api):
    api.post("/Addresses", AuthToken="hush-1", Pin="hush-2", ApiSecret="hush-3", Password="hush-4")
    api.get("/IncomingPhoneNumbers", PageToken="PAxyz", Page=1)
    text = json.dumps([str(entry) for entry in sandbox.journal.entries()])
    assert "hush" not in text
    assert "PAxyz" in text
    assert api.keys.auth_token not in text


def test_the_journal_forgets_the_oldest(sandbox, api):
    from portal.sandbox.journal import Journal

    sandbox.journal = Journal(capacity=5)
    for _ in range(9):
        api.get("")
    assert [entry.number for entry in sandbox.journal.entries()] == [5, 6, 7, 8, 9]


def test_the_sdk_works_in_process(sandbox):
    class InProcess(TwilioHttpClient):
        def request(self, method, url, *arguments, **options):
            return super().request(
                method, url.replace("https://", "http://sandbox.test/"), *arguments, **options
            )

    keys = sandbox.credentials
    http = InProcess(timeout=5)
    http.session.mount("http://sandbox.test", SandboxAdapter(sandbox))
    client = Client(keys.api_key, keys.api_secret, keys.account_sid, http_client=http)
    owned = list(sandbox.dump("numbers", keys.account_sid))
    assert len(client.incoming_phone_numbers.list(page_size=100)) == len(owned)


def test_connections_are_kept_alive(server, sandbox):
    target = urlsplit(server.url)
    with socket.create_connection((target.hostname, target.port)) as client:
        for _ in range(3):
            client.sendall(b"GET /_sandbox/clock HTTP/1.1\r\nHost: sandbox\r\n\r\n")
            received = b""
            while b"}" not in received:
                received += client.recv(4096)
            assert re.match(rb"HTTP/1.1 200", received)
