"""What was learned without a webhook, of requests and of single numbers (N5)."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from portal.models import Change, Delivery, Role
from portal.numbering import spaced
from porting.following.actions import cancel_port_in
from tests.factories import make_account, make_user
from tests.mirroring import complete
from tests.pages import Page
from tests.porting.filing import PREFIX
from tests.porting.following.requests import by_hand, filed, number, read
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
LIST = "/porting/webhooks/"


@pytest.fixture(autouse=True)
def _by_hand(twilio):
    by_hand(twilio)


def late(client):
    return Page.of(client, LIST).one("section[aria-labelledby=late]")


def test_what_a_reading_found_first_is_listed_as_learned_without_a_webhook(twilio, parent, as_porter):
    request = filed(parent, "00")
    twilio.porting.review(request.pk)
    complete(parent, "port_ins")

    text = Page.of(as_porter, LIST).one("main").text
    assert "In review → Waiting for signature" in text
    assert "not yet" in text

    Change.objects.filter(target=request.pk).update(at=timezone.now() - timedelta(hours=30))
    assert "Event missed" in Page.of(as_porter, LIST).one("main").text
    Delivery.objects.create(
        kind="port-in", account=parent, verdict="good", key="x", target=request.pk, state="done",
        said={"status": "waiting_for_signature"},
    )  # fmt: skip
    assert "came just now" in Page.of(as_porter, LIST).one("main").text


def test_numbers_whose_events_were_lost_are_listed_together(twilio, parent, as_porter):
    request = filed(parent, "00", "01", "02", "03", "04")
    twilio.porting.review(request.pk)
    twilio.porting.sign(request.pk)
    complete(parent, "port_ins")
    Delivery.objects.create(
        kind="port-in", account=parent, verdict="good", key="y", target=request.pk, state="done",
        said={"status": "Port Submitted", "of": "a number", "number_sid": number(request, "04").pk},
    )  # fmt: skip
    numbers = Change.objects.filter(resource="port_in_numbers")
    numbers.update(at=F("at") - timedelta(hours=30))
    assert numbers.values("at").distinct().count() > 1, "they are written one after another"

    own, *others = (row.text for row in late(as_porter).all("tbody tr"))

    came, missed = sorted(others, key=lambda text: text.endswith("Event missed"))
    assert "In review → In progress" in own
    assert "In review → Port submitted" in missed
    assert "and 1 more" in missed
    assert missed.endswith("Event missed")
    assert spaced(f"{PREFIX}04") in came
    assert "came just now" in came


def test_a_status_that_no_webhook_tells_is_not_missed(twilio, parent, as_porter, porter):
    request = filed(parent, "00")
    twilio.porting.review(request.pk)
    twilio.porting.sign(request.pk)
    cancel_port_in(request=read(parent, request.pk), actor=porter)
    Change.objects.update(source=Change.Source.SYNC)

    assert "Canceling" not in late(as_porter).text


def test_what_was_learned_of_others_requests_is_not_shown(twilio, parent):
    request = filed(parent, "00")
    twilio.porting.review(request.pk)
    complete(parent, "port_ins")
    stranger = Client()
    stranger.force_login(make_user(Role.PORTING, accounts=[make_account()]))

    assert "Nothing: every change" in late(stranger).text


def test_each_account_has_the_webhooks_of_its_own_requests(parent, as_porter):
    other = make_account(friendly_name="Other", status="active")
    request = filed(parent, "00")
    for key in "ab":
        Delivery.objects.create(
            kind="port-in", account=other, verdict="good", key=key, target=request.pk, state="done"
        )

    rows = {row.one("th").text: row.text for row in Page.of(as_porter, LIST).all("#main tbody tr")[:2]}

    assert rows[str(parent)].startswith(f"{parent} 2 just now")
    assert rows["Other"].startswith("Other 0")


def test_it_costs_as_many_queries_for_one_number_as_for_many(twilio, parent, as_porter):
    for endings in (("00",), ("01", "02", "03")):
        make_account(status="active")
        request = filed(parent, *endings)
        twilio.porting.review(request.pk)
        complete(parent, "port_ins")
        with counted("porting_webhook_list"):
            late(as_porter)
