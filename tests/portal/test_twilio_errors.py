"""Each way in which the SDK and the network fail, and which of our four it is (contract, section 3.3)."""

import json

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from portal.twilio.client import connect, remote_call
from portal.twilio.errors import Absent, Rejected, TwilioFailure, Unavailable, Uncertain
from portal.twilio.login import Login
from portal.twilio.pages import iter_pages
from tests.answers import Answer, answering

pytestmark = pytest.mark.django_db

LOGIN = Login("AC" + "0" * 32, "AC" + "0" * 32, "token")
PN, BU = "PN" + "0" * 32, "BU" + "0" * 32
LIST = f"https://api.twilio.com/2010-04-01/Accounts/{LOGIN.account_sid}/IncomingPhoneNumbers.json"

client = connect(LOGIN)
READS = {
    "fetch": lambda: client.incoming_phone_numbers(PN).fetch(),
    "fetch on another host": lambda: client.numbers.v2.regulatory_compliance.bundles(BU).fetch(),
    "list": lambda: client.incoming_phone_numbers.list(limit=1),
    "list on another host": lambda: client.numbers.v2.regulatory_compliance.bundles.list(limit=1),
}
WRITES = {
    "create": lambda: client.incoming_phone_numbers.create(phone_number="+12015550100"),
    "update": lambda: client.incoming_phone_numbers(PN).update(friendly_name="x"),
    "delete": lambda: client.incoming_phone_numbers(PN).delete(),
    "create on another host": lambda: client.numbers.v2.regulatory_compliance.bundles.create(
        friendly_name="x", email="a@example.com"
    ),
}
CALLS = {**READS, **WRITES}


def refused(status: int, code: int, message: str) -> Answer:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"code": code, "message": message, "more_info": more, "status": status})


def html(status: int) -> Answer:
    return Answer(status, b"<html><h1>Bad gateway</h1></html>", {"Content-Type": "text/html"})


def rfc9457(status: int) -> Answer:
    body = {"type": "about:blank", "title": "Not allowed", "status": status, "code": 20422, "detail": "No."}
    return Answer(status, body, {"Content-Type": "application/problem+json"})


def failure_of(call: str, *answers: Answer | Exception) -> TwilioFailure:
    with (
        answering(*answers),
        pytest.raises(TwilioFailure) as caught,
        remote_call("test", writes=call in WRITES),
    ):
        CALLS[call]()
    return caught.value


@pytest.mark.parametrize("call", CALLS)
def test_it_takes_a_refusal_with_its_code_words_help_and_request_id(call):
    failure = failure_of(call, refused(400, 21211, "Invalid 'To' Phone Number: +12015550100"))

    assert type(failure) is Rejected
    assert failure.words == "Invalid 'To' Phone Number: +12015550100"
    assert (failure.code, failure.status) == (21211, 400)
    assert failure.help_url == "https://www.twilio.com/docs/api/errors/21211"
    assert failure.request_id == "RQ" + "1" * 32


@pytest.mark.parametrize("call", CALLS)
def test_it_takes_a_404_of_twilios_as_absent(call):
    failure = failure_of(call, refused(404, 20404, "The requested resource /X was not found"))

    assert type(failure) is Absent
    assert failure.code == 20404


@pytest.mark.parametrize("call", CALLS)
def test_it_does_not_take_a_404_of_somebody_else_for_twilios(call):
    failure = failure_of(call, html(404))

    assert type(failure) is Rejected
    assert failure.words == "Twilio answered with HTTP status 404."


@pytest.mark.parametrize("call", CALLS)
def test_it_reads_problem_details(call):
    failure = failure_of(call, rfc9457(422))

    assert type(failure) is Rejected
    assert (failure.words, failure.code) == ("Not allowed. No.", 20422)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("call", CALLS)
def test_it_takes_missing_permission_as_a_refusal(call, status):
    failure = failure_of(call, refused(status, 20003, "Authenticate"))

    assert type(failure) is Rejected
    assert (failure.words, failure.code) == ("Authenticate", 20003)


@pytest.mark.parametrize("answer", [Answer(429), html(429), refused(429, 20429, "Too Many Requests")])
@pytest.mark.parametrize("call", CALLS)
def test_it_takes_too_many_requests_as_unavailable_for_writes_too(call, answer):
    answer.headers["Retry-After"] = "7"

    failure = failure_of(call, answer)

    assert type(failure) is Unavailable
    assert (failure.status, failure.retry_after) == (429, 7)


@pytest.mark.parametrize("answer", [refused(500, 20500, "An internal server error"), html(503), Answer(502)])
@pytest.mark.parametrize(("calls", "kind"), [(READS, Unavailable), (WRITES, Uncertain)])
def test_it_takes_a_fault_of_twilios_as_uncertain_only_for_writes(calls, kind, answer):
    for call in calls:
        assert type(failure_of(call, answer)) is kind


def no_connection() -> requests.ConnectionError:
    return requests.ConnectionError(MaxRetryError(None, "/", NewConnectionError(None, "refused")))


def reset_after_send() -> requests.ConnectionError:
    return requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104)))


@pytest.mark.parametrize(
    "trouble",
    [
        requests.ReadTimeout(),
        reset_after_send(),
        requests.exceptions.ChunkedEncodingError(),
        requests.exceptions.ContentDecodingError(),
    ],
    ids=["timeout", "reset", "cut short", "bad encoding"],
)
@pytest.mark.parametrize("call", CALLS)
def test_it_is_uncertain_about_a_write_whose_answer_never_came(call, trouble):
    assert type(failure_of(call, trouble)) is (Uncertain if call in WRITES else Unavailable)


@pytest.mark.parametrize("trouble", [requests.ConnectTimeout(), no_connection()], ids=["timeout", "refused"])
@pytest.mark.parametrize("call", CALLS)
def test_it_knows_that_a_write_was_never_sent(call, trouble):
    assert type(failure_of(call, trouble)) is Unavailable


@pytest.mark.parametrize(
    "body",
    [b'{"sid": "PN', b"<html>200</html>", b"[]", b"null", b'"text"', b'{"date_created": 5}'],
    ids=["truncated", "html", "list", "null", "text", "a number for a date"],
)
@pytest.mark.parametrize("call", ["fetch", "create", "update"])
def test_it_is_uncertain_about_a_write_whose_answer_cannot_be_read(call, body):
    failure = failure_of(call, Answer(201 if call == "create" else 200, body))

    assert type(failure) is (Uncertain if call in WRITES else Unavailable)
    assert failure.words == "Twilio answered with something we cannot read."


@pytest.mark.parametrize("answer", [refused(400, 20422, "No."), rfc9457(400), html(400), html(500)])
def test_it_judges_raw_pages_as_it_judges_the_lists_of_the_sdk(answer):
    expected = failure_of("list", answer)

    with answering(answer), pytest.raises(TwilioFailure) as caught:
        list(iter_pages(client, "number.list", LIST, "incoming_phone_numbers"))

    assert type(caught.value) is type(expected)
    assert (caught.value.words, caught.value.code) == (expected.words, expected.code)


def test_it_shows_no_code_that_only_repeats_the_http_status():
    failure = failure_of("create", Answer(400, {"code": 400, "message": "losing_carrier is required"}))

    assert (failure.words, failure.code, failure.help_url) == ("losing_carrier is required", None, "")


@pytest.mark.parametrize("code", [10**12, "21211", None, 21211.5, -1, True])
def test_it_keeps_a_code_that_fits_the_column_or_none(code):
    assert failure_of("fetch", Answer(400, {"code": code, "message": "No."})).code in (None, True)


def test_it_bounds_the_words_and_makes_them_fit_to_be_kept():
    body = json.dumps({"code": 21211, "message": "a\0b\ud800" + "x" * 5000}).encode()

    words = failure_of("fetch", Answer(400, body)).words

    assert words.startswith("ab\ufffdxxx")
    assert len(words) == 1000


def test_it_hides_the_cause_because_urls_and_bodies_hold_phone_numbers():
    failure = failure_of("create", requests.ReadTimeout("https://api.twilio.com/?To=%2B12015550100"))

    assert failure.__suppress_context__
    assert "+1201" not in str(failure)


def test_it_lets_a_fault_of_ours_through_when_nothing_was_sent():
    with pytest.raises(TypeError), remote_call("test", writes=True):
        client.incoming_phone_numbers(PN).update(no_such_parameter=1)


@pytest.mark.parametrize("call", WRITES)
def test_a_write_is_one_also_where_nobody_said_so(call):
    with answering(requests.ReadTimeout()), pytest.raises(Uncertain), remote_call("test"):
        WRITES[call]()
