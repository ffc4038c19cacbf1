"""Porting webhooks, from what the sandbox signs to the mirror, whatever happens between."""

from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.test import Client
from django.utils import timezone

from portal.models import Change, Delivery
from portal.sandbox.callbacks import CallbackSettings
from portal.sandbox.faults import Fault
from portal.webhooks.intake import callback_url
from porting.following import tasks  # noqa: F401 (registers them)
from porting.following.history import number_events
from porting.models import PortInRequest
from porting.portin import gateway
from tests.mirroring import complete
from tests.porting.filing import PREFIX
from tests.porting.following.requests import by_hand, filed, number

pytestmark = pytest.mark.django_db
PUBLIC = "https://numbers.example.com"
PATH = "/webhooks/porting/"
State = Delivery.State


@pytest.fixture(autouse=True)
def _listening(settings, twilio, parent):
    settings.PUBLIC_URL = PUBLIC
    by_hand(twilio)
    login = parent.require_own_login()
    gateway.set_webhook(login, {"port_in_target_url": callback_url("porting:porting-webhook")})


@pytest.fixture
def port_in(parent):
    return filed(parent, "00", "01")


def post(url, headers, body):
    parts = urlsplit(url)
    return str(Client().generic("POST", f"{parts.path}?{parts.query}", body, headers=headers).status_code)


def deliver(twilio):
    answers = []

    def noted(url, headers, body):
        if not url.startswith(PUBLIC):
            return "204"
        answers.append(post(url, headers, body))
        return answers[-1]

    twilio.deliver(noted)
    return answers


def work(order="received_at"):
    for delivery in Delivery.objects.waiting().order_by(order):
        current_app.tasks[delivery.task](delivery.pk)


def status(port_in):
    port_in.refresh_from_db()
    return port_in.status


def test_a_new_status_is_in_the_mirror_after_its_webhooks(twilio, port_in):
    twilio.porting.review(port_in.pk)

    assert set(deliver(twilio)) == {"200"}
    work()

    assert status(port_in) == "waiting_for_signature"
    assert number(port_in, "00").status == "waiting_for_signature"
    assert port_in.status_since is not None
    told = Delivery.objects.filter(kind="port-in")
    assert {one.state for one in told} == {State.DONE}
    assert {one.said["of"] for one in told} == {"a number", "the request"}
    assert Change.objects.filter(target=port_in.pk, source=Change.Source.WEBHOOK).exists()


def test_the_inbox_says_neither_number_nor_reason(twilio, port_in):
    twilio.porting.review(port_in.pk)
    twilio.porting.sign(port_in.pk)
    twilio.porting.reject(port_in.pk, 22153)
    deliver(twilio)
    work()

    shown = str(Delivery.objects.values_list("said", "why", "error", "effect", "headers"))
    assert PREFIX not in shown
    assert "End User" not in shown


@pytest.mark.parametrize("kind", ["callback-forged", "callback-tampered"])
def test_a_forged_webhook_changes_nothing(twilio, port_in, kind):
    twilio.faults.add(Fault(kind=kind))
    twilio.porting.review(port_in.pk)

    assert set(deliver(twilio)) <= {"403", "400"}
    work()

    assert status(port_in) == "in_review"


def test_json_without_the_hash_of_its_body_is_refused(port_in):
    answer = Client().post(
        PATH, f'{{"port_in_request_sid": "{port_in.pk}"}}', content_type="application/json"
    )
    assert answer.status_code == 403


def test_those_that_come_twice_do_no_harm(twilio, port_in):
    twilio.faults.add(Fault(kind="callback-twice"))
    twilio.porting.review(port_in.pk)

    assert set(deliver(twilio)) == {"200"}
    work()

    assert status(port_in) == "waiting_for_signature"
    assert Delivery.objects.filter(kind="port-in").count() == 3


def test_a_late_one_moves_nothing_back(twilio, port_in):
    twilio.porting.review(port_in.pk)
    twilio.porting.sign(port_in.pk)
    twilio.porting.complete(port_in.pk)
    deliver(twilio)

    work(order="-received_at")

    assert status(port_in) == "completed"
    since = port_in.status_since
    Delivery.objects.filter(kind="port-in").update(state=State.WAITING)
    work()
    assert status(port_in) == "completed"
    assert port_in.status_since == since
    assert [event.title for event in number_events(port_in)] == ["2 numbers: completed"]


def test_what_was_lost_is_learned_by_reading(twilio, parent, port_in):
    twilio.faults.add(Fault(kind="callback-lost"))
    twilio.porting.review(port_in.pk)
    assert deliver(twilio) == []
    complete(parent, "port_ins")
    assert status(port_in) == "waiting_for_signature"
    assert Change.objects.filter(target=port_in.pk, source=Change.Source.SYNC).exists()


def test_the_odd_hyphens_of_page_17_are_no_trouble(twilio, port_in):
    with twilio.changing() as (store, _):
        store.write_meta({"callbacks": CallbackSettings(page_hyphens=True)})
    twilio.porting.review(port_in.pk)

    assert set(deliver(twilio)) == {"200"}
    work()

    assert status(port_in) == "waiting_for_signature"


def test_a_request_that_was_not_known_is_read(twilio, parent, port_in):
    twilio.porting.review(port_in.pk)
    PortInRequest.objects.filter(pk=port_in.pk).delete()
    deliver(twilio)
    work()

    assert PortInRequest.objects.get(pk=port_in.pk).status == "waiting_for_signature"
    first = Delivery.objects.filter(kind="port-in").order_by("received_at")[0]
    assert first.effect == "It was read for the first time."


def test_twilio_being_away_puts_the_reading_off(twilio, port_in):
    twilio.porting.review(port_in.pk)
    deliver(twilio)
    twilio.faults.add(Fault(kind="status", status=503, method="GET", path="*/PortIn/*"))
    work()
    waiting = Delivery.objects.filter(kind="port-in", state=State.WAITING)
    assert waiting.count() == 3
    twilio.faults.clear()
    waiting.update(next_at=timezone.now(), taken_at=None)
    work()
    assert status(port_in) == "waiting_for_signature"


def test_only_posts_are_taken():
    assert Client().get(PATH).status_code == 405
