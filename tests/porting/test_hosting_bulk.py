"""Bulk hosting requests: Numberdesk looks up those of others, and could start one, but does not."""

from datetime import timedelta

import pytest

from portal.models import Role
from portal.sandbox.faults import Fault
from porting.hosting import gateway
from porting.hosting.bulk.lookups import read_bulk_request
from porting.models import EligibilityCheck
from tests.factories import make_account, make_user
from tests.mirroring import complete
from tests.pages import Page
from tests.porting.hosting import by_hand, numbers
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
URL = "/porting/hosting/bulk/"


@pytest.fixture
def bulk(twilio, parent):
    """Started with a script: two numbers that can be hosted, and one that cannot."""
    by_hand(twilio)
    body = {"friendly_name": "Move", "phone_numbers": numbers("10", "11", "20")}
    told = gateway.create_bulk_hosting(parent.require_own_login(), body)
    return told["bulk_hosting_sid"]


@pytest.fixture
def processed(twilio, bulk):
    twilio.clock.advance(timedelta(seconds=11))
    return bulk


def look_up(client, account, sid, **more):
    return client.get(URL, {"account": account.pk, "sid": sid, **more})


def test_the_gateway_starts_and_fetches_a_bulk_request(twilio, parent, bulk):
    login = parent.require_own_login()
    assert gateway.fetch_bulk_hosting(login, bulk)["request_status"] == "QUEUED"
    twilio.clock.advance(timedelta(seconds=11))

    told = gateway.fetch_bulk_hosting(login, bulk, order_status="failed")

    assert (told["request_status"], told["total_count"]) == ("PROCESSED", 3)
    assert [group["order_status"] for group in told["results"]] == ["failed"]


def test_orders_stand_by_status_and_failed_ones_are_checked_again_in_one_press(parent, processed, as_porter):
    complete(parent, "hosted_orders")

    page = Page(look_up(as_porter, parent, processed))

    assert "3 numbers" in page.one("#found").text
    assert {" ".join(item.text.split()) for item in page.all(".tally a")} == {"Received 2", "Failed 1"}
    assert page.all("a[href^='/porting/hosting/orders/HR']")
    assert page.text.count("The carrier does not allow it") == 2, "the reason, and the next step"
    answered = as_porter.post(
        "/porting/hosting/checks/", page.form("form[action='/porting/hosting/checks/']")
    )
    check = EligibilityCheck.objects.get()
    assert answered.url == check.get_absolute_url()
    assert [result.phone_number for result in check.results.all()] == numbers("20")


def test_a_request_that_twilio_is_still_at_says_so(parent, bulk, as_porter):
    page = Page(look_up(as_porter, parent, bulk))

    assert "Twilio is still at it" in page.text
    assert "Queued" in page.text


def test_orders_of_one_status_are_shown_alone(parent, processed, as_porter):
    page = Page(look_up(as_porter, parent, processed, status="failed"))
    assert page.all("#status-failed")
    assert not page.all("#status-received")
    assert (
        "Twilio tells of no orders of this status"
        in Page(look_up(as_porter, parent, processed, status="completed")).text
    )


def test_answers_that_nobody_has_seen_are_shown_as_they_came():
    odd = {"request_status": "PAUSED", "total_count": "x", "results": [{"order_status": "on_hold"}, 7, None]}

    found = read_bulk_request("BH1", odd)

    assert (found.label.word, found.total, found.is_over) == ("paused", None, False)
    assert [(group.label.word, group.count) for group in found.groups] == [("on_hold", "0")]


@pytest.mark.parametrize(
    ("sid", "words"),
    [
        ("BH12", "Enter a SID of BH and 32 letters and digits"),
        ("", "Enter the SID of the bulk request"),
        ("BH" + "0" * 32, "Twilio has no such bulk request in"),
    ],
)
def test_what_cannot_be_looked_up_is_said_beside_the_field(sid, words, twilio, parent, as_porter):
    answered = look_up(as_porter, parent, sid)

    assert answered.status_code == 422
    assert words in Page(answered).one("[data-error-summary]").text


def test_an_outage_is_said_and_breaks_nothing(twilio, parent, bulk, as_porter):
    twilio.faults.add(Fault(kind="status", status=503, method="GET", path="*/Orders/Bulk/*"))

    answered = look_up(as_porter, parent, bulk)

    assert answered.status_code == 422
    assert "Unavailable" in Page(answered).one("[data-error-summary]").text


def test_the_preview_says_that_it_has_none(settings, parent, as_porter):
    settings.HOSTING_API = "preview"
    assert "no bulk requests" in Page.of(as_porter, URL).text


def test_only_who_hosts_on_the_account_looks_it_up(parent, processed, as_porter, as_support, client):
    assert as_support.get(URL).status_code == 403
    client.force_login(make_user(Role.PORTING, accounts=[make_account()]))
    assert look_up(client, parent, processed).status_code == 422
    assert as_porter.post(URL).status_code == 405


def test_the_page_takes_the_same_queries(parent, processed, as_porter):
    with counted("bulk_hosting"):
        look_up(as_porter, parent, processed)
