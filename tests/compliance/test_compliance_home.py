"""What the overview says of bundles: how many there are in each status, and what needs somebody."""

from datetime import timedelta

import pytest
from django.utils import timezone

from compliance.models import Bundle
from portal.models import Role
from tests.factories import make_account, make_bundle, make_number, make_regulation, make_user
from tests.pages import Page

pytestmark = pytest.mark.django_db

HOME = "/"


@pytest.fixture
def account(db):
    account = make_account()
    make_number(account)
    return account


@pytest.fixture
def stock(account):
    regulation = make_regulation()
    soon = (timezone.now() + timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for status, count in {"draft": 2, "twilio-rejected": 3, "twilio-approved": 4, "in-review": 1}.items():
        for _ in range(count):
            make_bundle(account, regulation, status=status, date_updated=timezone.now().isoformat())
    make_bundle(account, regulation, valid_until=soon)
    test = make_bundle(account, regulation, status="twilio-rejected")
    Bundle.objects.filter(pk=test.pk).update(is_test=True)
    make_bundle(make_account(), regulation, status="draft")


def count(text):
    return int(text.split()[0].replace(",", ""))


def test_bundles_are_counted_by_status_and_each_count_is_that_of_its_list(as_manager, stock):
    page = Page.of(as_manager, HOME)
    rows = page.all("section[aria-labelledby=by-status] tbody tr")
    assert [(row.one("th").text, count(row.one("td.figure").text)) for row in rows] == [
        ("Draft", 3), ("In review", 1), ("Rejected", 3), ("Approved", 5),
    ]  # fmt: skip
    for row in rows:
        assert len(Page.of(as_manager, row.one("a")["href"]).rows) == count(row.one("td.figure").text)


def test_what_needs_somebody_leads_to_as_many_bundles(as_manager, stock):
    figures = {
        item.one("li > span").text: item.one("b a")
        for item in Page.of(as_manager, HOME).all(".attention > li")
    }
    for words, expected in {"Bundles were rejected": 3, "Bundles are drafts": 3}.items():
        [link] = [link for label, link in figures.items() if label.startswith(words)]
        assert count(link.text) == expected == len(Page.of(as_manager, link["href"]).rows)
    assert any(label.startswith("Bundles are valid for 30 days or less") for label in figures)


def test_only_bundles_of_visible_accounts_are_counted(client, stock, account):
    client.force_login(make_user(Role.MANAGER, accounts=[account]))
    rows = Page.of(client, HOME).all("section[aria-labelledby=by-status] tbody tr")
    assert count(rows[0].one("td.figure").text) == 2


def test_a_status_that_nobody_knows_is_counted_under_its_own_name(as_manager, account):
    make_bundle(account, make_regulation(), status="moonlit")
    row = Page.of(as_manager, HOME).one("section[aria-labelledby=by-status] tbody tr")
    assert row.text.startswith("moonlit 1")


def test_without_bundles_nothing_is_said_of_them(as_manager, account):
    assert not Page.of(as_manager, HOME).all("section[aria-labelledby=by-status]")
