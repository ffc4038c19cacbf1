"""The list of end users: what it shows, filters, exports and leads to."""

import pytest
from django.db.models.functions import Now

from compliance.models import EndUser
from portal.models import Role
from tests.factories import assign, make_account, make_bundle, make_end_user, make_regulation, make_user
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

LIST = "/end-users/"


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def stock(account):
    held = make_end_user(account, friendly_name="Beispiel GmbH")
    bundle = make_bundle(account, make_regulation(), friendly_name="Berlin")
    assign(bundle, held)
    make_end_user(account, friendly_name="Alex 100%", type="individual", attributes={"first_name": "Alex"})
    make_end_user(make_account(friendly_name="Theirs"), friendly_name="Elsewhere")
    gone = make_end_user(account, friendly_name="Gone")
    EndUser.objects.filter(pk=gone.pk).update(missing_since=Now())


def names(client, **params):
    page = Page.part(client, url_of(LIST, **params), "end-users")
    return [link.text for link in page.all("a[data-row-link]")]


ALL = ["Alex 100%", "Beispiel GmbH", "Elsewhere"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ALL),
        ({"sort": "-name"}, ALL[::-1]),
        ({"q": "beispiel"}, ["Beispiel GmbH"]),
        ({"q": "100%"}, ["Alex 100%"]),
        ({"q": "_"}, []),
        ({"type": "individual"}, ["Alex 100%"]),
        ({"used": "yes"}, ["Beispiel GmbH"]),
        ({"used": "no"}, ["Alex 100%", "Elsewhere"]),
        ({"listed": "no"}, ["Gone"]),
        ({"type": "moon"}, ALL),
        ({"page": "nonsense"}, ALL),
    ],
)
def test_it_is_sorted_and_narrowed_as_the_url_says(as_viewer, stock, params, found):
    assert names(as_viewer, **params) == found


def test_a_row_leads_to_the_bundles_that_hold_it(as_viewer, stock, account):
    page = Page.of(as_viewer, url_of(LIST, used="yes"))
    assert "Beispiel GmbH Business Berlin Ours" in page.one("tbody tr").text
    held = EndUser.objects.get(friendly_name="Beispiel GmbH")
    assign(make_bundle(account, make_regulation("FR")), held)
    page = Page.of(as_viewer, url_of(LIST, used="yes"))
    assert len(Page.of(as_viewer, page.link("2 bundles")).rows) == 2


def test_only_visible_accounts_are_listed(client, stock, account):
    client.force_login(make_user(Role.VIEWER, accounts=[account]))
    assert names(client) == ["Alex 100%", "Beispiel GmbH"]


@pytest.mark.parametrize("role", list(Role))
def test_who_may_what(client, stock, role):
    client.force_login(make_user(role))
    assert client.get(LIST).status_code == 200
    assert client.get("/end-users/export/").status_code == (403 if role == Role.VIEWER else 200)
    assert client.post(LIST).status_code == 405


def test_the_export_masks_what_they_say(as_support, stock):
    answer = as_support.get(url_of("/end-users/export/", type="individual"))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert '"Alex 100%"' in text
    assert "first_name ••••" in text
    assert '"Alex"' not in text
    assert "Alex;" not in text


def test_what_htmx_replaces_is_part_of_the_page(as_viewer, stock):
    assert_is_region(as_viewer, LIST, "end-users")


def test_text_of_any_kind_is_shown_as_text(as_viewer, account):
    make_end_user(account, friendly_name="<script>alert(1)</script>", type="<b>")
    assert "<script>alert" not in Page.of(as_viewer, LIST).source


def test_without_end_users_it_says_what_they_are(as_viewer):
    assert "There are no end users" in Page.of(as_viewer, LIST).source


def test_it_takes_as_many_queries_for_many_rows_as_for_few(as_viewer, stock, account):
    with counted("end_user_list"):
        Page.of(as_viewer, LIST)
    bundle = make_bundle(account, make_regulation("FR"))
    for _ in range(10):
        assign(bundle, make_end_user(account))
    with counted("end_user_list"):
        Page.of(as_viewer, LIST)
