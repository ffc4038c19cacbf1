"""The list of bundles: what it shows, filters, sorts, exports and keeps as a view."""

import pytest

from compliance.models import Bundle
from portal.models import Role, SavedView
from tests.factories import (
    assign,
    make_account,
    make_bundle,
    make_end_user,
    make_number,
    make_regulation,
    make_user,
)
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

LIST = "/bundles/"
LAST_DAY = "2027-03-01T00:00:00Z"


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def other(db):
    return make_account(friendly_name="Theirs")


@pytest.fixture
def stock(account, other):
    german, french = make_regulation("DE", "local", "business"), make_regulation("FR", "mobile", "individual")
    make_bundle(account, german, friendly_name="Approved", date_updated="2024-01-05T08:00:00Z")
    make_bundle(
        account, german, friendly_name="Draft 100%", status="draft", date_updated="2024-01-04T08:00:00Z"
    )
    make_bundle(
        account, french, friendly_name="Ending", valid_until=LAST_DAY, date_updated="2024-01-03T08:00:00Z"
    )
    make_bundle(
        other, french, friendly_name="Review", status="in-review", date_updated="2024-01-02T08:00:00Z"
    )
    rejected = make_bundle(
        account,
        german,
        friendly_name="Refused",
        status="twilio-rejected",
        date_updated="2024-01-01T08:00:00Z",
    )
    assign(rejected, make_end_user(account, sid="IT" + "a" * 32))
    test = make_bundle(account, german, friendly_name="Test", status="twilio-rejected")
    Bundle.objects.filter(pk=test.pk).update(is_test=True)
    gone = make_bundle(account, german, friendly_name="Gone")
    Bundle.objects.filter(pk=gone.pk).update(missing_since="2024-02-01T08:00:00Z")


def names(client, **params):
    page = Page.part(client, url_of(LIST, **params), "bundles")
    return [link.text for link in page.all("a[data-row-link]")]


ALL = ["Approved", "Draft 100%", "Ending", "Review", "Refused"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ALL),
        ({"sort": "since"}, ALL[::-1]),
        ({"sort": "name"}, sorted(ALL)),
        ({"sort": "until"}, ["Ending", *[name for name in ALL if name != "Ending"]]),
        ({"sort": "-until", "next": "us"}, ["Refused", "Draft 100%", "Ending"]),
        ({"q": "100%"}, ["Draft 100%"]),
        ({"q": "_"}, []),
        ({"status": ["draft", "in-review"]}, ["Draft 100%", "Review"]),
        ({"next": "us"}, ["Draft 100%", "Ending", "Refused"]),
        ({"next": "twilio"}, ["Review"]),
        ({"country": "FR"}, ["Ending", "Review"]),
        ({"country": "FR", "type": "local"}, []),
        ({"end_user": "individual"}, ["Ending", "Review"]),
        ({"deadline": "yes"}, ["Ending"]),
        ({"deadline": "no", "status": "twilio-approved"}, ["Approved"]),
        ({"valid_from": "2027-03-01"}, ["Ending"]),
        ({"valid_from": "2027-03-02"}, []),
        ({"valid_to": "2027-02-28"}, []),
        ({"valid_from": "2027-01-01", "valid_to": "2027-03-01"}, ["Ending"]),
        ({"valid_from": "soon"}, ALL),
        ({"test": "only"}, ["Test"]),
        ({"test": "all", "status": "twilio-rejected"}, ["Test", "Refused"]),
        ({"listed": "no"}, ["Gone"]),
        ({"holds": "IT" + "a" * 32}, ["Refused"]),
        ({"country": "moon"}, ALL),
        ({"page": "nonsense"}, ALL),
    ],
)
def test_it_is_sorted_and_narrowed_as_the_url_says(as_viewer, stock, params, found):
    listed = names(as_viewer, **params)
    assert sorted(listed) == sorted(found)
    if "until" not in params.get("sort", ""):
        assert listed == found


def test_those_with_the_nearest_last_day_come_first_when_sorted_by_it(as_viewer, stock):
    assert names(as_viewer, sort="until")[0] == "Ending"
    assert names(as_viewer, sort="-until")[-1] == "Ending"


def test_a_bundle_is_found_by_its_sid_and_by_its_regulation(as_viewer, stock):
    bundle = Bundle.objects.get(friendly_name="Ending")
    assert names(as_viewer, q=bundle.pk) == ["Ending"]
    assert names(as_viewer, regulation=bundle.regulation_id) == ["Ending", "Review"]


def test_an_account_is_chosen_and_taken_away_again(as_viewer, stock, other):
    page = Page.of(as_viewer, url_of(LIST, account=other.pk))
    assert [link.text for link in page.all("a[data-row-link]")] == ["Review"]
    chip = page.one(".chips .chip")
    assert chip.text.startswith("Account Theirs")
    assert [link.text for link in Page.of(as_viewer, LIST + chip["href"]).all("a[data-row-link]")] == ALL


def test_a_row_says_what_it_is_for_and_leads_to_its_numbers(as_viewer, stock, account):
    bundle = Bundle.objects.get(friendly_name="Ending")
    for _ in range(3):
        make_number(account, bundle_sid=bundle.pk)
    page = Page.of(as_viewer, url_of(LIST, deadline="yes"))
    row = page.one("tbody tr")
    assert "Ending Approved 3 Jan 2024 France Mobile, individual 1 Mar 2027" in row.text
    assert row.text.endswith("3 Ours")
    assert len(Page.of(as_viewer, row.one("td.figure a")["href"]).rows) == 3


@pytest.mark.parametrize("sort", ["-since", "since", "name", "-name", "until", "-until", "status", "created"])
def test_it_pages_through_many_in_any_order(as_viewer, account, sort):
    regulation = make_regulation()
    for index in range(30):
        make_bundle(
            account,
            regulation,
            friendly_name=f"Bundle {index % 7}",
            valid_until=LAST_DAY if index % 3 else None,
            date_updated=f"2024-01-{index % 9 + 1:02d}T08:00:00Z",
        )
    seen, url = [], url_of(LIST, size=25, sort=sort)
    while url:
        page = Page.of(as_viewer, url)
        seen += page.rows
        following = page.all("a[rel=next]")
        url = LIST + following[0]["href"] if following else ""
    assert len(seen) == len(set(seen)) == 30


def test_only_visible_accounts_are_listed(client, stock, account):
    client.force_login(make_user(Role.VIEWER, accounts=[account]))
    assert "Review" not in names(client)


def test_it_can_be_kept_as_a_view(as_support, support, stock):
    page = Page.of(as_support, url_of(LIST, next="us", sort="name"))
    assert page.has_link("Save this view")
    view = SavedView.objects.create(
        owner=support, list_name="compliance:bundle-list", query="next=us&sort=name", name="Ours to do"
    )
    assert "Ours to do" in Page.of(as_support, view.get_absolute_url()).one(".views").text


@pytest.mark.parametrize("role", list(Role))
def test_who_may_what(client, stock, role):
    client.force_login(make_user(role))
    page = Page.of(client, LIST)
    assert page.has_link("New bundle") == (role in (Role.COMPLIANCE, Role.ADMIN))
    assert client.get("/bundles/export/").status_code == (403 if role == Role.VIEWER else 200)
    assert client.post(LIST).status_code == 405


def test_the_export_holds_the_list_as_it_is_narrowed_and_no_contact(as_support, stock):
    answer = as_support.get(url_of("/bundles/export/", next="us", sort="-since"))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert "Name (friendly_name)" in lines[0]
    assert [line.split(",")[3] for line in lines[1:]] == ['"Draft 100%"', '"Ending"', '"Refused"']
    assert "compliance@example.com" not in "".join(lines)


def test_text_of_any_kind_is_shown_as_text(as_viewer, account):
    make_bundle(account, make_regulation(), friendly_name="<script>alert(1)</script>", status="<b>")
    assert "<script>alert" not in Page.of(as_viewer, LIST).source


def test_a_bundle_whose_regulation_was_never_read_is_listed(as_viewer, account):
    regulation = make_regulation()
    regulation.pk = "RN" + "f" * 32
    make_bundle(account, regulation, friendly_name="Stray")
    assert names(as_viewer) == ["Stray"]


def test_what_htmx_replaces_is_part_of_the_page(as_viewer, stock):
    assert_is_region(as_viewer, LIST, "bundles")


def test_without_bundles_it_says_what_they_are_for(as_viewer):
    assert "There are no bundles" in Page.of(as_viewer, LIST).source


def test_it_takes_as_many_queries_for_many_rows_as_for_few(as_viewer, account):
    regulation = make_regulation()
    make_bundle(account, regulation)
    with counted("bundle_list"):
        Page.of(as_viewer, LIST)
    for country in ("AT", "CH", "IT"):
        make_bundle(account, make_regulation(country))
    with counted("bundle_list"):
        Page.of(as_viewer, LIST)
