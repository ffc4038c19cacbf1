"""A regulation changes: from Twilio's callback to a bundle that is up to date and kept its numbers (J-3)."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.test import Client
from django.urls import reverse

from compliance.bundles.actions import submit_bundle
from compliance.callbacks import tasks  # noqa: F401 (registers them)
from compliance.items.actions import update_end_user
from compliance.models import Bundle, EndUser
from compliance.renewals.rules import Stage, renewal_of
from inventory.models import PhoneNumber
from portal.models import Delivery, Role
from portal.sandbox.regulatory import resources as wire
from portal.sandbox.regulatory.laws import RegulationChange
from portal.sandbox.regulatory.review import ReviewSettings
from portal.sandbox.regulatory.verdicts import Verdict
from portal.webhooks.intake import callback_url
from tests.compliance.renewals.updates import items_at_twilio, numbered_bundle
from tests.factories import make_user
from tests.mirroring import complete
from tests.pages import Page

pytestmark = pytest.mark.django_db
PUBLIC = "https://numbers.example.com"


@pytest.fixture(autouse=True)
def _public(settings):
    settings.PUBLIC_URL = PUBLIC


@pytest.fixture
def reviewer(client):
    person = make_user(Role.COMPLIANCE)
    client.force_login(person)
    return person


def arrive(twilio):
    """Let the sandbox call here, and the workers do what waits for them."""

    def post(url, headers, body):
        if not url.startswith(PUBLIC):
            return "204"
        return str(Client().generic("POST", urlsplit(url).path, body, headers=headers).status_code)

    twilio.deliver(post)
    for delivery in Delivery.objects.waiting().order_by("received_at"):
        current_app.tasks[delivery.task](delivery.pk)


def press(client, page, action):
    """Send the one form of the page that leads to this action, as a browser would."""
    path = next(form["action"] for form in page.all("form") if form["action"].endswith(f"/{action}/"))
    return client.post(path, page.form(f'form[action="{path}"]'))


def states(page):
    return [step["class"].split("--")[1] for step in page.all(".tracker__step")]


def test_a_changed_regulation_is_followed_to_the_end(twilio, parent, client, reviewer):
    sid = numbered_bundle(twilio, parent)
    with twilio.changing() as (store, _):
        told = store.find(wire.Bundle, sid)
        told.status_callback = callback_url("compliance:bundle-callback")
        store.save(told)
    for resource in ("regulations", "addresses", "end_users", "documents", "bundles", "numbers"):
        complete(parent, resource)
    twilio.set_reviews(ReviewSettings(automatic=False))
    numbers = set(PhoneNumber.objects.filter(bundle_sid=sid).values_list("pk", flat=True))
    before = items_at_twilio(twilio, sid)
    assert numbers

    # The regulation changes; the callback tells of a last day and of the status that it had.
    twilio.clock.advance(timedelta(days=2))
    twilio.change_regulation(told.regulation_sid, RegulationChange(add="trade_register", days=60))
    arrive(twilio)
    complete(parent, "regulations")
    bundle = Bundle.objects.get(pk=sid)
    assert (bundle.status, bundle.valid_until is not None) == ("twilio-approved", True)
    listed = Page.of(client, reverse("compliance:deadline-list"))
    assert f"/deadlines/{sid}/" in listed.rows
    assert "Trade Register is needed now." in listed.text

    # Start: a copy, evaluated, with what is missing.
    tracker = reverse("compliance:renewal-detail", args=[sid])
    answer = press(client, Page.of(client, tracker), "start")
    assert answer.status_code == 302
    page = Page.of(client, tracker)
    assert states(page) == ["done", "now", "next", "next", "next", "next", "next"]
    assert "Enter trade register" in page.one(".faults").text
    copy = renewal_of(bundle).copy
    assert page.one(".tracker__work a.button")["href"] == f"/bundles/{copy.pk}/tasks/"

    # Put right, evaluated again, submitted.
    end_user = EndUser.objects.get(pk__in=items_at_twilio(twilio, copy.pk))
    update_end_user(
        end_user=end_user,
        friendly_name=end_user.friendly_name,
        values={**end_user.values, "trade_register": "HRB 555 01"},
        opened_with=end_user.values,
        actor=reviewer,
    )
    press(client, page, "evaluate")
    page = Page.of(client, tracker)
    assert states(page)[:3] == ["done", "done", "now"]
    press(client, page, "submit")
    page = Page.of(client, tracker)
    assert states(page)[:4] == ["done", "done", "done", "now"]
    assert "Twilio is next" in page.one("[aria-current=step]").text

    # Twilio rejects it: the tracker leads to where it is put right, and it is submitted again.
    twilio.clock.advance(timedelta(hours=20))
    twilio.judge(copy.pk, Verdict(status="twilio-rejected", code=18022))
    arrive(twilio)
    page = Page.of(client, tracker)
    assert states(page)[4] == "failed"
    assert page.one(".tracker__work a.button").text == "Fix the copy"
    submit_bundle(bundle=Bundle.objects.get(pk=copy.pk), actor=reviewer)

    # Twilio approves it, and calls back.
    twilio.clock.advance(timedelta(hours=20))
    twilio.judge(copy.pk, Verdict(status="twilio-approved"))
    arrive(twilio)
    page = Page.of(client, tracker)
    assert states(page)[5] == "now"
    assert {badge.text for badge in page.all(".checks td .badge")} == {"Yes"}

    # Replaced, and the copy deleted: the bundle has its SID, its numbers and no last day.
    press(client, page, "replace")
    page = Page.of(client, tracker)
    assert states(page) == ["done"] * 7
    assert twilio.store.find(wire.Bundle, copy.pk) is None
    assert items_at_twilio(twilio, sid).isdisjoint(before)
    bundle.refresh_from_db()
    assert (bundle.valid_until, bundle.status, renewal_of(bundle).stage) == (
        None,
        "twilio-approved",
        Stage.DONE,
    )
    assert all(time.get("datetime") for time in page.all(".tracker__when time"))
    complete(parent, "numbers")
    assert set(PhoneNumber.objects.present().filter(bundle_sid=sid).values_list("pk", flat=True)) == numbers
    assert f"/deadlines/{sid}/" not in Page.of(client, reverse("compliance:deadline-list")).rows


def test_a_bundle_whose_last_day_passes_stays_in_the_list_in_red(twilio, parent, client, reviewer):
    sid = numbered_bundle(twilio, parent)
    complete(parent, "regulations")
    told = twilio.store.find(wire.Bundle, sid)
    twilio.clock.advance(timedelta(days=-90))
    twilio.change_regulation(told.regulation_sid, RegulationChange(add="trade_register", days=60))
    twilio.clock.advance(timedelta(days=90))
    complete(parent, "bundles")

    bundle = Bundle.objects.get(pk=sid)
    page = Page.of(client, reverse("compliance:renewal-detail", args=[sid]))

    assert (bundle.status, renewal_of(bundle).stage) == ("twilio-rejected", Stage.LAPSED)
    assert f"/deadlines/{sid}/" in Page.of(client, reverse("compliance:deadline-list")).rows
    assert "overdue by" in page.text
    assert page.one(".tracker__work a.button")["href"] == f"/bundles/{sid}/tasks/"
    assert client.post(reverse("compliance:renewal-start", args=[sid]), {}).status_code == 422
