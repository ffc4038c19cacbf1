"""The list of numbers: what it shows, filtered, sorted, page by page, and what its links lead to."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from inventory.columns import COLUMNS, DEFAULT
from inventory.filters import NumberFilter
from inventory.models import PhoneNumber
from portal import listing
from portal.listing import Cursor
from portal.models import Role, SyncRun
from tests.factories import make_account, make_number, make_price, make_sid, make_user
from tests.inventory.stock import list_numbers, make_numbers
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import BASELINE, counted

pytestmark = pytest.mark.django_db

LIST = "/numbers/"
APPLICATION, TRUNK, BUNDLE, ADDRESS = (make_sid(kind) for kind in ("AP", "TK", "BU", "AD"))


def can(*names):
    return {name: name in names for name in ("voice", "sms", "mms", "fax")}


# One number for every value of every filter, most of them alike in the rest.
STOCK = [
    {"friendly_name": "plain"},
    {
        "friendly_name": "Front desk", "phone_number": "+14155550142", "owner": "Ada",
        "tags": ["desk", "night"],
    },
    {
        "friendly_name": "back desk 100%", "phone_number": "+14155550143", "cost_centre": "4711",
        "tags": ["desk"],
    },
    {
        "friendly_name": "Berlin", "phone_number": "+493023125017", "address_sid": ADDRESS,
        "bundle_sid": BUNDLE, "address_requirements": "local", "capabilities": can("voice"), "sms_url": "",
    },
    {
        "friendly_name": "London", "phone_number": "+447700900123", "type": "mobile",
        "capabilities": can("sms", "mms"), "voice_url": "", "address_requirements": "foreign",
    },
    {"friendly_name": "Free", "phone_number": "+18005550199", "type": "tollfree", "beta": True},
    {
        "friendly_name": "Trunk", "trunk_sid": TRUNK, "voice_application_sid": APPLICATION,
        "sms_application_sid": APPLICATION, "capabilities": can("voice", "sms", "fax"),
    },
    {"friendly_name": "App", "voice_application_sid": APPLICATION, "sms_url": ""},
    {"friendly_name": "Nowhere", "voice_url": "", "sms_url": "", "origin": "hosted", "status": "pending-loa"},
    {
        "friendly_name": "Emergency", "emergency_address_sid": ADDRESS, "emergency_status": "Active",
        "emergency_address_status": "registered", "address_requirements": "any",
    },
    {
        "friendly_name": "Failing", "emergency_address_sid": make_sid("AD"),
        "emergency_address_status": "registration-failure",
    },
    {"friendly_name": "Old", "date_created": "Sun, 31 Dec 2017 23:59:59 +0000"},
    {"friendly_name": "New", "date_created": "Mon, 01 Jan 2018 00:00:00 +0000"},
    {"friendly_name": "Nowhere on earth", "phone_number": "+88312345678", "type": "satellite"},
]  # fmt: skip


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def other(db):
    return make_account(friendly_name="Theirs")


@pytest.fixture
def stock(account, other):
    make_numbers(account, STOCK)
    make_number(other, friendly_name="Elsewhere")
    gone = make_number(other, friendly_name="Gone")
    list_numbers(other, [n.payload for n in PhoneNumber.objects.filter(account=other).exclude(pk=gone.pk)])


def names(client, **params):
    """The names on the list, in its order."""
    page = Page.part(client, url_of(LIST, columns="name", size=200, **params), "numbers")
    return [cell.text for cell in page.all("tbody td:nth-child(2)")]


ALL = [row["friendly_name"] for row in STOCK] + ["Elsewhere"]


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


# Sorted


@pytest.mark.usefixtures("stock")
@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.parametrize("sort", ["number", "name", "added"])
def test_it_sorts(as_viewer, sort, direction):
    field = {"number": "phone_number", "name": "friendly_name", "added": "remote_created_at"}[sort]
    numbers = PhoneNumber.objects.present()
    expected = sorted(numbers, key=lambda n: (getattr(n, field), n.sid), reverse=bool(direction))

    page = Page.of(as_viewer, url_of(LIST, sort=direction + sort, columns=["name", "added"]))

    assert page.rows == [n.get_absolute_url() for n in expected]
    assert page.one("th[aria-sort]")["aria-sort"] == ("descending" if direction else "ascending")


def test_a_head_sorts_by_its_column_and_turns_it_round_from_the_first_page(as_viewer, stock):
    page = Page.of(as_viewer, url_of(LIST, sort="name", q="desk", page="x", columns=["name", "added"]))
    heads = {link.text: parse_qs(urlsplit(link["href"]).query) for link in page.all("thead th a")}
    heads = {name: query for name, query in heads.items() if "sort" in query}

    assert {name: query["sort"] for name, query in heads.items()} == {
        "Number": ["number"], "Name": ["-name"], "Added": ["-added"]
    }  # fmt: skip
    for query in heads.values():
        assert query["q"] == ["desk"]
        assert "page" not in query
    for link in page.all("a[hx-get]"):
        assert link["hx-get"] == link["href"], "the same without JavaScript"


def test_a_sort_that_there_is_not_is_the_usual_one(as_viewer, stock):
    usual = Page.of(as_viewer, LIST).rows
    for sort in ("price", "--number", "-", "payload", "number,sid"):
        assert Page.of(as_viewer, url_of(LIST, sort=sort)).rows == usual


# Pages


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(listing, "PAGE_SIZES", (3, 5))
    monkeypatch.setattr(listing, "DEFAULT_PAGE_SIZE", 5)


def walk(client, url, link):
    """The rows of the page at the URL and of all pages that this link leads on to."""
    pages = []
    while url:
        page = Page.part(client, LIST + url, "numbers")
        pages.append(page)
        assert len(pages) < 50, "it goes round in circles"
        url = page.link(link) if page.has_link(link) else ""
    return pages


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("sort", ["number", "-name", "added"])
@pytest.mark.parametrize("count", [5, 6, 12])
def test_it_walks_forwards_and_backwards_and_to_either_end(as_viewer, account, count, sort):
    numbers = make_numbers(account, [{} for _ in range(count)])
    whole = [row for page in [Page.of(as_viewer, url_of(LIST, sort=sort, size=5))] for row in page.rows]

    there = walk(as_viewer, f"?sort={sort}&columns=number", "Next")
    rows = [row for page in there for row in page.rows]
    assert len(rows) == len(set(rows)) == count
    assert rows[:5] == whole[:5]
    assert set(rows) == {number.get_absolute_url() for number in numbers}

    last = there[0].link("Last") if there[0].has_link("Last") else f"?sort={sort}"
    back = walk(as_viewer, last, "Previous")
    assert [page.rows for page in reversed(back)] == [page.rows for page in there]
    assert [position(page) for page in reversed(back)] == [position(page) for page in there]
    starts = range(1, count + 1, 5)
    assert [position(page) for page in there] == [
        f"{start}–{min(start + 4, count)} of {count}" for start in starts
    ]
    assert not back[-1].has_link("First")
    if back[0].has_link("First"):
        assert Page.of(as_viewer, LIST + back[0].link("First")).rows == there[0].rows


def position(page):
    return page.all("nav.pages b")[0].text


def test_the_position_is_in_the_title_from_the_second_page_on(as_viewer, account, small_pages):
    make_numbers(account, [{} for _ in range(7)])
    first = Page.of(as_viewer, LIST)

    assert first.title == "Numbers – Numberdesk"
    assert Page.of(as_viewer, LIST + first.link("Next")).title == "Numbers, 6–7 of 7 – Numberdesk"


@pytest.mark.usefixtures("small_pages")
def test_a_page_is_found_again_when_rows_came_and_went_before_it(as_viewer, account):
    numbers = make_numbers(account, [{"phone_number": f"+120255501{i:02d}"} for i in range(12)])
    second = LIST + Page.of(as_viewer, LIST).link("Next")
    before = Page.of(as_viewer, second).rows
    kept = [number.payload for number in numbers if number not in numbers[1:4]]
    list_numbers(account, kept)

    page = Page.of(as_viewer, second)

    assert page.rows == before
    assert position(page).endswith(" of 9")
    last = Page.of(as_viewer, LIST + page.link("Next")) if page.has_link("Next") else page
    assert last.rows[-1] == numbers[-1].get_absolute_url()
    assert position(last).endswith("9 of 9")


@pytest.mark.usefixtures("small_pages")
def test_a_page_whose_rows_are_all_gone_is_the_nearest_one(as_viewer, account):
    numbers = make_numbers(account, [{"phone_number": f"+120255501{i:02d}"} for i in range(12)])
    third = LIST + Page.of(as_viewer, LIST + Page.of(as_viewer, LIST).link("Next")).link("Next")
    list_numbers(account, [number.payload for number in numbers[:7]])

    page = Page.of(as_viewer, third)

    assert page.rows == [number.get_absolute_url() for number in numbers[5:7]]
    assert position(page) == "6–7 of 7"


@pytest.mark.usefixtures("small_pages")
def test_the_page_before_one_that_shrank_is_the_first_in_full(as_viewer, account):
    numbers = make_numbers(account, [{"phone_number": f"+120255501{i:02d}"} for i in range(12)])
    second = Page.of(as_viewer, LIST + Page.of(as_viewer, LIST).link("Next"))
    list_numbers(account, [number.payload for number in numbers[3:]])

    page = Page.of(as_viewer, LIST + second.link("Previous"))

    assert page.rows == [number.get_absolute_url() for number in numbers[3:8]]
    assert position(page) == "1–5 of 9"


KEY = ("+12025550101", "PN" + "0" * 32)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("sort", ["number", "added"])
def test_a_page_that_nobody_can_read_is_the_first(as_viewer, account, sort):
    make_numbers(account, [{} for _ in range(7)])
    for text in (
        "", "1", "-1", "x", "é", "%%%", "W10", "bnVsbA", "e30", "InRleHQi",
        Cursor(("one",)).encode(),
        Cursor((*KEY, "three")).encode(),
        Cursor(("\0", "\0")).encode(),
        Cursor(("\ud800", "x")).encode(),
        "W1siYSIsICJiIl0sIDAsIEluZmluaXR5XQ",  # [["a", "b"], 0, Infinity]
        "W1siYSIsICJiIl0sIDAsIE5hTl0",  # [["a", "b"], 0, NaN]
        "W1siYSIsICJiIl0sIFsxXSwgWzJdXQ",  # [["a", "b"], [1], [2]]
        "W1tb" * 20_000,
    ):  # fmt: skip
        page = Page.part(as_viewer, url_of(LIST, page=text, sort=sort), "numbers")

        assert len(page.rows) == 5, text[:40]
        assert position(page) == "1–5 of 7"


@pytest.mark.usefixtures("small_pages")
def test_a_page_of_another_sort_is_the_first_or_the_nearest(as_viewer, account):
    make_numbers(account, [{} for _ in range(7)])
    for sort in ("number", "name", "added"):
        cursor = parse_qs(Page.of(as_viewer, url_of(LIST, sort=sort)).link("Next"))["page"]
        for other in ("number", "-number", "name", "-name", "added", "-added"):
            assert Page.part(as_viewer, url_of(LIST, sort=other, page=cursor), "numbers").rows


def test_it_takes_the_sizes_that_it_offers(as_viewer, account):
    make_numbers(account, [{} for _ in range(60)])
    for size, rows in (("100", 60), ("7", 50), ("-1", 50), ("²", 50), ("", 50), ("25", 25)):
        page = Page.part(as_viewer, url_of(LIST, size=size, q="number"), "numbers")

        assert len(page.rows) == rows, size
    ends = page.one(".pages__end")
    assert ends.text == "25 50 100 200 a page"
    assert parse_qs(urlsplit(ends.all("a")[-1]["href"]).query) == {"size": ["200"], "q": ["number"]}


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


# Columns


def test_it_shows_each_column_that_the_url_names(as_viewer, account):
    make_price(account, "US", "local", "1.15")
    make_number(account, owner="Ada", cost_centre="4711", tags=["desk"])
    for column in COLUMNS:
        page = Page.part(as_viewer, url_of(LIST, columns=column.name), "numbers")

        titles = [th.text for th in page.all("thead th")]
        assert titles == (["Number"] if column.name == "number" else ["Number", column.title])
        cells = page.all("tbody th, tbody td")
        assert len(cells) == len(titles)
        assert cells[-1].text


def test_columns_stand_in_the_lists_own_order_and_unknown_ones_are_left_out(as_viewer, account):
    make_number(account)

    def titles(**params):
        return [th.text for th in Page.of(as_viewer, url_of(LIST, **params)).all("main thead th")]

    assert titles(columns=["sid", "nonsense", "name"]) == ["Number", "Name", "SID"]
    usual = [column.title for column in COLUMNS if column.name in DEFAULT]
    assert titles() == titles(columns="nonsense") == usual


def test_figures_stand_to_the_right_and_prices_are_the_accounts_own(as_viewer, account):
    subaccount = make_account(owner_sid=account.pk)
    make_price(account, "US", "local", "1.15")
    make_price(subaccount, "DE", "local", "3.00", price_unit="EUR")
    make_number(account, phone_number="+12025550100")
    make_number(subaccount, phone_number="+12025550101")
    make_number(subaccount, phone_number="+493023125017")
    make_number(account, phone_number="+493023125018")

    page = Page.of(as_viewer, LIST)

    figures = [cell.text for cell in page.all("td.figure")]
    assert figures == ["$1.15", "$1.15", "€3.00", "–"]
    assert page.one("th.figure").text == "Monthly"


def test_a_row_says_number_national_format_country_and_what_answers(as_viewer, account):
    number = make_number(account, phone_number="+493023125017", voice_url="https://voice.example.com/in?a=b")

    page = Page.of(as_viewer, LIST)

    row = page.one("main tbody tr")
    assert row.one("th").text == "+49 30 23125017 030 23125017 · Germany"
    assert row.one("a[data-row-link]")["href"] == number.get_absolute_url()
    assert row.one("button")["data-copy"] == "+493023125017"
    assert row.one("button")["aria-label"] == "Copy number +493023125017"
    assert "voice.example.com" in row.text
    assert "Voice, SMS, MMS; not Fax" in row.text


# Empty, stale, in trouble


def test_an_empty_list_says_what_it_will_hold(as_viewer, account):
    page = Page.of(as_viewer, LIST)
    assert "No numbers have been read yet" in page.one(".empty").text
    assert "Not read completely yet" in page.one(".fresh").text

    list_numbers(account, [])
    page = Page.of(as_viewer, LIST)
    assert "There are no numbers" in page.one(".empty").text
    assert not page.all("main table")


def test_a_list_without_results_offers_to_take_each_filter_away(as_viewer, stock):
    page = Page.of(as_viewer, url_of(LIST, q="desk", country="DE", sort="name"))

    empty = page.one(".empty")
    assert "No number matches all of these filters" in empty.text
    assert [link.text for link in empty.all("a")] == ["without Search desk", "without Country Germany"]
    assert [parse_qs(urlsplit(link["href"]).query) for link in empty.all("a")] == [
        {"country": ["DE"], "sort": ["name"]}, {"q": ["desk"], "sort": ["name"]}
    ]  # fmt: skip


def test_the_list_of_what_is_no_longer_listed_says_so(as_viewer, account, stock):
    page = Page.of(as_viewer, url_of(LIST, listed="no"))

    assert page.one("main h1").text == "Numbers no longer listed"
    assert page.title.startswith("Numbers no longer listed")
    assert "Missing since" in [th.text for th in page.all("th")]
    assert [link.text for link in page.all("a[aria-current=page]")] == ["No longer listed"]
    make_number(account)
    PhoneNumber.objects.filter(missing_since__isnull=False).delete()
    assert not Page.of(as_viewer, url_of(LIST, listed="no")).rows


def test_it_says_how_old_it_is_and_warns_when_that_is_too_old(as_viewer, account):
    make_numbers(account, [{}])
    assert "as of" in Page.of(as_viewer, LIST).one(".fresh").text
    assert not Page.of(as_viewer, LIST).all(".fresh--stale")
    SyncRun.objects.update(finished_at=Now() - timedelta(hours=2))

    line = Page.of(as_viewer, LIST).one(".fresh--stale").text

    assert line.startswith("Stale: as of ")
    assert "2 h ago" in line


def test_when_twilio_could_not_be_read_it_shows_the_last_known_state_and_says_so(as_viewer, account):
    make_numbers(account, [{}, {}])
    SyncRun.objects.update(finished_at=Now() - timedelta(minutes=20), queued_at=Now() - timedelta(minutes=21))
    SyncRun.objects.create(
        account=account, resource="numbers", trigger="schedule", state="failed",
        finished_at=timezone.now(), error="Twilio cannot be reached.",
    )  # fmt: skip

    page = Page.of(as_viewer, LIST)

    notice = page.one(".notice--wait").text
    assert notice.startswith("Unavailable: Twilio could not be read")
    assert "Ours: Twilio cannot be reached. Tried just now. What you see is the last known state" in notice
    assert len(page.rows) == 2


# Who sees what


def test_what_can_be_done_depends_on_the_role(as_viewer, as_support, account):
    make_numbers(account, [{}])

    assert not Page.of(as_viewer, LIST).has_link("Export CSV")
    assert "Refresh now" not in Page.of(as_viewer, LIST).one(".fresh").text
    assert Page.of(as_support, LIST).has_link("Export CSV")
    assert "Refresh now" in Page.of(as_support, LIST).one(".fresh").text


def test_it_shows_nothing_of_foreign_accounts(client, account, other, stock):
    client.force_login(make_user(Role.SUPPORT, accounts=[other]))

    page = Page.of(client, url_of(LIST, size=200))

    assert len(page.rows) == 1
    assert "Ours" not in page.source
    assert account.pk not in page.source
    assert page.one("caption").text.startswith("1 number,")
    assert not Page.of(client, url_of(LIST, account=account.pk)).rows


def test_it_needs_a_role_and_a_get(client, as_viewer):
    client.force_login(make_user())
    assert client.get(LIST).status_code == 403
    assert as_viewer.post(LIST).status_code == 405
    assert as_viewer.delete(LIST).status_code == 405


# Counted


def test_the_part_for_htmx_is_the_pages_own(as_viewer, stock):
    assert_is_region(as_viewer, url_of(LIST, q="desk"), "numbers")
    assert_is_region(as_viewer, url_of(LIST, q="nothing like it"), "numbers")


@pytest.mark.parametrize("query", ["", "q=number", "country=US&type=local", "listed=no"])
def test_it_takes_as_many_queries_for_3_rows_as_for_200(as_support, account, query):
    few, many = make_account(), make_account()
    make_numbers(few, [{} for _ in range(3)])
    name = f"number_list {query}".strip()
    url = f"{LIST}?{query}&size=200"

    if "listed" in query:
        list_numbers(few, [])
    with counted(name):
        assert len(Page.of(as_support, url).rows) == 3
    make_numbers(many, [{"owner": "Ada", "tags": ["desk"]} for _ in range(200)])
    if "listed" in query:
        list_numbers(many, [])
    with counted(name):
        assert len(Page.of(as_support, url).rows) == 200
    with counted(name):
        Page.part(as_support, url, "numbers")


def test_no_list_takes_more_than_twelve():
    baseline = json.loads(BASELINE.read_text())

    assert not {name: count for name, count in baseline.items() if "list" in name and count > 12}


def test_an_exact_count_is_said_to_a_point_and_no_further(as_viewer, account, monkeypatch):
    make_numbers(account, [{} for _ in range(30)])
    monkeypatch.setattr("inventory.walks.COUNT_UP_TO", 10)

    page = Page.of(as_viewer, url_of(LIST, q="number", size=25))

    assert page.one("caption").text == "more than 10 numbers, sorted by number"
    assert position(page) == "1–25 of more than 10"
    assert position(Page.of(as_viewer, LIST + page.link("Next"))) == "26–30 of 30"
    assert position(Page.of(as_viewer, LIST + page.link("Last"))) == "Last 25 of more than 10"
