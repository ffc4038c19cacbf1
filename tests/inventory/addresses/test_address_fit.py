"""Which address does for which number: the rule, its twin in SQL, and the report of those that do not fit."""

from itertools import product

import pytest
from django.db.models.functions import Now

from inventory.addresses.fit import TROUBLES, fit_of
from inventory.addresses.reports import Troubles, fit_of_number, numbers_in_trouble
from inventory.models import Address, PhoneNumber
from portal.models import Role
from tests.factories import make_account, make_address, make_number, make_sid, make_user
from tests.inventory.stock import make_numbers
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

REPORT = "/addresses/fit/"


class Place:
    def __init__(self, account_id="AC1", iso_country="DE", missing_since=None):
        self.account_id, self.iso_country, self.missing_since = account_id, iso_country, missing_since


@pytest.mark.parametrize(
    ("requirement", "place", "state"),
    [
        ("none", None, "not-needed"),
        ("", None, "not-needed"),
        ("lunar", Place(), "not-known"),
        ("any", None, "missing"),
        ("local", None, "missing"),
        ("any", Place(iso_country="US"), "fits"),
        ("local", Place(), "fits"),
        ("local", Place(iso_country="US"), "not-local"),
        ("foreign", Place(), "not-foreign"),
        ("foreign", Place(iso_country="US"), "fits"),
        ("any", Place(account_id="AC2"), "other-account"),
        ("any", Place(missing_since="yesterday"), "gone"),
    ],
)
def test_the_rule(requirement, place, state):
    fit = fit_of(
        requirement=requirement, country="DE", account_sid="AC1", address_sid="AD1" if place else None,
        address=place,
    )  # fmt: skip
    assert fit.state == state
    assert fit.is_trouble == (state in TROUBLES)
    assert fit.words.endswith(".")
    assert fit.label.word


def test_what_nobody_knows_is_no_trouble():
    unread = fit_of(requirement="local", country="DE", account_sid="AC1", address_sid="AD1", address=None)
    nowhere = fit_of(requirement="local", country="", account_sid="AC1", address_sid="AD1", address=Place())
    assert (unread.state, nowhere.state) == ("not-known", "not-known")


def test_the_database_decides_as_the_rule_does():
    account, other = make_account(), make_account()
    gone = make_address(account, iso_country="DE")
    Address.objects.filter(pk=gone.pk).update(missing_since=Now())
    addresses = [
        None, make_sid("AD"), gone.pk,
        *(make_address(owner, iso_country=iso).pk for owner in (account, other) for iso in ("DE", "US", "")),
    ]  # fmt: skip
    rows = [
        {"address_requirements": need, "address_sid": address, "phone_number": number}
        for need, address, number in product(
            ("none", "any", "local", "foreign", "lunar", ""), addresses,
            ("+493023125017", "+14155550142", "+88312345678"),
        )
    ]  # fmt: skip
    make_numbers(account, rows)

    found = dict(numbers_in_trouble().values_list("pk", "trouble"))

    numbers = PhoneNumber.objects.select_related("address")
    told = {number.pk: fit_of_number(number) for number in numbers}
    assert found == {sid: fit.state for sid, fit in told.items() if fit.is_trouble}
    assert set(found.values()) == set(TROUBLES)
    assert Troubles.of(numbers_in_trouble()).count({}).number == len(found)


@pytest.fixture
def stock(db):
    account, other = make_account(friendly_name="Ours"), make_account(friendly_name="Theirs")
    american = make_address(account, city="Springfield")
    make_numbers(
        account,
        [
            {"friendly_name": "free"},
            {"friendly_name": "fits", "address_requirements": "any", "address_sid": american.pk},
            {"friendly_name": "missing", "address_requirements": "any"},
            {
                "friendly_name": "abroad", "address_requirements": "local", "address_sid": american.pk,
                "phone_number": "+493023125017",
            },
        ],
    )  # fmt: skip
    make_number(other, friendly_name="elsewhere", address_requirements="local")
    return account, other


def names(page):
    return {row.text.split(" · ")[0].split()[-1] for row in page.all("tbody th")}


def test_the_report_lists_what_does_not_fit_and_why(as_viewer, stock):
    page = Page.of(as_viewer, REPORT)

    assert names(page) == {"missing", "abroad", "elsewhere"}
    figures = {item.one("span").text: item.one("b").text for item in page.all(".attention li")}
    assert figures == {"No address is set": "2", "The address is outside of the number's country": "1"}
    assert names(Page.of(as_viewer, REPORT + page.one(".attention a[href*=not-local]")["href"])) == {"abroad"}


def test_it_is_narrowed_by_country_account_and_text(as_viewer, stock):
    _, other = stock
    assert names(Page.of(as_viewer, url_of(REPORT, country="DE"))) == {"abroad"}
    assert names(Page.of(as_viewer, url_of(REPORT, account=other.pk))) == {"elsewhere"}
    assert names(Page.of(as_viewer, url_of(REPORT, q="+49 30"))) == {"abroad"}
    assert "No number has this trouble" in Page.of(as_viewer, url_of(REPORT, trouble="gone")).source
    assert_is_region(as_viewer, url_of(REPORT, country="DE"), "troubles")


def test_only_visible_accounts_are_told_of(client, stock):
    account, _ = stock
    client.force_login(make_user(Role.VIEWER, accounts=[account]))
    page = Page.of(client, REPORT)
    assert names(page) == {"missing", "abroad"}
    assert client.get(f"{REPORT}export/").status_code == 403


def test_the_report_is_exported_as_it_is_filtered(as_support, stock):
    answer = as_support.get(url_of(f"{REPORT}export/", country="DE"))
    header, row = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert "Number (phone_number)" in header
    assert row.startswith('"+493023125017"')
    assert '"not-local"' in row


def test_the_page_of_a_number_says_how_its_address_fits(as_viewer, stock):
    page = Page.of(as_viewer, PhoneNumber.objects.get(friendly_name="abroad").get_absolute_url())
    section = page.one("section[aria-labelledby=addresses]").text
    assert (
        "Outside of the country Twilio asks for an address in Germany; this one is in the United States."
        in section
    )
    free = Page.of(as_viewer, PhoneNumber.objects.get(friendly_name="free").get_absolute_url())
    assert "Address fit" not in free.one("main").text


def test_it_takes_as_many_queries_for_many_rows_as_for_few(as_viewer, stock):
    with counted("address_fit"):
        Page.of(as_viewer, REPORT)
    for _ in range(5):
        make_number(stock[0], address_requirements="any")
    with counted("address_fit"):
        Page.of(as_viewer, REPORT)
