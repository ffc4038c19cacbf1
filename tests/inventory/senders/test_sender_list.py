"""The register of sender IDs: what it shows, filtered, sorted, page by page, and as a file."""

import csv

import pytest

from inventory.models import SenderId
from portal.models import Membership, Role
from tests.factories import make_account, make_number, make_sender, make_user
from tests.inventory.stock import list_numbers
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

LIST = "/senders/"


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def other(db):
    return make_account(friendly_name="Theirs")


@pytest.fixture
def register(account, other):
    make_sender(account, "CO", "Owl Inc")
    make_sender(account, "CO", "Hoot Hoot", is_default=True)
    make_sender(account, "MX", "Owl Inc")
    make_sender(account, "GB", "+442079460123", is_default=True)
    make_sender(other, "CO", "12345", is_default=True)


def found(client, **params):
    """What the list has, as (sender ID, country, account)."""
    page = Page.part(client, url_of(LIST, **params), "senders")
    return [
        (row.one("th a").text, row.all("td")[0].text, row.all("td")[3].text) for row in page.all("tbody tr")
    ]


ROWS = [
    ("12345", "Colombia", "Theirs"),
    ("Hoot Hoot", "Colombia", "Ours"),
    ("Owl Inc", "Colombia", "Ours"),
    ("+44 20 7946 0123", "United Kingdom", "Ours"),
    ("Owl Inc", "Mexico", "Ours"),
]


def test_it_lists_every_sender_id_by_country(as_viewer, register):
    page = Page.of(as_viewer, LIST)

    assert found(as_viewer) == ROWS
    assert page.one("caption").text == "5 registered sender IDs, sorted by country"
    assert [row.one("td:nth-child(3)").text for row in page.all("tbody tr")] == [
        "Default", "Default", "Hoot Hoot", "Default", "No default",
    ]  # fmt: skip
    assert "Twilio offers no API for default senders." in page.one(".sender-record").text
    assert "a change here changes nothing at Twilio" in page.one(".sender-record").text
    assert page.one(".nav__link[aria-current]").text == "Default senders"


@pytest.mark.parametrize(
    ("params", "rows"),
    [
        ({"q": "owl"}, [2, 4]),
        ({"q": "%"}, []),
        ({"account": "{other}"}, [0]),
        ({"country": ["GB", "MX"]}, [3, 4]),
        ({"kind": "alphanumeric"}, [1, 2, 4]),
        ({"kind": "short-code"}, [0]),
        ({"kind": "number"}, [3]),
        ({"default": "yes"}, [0, 1, 3]),
        ({"default": "no"}, [2]),
        ({"default": "none"}, [4]),
        ({"kind": "nonsense", "country": "nonsense"}, [0, 1, 2, 3, 4]),
        ({"sort": "sender"}, [3, 0, 1, 2, 4]),
        ({"sort": "-country"}, [4, 3, 2, 1, 0]),
    ],
)
def test_it_can_be_narrowed_and_sorted(as_viewer, register, other, params, rows):
    params = {name: other.pk if value == "{other}" else value for name, value in params.items()}

    assert found(as_viewer, **params) == [ROWS[index] for index in rows]


def test_each_applied_filter_is_a_chip_that_takes_it_away(as_viewer, register):
    page = Page.of(as_viewer, url_of(LIST, country=["CO", "MX"], default="none"))

    chips = [chip.text for chip in page.all(".chips .chip")]
    assert chips == [
        "Country Colombia Remove this filter",
        "Country Mexico Remove this filter",
        "Default Its country has no default Remove this filter",
    ]


def test_it_goes_on_page_by_page(as_viewer, account):
    for index in range(60):
        make_sender(account, "CO", f"Owl {index:02d}")

    first = Page.of(as_viewer, url_of(LIST, size=50))
    second = Page.of(as_viewer, LIST + first.link("Next"))

    assert [len(page.all("tbody tr")) for page in (first, second)] == [50, 10]
    assert second.all("tbody th")[0].text == "Owl 50"


def test_an_empty_register_says_what_it_is_for_and_who_fills_it(as_viewer, as_support):
    assert "Somebody with the role Support" in Page.of(as_viewer, LIST).one(".empty").text
    assert Page.of(as_support, LIST).link("Add the first sender ID") == "/senders/add/"


def test_it_says_which_filter_leaves_nothing(as_viewer, register):
    page = Page.of(as_viewer, url_of(LIST, q="nothing like it"))

    assert page.one(".empty h2").text == "No sender ID matches all of these filters"


def test_a_number_on_another_account_than_its_registration_is_said_so(as_viewer, register, other):
    make_number(other, phone_number="+442079460123")

    assert "Phone number On another account" in Page.of(as_viewer, LIST).one("tbody").text


def test_a_number_that_is_not_ours_is_said_so(as_viewer, register, account):
    assert "Not among our numbers" in Page.of(as_viewer, LIST).one("tbody").text
    make_number(account, phone_number="+442079460123")
    assert "Not among our numbers" not in Page.of(as_viewer, LIST).one("tbody").text
    list_numbers(account, [])
    assert "Not among our numbers" in Page.of(as_viewer, LIST).one("tbody").text


def test_it_shows_those_accounts_only_that_one_may_see(client, register, account):
    person = make_user(Role.SUPPORT, accounts=[account])
    client.force_login(person)

    assert found(client) == ROWS[1:]
    assert "Theirs" not in Page.of(client, LIST).one("main").text


def test_the_file_has_what_the_list_has(as_support, register):
    answer = as_support.get("/senders/export/?default=yes&sort=sender")

    rows = list(csv.reader(b"".join(answer).decode("utf-8-sig").splitlines()))
    assert rows[0][0] == "Sender ID (sender)"
    assert [row[:4] for row in rows[1:]] == [
        ["+442079460123", "Phone number", "GB", "yes"],
        ["12345", "Short code", "CO", "yes"],
        ["Hoot Hoot", "Alphanumeric", "CO", "yes"],
    ]


def test_the_file_holds_those_accounts_only_where_the_role_exports(as_viewer, client, register, account):
    assert as_viewer.get("/senders/export/").status_code == 403
    person = make_user(Role.VIEWER)
    Membership.objects.create(user=person, role=Role.SUPPORT).accounts.add(account)
    client.force_login(person)
    assert b"12345" not in b"".join(client.get("/senders/export/"))


def test_a_sender_id_that_a_spreadsheet_would_calculate_is_text(as_support, account):
    SenderId.objects.create(account=account, country="CO", sender="+A1-B2")

    assert b'"\'+A1-B2"' in b"".join(as_support.get("/senders/export/"))


def test_it_only_shows(as_viewer, client):
    assert as_viewer.post(LIST).status_code == 405
    client.force_login(make_user())
    assert client.get(LIST).status_code == 403


def test_the_part_for_htmx_is_the_pages_own(as_support, register):
    assert_is_region(as_support, url_of(LIST, kind="alphanumeric"), "senders")


def test_it_takes_as_many_queries_for_many_as_for_few(as_support, register, account):
    with counted("sender_list"):
        Page.of(as_support, LIST)
    for index in range(30):
        make_sender(make_account(), "MX", f"Owl {index}")
    with counted("sender_list"):
        Page.of(as_support, LIST)
