"""What Twilio tells of hosted orders, by POST and by GET, and what is asked for where it tells nothing."""

from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from celery import current_app
from django.test import Client
from twilio.request_validator import RequestValidator

from inventory.models import PhoneNumber
from portal.models import Change, Delivery
from portal.sandbox.faults import Fault
from portal.webhooks.intake import callback_url
from porting.models import AuthorizationDocument, HostedOrder
from tests.factories import make_sid
from tests.mirroring import complete
from tests.porting.filing import order_hosting
from tests.porting.hosting import by_hand, received

pytestmark = pytest.mark.django_db
PUBLIC = "https://numbers.example.com"
PATH = "/webhooks/hosting/"
State = Delivery.State


@pytest.fixture(autouse=True)
def _public(settings):
    settings.PUBLIC_URL = PUBLIC


def order_of(twilio, parent, address, ending="10", method="POST"):
    by_hand(twilio)
    url = callback_url("porting:hosting-callback")
    return order_hosting(parent, ending, address.pk, StatusCallbackUrl=url, StatusCallbackMethod=method)


def letter_for(twilio, sid, address):
    return twilio.direct(
        "POST",
        "/v2/HostedNumber/AuthorizationDocuments",
        host="numbers.twilio.com",
        HostedNumberOrderSids=sid,
        AddressSid=address.pk,
        Email="signer@example.com",
        ContactPhoneNumber="+12075550199",
    )


def place(url):
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def deliver(twilio):
    """Let the sandbox call here; what it was answered."""
    answers = []

    def note(url, answer):
        if url.startswith(PUBLIC):
            answers.append(answer().status_code)
            return str(answers[-1])
        return "204"

    twilio.deliver(
        lambda url, headers, body: note(
            url, lambda: Client().generic("POST", place(url), body, headers=headers)
        ),
        lambda url, headers: note(url, lambda: Client().get(place(url), headers=headers)),
    )
    for delivery in Delivery.objects.waiting().order_by("received_at"):
        current_app.tasks[delivery.task](delivery.pk)
    return answers


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_status_is_in_the_mirror_after_its_callback(method, twilio, parent, address):
    sid = order_of(twilio, parent, address, method=method)
    twilio.hosting.process(sid)

    assert deliver(twilio) == [200]

    assert HostedOrder.objects.get(pk=sid).status == "received"
    delivery = Delivery.objects.get()
    assert (delivery.kind, delivery.target, delivery.state) == ("hosted-order", sid, State.DONE)
    assert delivery.said == {"status": "received"}
    assert delivery.effect == "It was read for the first time."
    assert "PhoneNumber" not in delivery.url


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("kind", ["callback-forged", "callback-tampered"])
def test_what_twilio_did_not_sign_is_refused(kind, method, twilio, parent, address):
    sid = order_of(twilio, parent, address, method=method)
    twilio.faults.add(Fault(kind=kind))
    twilio.hosting.process(sid)

    assert deliver(twilio) == [403]

    assert not HostedOrder.objects.filter(pk=sid).exists()


def test_a_get_with_a_good_signature_of_another_address_is_refused(twilio, parent):
    query = urlencode({"HostedNumberOrderSid": make_sid("HR"), "Status": "completed"})
    token = twilio.credentials.auth_token
    signature = RequestValidator(token).compute_signature(f"{PUBLIC}{PATH}", {})

    answer = Client().get(f"{PATH}?{query}", headers={"X-Twilio-Signature": signature})

    assert answer.status_code == 403


def test_what_names_no_order_is_ignored(twilio, parent):
    """The address is on the prepared number as well, whose calls end up here."""
    body = {"CallSid": make_sid("CA"), "CallStatus": "completed", "AccountSid": parent.pk}
    signature = RequestValidator(twilio.credentials.auth_token).compute_signature(f"{PUBLIC}{PATH}", body)

    answer = Client().post(
        PATH,
        urlencode(body),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
    )

    assert answer.status_code == 200
    assert Delivery.objects.get().state == State.IGNORED


def test_callbacks_that_come_twice_and_late_end_in_the_right_status(twilio, parent, address):
    sid = order_of(twilio, parent, address)
    twilio.faults.add(Fault(kind="callback-twice", nth=1))
    twilio.faults.add(Fault(kind="callback-late", nth=2, seconds=600, times=1))
    twilio.hosting.process(sid)
    twilio.hosting.verify(sid)
    deliver(twilio)
    twilio.clock.advance(timedelta(minutes=11))
    deliver(twilio)

    assert HostedOrder.objects.get(pk=sid).status == "verified"
    seen = Change.objects.filter(target=sid, fields__has_key="status").values_list(
        "fields__status", flat=True
    )
    assert ["verified", "received"] not in list(seen), "a status never moves back"


@pytest.mark.parametrize(
    ("act", "order", "letter"),
    [("sign", "carrier_processing", "signed"), ("decline", "verified", "canceled")],
)
def test_a_letter_is_read_when_its_orders_go_on(act, order, letter, twilio, parent, address):
    sid = order_of(twilio, parent, address, "11")
    twilio.hosting.process(sid)
    twilio.hosting.verify(sid)
    document = letter_for(twilio, sid, address)
    complete(parent, "authorizations")
    deliver(twilio)
    Delivery.objects.all().delete()  # more than a minute passes: the same words are news again

    getattr(twilio.hosting, act)(document["sid"])
    deliver(twilio)

    assert HostedOrder.objects.get(pk=sid).status == order
    assert AuthorizationDocument.objects.get(pk=document["sid"]).status == letter


def test_a_number_is_in_use_as_soon_as_its_order_is_completed(twilio, parent, address):
    sid = order_of(twilio, parent, address)
    twilio.hosting.process(sid)
    twilio.hosting.verify(sid)
    twilio.hosting.sign(letter_for(twilio, sid, address)["sid"])
    deliver(twilio)
    complete(parent)
    number = PhoneNumber.objects.get(pk=HostedOrder.objects.get(pk=sid).number_sid)
    assert number.status == "pending"
    Delivery.objects.all().delete()

    twilio.hosting.complete(sid)
    deliver(twilio)

    number.refresh_from_db()
    assert (HostedOrder.objects.get(pk=sid).status, number.status) == ("completed", "in-use")


def test_what_is_not_called_back_is_asked_for(twilio, parent, address):
    by_hand(twilio)
    sid = order_hosting(parent, "10", address.pk)  # without a callback
    complete(parent, "hosted_orders")
    twilio.hosting.process(sid)
    HostedOrder.objects.update(synced_at="2020-01-01T00:00:00Z")

    current_app.tasks["poll_hosting"]()

    assert HostedOrder.objects.get(pk=sid).status == "received"


def test_what_was_asked_for_is_left_alone_for_some_minutes(twilio, parent, address):
    by_hand(twilio)
    order_hosting(parent, "10", address.pk)
    complete(parent, "hosted_orders")
    complete(parent, "authorizations")
    HostedOrder.objects.update(synced_at="2020-01-01T00:00:00Z")
    AuthorizationDocument.objects.update(synced_at="2020-01-01T00:00:00Z")
    current_app.tasks["poll_hosting"]()
    twilio.faults.add(Fault(kind="reset"))  # nobody may notice
    HostedOrder.objects.update(synced_at="2020-01-01T00:00:00Z")

    current_app.tasks["poll_hosting"]()

    assert not [fault for fault in twilio.faults.list() if fault.fired]


def test_orders_received_are_not_asked_for_every_minute(twilio, parent, address):
    by_hand(twilio)
    [order] = received(twilio, parent, address, "10")
    twilio.hosting.verify(order.pk)
    HostedOrder.objects.update(synced_at="2020-01-01T00:00:00Z")

    current_app.tasks["poll_hosting"]()

    order.refresh_from_db()
    assert order.status == "received", "the sync learns it"
