"""Bundles under review: how long they have been, what is usual, and what is written to Twilio."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from compliance.models import Bundle
from compliance.renewals.actions import ESCALATE_REVIEW
from portal.models import Operation, Role
from tests.factories import make_account, make_bundle, make_regulation, make_user
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

LIST, TEXT = "/reviews/", "/reviews/escalation/"


@pytest.fixture
def account(db):
    return make_account()


def waiting(account, hours: float, **fields) -> Bundle:
    """A bundle that was submitted so many hours ago."""
    regulation = make_regulation(fields.pop("country", "DE"))
    bundle = make_bundle(account, regulation, status="in-review", **fields)
    moment = timezone.now() - timedelta(hours=hours)
    Bundle.objects.filter(pk=bundle.pk).update(submitted_at=moment, status_since=moment)
    return bundle


def decided(account, submitted: datetime, took: timedelta, country: str = "DE", **fields) -> None:
    bundle = make_bundle(account, make_regulation(country), **fields)
    Bundle.objects.filter(pk=bundle.pk).update(submitted_at=submitted, status_since=submitted + took)


@pytest.fixture
def stock(account):
    late = waiting(account, 200, friendly_name="Alex Example")
    waiting(account, 1, friendly_name="New", country="JP")
    make_bundle(account, make_regulation("FR"))
    return late


def names(client, **params):
    page = Page.part(client, url_of(LIST, **params), "reviews")
    return [link.text for link in page.all("a[data-row-link]")]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["Alex Example", "New"]),
        ({"sort": "-waiting"}, ["New", "Alex Example"]),
        ({"late": "escalate"}, ["Alex Example"]),
        ({"late": "in-time"}, ["New"]),
        ({"country": "JP"}, ["New"]),
        ({"q": "exa"}, ["Alex Example"]),
    ],
)
def test_it_is_sorted_and_narrowed_as_the_url_says(as_viewer, stock, params, found):
    assert names(as_viewer, **params) == found


def test_it_says_how_long_each_has_waited(as_viewer, stock):
    page = Page.of(as_viewer, LIST)

    late, new = (row.text for row in page.all("#reviews tbody tr"))
    assert "200 of 72" in late
    assert "Over 72 hours" in late
    assert "As expected" in new
    assert page.link("Text for Twilio about 1 late review") == TEXT


def test_the_median_of_a_country_is_shown_once_there_are_enough(as_viewer, account, stock):
    monday = datetime(2026, 11, 2, 9, tzinfo=UTC)
    for hours in (2, 4, 30):  # within a day, and over night
        decided(account, monday, timedelta(hours=hours))
    decided(account, monday, timedelta(hours=3), country="FR")
    expired = {"status": "twilio-rejected", "valid_until": "2026-11-20T00:00:00Z"}
    decided(account, monday, timedelta(days=18), **expired)

    page = Page.of(as_viewer, LIST)

    assert [row.text for row in page.all(".medians tbody tr")] == ["Germany 4 3"]
    assert "median here 4" in page.all("#reviews tbody tr")[0].text


def test_the_text_names_sids_and_times_and_nobody(as_viewer, stock, account):
    page = Page.of(as_viewer, TEXT)

    text = page.one("textarea").node.text
    assert stock.pk in text
    assert account.pk in text
    assert "been under review for longer than 72 hours." in text
    assert "Waiting for 200 hours" in text
    assert "Germany, local numbers, business" in text
    assert "We ask for a decision" in text
    assert "Alex Example" not in text
    assert "compliance@example.com" not in text
    assert page.one("[data-copy]")["data-copy"] == text
    assert page.one("textarea").get("readonly", "no") != "no"


def test_ticked_bundles_are_written_about_however_new(as_viewer, stock):
    new = Bundle.objects.get(friendly_name="New")

    text = Page.of(as_viewer, url_of(TEXT, sid=new.pk)).one("textarea").node.text

    assert "This regulatory bundle has been under review as long as stated." in text
    assert new.pk in text
    assert stock.pk not in text


def test_that_twilio_was_told_is_written_down_and_shown(client, stock):
    client.force_login(make_user(Role.COMPLIANCE))

    answer = client.post(TEXT, {"ticket": "12345678"})

    assert (answer.status_code, answer["Location"]) == (302, LIST)
    operation = Operation.objects.get(kind=ESCALATE_REVIEW)
    assert (operation.target, operation.detail) == (stock.pk, {"ticket": "12345678"})
    assert "Twilio told just now, ticket 12345678" in Page.of(client, LIST).text
    assert "ticket 12345678" in Page.of(client, TEXT).one("textarea").node.text


@pytest.mark.parametrize("ticket", ["", "see mail of Alex Example", "x" * 40])
def test_a_ticket_is_a_number_and_not_a_story(client, stock, ticket):
    client.force_login(make_user(Role.COMPLIANCE))

    answer = client.post(TEXT, {"ticket": ticket})

    assert answer.status_code == 422
    assert Page(answer).one("[data-error-summary]")
    assert not Operation.objects.exists()


def test_who_may_not_manage_bundles_writes_nothing_down(as_support, stock):
    assert as_support.post(TEXT, {"ticket": "1"}).status_code == 403
    assert not Page.of(as_support, TEXT).all("form.form")


def test_bundles_of_foreign_accounts_are_not_there(client, stock):
    client.force_login(make_user(Role.COMPLIANCE, accounts=[make_account()]))

    assert not Page.of(client, LIST).rows
    assert stock.pk not in Page.of(client, url_of(TEXT, sid=stock.pk)).source
    assert client.post(f"{TEXT}?sid={stock.pk}", {"ticket": "1"}).status_code == 200
    assert not Operation.objects.exists()


def test_nothing_under_review_is_said_in_words(as_viewer):
    assert Page.of(as_viewer, LIST).one(".empty h2").text == "Nothing is under review"
    assert Page.of(as_viewer, TEXT).one(".empty h2").text == "Nothing has waited so long"


def test_the_file_has_the_rows_of_the_list(as_support, stock):
    answer = as_support.get("/reviews/export/?late=escalate")

    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert stock.pk in lines[1]


def test_who_may_not_export_is_told_so(as_viewer):
    assert as_viewer.get("/reviews/export/").status_code == 403


@pytest.mark.parametrize("path", [LIST, "/reviews/export/"])
def test_it_is_read_only(as_support, path):
    assert as_support.post(path).status_code == 405


def test_htmx_gets_the_list_alone(as_viewer, stock):
    assert_is_region(as_viewer, LIST, "reviews")
    assert_is_region(as_viewer, TEXT, "escalation")


def test_it_takes_the_same_queries_for_many_bundles(as_viewer, account, stock):
    for _ in range(10):
        waiting(account, 30)
    with counted("review_list"):
        as_viewer.get(LIST)
