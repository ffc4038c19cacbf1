"""Lists page by page: both ways of paging, and pages that are not what they should be."""

import json
from itertools import islice

import msgspec
import pytest

from portal.sandbox.faults import Fault
from portal.twilio.client import connect
from portal.twilio.errors import ForbiddenHost, Rejected, Unavailable
from portal.twilio.login import Login
from portal.twilio.pages import iter_pages
from tests.answers import Answer, answering

pytestmark = pytest.mark.django_db

LOGIN = Login("AC" + "a" * 32, "AC" + "a" * 32, "token")
LIST = "https://api.twilio.com/2010-04-01/Accounts/{}/IncomingPhoneNumbers.json"
PRICES = "https://pricing.twilio.com/v1/PhoneNumbers/Countries"


@pytest.fixture
def login(twilio):
    keys = twilio.credentials
    return Login(keys.account_sid, keys.account_sid, keys.auth_token)


def number_pages(login, **params):
    url = LIST.format(login.account_sid)
    return iter_pages(connect(login), "number.list", url, "incoming_phone_numbers", params=params)


def scripted_pages(*answers):
    with answering(*answers):
        return [page.records for page in islice(number_pages(LOGIN), 50)]


def records_of(pages):
    return [json.loads(bytes(record)) for page in pages for record in page.records]


def listed(next_page_uri=None, *, key="incoming_phone_numbers", records=()):
    return Answer(200, {key: list(records), "next_page_uri": next_page_uri})


def test_it_reads_all_pages_of_api_twilio_com(twilio, login):
    pages = list(number_pages(login, PageSize=50))

    truth = [json.loads(line) for line in twilio.dump("numbers", login.account_sid)]
    assert sorted(records_of(pages), key=lambda record: record["sid"]) == truth
    assert [len(page.records) for page in pages[:-1]] == [50] * (len(pages) - 1)
    assert len(twilio.journal.entries()) == len(pages) > 2


def test_it_reads_all_pages_of_the_other_hosts(twilio, login):
    pages = list(iter_pages(connect(login), "price.countries", PRICES, "countries", params={"PageSize": 5}))

    countries = [record["iso_country"] for record in records_of(pages)]
    assert len(countries) == len(set(countries)) > 15
    assert len(pages) > 3


def test_it_asks_for_pages_of_a_thousand(twilio, login):
    list(number_pages(login))

    assert dict(twilio.journal.entries()[0].query) == {"PageSize": "1000"}


def test_it_notes_when_a_page_was_asked_for_and_what_it_took(twilio, login):
    twilio.faults.add(Fault(kind="status", status=503, times=2))

    [page] = number_pages(login)

    assert (page.effort.requests, page.effort.retries) == (3, 2)
    assert page.effort.waited > 0
    assert page.effort.request_id == twilio.journal.entries()[-1].request_id
    assert page.requested_at == page.effort.requested_at


@pytest.mark.parametrize("kind", ["truncated", "html", "wrong-length"])
def test_it_asks_again_for_a_page_that_is_not_whole(kind, twilio, login):
    twilio.faults.add(Fault(kind=kind, nth=2))

    pages = list(number_pages(login, PageSize=50))

    assert len(records_of(pages)) == len(list(twilio.dump("numbers", login.account_sid)))
    assert sum(page.effort.retries for page in pages) == 1


@pytest.mark.parametrize("at", [0, 1, 2, 100, 5000, -1])
def test_it_never_yields_half_a_page(at, twilio, login):
    twilio.faults.add(Fault(kind="truncated", at=at, path="*IncomingPhoneNumbers.json"))

    with pytest.raises(Unavailable, match="cannot read"):
        next(number_pages(login))

    assert len(twilio.journal.entries()) == 3


@pytest.mark.parametrize("status", [400, 401, 404])
def test_it_fails_with_the_page_that_fails(status, twilio, login):
    twilio.faults.add(Fault(kind="status", status=status, nth=2))
    pages = number_pages(login, PageSize=50)

    next(pages)
    with pytest.raises(Rejected):
        next(pages)


def test_it_stops_when_a_list_points_at_itself(twilio, login):
    twilio.faults.add(Fault(kind="next-page-loop"))

    with pytest.raises(Unavailable, match="circle"):
        list(islice(number_pages(login, PageSize=50), 50))

    assert len(twilio.journal.entries()) <= 3


def test_it_stops_when_a_list_runs_in_a_wider_circle():
    one, two = listed("/list?Page=1&PageToken=one"), listed("/list?Page=2&PageToken=two")

    with pytest.raises(Unavailable, match="circle"):
        scripted_pages(one, two, one, two, one, two)


@pytest.mark.parametrize(
    "body",
    [
        {"phone_numbers": [], "next_page_uri": None},
        {"incoming_phone_numbers": None},
        {"incoming_phone_numbers": {"sid": "PN"}},
        {"incoming_phone_numbers": [], "next_page_uri": 5},
        {"incoming_phone_numbers": [], "meta": {"next_page_url": ["x"]}},
        [],
        None,
    ],
)
def test_it_refuses_what_is_no_page_of_this_list(body):
    with pytest.raises(Unavailable, match="cannot read"):
        scripted_pages(Answer(200, body))


@pytest.mark.parametrize(
    "body", [{"incoming_phone_numbers": []}, {"incoming_phone_numbers": [], "meta": {}}], ids=["bare", "meta"]
)
def test_a_list_that_names_no_next_page_has_none(body):
    assert scripted_pages(Answer(200, body)) == [[]]


def test_it_reads_a_record_with_half_a_surrogate_pair_and_those_beside_it():
    records = b'{"sid": "PN1", "x": "a\\ud83dz"}, {"sid": "PN2", "x": "\\ud83d\\ude00"}'

    [records] = scripted_pages(Answer(200, b'{"incoming_phone_numbers": [%b]}' % records))

    assert [msgspec.json.decode(record) for record in records] == [
        {"sid": "PN1", "x": "a\ufffdz"},
        {"sid": "PN2", "x": "😀"},
    ]


def test_a_page_too_deep_to_read_fails_like_any_other():
    body = b'{"incoming_phone_numbers": [' + b"[" * 5000 + b"]" * 5000 + b"]}"

    with pytest.raises(Unavailable, match="cannot read"):
        scripted_pages(Answer(200, body))


@pytest.mark.parametrize("uri", ["//collector.example.net/x", "https://[broken", "javascript:alert(1)"])
def test_it_follows_a_list_to_no_other_host(uri):
    with pytest.raises((ForbiddenHost, Unavailable)):
        scripted_pages(listed(uri))
