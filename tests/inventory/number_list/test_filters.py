"""Filters of the number list: what each finds, how it is said and taken away, and what the forms send."""

from urllib.parse import parse_qs, urlsplit

import pytest

from inventory.filters import NumberFilter
from portal.listing import Cursor
from portal.models import Role
from tests.factories import make_number, make_user
from tests.inventory.number_list.one_of_each import ADDRESS, ALL, APPLICATION, BUNDLE, TRUNK
from tests.pages import Page, url_of

pytestmark = pytest.mark.django_db

LIST = "/numbers/"


def names(client, **params):
    """The names on the list, in its order."""
    page = Page.part(client, url_of(LIST, columns="name", size=200, **params), "numbers")
    return [cell.text for cell in page.all("tbody td:nth-child(2)")]


def but(*left_out):
    return [name for name in ALL if name not in left_out]


# What each filter must find, by its name in the URL.
FOUND = [
    ("q", "desk", ["Front desk", "back desk 100%"]),
    ("q", "DESK front", ["Front desk"]),
    ("q", "100%", ["back desk 100%"]),
    ("q", "_", []),
    ("q", "555 01*2", ["Front desk"]),
    ("q", "+1 (415) 555-0142", ["Front desk"]),
    ("q", "001415555", ["Front desk", "back desk 100%"]),
    ("q", "030 / 231 25 017", ["Berlin"]),
    ("q", "+44", ["London"]),
    ("q", "44 7700", ["London"]),
    ("account", "{other}", ["Elsewhere"]),
    ("account", ["{account}", "{other}"], ALL),
    ("country", "DE", ["Berlin"]),
    ("country", ["DE", "GB"], ["Berlin", "London"]),
    ("type", "mobile", ["London"]),
    ("type", ["mobile", "toll-free"], ["London", "Free"]),
    ("type", "satellite", ["Nowhere on earth"]),
    ("can", "fax", ["Trunk"]),
    ("can", ["voice", "fax"], ["Trunk"]),
    ("can", "voice", but("London")),
    ("calls", "trunk", ["Trunk"]),
    ("calls", "application", ["App"]),
    ("calls", "none", ["London", "Nowhere"]),
    ("messages", "application", ["Trunk"]),
    ("messages", "none", ["Berlin", "App", "Nowhere"]),
    ("needs", "some", ["Berlin", "London", "Emergency"]),
    ("needs", "foreign", ["London"]),
    ("has_address", "yes", ["Berlin"]),
    ("has_address", "no", but("Berlin")),
    ("has_bundle", "yes", ["Berlin"]),
    ("standing", "not_compliant", ["London", "Emergency"]),
    ("standing", "compliant", []),
    ("why", "address-missing", ["London", "Emergency"]),
    ("why", "type-unknown", but("London", "Emergency")),
    ("emergency", "registered", ["Emergency"]),
    ("emergency", "problem", ["Failing"]),
    ("emergency", "none", but("Emergency", "Failing")),
    ("origin", "hosted", ["Nowhere"]),
    ("lifecycle", "beta", ["Free"]),
    ("lifecycle", "ga", but("Free")),
    ("status", "other", ["Nowhere"]),
    ("status", "in-use", but("Nowhere")),
    ("listed", "no", ["Gone"]),
    ("activity", "hosted", ["Nowhere"]),
    ("activity", ["unknown", "idle"], but("Nowhere")),
    ("ends", "50142", ["Front desk"]),
    ("ends", "(0) 199", ["Free"]),
    ("ends", "none", []),
    ("tag", "Desk ", ["Front desk", "back desk 100%"]),
    ("owner", "Ada", ["Front desk"]),
    ("cost_centre", "4711", ["back desk 100%"]),
    ("added_to", "2017-12-31", ["Old"]),
    ("added_from", "2023-01-03", []),
    ("added_from", "0001-01-01", ALL),
    ("added_to", "9999-12-31", ALL),
    ("address", ADDRESS, ["Berlin", "Emergency"]),
    ("application", APPLICATION, ["Trunk", "App"]),
    ("trunk", TRUNK, ["Trunk"]),
    ("bundle", BUNDLE, ["Berlin"]),
    ("batch", "00000000-0000-4000-8000-000000000000", []),
]  # fmt: skip


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize("name", NumberFilter.base_filters)
def test_it_finds_what_a_filter_says(as_viewer, account, other, name):
    cases = [(value, found) for filtered, value, found in FOUND if filtered == name]
    for value, found in cases:
        values = [value] if isinstance(value, str) else value
        wanted = [each.format(account=account.pk, other=other.pk) for each in values]

        assert sorted(names(as_viewer, **{name: wanted})) == sorted(found), value

    assert cases


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"q": "desk", "tag": "night"}, ["Front desk"]),
        ({"q": "desk", "country": "DE"}, []),
        ({"type": ["mobile", "local"], "can": "sms", "calls": "none"}, ["London", "Nowhere"]),
        ({"country": "US", "lifecycle": "beta", "ends": "0199"}, ["Free"]),
        ({"added_from": "2017-12-31", "added_to": "2018-01-01"}, ["Old", "New"]),
        ({"listed": "no", "q": "gone"}, ["Gone"]),
        ({"listed": "no", "country": "DE"}, []),
        ({"needs": "some", "has_address": "no"}, ["London", "Emergency"]),
    ],
)
def test_filters_narrow_together(as_viewer, params, found):
    assert sorted(names(as_viewer, **params)) == sorted(found)


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"account": "AC" + "0" * 32}, []),
        ({"country": "XX"}, []),
        ({"country": "unknown"}, ["Nowhere on earth"]),
        ({"country": "\0"}, ALL),
        ({"type": ["local", "no such type"], "q": "desk"}, ["Front desk", "back desk 100%"]),
        ({"can": ["sms", "telepathy"]}, ALL),
        ({"calls": "mars"}, ALL),
        ({"added_from": "yesterday"}, ALL),
        ({"q": "\0"}, ALL),
        ({"q": "   "}, ALL),
        ({"no_such": "filter"}, ALL),
    ],
)
def test_a_value_that_is_none_is_harmless_and_never_passes_for_an_applied_filter(as_viewer, params, found):
    page = Page.of(as_viewer, url_of(LIST, size=200, **params))

    assert len(page.rows) == len(found)
    if found == ALL:
        assert not page.all(".chip")
        assert not page.all(".menu__count")


# Chips


def test_each_applied_value_is_a_chip_that_removes_it_and_nothing_else(as_viewer, account, stock):
    query = {
        "q": ["desk"], "type": ["local", "mobile"], "account": [account.pk], "added_from": ["2020-01-01"],
        "sort": ["-name"], "size": ["25"], "columns": ["name", "sid"],
    }  # fmt: skip
    page = Page.of(as_viewer, url_of(LIST, page=Cursor(backwards=True).encode(), **query))
    chips = {chip.text.removesuffix(" Remove this filter"): chip["href"] for chip in page.all("a.chip")}

    assert list(chips) == [
        "Search desk",
        "Account Ours",
        "Type Local",
        "Type Mobile",
        "Added from 2020-01-01",
    ]
    without = {text: parse_qs(urlsplit(url).query) for text, url in chips.items()}
    assert without["Search desk"] == {name: values for name, values in query.items() if name != "q"}
    assert without["Type Local"] == {**query, "type": ["mobile"]}
    assert parse_qs(page.link("Clear filters")) == {
        f"?{name}" if i == 0 else name: query[name] for i, name in enumerate(("sort", "size", "columns"))
    }


def test_a_chip_of_a_country_or_type_without_a_name_shows_what_the_url_says(as_viewer, stock):
    page = Page.of(as_viewer, url_of(LIST, country=["DE", "XX"], type="satellite"))

    chips = page.all("ul[aria-label='Applied filters'] a.chip")
    assert [chip.one("b").text for chip in chips] == ["Germany", "XX", "satellite"]


def test_menus_say_how_many_values_they_apply(as_viewer, stock):
    page = Page.of(as_viewer, url_of(LIST, country=["DE", "GB"], calls="url", owner="Ada", q="x"))
    menus = {summary.text for summary in page.all("#filters details > summary")}

    assert menus == {"Country applied: 2", "Type", "Can do", "Account", "More filters applied: 2", "Columns"}


def test_a_date_that_is_none_is_said_beside_its_field(as_viewer, stock):
    page = Page.of(as_viewer, url_of(LIST, added_from="yesterday"))

    assert page.one("input[name=added_from] + .field__error").text == "Enter a date such as 2026-11-21"
    assert page.one("#filters input[name=added_from]")["value"] == "yesterday"


# What the forms send


def test_the_filter_form_keeps_sort_size_and_columns_and_leaves_the_page(as_viewer, account, stock):
    query = {
        "q": ["desk"], "country": ["US"], "type": ["local"], "can": ["sms", "voice"], "account": [account.pk],
        "calls": ["url"], "owner": ["Ada"], "added_from": ["2020-01-01"], "sort": ["-name"], "size": ["25"],
        "columns": ["name", "sid"],
    }  # fmt: skip
    page = Page.of(as_viewer, url_of(LIST, page=Cursor(backwards=True).encode(), **query))

    sent = {name: values for name, values in page.form("#filters").items() if any(values)}
    assert {name: sorted(values) for name, values in sent.items()} == {
        name: sorted(values) for name, values in query.items()
    }
    sent = page.form("#columns")
    assert {name: sorted(values) for name, values in sent.items()} == {
        name: sorted(values) for name, values in query.items()
    }


def test_every_control_has_a_label(as_viewer, stock):
    page = Page.of(as_viewer, LIST)
    labelled = {label.get("for") for label in page.all("label")}

    inside = {control.html for control in page.all("label > input")}

    for control in page.all("input:not([type=hidden]), select"):
        assert control.html in inside or control.get("id") in labelled, control.html


def test_the_countries_to_choose_from_are_those_of_ones_own_numbers(account, other, client):
    make_number(account, phone_number="+493023125017")
    make_number(other, phone_number="+447700900123")
    client.force_login(make_user(Role.VIEWER, accounts=[account]))

    page = Page.of(client, LIST)

    assert [box["value"] for box in page.all("input[name=country]")] == ["DE"]
    assert [box["value"] for box in page.all("input[name=account]")] == [account.pk]
