"""The overview: how much there is, what it costs, what needs somebody, and the list behind each figure."""

import random
import re
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inventory.models import Budget
from portal.models import Batch, Role, SyncRun
from tests.factories import (
    make_account,
    make_bundle,
    make_number,
    make_price,
    make_regulation,
    make_sid,
    make_user,
)
from tests.inventory.stock import list_numbers, make_numbers
from tests.inventory.usage import make_usage, settle
from tests.pages import Page
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

HOME = "/"


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


def some_numbers(count):
    """Numbers that differ in everything the overview looks at; the same ones every time."""
    dice = random.Random(7)
    prefixes = ("+1415555", "+4930231250", "+44770090", "+88312345", "+4989555")

    def capabilities():
        return {name: dice.random() < 0.7 for name in ("voice", "sms", "mms", "fax")}

    return [
        {
            "phone_number": f"{dice.choice(prefixes)}{i:04d}",
            "type": dice.choice(["local", "mobile", "toll free", "satellite", None]),
            "capabilities": capabilities(),
            "voice_url": dice.choice(["", "https://example.com/in"]),
            "sms_url": dice.choice(["", None, "https://example.com/in"]),
            "trunk_sid": dice.choice([None, None, make_sid("TK")]),
            "sms_application_sid": dice.choice(["", "", make_sid("AP")]),
            "address_requirements": dice.choice(["none", "any", "local", "foreign"]),
            "address_sid": dice.choice([None, make_sid("AD")]),
            "emergency_address_sid": dice.choice([None, make_sid("AD")]),
            "emergency_address_status": dice.choice(
                ["registered", "unregistered", "registration-failure", "pending-registration"]
            ),
        }
        for i in range(count)
    ]


@pytest.fixture
def stock(account):
    """Two accounts of ours and one of others, and numbers that are gone from each."""
    accounts = [account, make_account(friendly_name="Sub", owner_sid=account.pk), make_account()]
    for each, count in zip(accounts, (60, 25, 9), strict=True):
        numbers = make_numbers(each, some_numbers(count))
        list_numbers(each, [number.payload for number in numbers[2:]])
    return accounts


def figures(page):
    """Every count on the page: where it stands, what it says, and the list that it leads to."""
    found = []
    for box in page.all(".figures > div"):
        if box.all("dd a") and "%" not in box.one("dd a").text:
            found.append((box.one("dt").text, box.one("dd a").text, box.one("dd a")["href"]))
    for item in page.all(".attention > li"):
        found.append((item.text, item.one("b").text, item.one("b a")["href"]))
    for row in page.all(".breakdown tbody tr"):
        found.append((row.one("th").text, row.all("td.figure")[0].text, row.one("th a")["href"]))
    return [(name, int(count.replace(",", "")), url) for name, count, url in found]


def listed(client, url):
    """How many the list says there are."""
    caption = Page.of(client, url).one("caption").text
    return int(re.match(r"([\d,]+) numbers?, ", caption)[1].replace(",", ""))


# Every figure is a link to its list


@pytest.mark.parametrize("who", ["everywhere", "two accounts", "one account"])
def test_the_list_behind_each_figure_has_as_many_rows_as_it_says(who, stock):
    accounts = {"everywhere": None, "two accounts": stock[:2], "one account": stock[2:]}[who]
    client = Client()
    client.force_login(make_user(Role.MANAGER, accounts=accounts))

    found = figures(Page.of(client, HOME))

    assert {name for name, _, _ in found} >= {"Numbers", "With Voice", "With SMS", "Germany", "Not known"}
    assert len(found) > (18 if who != "one account" else 14)
    assert {name: count for name, count, url in found} == {
        name: listed(client, url) for name, _, url in found
    }


def test_each_breakdown_adds_up_to_all(as_manager, stock):
    page = Page.of(as_manager, HOME)
    _, total, _ = figures(page)[0]

    for heading in ("by-country", "by-account", "by-type"):
        counts = [
            row.all("td.figure")[0].text for row in page.all(f"section[aria-labelledby={heading}] tbody tr")
        ]
        assert sum(map(int, counts)) == total
        assert [int(count) for count in counts] == sorted(map(int, counts), reverse=True)


def test_what_needs_somebody_is_counted_and_named(as_manager, account):
    able = {"voice": True, "sms": True, "mms": False, "fax": False}
    mute = {**able, "sms": False}
    numbers = make_numbers(
        account,
        [
            {},
            {"voice_url": "", "sms_url": "", "capabilities": able},
            {"voice_url": "", "sms_url": "", "capabilities": mute},
            {"address_requirements": "local", "phone_number": "+493023125017"},
            {"address_requirements": "local", "address_sid": make_sid("AD")},
            {"emergency_address_sid": make_sid("AD"), "emergency_address_status": "registration-failure"},
        ],
    )
    make_number(account)
    list_numbers(account, [number.payload for number in numbers])

    page = Page.of(as_manager, HOME)

    assert [" ".join(item.text.split()[:4]) for item in page.all(".attention > li")] == [
        "2 Calls go nowhere",
        "1 Messages go nowhere",
        "1 An address is",
        "1 Emergency address failed",
        "1 No longer listed",
    ]


def test_nothing_that_needs_somebody_is_good_news(as_manager, account):
    make_numbers(account, [{}])

    assert "Every number has something that answers" in Page.of(as_manager, HOME).one("main").text


# What it costs


def test_idle_numbers_and_accounts_over_their_budget_are_said(as_manager, account):
    make_price(account, "US", "local", "1.15")
    numbers = [make_number(account) for _ in range(3)]
    make_usage(numbers[0], calls=3)
    settle(numbers[0])
    Budget.objects.create(account=account, amount=3, currency="USD", set_at=timezone.now())

    page = Page.of(as_manager, HOME)

    [(count, url)] = [(count, url) for name, count, url in figures(page) if name.startswith("Idle")]
    assert count == listed(as_manager, url) == 2
    assert "$2.30 a month" in page.one(".figures").text
    assert page.one(".figures .badge").text == "1 account over budget"
    assert {page.link("Costs"), page.link("Costs and budgets")} == {"/costs/", "/costs/?by=account"}


def test_costs_are_added_up_by_currency_and_what_has_no_price_is_said(as_manager, account):
    subaccount = make_account(friendly_name="Sub", owner_sid=account.pk)
    make_price(account, "US", "local", "1.15")
    make_price(account, "DE", "local", "3.00", price_unit="EUR")
    make_price(subaccount, "US", "local", "1.05")
    make_numbers(account, [{"phone_number": f"+1415555{i:04d}"} for i in range(1000)])
    make_numbers(
        subaccount,
        [
            {"phone_number": "+14155560001"},
            {"phone_number": "+493023125017"},
            {"phone_number": "+493023125018"},
            {"phone_number": "+447700900123", "type": "mobile"},
        ],
    )

    page = Page.of(as_manager, HOME)

    cost = next(box for box in page.all(".figures > div") if box.one("dt").text.startswith("Cost"))
    assert cost.one("dt").text == "Cost a month (derived)"
    assert cost.all("dd")[0].text == "€6.00 + $1,151.05"
    assert "1 without a price" in cost.all("dd")[1].text
    rows = {row.one("th").text: row.all("td.figure")[-1].text for row in page.all(".breakdown tbody tr")}
    assert rows["Germany"] == "€6.00"
    assert rows["United Kingdom"] == "–"
    assert rows["Sub"] == "€6.00 + $1.05"
    assert rows["Local"] == "€6.00 + $1,151.05"
    shown = {name: count for name, count, _ in figures(page)}
    assert shown["Numbers"] == 1004
    assert "1,004" in page.one(".figures").text


# Empty, stale, in trouble


def test_before_anything_was_read_it_says_so_and_shows_no_zero(as_manager, account):
    page = Page.of(as_manager, HOME)

    assert page.one(".empty h2").text == "Nothing has been read yet"
    assert not page.all(".figures")
    assert "Not read completely yet" in page.one(".fresh").text


def test_an_account_without_numbers_has_none(as_manager, account):
    list_numbers(account, [])

    page = Page.of(as_manager, HOME)

    assert figures(page)[0] == ("Numbers", 0, "/numbers/")
    assert not page.all(".empty")


def test_it_says_how_old_its_figures_are_and_when_twilio_could_not_be_read(as_manager, account):
    make_numbers(account, [{}])
    assert not Page.of(as_manager, HOME).all(".fresh--stale")
    SyncRun.objects.update(finished_at=Now() - timedelta(hours=2), queued_at=Now() - timedelta(hours=2))
    SyncRun.objects.create(
        account=account, resource="numbers", trigger="schedule", state="failed", finished_at=Now(),
        error="Twilio cannot be reached.",
    )  # fmt: skip

    page = Page.of(as_manager, HOME)

    assert page.one(".fresh--stale").text.startswith("Stale: as of")
    assert page.one(".notice--wait h2").text == "Unavailable: Twilio could not be read"
    assert figures(page)[0][:2] == ("Numbers", 1), "the last known state"


def test_it_says_how_many_numbers_are_compliant_and_leads_to_the_report(as_manager, account):
    bundle = make_bundle(account, make_regulation("DE", "local"))
    make_number(account, phone_number="+493023125001", bundle_sid=bundle.pk)
    for last in (2, 3):
        make_number(account, phone_number=f"+49302312500{last}")
    make_number(account, phone_number="+493023125004", type="shared-cost")
    page = Page.of(as_manager, HOME)
    box = next(box for box in page.all(".figures > div") if box.one("dt").text == "Compliant (derived)")
    assert box.one("dd a").text == "25 %"
    assert box.one("dd a")["href"] == reverse("compliance:compliance-report")
    assert "2 of 4 that need something lack it; 1 not known" in box.text


def test_it_only_shows(as_manager):
    assert as_manager.post(HOME).status_code == 405


def test_it_takes_as_many_queries_for_many_accounts_as_for_one(as_manager):
    make_numbers(make_account(), some_numbers(5))
    with counted("home"):
        Page.of(as_manager, HOME)
    for _ in range(5):
        make_numbers(make_account(), some_numbers(30))
    with counted("home"):
        Page.of(as_manager, HOME)


def test_who_may_approve_sees_what_waits_and_its_author_does_not(as_manager, as_support, manager):
    account = make_account()
    make_numbers(account, some_numbers(1))
    for author, reason in ((make_user(Role.SUPPORT), "A trial has ended"), (manager, "Mine")):
        Batch.objects.create(
            kind="inventory.release_numbers", state=Batch.State.REQUESTED, author=author,
            account_sids=[account.pk], reason=reason, confirmed_at=Now(),
        )  # fmt: skip

    waiting = Page.of(as_manager, HOME).one(".attention").text

    assert "Release numbers: approve or decline" in waiting
    assert "A trial has ended" in waiting
    assert "Mine" not in waiting
    assert "approve" not in Page.of(as_support, HOME).one("main").text
