"""What numbers cost, in every direction; budgets, and the warning before a purchase."""

import csv
import io
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from inventory.bulk.kinds import RELEASE_NUMBERS
from inventory.buying.actions import BUY_NUMBERS
from inventory.models import Budget
from inventory.money.budgets import budget_warning
from inventory.money.costs import DIRECTIONS, costs_of
from portal.access import access_of
from portal.batches.asking import Frozen, draft
from portal.models import Batch, BatchItem, Operation, Role, TwilioAccount
from tests.factories import make_account, make_number, make_price, make_user
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
COSTS = "/costs/"
NUMBERS = "/numbers/"


@pytest.fixture
def account():
    account = make_account(friendly_name="Main")
    make_price(account, "US", "local", "1.00", base_price="1.15")
    make_price(account, "US", "tollfree", "2.00")
    make_price(account, "GB", "mobile", "1.50", price_unit="GBP")
    return account


@pytest.fixture
def stock(account):
    """Four numbers of the parent and one of a subaccount, which has the parent's prices."""
    sub = make_account(friendly_name="Sub", owner_sid=account.pk)
    return {
        "local": make_number(account, owner="Ada", cost_centre="4711", tags=["desk", "night"]),
        "free": make_number(
            account, phone_number="+18005550100", type="tollfree", owner="Ada", tags=["desk"]
        ),
        "pound": make_number(account, phone_number="+447700900123", type="mobile", owner="Grace"),
        "priceless": make_number(account, type="satellite"),
        "sub": make_number(sub),
    }


def pend(kind, account, author, items, state=Batch.State.RUNNING):
    """A batch under way."""
    frozen = [Frozen(account.pk, target, target, detail=detail) for target, detail in items]
    batch = draft(kind, author=author, draft_view="batch-list", items=frozen)
    Batch.objects.filter(pk=batch.pk).update(state=state)
    return batch


def costs(user, direction="country"):
    return costs_of(access_of(user), list(TwilioAccount.objects.all()), direction)


def plain(sums):
    return {currency: amount for currency, amount in sums.items() if amount}


LOCAL = {"country": "US", "number_type": "local", "records": {"owner": "Ada", "tags": ["desk"]}}


def test_it_multiplies_numbers_by_their_current_price_and_says_the_base_price(stock, manager):
    whole = costs(manager).whole

    assert plain(whole.now) == {"USD": Decimal(4), "GBP": Decimal("1.5")}
    assert plain(whole.before_discounts) == {"USD": Decimal("4.30"), "GBP": Decimal("1.5")}
    assert (whole.held, whole.unpriced) == (5, 1)
    assert plain(whole.this_month) == plain(whole.next_month) == plain(whole.now)


def test_a_purchase_under_way_adds_to_both_months_and_a_release_takes_from_the_next(stock, account, manager):
    pend(BUY_NUMBERS, account, manager, [("+12015550111", LOCAL), ("+12015550112", LOCAL)])
    pend(RELEASE_NUMBERS, account, manager, [(stock["free"].pk, {})], state=Batch.State.REQUESTED)

    whole = costs(manager).whole

    assert (whole.held, whole.bought, whole.released) == (5, 2, 1)
    assert whole.now["USD"] == 4
    assert whole.this_month["USD"] == 6
    assert whole.next_month["USD"] == 4
    by_owner = {line.key: line for line in costs(manager, "owner").lines}
    assert (by_owner["Ada"].now["USD"], by_owner["Ada"].this_month["USD"]) == (3, 5)
    assert by_owner["Ada"].next_month["USD"] == 3
    by_tag = {line.key: line for line in costs(manager, "tag").lines}
    assert (by_tag["desk"].bought, by_tag["desk"].released, by_tag["night"].bought) == (2, 1, 0)


@pytest.mark.parametrize(
    ("batch_state", "item_state", "counts"),
    [
        ("draft", "waiting", False),
        ("requested", "waiting", True),
        ("declined", "waiting", False),
        ("lapsed", "waiting", False),
        ("running", "waiting", True),
        ("running", "running", True),
        ("running", "uncertain", True),
        ("running", "done", False),
        ("running", "failed", False),
        ("running", "left_out", False),
        ("stopping", "waiting", False),
        ("stopping", "uncertain", True),
        ("stopped", "stopped", False),
        ("done", "done", False),
    ],
)
def test_only_what_will_still_happen_is_pending(account, manager, batch_state, item_state, counts):
    batch = pend(BUY_NUMBERS, account, manager, [("+12015550111", LOCAL)], state=batch_state)
    BatchItem.objects.filter(batch=batch).update(state=item_state)

    assert costs(manager).whole.bought == int(counts)


def test_a_number_that_is_gone_already_is_not_released_a_second_time(stock, account, manager):
    pend(RELEASE_NUMBERS, account, manager, [("PN" + "f" * 32, {})])

    assert costs(manager).whole.released == 0


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_every_row_says_what_the_list_behind_it_says(as_manager, stock, manager, direction):
    found = costs(manager, direction)
    assert found.lines
    for row in [*found.lines, *(part for line in found.lines for part in line.parts)]:
        assert len(Page.of(as_manager, NUMBERS + row.query).rows) == row.held, row.query
    if direction in ("country", "account"):
        assert sum(line.held for line in found.lines) == found.whole.held
        for currency in ("USD", "GBP"):
            assert sum(line.now.get(currency, 0) for line in found.lines) == found.whole.now[currency]
    for line in found.lines if direction == "country" else ():
        assert sum(part.held for part in line.parts) == line.held


def test_the_page_never_adds_currencies_up(as_viewer, stock):
    page = Page.of(as_viewer, COSTS)

    assert "£1.50 + $4.00" in page.one(".figures").text
    assert "$4.30" in page.all(".figures del")[0].text
    assert "1 without a price" in page.one(".figures").text
    rows = {row.one("th").text: row.text for row in page.all("tbody tr")}
    assert "before discounts $2.30 $2.00" in rows["Local"]
    assert "£1.50" in rows["United Kingdom"]


def test_pending_purchases_and_releases_lead_to_their_batches(as_viewer, stock, account, manager):
    pend(BUY_NUMBERS, account, manager, [("+12015550111", LOCAL)])
    pend(RELEASE_NUMBERS, account, manager, [(stock["free"].pk, {})])

    page = Page.of(as_viewer, COSTS)

    assert page.link("1 to be bought") == page.link("1 to be released") == reverse("batch-list")
    row = next(row for row in page.all("tbody tr") if row.one("th").text == "United States")
    assert "+1 \N{MINUS SIGN}1" in row.text


@pytest.mark.parametrize("direction", [*DIRECTIONS, "nonsense", ""])
def test_a_direction_is_a_page_of_its_own(as_viewer, stock, direction):
    page = Page.of(as_viewer, url_of(COSTS, by=direction))

    assert page.one(".tabs [aria-current]").text == DIRECTIONS.get(direction, "Country and type")


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        ("owner", "No number has an owner yet"),
        ("tag", "No number has a tag yet"),
        ("country", "There is nothing to pay for"),
    ],
)
def test_an_empty_breakdown_says_why(as_viewer, account, direction, words):
    if direction != "country":
        make_number(account)

    assert Page.of(as_viewer, url_of(COSTS, by=direction)).one(".empty h2").text == words


def test_the_region_and_the_queries(as_manager, stock, account, manager):
    assert_is_region(as_manager, COSTS, "costs")
    for direction in DIRECTIONS:
        with counted(f"cost_list by={direction}"):
            as_manager.get(url_of(COSTS, by=direction))


def test_one_sees_and_exports_the_costs_of_one_s_own_accounts(stock, account):
    client = Client()
    client.force_login(make_user(Role.SUPPORT, accounts=[stock["sub"].account]))

    page = Page.of(client, url_of(COSTS, by="account"))

    assert [row.one("th").text for row in page.all("tbody tr")] == ["Sub"]
    assert "$1.00" in page.one(".figures").text
    rows = exported(client, by="account")
    assert [row.get("Account (account)") for row in rows] == ["Sub"], rows


def exported(client, **params):
    answer = client.get(url_of(COSTS + "export/", **params))
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_the_export_has_one_row_for_every_currency(as_manager, stock):
    [main, _] = [row for row in exported(as_manager, by="account") if row["Account (account)"] == "Main"]
    assert (main["Currency (currency)"], Decimal(main["A month now (current)"])) == ("GBP", Decimal("1.5"))
    by_type = exported(as_manager, by="country")
    assert {row["Type (type)"] for row in by_type} == {"local", "toll-free", "mobile", "satellite"}
    satellite = next(row for row in by_type if row["Type (type)"] == "satellite")
    assert (satellite["Without a price (unpriced)"], satellite["Currency (currency)"]) == ("1", "")


def test_a_viewer_exports_nothing(as_viewer, account):
    assert as_viewer.get(COSTS + "export/").status_code == 403
    assert as_viewer.post(COSTS).status_code == 405


# Budgets


def budget_url(account):
    return reverse("inventory:budget-set", args=[account.pk])


def test_a_budget_is_set_shown_and_removed(as_manager, manager, stock, account):
    link = Page.of(as_manager, url_of(COSTS, by="account")).link("Set the budget of Main")
    form = Page.of(as_manager, link).form()
    answer = as_manager.post(link, form | {"amount": ["10"], "currency": ["USD"]}, follow=True)

    budget = Budget.objects.get()
    assert (budget.account, budget.amount, budget.currency, budget.set_by) == (account, 10, "USD", manager)
    row = next(row for row in Page(answer).all("tbody tr") if row.one("th").text == "Main")
    assert "$10.00" in row.text
    assert "$7.00 left" in row.text
    assert "other currencies not counted" in row.text
    as_manager.post(link, {"amount": "2.50", "currency": "USD"})
    page = Page.of(as_manager, url_of(COSTS, by="account"))
    assert page.one("tbody .badge").text == "$0.50 over"
    assert "10.00 USD a month" in Page.of(as_manager, link).one("section[aria-labelledby=happened]").text

    as_manager.post(reverse("inventory:budget-remove", args=[account.pk]))
    as_manager.post(reverse("inventory:budget-remove", args=[account.pk]))

    assert not Budget.objects.exists()
    assert Operation.objects.filter(kind="inventory.set_budget").count() == 3


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"amount": "", "currency": "USD"}, "Enter budget a month"),
        ({"amount": "lots", "currency": "USD"}, "Enter an amount such as"),
        ({"amount": "-1", "currency": "USD"}, "not below nothing"),
        ({"amount": "1.234", "currency": "USD"}, "at most two places"),
        ({"amount": "1" * 30, "currency": "USD"}, "Enter an amount below"),
        ({"amount": "NaN", "currency": "USD"}, "Enter an amount such as"),
        ({"amount": "1", "currency": "ZZZ"}, "ZZZ"),
    ],
)
def test_a_budget_that_is_none_is_refused_beside_its_field(as_manager, account, sent, words):
    answer = as_manager.post(budget_url(account), sent)

    assert answer.status_code == 422
    assert words in Page(answer).one("[data-error-summary]").text
    assert not Budget.objects.exists()


def test_only_managers_and_administrators_set_budgets_and_on_their_accounts_alone(as_support, account, stock):
    assert as_support.get(budget_url(account)).status_code == 403
    assert not Page.of(as_support, url_of(COSTS, by="account")).has_link("Set the budget of Main")
    client = Client()
    client.force_login(make_user(Role.MANAGER, accounts=[stock["sub"].account]))
    assert client.get(budget_url(stock["sub"].account)).status_code == 200
    assert client.get(budget_url(account)).status_code == 404
    assert client.post(reverse("inventory:budget-remove", args=[account.pk])).status_code == 404
    assert client.get(budget_url(make_account())).status_code == 404


# The warning before a purchase


def warn(account, **added):
    return budget_warning(account, {currency: Decimal(amount) for currency, amount in added.items()})


def test_there_is_no_warning_without_a_budget_or_within_it(stock, account):
    assert warn(account, USD="1000000") is None
    Budget.objects.create(account=account, amount=10, currency="USD", set_at="2026-01-01T00:00Z")
    assert warn(account, USD="7") is None


def test_it_warns_by_how_much_a_purchase_exceeds_the_budget(stock, account):
    Budget.objects.create(account=account, amount=10, currency="USD", set_at="2026-01-01T00:00Z")

    warning = warn(account, USD="7.01")

    assert warning.is_over
    assert warning.words == "This brings Main to $10.01 a month, $0.01 over its budget of $10.00."


def test_purchases_under_way_count_and_releases_under_way_do_not(stock, account, manager):
    Budget.objects.create(account=account, amount=10, currency="USD", set_at="2026-01-01T00:00Z")
    pend(RELEASE_NUMBERS, account, manager, [(stock["free"].pk, {})])
    assert warn(account, USD="7") is None
    pend(BUY_NUMBERS, account, manager, [("+12015550111", LOCAL)])

    assert "$1.00 over" in warn(account, USD="7").words


def test_a_purchase_in_another_currency_is_said_and_not_added(stock, account):
    Budget.objects.create(account=account, amount=10, currency="USD", set_at="2026-01-01T00:00Z")

    warning = warn(account, GBP="500")

    assert not warning.is_over
    assert "£500.00" in warning.words
    assert "does not convert currencies" in warning.words
    assert warn(account, GBP="500", USD="8").is_over


def test_the_numbers_of_other_accounts_are_none_of_a_budget_s_business(stock, account):
    sub = stock["sub"].account
    Budget.objects.create(account=sub, amount=2, currency="USD", set_at="2026-01-01T00:00Z")

    assert warn(sub, USD="1") is None
    assert warn(sub, USD="1.01").is_over
