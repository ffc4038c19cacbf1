"""Callbacks about bundles, from what the sandbox signs to the mirror, whatever happens between."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from celery import current_app
from celery.signals import before_task_publish
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance.callbacks import tasks  # noqa: F401 (registers them)
from compliance.callbacks.actions import POLLED_EVERY
from compliance.models import Bundle, SupportingDocument
from portal.models import Change, Delivery
from portal.sandbox.callbacks import CallbackSettings
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory.verdicts import Verdict
from portal.webhooks.intake import callback_url
from portal.webhooks.processing import MOST_ATTEMPTS, process, send_waiting
from tests.mirroring import complete
from tests.sandbox.compliance import move, ready_bundle, submitted
from tests.sandbox.conftest import Api

pytestmark = pytest.mark.django_db
PUBLIC = "https://numbers.example.com"
PATH = "/webhooks/bundles/"
State = Delivery.State


@pytest.fixture(autouse=True)
def _public(settings):
    settings.PUBLIC_URL = PUBLIC


@pytest.fixture
def api(twilio, parent):
    return Api(twilio, twilio.credentials)


@pytest.fixture
def bundle(api):
    """A bundle that waits for its review, and calls here."""
    return submitted(api, StatusCallback=callback_url("compliance:bundle-callback")).sid


def post(url, headers, body):
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return str(Client().generic("POST", path, body, headers=headers).status_code)


def deliver(twilio):
    """Let the sandbox call here; what it was answered."""
    answers = []

    def noted(url, headers, body):
        if not url.startswith(PUBLIC):  # bundles of the data set call elsewhere
            return "204"
        answers.append(post(url, headers, body))
        return answers[-1]

    twilio.deliver(noted)
    return answers


def work():
    """What workers do with the deliveries that wait for them."""
    for delivery in Delivery.objects.waiting().order_by("received_at"):
        current_app.tasks[delivery.task](delivery.pk)


def arrive(twilio):
    answers = deliver(twilio)
    work()
    return answers


def judge(twilio, bundle, **said):
    twilio.judge(bundle, Verdict(**said))


def mirrored(sid):
    return Bundle.objects.get(pk=sid)


def test_the_address_for_twilio_is_made_of_the_public_url():
    assert callback_url("compliance:bundle-callback") == PUBLIC + PATH


def test_an_approval_is_in_the_mirror_after_its_callback(twilio, bundle):
    assert arrive(twilio) == ["200"]
    assert mirrored(bundle).status == "pending-review"

    judge(twilio, bundle, status="twilio-approved")
    assert arrive(twilio) == ["200"]

    assert mirrored(bundle).status == "twilio-approved"
    told = Delivery.objects.latest("received_at")
    assert (told.state, told.said, told.target) == (State.DONE, {"status": "twilio-approved"}, bundle)
    change = Change.objects.get(target=bundle, source=Change.Source.WEBHOOK, resource="bundles")
    assert change.fields["status"] == ["pending-review", "twilio-approved"]
    assert change.delivery == told


def test_a_bundle_that_was_not_known_is_read(twilio, bundle):
    arrive(twilio)

    assert Delivery.objects.get().effect == "It was read for the first time."


@pytest.mark.parametrize("spelling", ["pascal", "snake"])
def test_a_last_day_with_the_same_status_is_not_swallowed(twilio, bundle, spelling):
    with twilio.changing() as (store, _):
        store.write_meta({"callbacks": CallbackSettings(spelling=spelling)})
    judge(twilio, bundle, status="twilio-approved")
    arrive(twilio)

    judge(twilio, bundle, valid_until="2099-09-01")
    arrive(twilio)

    assert mirrored(bundle).valid_until.isoformat() == "2099-09-01T00:00:00+00:00"
    said = Delivery.objects.latest("received_at").said
    assert said == {"status": "twilio-approved", "valid until": "2099-09-01T00:00:00Z"}


def test_the_reason_of_a_rejection_is_kept_and_shown_to_nobody_in_the_inbox(twilio, bundle):
    judge(twilio, bundle, status="twilio-rejected", code=18003, reason="Ms Example's name differs")
    arrive(twilio)

    assert mirrored(bundle).review_reason == "Ms Example's name differs"
    assert "rejected is kept with the bundle" in Delivery.objects.latest("received_at").effect
    assert "Example" not in str(Delivery.objects.values_list("said", "why", "error", "effect", "headers"))


def test_what_was_decided_of_its_documents_is_read_with_it(twilio, bundle):
    arrive(twilio)
    held = SupportingDocument.objects.in_bundle(bundle)
    assert set(held.values_list("status", flat=True)) == {"pending-review"}

    judge(twilio, bundle, status="twilio-approved")
    arrive(twilio)

    assert set(held.values_list("status", flat=True)) == {"approved"}
    change = Change.objects.filter(resource="documents", kind="changed").first()
    assert change.source == Change.Source.WEBHOOK


def test_a_reason_that_came_too_late_is_not_that_of_an_approval(twilio, bundle):
    judge(twilio, bundle, status="twilio-rejected", code=18003)
    deliver(twilio)
    judge(twilio, bundle, status="twilio-approved")

    work()

    assert (mirrored(bundle).status, mirrored(bundle).review_reason) == ("twilio-approved", "")


def test_of_two_rejections_the_later_reason_stands(twilio, api, bundle):
    judge(twilio, bundle, status="twilio-rejected", code=18003, reason="First")
    deliver(twilio)
    move(api, bundle, "pending-review")
    judge(twilio, bundle, status="twilio-rejected", code=18003, reason="Second")
    deliver(twilio)

    for delivery in Delivery.objects.waiting().order_by("-received_at"):  # the later one first
        current_app.tasks[delivery.task](delivery.pk)

    assert mirrored(bundle).review_reason == "Second"


def test_a_forged_callback_changes_nothing(twilio, bundle):
    arrive(twilio)
    judge(twilio, bundle, status="twilio-approved")
    twilio.faults.add(Fault(kind="callback-forged"))

    assert arrive(twilio) == ["403"]
    assert mirrored(bundle).status == "pending-review"
    assert Delivery.objects.exclude(verdict="good").count() == 1


def test_one_that_comes_twice_does_no_harm(twilio, bundle):
    twilio.faults.add(Fault(kind="callback-twice"))
    judge(twilio, bundle, status="twilio-approved")
    arrive(twilio)
    twilio.clock.advance(timedelta(minutes=10))
    arrive(twilio)

    assert mirrored(bundle).status == "twilio-approved"
    assert not Change.objects.filter(target=bundle, resource="bundles").exists()
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DONE}


def test_those_in_another_order_leave_the_right_state(twilio, bundle):
    judge(twilio, bundle, status="twilio-rejected", code=18003)
    judge(twilio, bundle, status="twilio-approved")
    deliver(twilio)

    for delivery in Delivery.objects.waiting().order_by("-received_at"):
        current_app.tasks[delivery.task](delivery.pk)

    assert mirrored(bundle).status == "twilio-approved"


def test_a_late_one_does_not_move_a_bundle_back(twilio, bundle):
    twilio.faults.add(Fault(kind="callback-late", seconds=600, times=1))
    arrive(twilio)
    judge(twilio, bundle, status="twilio-approved")
    arrive(twilio)

    twilio.clock.advance(timedelta(minutes=11))
    arrive(twilio)

    assert mirrored(bundle).status == "twilio-approved"
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DONE}


def test_a_lost_one_is_made_up_for_by_asking(twilio, bundle):
    arrive(twilio)
    twilio.faults.add(Fault(kind="callback-lost"))
    judge(twilio, bundle, status="twilio-approved")
    assert arrive(twilio) == []

    Bundle.objects.update(items_read_at=timezone.now() - POLLED_EVERY - timedelta(seconds=1))
    current_app.tasks["poll_reviews"]()

    assert mirrored(bundle).status == "twilio-approved"
    assert Change.objects.get(target=bundle, resource="bundles").source == Change.Source.SYNC


def test_a_change_into_review_is_learned_by_asking(twilio, bundle):
    """Twilio calls for none (page 31)."""
    arrive(twilio)
    judge(twilio, bundle, status="in-review")
    assert arrive(twilio) == []

    Bundle.objects.update(items_read_at=timezone.now() - POLLED_EVERY - timedelta(seconds=1))
    current_app.tasks["poll_reviews"]()

    assert mirrored(bundle).status == "in-review"


def test_what_was_read_just_now_is_not_asked_for(twilio, bundle):
    arrive(twilio)
    judge(twilio, bundle, status="in-review")
    current_app.tasks["poll_reviews"]()

    assert mirrored(bundle).status == "pending-review"


def test_asking_stops_while_twilio_is_away(twilio, api, bundle):
    submitted(api, StatusCallback=callback_url("compliance:bundle-callback"))
    arrive(twilio)
    Bundle.objects.update(items_read_at=None)
    twilio.faults.add(Fault(kind="status", status=503))

    current_app.tasks["poll_reviews"]()

    assert Bundle.objects.filter(items_read_at=None).count() == 2


def test_a_bundle_that_is_gone_is_noted(twilio, api):
    bundle = ready_bundle(api, StatusCallback=callback_url("compliance:bundle-callback")).sid
    move(api, bundle, "pending-review")
    judge(twilio, bundle, status="twilio-rejected", code=18003)
    deliver(twilio)
    assert api.regulatory("DELETE", f"/Bundles/{bundle}").status == 204

    work()

    assert Delivery.objects.filter(state=State.DONE).first().effect.startswith("Twilio does not have")
    assert not Bundle.objects.present().filter(pk=bundle).exists()


def test_while_twilio_is_away_it_waits_and_is_tried_again(twilio, bundle):
    deliver(twilio)
    twilio.faults.add(Fault(kind="status", status=503))
    work()

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.taken_at) == (State.WAITING, 1, None)
    assert delivery.next_at > timezone.now()
    assert "Twilio" in delivery.error

    work()
    assert Delivery.objects.get().attempts == 1  # it is not its time yet

    twilio.faults.clear()
    Delivery.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    work()
    assert (Delivery.objects.get().state, Delivery.objects.get().error) == (State.DONE, "")


def test_after_so_many_attempts_it_has_failed(twilio, bundle):
    deliver(twilio)
    twilio.faults.add(Fault(kind="status", status=503))
    Delivery.objects.update(attempts=MOST_ATTEMPTS - 1)
    work()

    assert Delivery.objects.get().state == State.FAILED


def test_what_twilio_refuses_has_failed_at_once(twilio, bundle):
    deliver(twilio)
    twilio.faults.add(Fault(kind="status", status=403))
    work()

    assert Delivery.objects.get().state == State.FAILED


def test_one_whose_worker_was_killed_is_taken_up_after_its_lease(twilio, bundle):
    deliver(twilio)
    delivery = Delivery.objects.get()
    Delivery.objects.update(taken_at=timezone.now(), attempts=1, sent_at=timezone.now())

    work()
    assert send_waiting() == 0
    assert Delivery.objects.get().state == State.WAITING

    long_ago = timezone.now() - timedelta(minutes=3)
    Delivery.objects.update(taken_at=long_ago, sent_at=long_ago)
    assert send_waiting() == 1
    current_app.tasks[delivery.task](delivery.pk)
    assert (Delivery.objects.get().state, Delivery.objects.get().attempts) == (State.DONE, 2)


def test_one_that_kills_every_worker_is_given_up(twilio, bundle):
    deliver(twilio)
    Delivery.objects.update(attempts=MOST_ATTEMPTS)
    work()

    assert (Delivery.objects.get().state, mirrored_or_none(bundle)) == (State.FAILED, None)


def mirrored_or_none(sid):
    return Bundle.objects.filter(pk=sid).first()


def test_what_a_broker_never_got_is_sent_by_beat(twilio, bundle):
    deliver(twilio)
    Delivery.objects.update(sent_at=None)

    assert send_waiting() == 1
    assert send_waiting() == 0


def test_a_task_for_a_delivery_that_is_gone_or_over_does_nothing(twilio, bundle):
    arrive(twilio)
    attempts = Delivery.objects.get().attempts

    for pk in (Delivery.objects.get().pk, 0):
        current_app.tasks["receive_bundle_callback"](pk)

    assert Delivery.objects.get().attempts == attempts


def test_one_that_came_again_while_it_was_read_is_read_again(twilio, bundle):
    deliver(twilio)
    delivery = Delivery.objects.get()

    def again(*_):
        Delivery.objects.update(times=2)
        return ""

    process(delivery.pk, again)

    assert Delivery.objects.get().state == State.WAITING


def test_a_bundle_of_a_subaccount_is_read_with_its_own_credentials(twilio, parent):
    complete(parent, "accounts")
    sub = Api(twilio, twilio.subaccounts[0])
    bundle = submitted(sub, StatusCallback=callback_url("compliance:bundle-callback")).sid

    assert arrive(twilio) == ["200"]
    assert mirrored(bundle).account_id == twilio.subaccounts[0].account_sid


def test_the_endpoint_takes_posts_alone(client):
    assert client.get(reverse("compliance:bundle-callback")).status_code == 405


def test_nothing_personal_travels_with_a_task(twilio, bundle):
    """A task is told the id of the delivery and no more."""
    sent = []

    def note(sender, body, **_):
        sent.append((sender, *body[0]))

    before_task_publish.connect(note)
    try:
        deliver(twilio)
    finally:
        before_task_publish.disconnect(note)

    assert sent == [("receive_bundle_callback", Delivery.objects.get().pk)]
