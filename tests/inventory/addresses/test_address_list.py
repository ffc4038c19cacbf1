"""The list of addresses: what it shows, filters, exports and leads to."""

import pytest
from django.db.models.functions import Now

from inventory.addresses.actions import CREATE_ADDRESS
from inventory.models import Address
from portal.models import Operation, Role
from tests.factories import make_account, make_address, make_number, make_user
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

LIST = "/addresses/"


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def other(db):
    return make_account(friendly_name="Theirs")


@pytest.fixture
def stock(account, other):
    berlin = make_address(
        account, customer_name="Beispiel GmbH", friendly_name="Head office", street="Musterstr. 1",
        city="Berlin", iso_country="DE", postal_code="10117",
    )  # fmt: skip
    emergency = make_address(account, customer_name="Acme", city="Boise", emergency_enabled=True)
    make_address(account, customer_name="Idle 100%", city="Reno")
    make_address(other, customer_name="Elsewhere")
    gone = make_address(account, customer_name="Gone")
    Address.objects.filter(pk=gone.pk).update(missing_since=Now())
    make_number(account, address_sid=berlin.pk)
    make_number(account, address_sid=berlin.pk, emergency_address_sid=emergency.pk)


def names(client, **params):
    page = Page.part(client, url_of(LIST, **params), "addresses")
    return [link.text for link in page.all("a[data-row-link]")]


ALL = ["Acme", "Beispiel GmbH", "Elsewhere", "Idle 100%"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ALL),
        ({"sort": "-name"}, ALL[::-1]),
        ({"sort": "country"}, ["Beispiel GmbH", "Acme", "Elsewhere", "Idle 100%"]),
        ({"q": "muster berlin"}, ["Beispiel GmbH"]),
        ({"q": "OFFICE"}, ["Beispiel GmbH"]),
        ({"q": "100%"}, ["Idle 100%"]),
        ({"q": "_"}, []),
        ({"q": "10117"}, ["Beispiel GmbH"]),
        ({"country": "DE"}, ["Beispiel GmbH"]),
        ({"country": ["DE", "US"]}, ALL),
        ({"used": "yes"}, ["Acme", "Beispiel GmbH"]),
        ({"used": "emergency"}, ["Acme"]),
        ({"used": "no"}, ["Elsewhere", "Idle 100%"]),
        ({"emergency": "yes"}, ["Acme"]),
        ({"emergency": "no", "used": "no"}, ["Elsewhere", "Idle 100%"]),
        ({"listed": "no"}, ["Gone"]),
        ({"country": "moon"}, ALL),
        ({"used": "sometimes"}, ALL),
        ({"page": "nonsense"}, ALL),
    ],
)
def test_it_is_sorted_and_narrowed_as_the_url_says(as_viewer, stock, params, found):
    assert names(as_viewer, **params) == found


def test_an_account_is_chosen_and_taken_away_again(as_viewer, stock, other):
    page = Page.of(as_viewer, url_of(LIST, account=other.pk))
    assert [link.text for link in page.all("a[data-row-link]")] == ["Elsewhere"]
    chip = page.one(".chips .chip")
    assert chip.text.startswith("Account Theirs")
    assert [link.text for link in Page.of(as_viewer, LIST + chip["href"]).all("a[data-row-link]")] == ALL


def test_a_row_says_who_where_and_how_many_numbers(as_viewer, stock):
    page = Page.of(as_viewer, LIST)
    rows = {row.one("a[data-row-link]").text: row.text for row in page.all("tbody tr")}
    assert rows["Beispiel GmbH"] == (
        "Beispiel GmbH Head office Musterstr. 1 10117 Berlin, CA Germany Ours 2 No"
    )
    assert "0 1 for emergencies Enabled" in rows["Acme"]
    assert "none" in rows["Idle 100%"]
    listed = Page.of(as_viewer, page.all("tbody tr")[1].one("td.figure a")["href"])
    assert len(listed.rows) == 2


def test_it_pages_through_many_in_order(as_viewer, account):
    for index in range(60):
        make_address(account, customer_name=f"Company {index:03d}")
    first = Page.of(as_viewer, url_of(LIST, size=50))
    assert "1–50 of 60" in first.one(".pages").text
    rest = Page.of(as_viewer, LIST + first.one("a[rel=next]")["href"])
    assert rest.all("a[data-row-link]")[0].text == "Company 050"
    assert_is_region(as_viewer, LIST, "addresses")


def test_an_address_that_is_not_settled_yet_is_announced(as_viewer, account):
    Operation.objects.create(
        kind=CREATE_ADDRESS, account=account, target="address:x", state="uncertain", detail={}
    )
    notice = Page.of(as_viewer, LIST).one(".notice--wait").text
    assert "A new address is not settled yet" in notice
    assert "Do not create it again." in notice


def test_only_visible_accounts_are_listed(client, stock, account):
    client.force_login(make_user(Role.VIEWER, accounts=[account]))
    assert names(client) == [name for name in ALL if name != "Elsewhere"]


def test_without_addresses_it_says_what_they_are_for(as_viewer, as_support, account):
    assert "Create the first address" not in Page.of(as_viewer, LIST).source
    assert Page.of(as_support, LIST).link("New address") == "/addresses/new/"


@pytest.mark.parametrize("role", list(Role))
def test_who_may_what(client, stock, role):
    client.force_login(make_user(role))
    page = Page.of(client, LIST)
    manages = role in (Role.SUPPORT, Role.PORTING, Role.COMPLIANCE, Role.ADMIN)
    assert page.has_link("New address") == manages
    assert client.get("/addresses/new/").status_code == (200 if manages else 403)
    assert client.get("/addresses/export/").status_code == (403 if role == Role.VIEWER else 200)
    assert client.post(LIST).status_code == 405


def test_the_export_holds_the_list_as_it_is_narrowed(as_support, stock):
    answer = as_support.get(url_of("/addresses/export/", used="yes", sort="-name"))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert "SID (sid)" in lines[0]
    assert [line.split(",")[4] for line in lines[1:]] == ['"Beispiel GmbH"', '"Acme"']
    assert lines[1].endswith('"2","0"')
    assert lines[2].endswith('"0","1"')


def test_a_cell_that_would_calculate_does_not(as_support, account):
    make_address(account, customer_name="=cmd()")
    exported = b"".join(as_support.get("/addresses/export/").streaming_content).decode()
    assert '"\'=cmd()"' in exported


def test_text_of_any_kind_is_shown_as_text(as_viewer, account):
    make_address(account, customer_name="<script>alert(1)</script>", street="<b>")
    assert "<script>alert" not in Page.of(as_viewer, LIST).source


def test_it_takes_as_many_queries_for_many_rows_as_for_few(as_viewer, account):
    make_address(account)
    with counted("address_list"):
        Page.of(as_viewer, LIST)
    for _ in range(30):
        make_number(account, address_sid=make_address(account).pk)
    with counted("address_list"):
        Page.of(as_viewer, LIST)
