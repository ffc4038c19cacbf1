"""Callbacks of porting and hosting as somebody who means harm, or a network at its worst, sends them."""

import hashlib
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from celery import current_app
from django.test import Client
from django.utils import timezone

from inventory.actions import connect_account
from portal.models import Change, Delivery
from portal.sandbox.faults import Fault
from porting.following import tasks  # noqa: F401 (registers them)
from porting.hosting import gateway as hosting
from porting.hosting import sync as hosting_sync
from porting.models import HostedOrder, PortInRequest
from porting.portin import gateway as portin
from porting.portin.sync import apply_port_in
from tests.factories import make_sid
from tests.mirroring import complete
from tests.moving import moving
from tests.portal.webhooks import FORM, JSON, sign
from tests.porting.filing import PREFIX, file_port_in, order_hosting
from tests.porting.following.requests import by_hand, filed, number
from tests.porting.hosting import received

pytestmark = pytest.mark.django_db
PUBLIC = "https://numbers.example.com"
PORTING, HOSTING = "/webhooks/porting/", "/webhooks/hosting/"
State, Verdict = Delivery.State, Delivery.Verdict


@pytest.fixture(autouse=True)
def _listening(settings, twilio):
    settings.PUBLIC_URL = PUBLIC
    by_hand(twilio)


@pytest.fixture
def token(twilio):
    return twilio.credentials.auth_token


@pytest.fixture
def port_in(parent):
    return filed(parent, "00", "01")


def tell(token, body, *, hashed="", url="", **more):
    """A webhook of porting, signed. `hashed` is a body whose hash stands in the address instead."""
    text = body if isinstance(body, str) else json.dumps(body)
    digest = hashlib.sha256((hashed or text).encode()).hexdigest()
    query = f"?bodySHA256={digest}"
    signature = sign(token, f"{url or PUBLIC + PORTING}{query}", {})
    headers = {"X-Twilio-Signature": signature, **more}
    return Client().generic("POST", PORTING + query, text, content_type=JSON, headers=headers)


def event(sid, status="completed", **more):
    return {
        "port_in_request_sid": sid,
        "port_in_phone_number_sid": None,
        "last_date_updated": "2024-01-25 00:00:00.000",
        "phone_number": None,
        "status": status,
        "portable": "true",
        **more,
    }


def call_back(token, fields, method="POST"):
    """A callback of hosting, signed."""
    query = urlencode(fields)
    if method == "GET":
        signature = sign(token, f"{PUBLIC}{HOSTING}?{query}", {})
        return Client().get(f"{HOSTING}?{query}", headers={"X-Twilio-Signature": signature})
    headers = {"X-Twilio-Signature": sign(token, PUBLIC + HOSTING, fields)}
    return Client().generic("POST", HOSTING, query, content_type=FORM, headers=headers)


def work():
    """What workers do, and what beat gives them when its time has come."""
    Delivery.objects.waiting().update(next_at=None, taken_at=None)
    for delivery in Delivery.objects.waiting().order_by("received_at"):
        current_app.tasks[delivery.task](delivery.pk)


def status(row):
    row.refresh_from_db()
    return row.status


def test_a_request_that_twilio_does_not_have_leaves_nothing(token, parent):
    assert tell(token, event(make_sid("KW"))).status_code == 200
    work()

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.effect) == (
        State.DONE,
        "Twilio does not have this request, or not any more.",
    )
    assert not PortInRequest.objects.exists()


def test_a_request_for_an_account_that_is_not_mirrored_yet_is_read_all_the_same(token, twilio, parent):
    """Subaccounts are younger than webhooks about them may be."""
    sid = file_port_in(parent, "00", account_sid=twilio.subaccounts[0].account_sid).request.sid
    tell(token, event(sid))
    work()
    twilio.porting.review(sid)
    tell(token, event(sid, "waiting_for_signature"))
    work()

    assert PortInRequest.objects.get(pk=sid).status == "waiting_for_signature"
    told = Delivery.objects.order_by("received_at").values_list("effect", flat=True)
    assert list(told) == ["It was read for the first time.", ""]


def test_what_a_webhook_says_of_a_status_is_never_believed(token, port_in):
    for said in ("completed", "canceled", "moonlit", "x" * 10_000, ""):
        assert tell(token, event(port_in.pk, said)).status_code == 200
    work()

    assert status(port_in) == "in_review"
    assert {number(port_in, one).status for one in ("00", "01")} == {"in_review"}
    assert not Change.objects.filter(source=Change.Source.WEBHOOK).exists()
    assert max(len(one.said["status"]) for one in Delivery.objects.all()) == 40


@pytest.mark.parametrize(
    "sid",
    [None, "", 7, [], {"a": 1}, "KW1", "HR" + "0" * 32, f"KW{'0' * 32}/../../Accounts", "KW" + "0" * 33],
)
def test_what_names_no_request_is_ignored_and_nobody_asks_twilio(token, twilio, parent, sid):
    twilio.journal.clear()

    assert tell(token, event(sid)).status_code == 200
    work()

    assert Delivery.objects.get().state == State.IGNORED
    assert not list(twilio.journal.entries())


def test_a_port_out_is_none_of_ours(token, parent):
    told = {"phone_number": f"{PREFIX}00", "status": "completed", "last_date_updated": "2024-01-25"}
    assert tell(token, told).status_code == 200
    assert Delivery.objects.get().state == State.IGNORED
    assert PREFIX not in str(Delivery.objects.values_list("said", "why", "url", "headers"))


def test_a_body_of_a_megabyte_is_not_read(token, port_in):
    answer = tell(token, event(port_in.pk, padding="x" * 2**20))
    assert answer.status_code == 413
    delivery = Delivery.objects.get()
    assert (delivery.verdict, delivery.body) == (Verdict.UNREADABLE, "")


@pytest.mark.parametrize("body", ["{", "[]", '"KW"', "null", "{}", "[" * 5000, '{"a": NaN', "\ufeff{}"])
def test_what_is_no_json_object_is_refused_however_well_it_is_signed(token, parent, body):
    assert tell(token, body).status_code == 400
    assert Delivery.objects.get().verdict == Verdict.UNREADABLE


def test_a_signature_covers_one_body_alone(token, port_in):
    good = json.dumps(event(port_in.pk))
    assert tell(token, event(port_in.pk, "canceled"), hashed=good).status_code == 403
    assert "not the one that bodySHA256" in Delivery.objects.get().why


def test_a_signature_of_another_endpoint_or_scheme_is_none_here(token, port_in):
    for url in (PUBLIC.replace("https", "http") + PORTING, PUBLIC + HOSTING):
        assert tell(token, event(port_in.pk), url=url).status_code == 403
    work()
    assert status(port_in) == "in_review"
    assert "Make the two the same: correct PUBLIC_URL" in str(Delivery.objects.values_list("why"))


def test_behind_a_proxy_that_ends_tls_the_public_address_counts(token, port_in):
    """The request arrives by http and under an inner name, which nobody signed."""
    assert tell(token, event(port_in.pk), Host="10.0.0.7:8000").status_code in (200, 400)
    assert tell(token, event(port_in.pk), **{"X-Forwarded-Proto": "http"}).status_code == 200


def test_a_webhook_that_is_played_again_later_reads_the_truth_again(token, twilio, port_in):
    old = event(port_in.pk, "in_review")
    tell(token, old)
    work()
    twilio.porting.review(port_in.pk)
    Delivery.objects.update(key="of another minute")
    tell(token, old)
    work()

    assert status(port_in) == "waiting_for_signature"
    assert Delivery.objects.count() == 2


def test_the_slower_of_two_workers_moves_nothing_back(twilio, parent, port_in):
    login = parent.require_own_login()
    slow = portin.fetch_port_in(login, port_in.pk)
    twilio.porting.review(port_in.pk)
    twilio.porting.sign(port_in.pk)
    quick = portin.fetch_port_in(login, port_in.pk)

    apply_port_in(quick, source=Change.Source.WEBHOOK)
    port_in.refresh_from_db()
    read_at, since = port_in.details_read_at, port_in.status_since
    apply_port_in(slow, source=Change.Source.WEBHOOK)

    assert status(port_in) == "in_progress"
    assert number(port_in, "00").status == "port_submitted"
    assert (port_in.details_read_at, port_in.status_since) == (read_at, since)


def test_the_slower_of_two_workers_moves_no_order_back(twilio, parent, address):
    [order] = received(twilio, parent, address, "10")
    login = parent.require_own_login()
    slow = hosting.fetch_order(login, order.pk)
    twilio.hosting.verify(order.pk)
    quick = hosting.fetch_order(login, order.pk)

    hosting_sync.apply_order(quick, source=Change.Source.WEBHOOK)
    hosting_sync.apply_order(slow, source=Change.Source.WEBHOOK)

    assert status(order) == "verified"


def test_what_is_learned_days_late_is_dated_by_twilio(twilio, parent, address, port_in, monkeypatch):
    """Deadlines run at Twilio while nobody here is told of anything."""
    [order] = received(twilio, parent, address, "10")
    three_days = timedelta(days=3)
    with moving(twilio, monkeypatch) as time:
        time.pass_(timedelta(hours=1))
        twilio.porting.review(port_in.pk)
        twilio.hosting.verify(order.pk)
        time.pass_(three_days)
        complete(parent, "port_ins")
        complete(parent, "hosted_orders")

        assert [status(row) for row in (port_in, order)] == ["waiting_for_signature", "verified"]
        for row in (port_in, order):
            assert time.now() - row.status_since > three_days - timedelta(minutes=5)


def test_a_request_that_was_not_found_for_a_moment_comes_back(token, twilio, parent, port_in):
    """Twilio's copies lag behind each other: 404 at one, and there at the next."""
    twilio.faults.add(Fault(kind="status", status=404, method="GET", path=f"*/PortIn/{port_in.pk}*", times=1))
    tell(token, event(port_in.pk))
    work()
    complete(parent, "port_ins")

    port_in.refresh_from_db()
    assert port_in.missing_since is None


def test_an_event_before_the_answer_of_filing_is_no_second_request(token, parent, twilio, port_in):
    """Webhooks may be quicker than Twilio's answer to who files."""
    PortInRequest.objects.all().delete()
    twilio.porting.review(port_in.pk)
    for sid in ("PU" + "1" * 32, "PU" + "2" * 32):
        tell(token, event(port_in.pk, "waiting_for_signature", port_in_phone_number_sid=sid))
    work()

    assert [row.status for row in PortInRequest.objects.all()] == ["waiting_for_signature"]
    assert number(PortInRequest.objects.get(), "00").status == "waiting_for_signature"


def test_another_account_s_token_reads_with_the_account_that_filed(twilio, parent, port_in):
    """Whoever has the token of a subaccount can sign, and learns and changes nothing by it."""
    keys = twilio.subaccounts[0]
    sub = connect_account(sid=keys.account_sid, auth_token=keys.auth_token)
    twilio.porting.review(port_in.pk)

    assert tell(sub.auth_token, event(port_in.pk, "canceled")).status_code == 200
    work()

    assert status(port_in) == "waiting_for_signature", "what is true was read, and by whom it can be read"
    assert Delivery.objects.get().account == sub


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_an_order_that_twilio_does_not_have_leaves_nothing(method, token, parent):
    fields = {"HostedNumberOrderSid": make_sid("HR"), "Status": "completed", "PhoneNumber": f"{PREFIX}10"}
    assert call_back(token, fields, method).status_code == 200
    work()
    assert Delivery.objects.get().state == State.DONE
    assert not HostedOrder.objects.exists()


def test_a_get_says_in_its_signature_what_stands_in_its_query(token, parent):
    fields = {"HostedNumberOrderSid": make_sid("HR"), "Status": "received"}
    signature = sign(token, f"{PUBLIC}{HOSTING}?{urlencode(fields)}", {})
    for query in (urlencode({**fields, "Status": "failed"}), f"{urlencode(fields)}&x=1", ""):
        answer = Client().get(f"{HOSTING}?{query}", headers={"X-Twilio-Signature": signature})
        assert answer.status_code in (400, 403), query
    assert not Delivery.objects.waiting().exists()


def test_twilio_being_away_puts_the_reading_of_an_order_off(token, twilio, parent, address):
    [order] = received(twilio, parent, address, "10")
    twilio.hosting.verify(order.pk)
    call_back(token, {"HostedNumberOrderSid": order.pk, "Status": "verified"})
    twilio.faults.add(Fault(kind="status", status=503, method="GET", path="*/Orders/*"))
    work()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.next_at > timezone.now()) == (State.WAITING, True)

    twilio.faults.clear()
    work()

    assert status(order) == "verified"
    delivery.refresh_from_db()
    assert delivery.state == State.DONE


def test_an_order_of_a_callback_that_came_before_the_answer_is_read_once(token, twilio, parent, address):
    sid = order_hosting(parent, "10", address.pk)
    for method in ("POST", "GET"):
        call_back(token, {"HostedNumberOrderSid": sid, "Status": "received"}, method)
    work()
    assert HostedOrder.objects.get().pk == sid
