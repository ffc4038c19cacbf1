"""The number list: its columns, its empty and stale states, who sees what, and what it costs."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from inventory.columns import COLUMNS, DEFAULT
from inventory.models import PhoneNumber
from portal.models import Role, SyncRun
from tests.factories import make_account, make_number, make_price, make_user
from tests.inventory.stock import list_numbers, make_numbers
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import BASELINE, counted

pytestmark = pytest.mark.django_db

LIST = "/numbers/"


def names(client, **params):
    """The names on the list, in its order."""
    page = Page.part(client, url_of(LIST, columns="name", size=200, **params), "numbers")
    return [cell.text for cell in page.all("tbody td:nth-child(2)")]


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


@pytest.mark.parametrize(
    "query", ["", "q=number", "country=US&type=local", "listed=no", "columns=compliance"]
)
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
