"""The number list sorted and page by page, while rows come and go."""

from urllib.parse import parse_qs, urlsplit

import pytest

from inventory.models import PhoneNumber
from portal import listing
from portal.listing import Cursor
from tests.inventory.stock import list_numbers, make_numbers
from tests.pages import Page, url_of

pytestmark = pytest.mark.django_db

LIST = "/numbers/"


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


def test_an_exact_count_is_said_to_a_point_and_no_further(as_viewer, account, monkeypatch):
    make_numbers(account, [{} for _ in range(30)])
    monkeypatch.setattr("inventory.walks.COUNT_UP_TO", 10)

    page = Page.of(as_viewer, url_of(LIST, q="number", size=25))

    assert page.one("caption").text == "more than 10 numbers, sorted by number"
    assert position(page) == "1–25 of more than 10"
    assert position(Page.of(as_viewer, LIST + page.link("Next"))) == "26–30 of 30"
    assert position(Page.of(as_viewer, LIST + page.link("Last"))) == "Last 25 of more than 10"
