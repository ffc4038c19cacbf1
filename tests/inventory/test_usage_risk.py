"""The list of numbers at risk, and keeping numbers."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inventory.models import KeptNumber, NumberActivity
from inventory.usage import standing
from portal.models import Batch, Operation, Role
from tests.factories import make_account, make_number, make_price, make_user
from tests.inventory.usage import make_usage, settle
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
RISK = "/numbers/risk/"
TODAY = timezone.now().date()


@pytest.fixture
def account():
    account = make_account(friendly_name="Main")
    make_price(account, "US", "local", "1.00")
    make_price(account, "US", "tollfree", "2.00")
    make_price(account, "GB", "mobile", "1.50", price_unit="GBP")
    return account


@pytest.fixture
def stock(account):
    """One number of every kind, by name."""
    suspended = make_account(friendly_name="Suspended", status="suspended", owner_sid=account.pk)
    trial = make_account(friendly_name="Trial", type="Trial")
    unread = make_account(friendly_name="Unread")
    now = timezone.now().strftime("%a, %d %b %Y %H:%M:%S +0000")
    numbers = {
        "Idle": make_number(account, friendly_name="Idle", owner="Ada", tags=["desk"], cost_centre="4711"),
        "Dear": make_number(account, friendly_name="Dear", phone_number="+18005550100", type="tollfree"),
        "Pound": make_number(account, friendly_name="Pound", phone_number="+447700900123", type="mobile"),
        "Priceless": make_number(account, friendly_name="Priceless", type="satellite"),
        "Busy": make_number(account, friendly_name="Busy"),
        "Young": make_number(account, friendly_name="Young", date_created=now),
        "Hosted": make_number(account, friendly_name="Hosted", origin="hosted"),
        "Suspended": make_number(suspended, friendly_name="Suspended"),
        "Trial": make_number(trial, friendly_name="Trial"),
        "Unknown": make_number(unread, friendly_name="Unknown"),
    }
    make_usage(numbers["Busy"], calls=3)
    make_usage(numbers["Idle"], calls=2, short_calls=5, messages=1)
    settle(*(number for name, number in numbers.items() if name != "Unknown"))
    standing.refresh_account(unread)
    return numbers


def names(client, **params):
    page = Page.of(client, url_of(RISK, **params))
    return [cell["title"] for cell in page.all("tbody td .cell-clip[title]")]


AT_RISK = ["Idle", "Dear", "Pound", "Priceless", "Suspended", "Trial", "Unknown"]


def test_it_lists_what_is_idle_or_not_known_and_puts_trial_and_suspended_accounts_first(as_viewer, stock):
    found = names(as_viewer)

    assert set(found[:2]) == {"Suspended", "Trial"}
    assert found[2:4] == ["Dear", "Idle"], "the dearest of a currency first"
    assert sorted(found) == sorted(AT_RISK)


def test_it_says_what_idle_numbers_cost_and_adds_up_no_two_currencies(as_viewer, stock):
    lead = Page.of(as_viewer, RISK).one("#risk .section__lead").text

    assert "6 idle (derived), £1.50 + $4.00 a month" in lead
    assert f"{TODAY:%Y}" in lead


def test_it_says_that_use_is_not_known_rather_than_idle(as_viewer, stock):
    page = Page.of(as_viewer, url_of(RISK, activity="unknown"))

    assert [badge.text for badge in page.all("tbody .badge")] == ["Not known"]
    assert "0 idle" in page.one("#risk .section__lead").text


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"activity": "idle"}, ["Idle", "Dear", "Pound", "Priceless", "Suspended", "Trial"]),
        ({"activity": ["active", "new", "hosted"]}, ["Busy", "Young", "Hosted"]),
        ({"activity": "asleep"}, AT_RISK),
        ({"country": "GB"}, ["Pound"]),
        ({"type": ["mobile", "toll-free"]}, ["Pound", "Dear"]),
        ({"standing": "urgent"}, ["Suspended", "Trial"]),
        ({"standing": "paid", "country": "GB"}, ["Pound"]),
        ({"owner": "Ada"}, ["Idle"]),
        ({"cost_centre": "4711"}, ["Idle"]),
        ({"tag": " Desk"}, ["Idle"]),
        ({"tag": "night"}, []),
        ({"q": "dea"}, ["Dear"]),
        ({"q": "447700"}, ["Pound"]),
        ({"q": "\0"}, AT_RISK),
        ({"kept": "yes"}, ["Dear"]),
        ({"kept": "over"}, ["Pound"]),
        ({"kept": "no", "activity": "idle"}, ["Idle", "Priceless", "Suspended", "Trial"]),
    ],
)
def test_it_finds_what_a_filter_says(as_viewer, stock, manager, params, found):
    for name, days in (("Dear", 0), ("Pound", -1)):
        KeptNumber.objects.create(
            number=stock[name], until=TODAY + timedelta(days=days), reason="A campaign", by=manager
        )
        standing.refresh_numbers([stock[name].pk])

    assert sorted(names(as_viewer, **params)) == sorted(found)


@pytest.mark.parametrize("sort", ["risk", "-risk", "cost", "-cost", "number", "-number", "added", "-added"])
def test_it_sorts_and_pages_by_every_order(as_viewer, stock, monkeypatch, sort):
    whole = names(as_viewer, sort=sort)
    monkeypatch.setattr("portal.listing.PAGE_SIZES", (3,))
    monkeypatch.setattr("portal.listing.DEFAULT_PAGE_SIZE", 3)
    url, walked = url_of(RISK, sort=sort), []
    while url:
        page = Page.of(as_viewer, url)
        walked += [cell["title"] for cell in page.all("tbody td .cell-clip[title]")]
        url = RISK + page.link("Next") if page.has_link("Next") else ""

    assert walked == whole
    assert sorted(whole) == sorted(AT_RISK)


@pytest.mark.parametrize(
    "page", ["x", "WzFd", "W1siYSIsImIiLCJjIiwiZCJdLDAsMV0", "W1siOTk5OTkiLCIiLCIxZTkiLCIiXSwwLDFd"]
)
def test_a_page_that_is_none_is_the_first(as_viewer, stock, page):
    assert names(as_viewer, page=page) == names(as_viewer)


def test_the_export_has_the_list_in_its_filter_and_order(as_manager, stock):
    answer = as_manager.get(url_of(RISK + "export/", activity="idle", sort="number"))
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

    assert [row["Name (friendly_name)"] for row in rows] == names(as_manager, activity="idle", sort="number")
    idle = next(row for row in rows if row["Name (friendly_name)"] == "Idle")
    assert idle["Activity (activity)"] == "Idle"
    assert (idle["Calls (calls)"], idle["Calls that count (counted_calls)"]) == ("7", "2")
    assert Decimal(idle["Monthly (monthly_price)"]) == 1
    assert next(row for row in rows if row["Name (friendly_name)"] == "Priceless")["Monthly (currency)"] == ""


def test_only_numbers_of_one_s_own_accounts_are_listed_counted_and_exported(stock):
    person = make_user(Role.MANAGER, accounts=[stock["Trial"].account])
    client = Client()
    client.force_login(person)

    assert names(client) == ["Trial"]
    assert names(client, account=stock["Idle"].account_id) == ["Trial"], "no choice, so no filter"
    assert "1 idle" in Page.of(client, RISK).one("#risk .section__lead").text
    exported = b"".join(client.get(RISK + "export/").streaming_content).decode()
    assert "Suspended" not in exported
    assert client.get(reverse("inventory:number-keep", args=[stock["Idle"].pk])).status_code == 404


def test_the_ticked_numbers_are_frozen_for_what_is_to_be_done(as_support, stock):
    chosen = [stock["Idle"].pk, stock["Dear"].pk]
    answer = as_support.post(RISK + "select/", {"sid": chosen, "do": "change", "query": "activity=idle"})

    batch = Batch.objects.get()
    assert answer["Location"] == batch.get_absolute_url()
    assert sorted(batch.items.values_list("target", flat=True)) == sorted(chosen)


def test_all_that_match_are_frozen(as_support, stock):
    as_support.post(RISK + "select/", {"all": "1", "do": "change", "query": "standing=urgent"})

    found = {item.target for item in Batch.objects.get().items.all()}
    assert found == {stock["Suspended"].pk, stock["Trial"].pk}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"do": "change"}, "Select a number for this task."),
        ({"do": "dance", "sid": ["PN1"]}, "Choose what to do with the numbers."),
        ({"do": "change", "sid": ["PN" + "0" * 32, "\0"]}, "Select a number for this task."),
    ],
)
def test_a_selection_of_nothing_goes_back_to_the_list_as_it_was(as_support, stock, sent, words):
    answer = as_support.post(RISK + "select/", {**sent, "query": "activity=idle"}, follow=True)

    assert answer.redirect_chain == [(RISK + "?activity=idle", 302)]
    assert words in Page(answer).messages[0]


def test_nothing_can_be_ticked_by_who_may_change_nothing(as_viewer, stock):
    page = Page.of(as_viewer, RISK)

    assert not page.all("input[name=sid]")
    assert not page.has_link("Export CSV")
    assert not page.has_link("Keep")
    assert as_viewer.get(RISK + "export/").status_code == 403
    assert as_viewer.post(RISK + "select/", {"sid": stock["Idle"].pk, "do": "change"}).status_code == 302
    assert not Batch.objects.exists()


def test_an_empty_list_says_why(as_viewer, account):
    number = make_number(account)
    make_usage(number, messages=3)
    settle(number)
    page = Page.of(as_viewer, RISK)
    assert page.one(".empty h2").text == "No number is at risk"
    filtered = Page.of(as_viewer, url_of(RISK, country="US"))
    assert filtered.one(".empty h2").text == "No number matches all of these filters"


def test_the_list_is_its_region_and_takes_few_queries(as_support, stock):
    assert_is_region(as_support, RISK, "risk")
    with counted("risk_list"):
        as_support.get(RISK)
    with counted("risk_list filtered"):
        as_support.get(url_of(RISK, country="US", q="e", standing="paid"))


@pytest.mark.parametrize("path", ["", "export/"])
def test_it_takes_no_other_method(as_support, stock, path):
    assert as_support.post(RISK + path).status_code == 405
    assert as_support.get(RISK + "select/").status_code == 405


# Kept


def keep_url(number):
    return reverse("inventory:number-keep", args=[number.pk])


def test_a_number_is_kept_until_a_day_for_a_reason(as_support, support, stock):
    number, until = stock["Idle"], TODAY + timedelta(days=90)
    answer = as_support.post(
        keep_url(number), {"until": until.isoformat(), "reason": "Summer campaign"}, follow=True
    )

    kept = KeptNumber.objects.get()
    assert (kept.until, kept.reason, kept.by) == (until, "Summer campaign", support)
    assert NumberActivity.objects.get(pk=number.pk).keep_until == until
    page = Page(answer)
    assert answer.redirect_chain == [(number.get_absolute_url(), 302)]
    assert "Summer campaign" in page.one("section[aria-labelledby=use]").text
    operation = Operation.objects.get()
    assert (operation.actor, operation.reason, operation.state) == (support, "Summer campaign", "done")
    assert operation.detail["fields"] == {"keep_until": [None, until.isoformat()]}
    assert "Keeping" in page.one("section[aria-labelledby=happened]").text
    assert "Summer campaign" in Page.of(as_support, url_of(RISK, kept="yes")).one("tbody").text


def test_it_goes_back_to_the_list_as_it_was(as_support, stock):
    list_url = RISK + "?activity=idle&sort=number"
    link = Page.of(as_support, list_url).all("tbody a[href*='/keep/']")[0]["href"]
    assert parse_qs(urlsplit(link).query)["next"] == [list_url]
    sent = Page.of(as_support, link).form()

    sent |= {"until": [TODAY.isoformat()], "reason": ["Spare"]}
    answer = as_support.post(link, sent)

    assert answer["Location"] == list_url


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org", "/numbers/", "javascript:alert(1)"]
)
def test_it_leads_nowhere_else(as_support, stock, elsewhere):
    sent = {"until": TODAY.isoformat(), "reason": "Spare", "next": elsewhere}

    assert as_support.post(keep_url(stock["Idle"]), sent)["Location"] == stock["Idle"].get_absolute_url()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"until": "", "reason": "Spare"}, "Enter the last day on which it is kept"),
        ({"until": "soon", "reason": "Spare"}, "Enter a date such as 2026-11-21"),
        ({"until": "2020-01-01", "reason": "Spare"}, "Enter a day that is not over yet"),
        ({"until": "9999-12-31", "reason": "Spare"}, "Enter a day within the next two years"),
        ({"until": TODAY.isoformat(), "reason": ""}, "Enter the reason to keep it"),
        ({"until": TODAY.isoformat(), "reason": "x" * 201}, "200"),
    ],
)
def test_it_says_beside_the_field_what_is_wrong_and_keeps_what_was_typed(as_support, stock, sent, words):
    answer = as_support.post(keep_url(stock["Idle"]), sent)

    assert answer.status_code == 422
    page = Page(answer)
    assert page.title.startswith("Error: ")
    assert words in page.one("[data-error-summary]").text
    assert page.one("input[name=reason]").get("value") == sent["reason"]
    assert not KeptNumber.objects.exists()


def test_keeping_is_changed_and_ended(as_support, stock):
    number = stock["Idle"]
    for days in (10, 20):
        sent = {"until": (TODAY + timedelta(days=days)).isoformat(), "reason": f"{days} days"}
        as_support.post(keep_url(number), sent)
    assert KeptNumber.objects.get().reason == "20 days"
    assert "Do not keep any more" in Page.of(as_support, keep_url(number)).one("main").text

    as_support.post(reverse("inventory:number-keep-end", args=[number.pk]))
    as_support.post(reverse("inventory:number-keep-end", args=[number.pk]))

    assert not KeptNumber.objects.exists()
    assert NumberActivity.objects.get(pk=number.pk).keep_until is None
    assert Operation.objects.count() == 3


def test_a_viewer_keeps_nothing_and_an_unknown_number_is_not_found(as_viewer, as_support, stock):
    assert as_viewer.get(keep_url(stock["Idle"])).status_code == 403
    assert as_viewer.post(reverse("inventory:number-keep-end", args=[stock["Idle"].pk])).status_code == 403
    assert as_support.get("/numbers/PN0/keep/").status_code == 404
    assert as_support.get(reverse("inventory:number-keep-end", args=[stock["Idle"].pk])).status_code == 405


def test_what_is_kept_stays_so_when_the_number_is_read_again(as_support, stock):
    number = stock["Idle"]
    as_support.post(keep_url(number), {"until": TODAY.isoformat(), "reason": "Spare"})
    standing.refresh_account(number.account)

    assert NumberActivity.objects.get(pk=number.pk).keep_until == TODAY


# On the page of a number


@pytest.mark.parametrize(
    ("name", "state", "calls", "messages"),
    [
        ("Idle", "Idle", "2 of 7", "1 of 1"),
        ("Busy", "Active", "3 of 3", "0 of 0"),
        ("Unknown", "Not known", "0 of 0", "0 of 0"),
    ],
)
def test_a_number_s_page_says_how_it_is_used_and_that_this_is_derived(
    as_viewer, stock, name, state, calls, messages
):
    use = Page.of(as_viewer, stock[name].get_absolute_url()).one("section[aria-labelledby=use]")

    assert use.one(".badge").text == state
    assert "(derived)" in use.text
    assert any(link["href"] == "/numbers/activity/" for link in use.all("a"))
    assert calls in use.text
    assert messages in use.text
    first = TODAY - timedelta(days=30)
    assert f"{first:%-d %b} – {TODAY:%-d %b %Y}" in use.text


def test_the_rule_is_explained_with_its_figures(as_viewer):
    text = Page.of(as_viewer, "/numbers/activity/").one("main").text

    assert "at least 3 phone calls of 12 seconds or longer" in text
    assert "3 text messages" in text
    for word in ("Active", "Too new", "Hosted", "Not known", "Idle"):
        assert word in text
