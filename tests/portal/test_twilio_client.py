"""The transport: where it goes, how often it tries, what it tells and what it keeps to itself."""

import logging
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import cache
from django.db import connection, transaction

from portal.sandbox.faults import Fault
from portal.twilio.client import connect, http_client, remote_call
from portal.twilio.errors import ForbiddenHost, Rejected, Unavailable, Uncertain
from portal.twilio.login import Login
from portal.twilio.pages import iter_pages
from portal.twilio.patience import IN_A_TASK, Patience
from tests.answers import Answer, answering
from tests.doors import http_door

pytestmark = pytest.mark.django_db

LOGIN = Login("AC" + "a" * 32, "AC" + "a" * 32, "a-very-secret-token")
NUMBERS = f"https://api.twilio.com/2010-04-01/Accounts/{LOGIN.account_sid}/IncomingPhoneNumbers.json"
NUMBER = NUMBERS.replace(".json", f"/PN{'a' * 32}.json")


def get(url=NUMBERS, *, patience=IN_A_TASK, **options):
    with remote_call("test.get", patience=patience) as call:
        http_client().send("GET", url, auth=(LOGIN.username, LOGIN.password), **options)
    return call


@pytest.fixture
def login(twilio):
    keys = twilio.credentials
    return Login(keys.account_sid, keys.account_sid, keys.auth_token)


@pytest.fixture
def naps(monkeypatch):
    """The seconds that the transport slept between tries."""
    naps: list[float] = []

    def sleep(seconds):
        naps.append(seconds)
        cache.clear()  # with what the throttle waits for

    monkeypatch.setattr("portal.twilio.client.sleep", sleep)
    return naps


# Where it goes


@pytest.mark.parametrize(
    "url",
    [
        "https://collector.example.net/2010-04-01/Accounts.json",
        "https://api.twilio.com.example.net/",
        "https://api.twilio.com@example.net/",
        "https://user:password@api.twilio.com/",
        "https://api.twilio.com:8443/",
        "http://api.twilio.com/",
        "//api.twilio.com/",
        "/2010-04-01/Accounts.json",
        "file:///etc/passwd",
        "",
    ],
)
def test_it_goes_to_no_host_but_twilios(url):
    with answering(Answer(200, {})) as script, pytest.raises(ForbiddenHost):
        get(url)

    assert script.requests == []


def test_it_takes_no_credentials_to_where_a_list_says_that_it_goes_on(twilio, login):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/steal"
        twilio.faults.add(Fault(kind="foreign-next-page", url=url))
        pages = iter_pages(
            connect(login), "number.list", own_numbers(login), "incoming_phone_numbers",
            params={"PageSize": 20},
        )  # fmt: skip

        assert len(next(pages).records) == 20
        with pytest.raises(ForbiddenHost):
            next(pages)

        listener.settimeout(0.05)
        with pytest.raises(TimeoutError):
            listener.accept()


def own_numbers(login):
    return NUMBERS.replace(LOGIN.account_sid, login.account_sid)


def test_it_reaches_every_host_below_the_base_url():
    with answering(Answer(200, {})) as script:
        get("https://numbers.twilio.com/v2/RegulatoryCompliance/Bundles?PageSize=1&Status=a%20b")

    assert script.requests[0].url == (
        "http://sandbox.test/numbers.twilio.com/v2/RegulatoryCompliance/Bundles?PageSize=1&Status=a%20b"
    )


def test_it_goes_to_twilio_itself_without_a_base_url(settings):
    settings.TWILIO_BASE_URL = "https://api.twilio.com"
    with answering(Answer(200, {})) as script:
        settings.TWILIO_BASE_URL = ""
        get(NUMBERS)
        settings.TWILIO_BASE_URL = "https://api.twilio.com"

    assert script.requests[0].url == NUMBERS


def test_it_follows_no_redirect():
    with answering(Answer(302, b"", {"Location": "https://collector.example.net/"})) as script:
        get()

    assert len(script.requests) == 1


def test_it_takes_neither_proxies_nor_credentials_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    (tmp_path / ".netrc").write_text("machine sandbox.test login somebody password else")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with answering(Answer(200, {})) as script, remote_call("test"):
        http_client().send("GET", NUMBERS)

    assert "Authorization" not in script.requests[0].headers


def test_the_sdk_takes_nothing_from_the_environment(monkeypatch, twilio, login):
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    with remote_call("number.list"):
        connect(login).incoming_phone_numbers.list(limit=1)

    assert twilio.journal.entries()[-1].host == "api.twilio.com"


# How often it tries


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_it_tries_a_read_again(status, naps):
    with answering(Answer(status), Answer(status), Answer(200, {})) as script:
        call = get(patience=Patience(3, 60))

    assert call.status == 200
    assert len(script.requests) == call.requests == 3
    assert call.retries == len(naps) == 2


@pytest.mark.parametrize(
    "trouble",
    [requests.ReadTimeout(), requests.ConnectionError(), requests.exceptions.ChunkedEncodingError()],
)
def test_it_tries_a_read_again_that_had_no_answer(trouble, naps):
    with answering(trouble, Answer(200, {})):
        assert get().retries == 1


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404])
def test_it_does_not_ask_again_for_what_was_answered(status):
    with answering(Answer(status)) as script:
        get()

    assert len(script.requests) == 1


@pytest.mark.parametrize(
    "answer", [Answer(429, b"", {"Retry-After": "0"}), Answer(500), Answer(503), requests.ReadTimeout()]
)
def test_it_never_sends_a_write_twice(answer):
    with answering(answer) as script:
        for method, writes in (("POST", True), ("DELETE", True), ("POST", False), ("GET", True)):
            try:
                with remote_call("test", writes=writes):
                    http_client().send(method, NUMBER)
            except (Uncertain, Unavailable):
                pass

    assert [request.method for request in script.requests] == ["POST", "DELETE", "POST", "GET"]


def test_it_leaves_twilio_to_judge_a_write_that_was_cut_off(twilio, login):
    for kind in ("lost-answer", "reset"):
        twilio.faults.add(Fault(kind=kind, method="POST", nth=1))
        with pytest.raises(Uncertain), remote_call("number.create", writes=True):
            connect(login).incoming_phone_numbers.create(phone_number="+15005550006")

    assert len(twilio.journal.entries(method="POST")) == 2


def test_it_gives_up_after_as_many_tries_as_its_patience_has(naps):
    with answering(Answer(503)) as script:
        assert get(patience=Patience(4, 1000)).status == 503

    assert len(script.requests) == 4
    assert naps == sorted(naps), "each wait is longer than the one before"


def test_it_waits_as_long_as_twilio_asks(naps):
    with answering(Answer(503, b"", {"Retry-After": "3"}), Answer(200, {})):
        call = get()

    assert naps == [3]
    assert call.waited >= 3


def test_it_understands_a_date_for_a_wait(naps):
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=30))
    with answering(Answer(503, b"", {"Retry-After": moment}), Answer(200, {})):
        get()

    assert 28 < naps[0] <= 30


@pytest.mark.parametrize("nonsense", ["", "soon", "-5", "inf", "nan", "1e9", "99:99", "²"])
def test_it_waits_as_it_thinks_best_when_twilio_asks_for_nonsense(nonsense, naps):
    with answering(Answer(503, b"", {"Retry-After": nonsense}), Answer(200, {})):
        get()

    assert 0.2 <= naps[0] <= 0.4


def test_it_does_not_wait_beyond_its_patience(naps):
    with answering(Answer(429, b"", {"Retry-After": "5"})) as script:
        call = get(patience=Patience(3, 4))

    assert (len(script.requests), naps) == (1, [])
    assert call.retry_after == 5


def test_the_time_that_answers_take_counts_against_its_patience(twilio, login, settings):
    twilio.faults.add(Fault(kind="slow", seconds=30))
    with http_door(twilio) as door:
        settings.TWILIO_BASE_URL, settings.TWILIO_TIMEOUT = door.url, 0.31
        with pytest.raises(Unavailable):
            get(own_numbers(login), patience=Patience(attempts=10, seconds=0.5))

    # What is left is less than the shortest wait before a second try.
    assert len(twilio.journal.entries()) == 1


def test_a_rate_limit_met_once_holds_back_everybody_of_the_account():
    with answering(Answer(429, b"", {"Retry-After": "2"})):
        assert get(patience=Patience(1, 1)).status == 429

    with answering(Answer(200, {})) as script:
        with pytest.raises(Unavailable) as caught:
            get(patience=Patience(1, 1))
        assert script.requests == []
        assert 1 < caught.value.retry_after <= 2
        get(NUMBERS.replace("AC" + "a" * 32, "AC" + "b" * 32))

    assert len(script.requests) == 1, "another account is not held back"


# When it may be used


def test_it_refuses_to_send_anything_outside_a_remote_call(twilio, login):
    with pytest.raises(RuntimeError, match="inside remote_call"):
        connect(login).incoming_phone_numbers.list(limit=1)

    assert not twilio.journal.entries()


def test_it_refuses_to_be_called_in_a_transaction(twilio, login):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"), remote_call("number.list"):
        connect(login).incoming_phone_numbers.list(limit=1)

    assert not twilio.journal.entries()


def test_it_opens_no_database_connection_of_its_own():
    def read():
        get()
        seen.append(connection.connection)

    seen = []
    with answering(Answer(200, {})):
        in_threads([read])

    assert seen == [None]


def test_calls_in_threads_do_not_mix():
    def read(number):
        bodies[number] = get(NUMBER.replace("a" * 31, f"{number:031x}")).body.decode()

    bodies = {}
    with answering(lambda request: Answer(200, request.path_url.encode())):
        in_threads([partial(read, number) for number in range(20)])

    assert len(bodies) == 20
    assert all(f"{number:031x}" in body for number, body in bodies.items())


def in_threads(functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# What it tells


def test_it_logs_each_exchange_without_numbers_queries_or_credentials(twilio, login, caplog):
    caplog.set_level(logging.INFO)
    numbers = own_numbers(login)
    get(f"{numbers}?PhoneNumber=%2B12015550123&FriendlyName=Jane+Doe", params={"To": "+12015550124"})
    get("https://numbers.twilio.com/v1/Porting/Portability/PhoneNumber/+12015550125")
    get("https://numbers.twilio.com/v1/Porting/Portability/PhoneNumber/%2b12015550126")
    get("https://pricing.twilio.com/v2/Voice/Numbers/12015550127")
    with pytest.raises(Rejected), remote_call("number.create", writes=True):
        connect(login).incoming_phone_numbers.create(phone_number="+12015550128", friendly_name="Jane" * 20)
    twilio.faults.add(Fault(kind="reset"))
    with pytest.raises(Unavailable), remote_call("number.list"):
        connect(login).incoming_phone_numbers.list(phone_number="+12015550129")

    assert "twilio.exchange" in caplog.text
    assert "twilio.no_answer" in caplog.text
    assert "twilio.failed" in caplog.text
    for secret in ("2015550", "Jane", login.password, LOGIN.password, "Authorization", "Basic "):
        assert secret not in caplog.text


def test_it_names_the_request_and_how_long_it_took(twilio, login, caplog):
    caplog.set_level(logging.INFO)
    with remote_call("number.list") as call:
        connect(login).incoming_phone_numbers.list(limit=1)

    entry = twilio.journal.entries()[-1]
    assert call.request_id == entry.request_id
    line = next(record.msg for record in caplog.records if record.msg.get("event") == "twilio.exchange")
    assert line["request_id"] == entry.request_id
    assert (line["call"], line["method"], line["status"]) == ("number.list", "GET", 200)
    assert line["ms"] >= 0


def test_a_login_is_never_printed_with_its_password():
    assert LOGIN.password not in f"{LOGIN} {LOGIN!r}"


# Over real sockets


def test_it_keeps_one_connection_for_many_requests_of_several_accounts(twilio, settings):
    with http_door(twilio) as door:
        settings.TWILIO_BASE_URL = door.url
        for keys in (twilio.credentials, *twilio.subaccounts):
            for _ in range(3):
                with remote_call("number.list"):
                    connect(
                        Login(keys.account_sid, keys.account_sid, keys.auth_token)
                    ).incoming_phone_numbers.list(limit=1)

        assert door.connections == 1


def test_it_keeps_no_cookie_for_the_next_account(settings):
    cookies = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            cookies.append(self.headers["Cookie"])
            self.send_response(200)
            self.send_header("Set-Cookie", "session=of-this-account; Path=/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        settings.TWILIO_BASE_URL = f"http://127.0.0.1:{server.server_address[1]}"
        get()
        get()
        server.shutdown()

    assert cookies == [None, None]


def test_it_waits_no_longer_than_the_timeout(twilio, login, settings):
    twilio.faults.add(Fault(kind="slow", seconds=30))
    with http_door(twilio) as door:
        settings.TWILIO_BASE_URL, settings.TWILIO_TIMEOUT = door.url, 0.1
        with pytest.raises(Unavailable), remote_call("number.list", patience=Patience(1, 1)):
            connect(login).incoming_phone_numbers.list(limit=1)
        with pytest.raises(Uncertain), remote_call("number.update", writes=True):
            connect(login).incoming_phone_numbers("PN" + "a" * 32).update(friendly_name="x")


@pytest.mark.parametrize("kind", ["lost-answer", "reset", "wrong-length"])
def test_it_is_uncertain_about_a_write_that_a_socket_broke_under(kind, twilio, login, settings):
    twilio.faults.add(Fault(kind=kind, method="POST"))
    with http_door(twilio) as door:
        settings.TWILIO_BASE_URL = door.url
        with pytest.raises(Uncertain), remote_call("number.update", writes=True):
            connect(login).incoming_phone_numbers("PN" + "a" * 32).update(friendly_name="x")


def test_it_knows_that_nothing_was_sent_when_nobody_listens(login, settings):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings.TWILIO_BASE_URL = f"http://127.0.0.1:{port}"
    with pytest.raises(Unavailable), remote_call("number.update", writes=True):
        connect(login).incoming_phone_numbers("PN" + "a" * 32).update(friendly_name="x")


def test_it_knows_that_nothing_was_sent_to_a_host_with_a_false_certificate(login, settings, tmp_path):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        received = []

        def serve():
            try:
                with context.wrap_socket(listener.accept()[0], server_side=True) as client:
                    received.append(client.recv(1000))
            except OSError:
                pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        settings.TWILIO_BASE_URL = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(Unavailable), remote_call("number.update", writes=True):
            connect(login).incoming_phone_numbers("PN" + "a" * 32).update(friendly_name="x")
        thread.join()

    assert not any(received)


def self_signed(folder):
    """A file with a key and a certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
