"""Saved views of lists: saving, choosing, altering, sharing; and that nobody sees more by one."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from portal.models import Role, SavedView
from portal.saved_views.menu import ListState
from tests.factories import make_account, make_number, make_sender, make_user
from tests.inventory.stock import make_numbers
from tests.pages import Page, assert_is_region, htmx, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

LIST = "/numbers/"
GERMANS = "country=DE"


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def stock(account):
    make_numbers(account, [{"phone_number": "+493023125017"}, {}, {"type": "mobile"}])


def make_view(owner, name="Germans", query=GERMANS, **fields):
    fields = {"sharing": "private", "list_name": "inventory:number-list", **fields}
    return SavedView.objects.create(owner=owner, name=name, query=query, **fields)


def bar(client, url):
    """What the line above the list offers, and to whom it leads."""
    page = Page.part(client, url, "numbers")
    lines = page.all(".views")
    return lines[0] if lines else None


def offered(line):
    """The controls beside the menu."""
    found = [*line.all(".views > a"), *line.all(".views > form button"), *line.all(".views > .badge")]
    return {control.text for control in found}


def menu(line):
    """Its groups, each with the names of the views in it."""
    names = [heading.text for heading in line.all("h3")]
    return {
        name: [item.text for item in ul.all("a")] for name, ul in zip(names, line.all("ul"), strict=False)
    }


def save(client, url, **typed):
    """Save a list as it is seen at this URL."""
    link = Page.of(client, url).link("Save this view")
    return client.post("/views/add/", {**Page.of(client, link).form(), **typed})


def client_of(person):
    client = Client()
    client.force_login(person)
    return client


# Saving


def test_the_list_as_it_is_offers_nothing(as_viewer, stock):
    for url in (LIST, url_of(LIST, sort="number"), url_of(LIST, size=25), url_of(LIST, q=" ", owner="")):
        assert bar(as_viewer, url) is None


def test_it_keeps_filters_order_and_columns_and_leads_back_to_them(as_viewer, viewer, stock):
    url = url_of(LIST, country=["US", "DE"], q="number", sort="-added", columns=["name", "sid"], size=25)

    answer = save(as_viewer, url, name="  Mine ", sharing="private")

    [view] = SavedView.objects.all()
    assert (view.owner, view.name, view.sharing, view.list_name) == (
        viewer, "Mine", "private", "inventory:number-list",
    )  # fmt: skip
    assert parse_qs(view.query) == {
        "q": ["number"], "country": ["DE", "US"], "sort": ["-added"], "columns": ["name", "number", "sid"],
    }  # fmt: skip
    assert answer["Location"] == f"/numbers/?{view.query}&view={view.pk}"
    page = Page.of(as_viewer, answer["Location"])
    assert page.messages == ["Saved as Mine."]
    assert page.one(".views summary").text == "View: Mine"
    assert len(page.all("thead th[scope=col]:not(.pick-cell)")) == 3


def test_only_what_the_list_knows_and_applies_is_kept(as_viewer, stock):
    url = url_of(
        LIST, country="DE", nonsense="1", page="abc", view="99999", can="flying", added_from="never",
        sort="colour", columns="colour", next="https://example.org",
    )  # fmt: skip

    save(as_viewer, url, name="Mine", sharing="private")

    assert SavedView.objects.get().query == "country=DE"


@pytest.mark.parametrize("state", ["", "nonsense", "WyJob21lIiwiIl0:1abc:def"])
def test_what_no_list_said_of_itself_is_not_saved(as_viewer, viewer, state):
    view = make_view(viewer)
    assert as_viewer.get(url_of("/views/add/", state=state)).status_code == 400
    assert as_viewer.post("/views/add/", {"state": state, "name": "x"}).status_code == 400
    assert as_viewer.post(f"/views/{view.pk}/replace/", {"state": state}).status_code == 400
    assert SavedView.objects.get().query == GERMANS


def test_too_many_filters_for_a_url_are_not_offered_to_be_saved(as_viewer, stock):
    assert bar(as_viewer, url_of(LIST, q="9" * 3100)) is None


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": ""}, "name", "Enter name"),
        ({"name": "x" * 61}, "name", "at most 60 characters"),
        ({"name": "GERMANS"}, "name", "You have a view of this name on this list already"),
        ({"sharing": ""}, "sharing", "Enter who has it"),
        ({"sharing": "roles"}, "roles", "Choose the roles"),
        ({"sharing": "roles", "roles": "king"}, "roles", "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(as_support, support, stock, typed, field, words):
    make_view(support)

    answer = save(as_support, url_of(LIST, country="US"), **{"name": "New", "sharing": "private", **typed})

    assert answer.status_code == 422
    assert words in Page(answer).one(f"#id_{field}_error").text
    assert SavedView.objects.count() == 1


def test_others_and_other_lists_may_have_the_same_name(as_support, support, viewer, account, stock):
    make_view(viewer)
    make_sender(account, "CO", "Owl")
    make_view(support, list_name="inventory:sender-list", query="country=CO")

    assert save(as_support, url_of(LIST, country="DE"), name="Germans", sharing="private").status_code == 302


# Choosing and altering


def test_an_altered_view_says_so_and_offers_to_save_or_reset(as_viewer, viewer, stock):
    view = make_view(viewer)
    as_saved = bar(as_viewer, view.get_absolute_url())
    assert offered(as_saved) == {"Rename, share or delete"}

    altered = bar(as_viewer, url_of(LIST, country="DE", type="local", view=view.pk))

    assert altered.one("summary").text == "View: Germans"
    assert offered(altered) == {"Changed", "Save the view Germans", "Save as a new view", "Reset"}
    reset = next(link["href"] for link in altered.all("a") if link.text == "Reset")
    assert reset == view.get_absolute_url()
    state = altered.one("input[name=state]")["value"]
    answer = as_viewer.post(f"/views/{view.pk}/replace/", {"state": state})
    view.refresh_from_db()
    assert (view.query, answer["Location"]) == ("country=DE&type=local", view.get_absolute_url())
    assert Page.of(as_viewer, answer["Location"]).messages == ["Germans was saved as you see it."]


@pytest.mark.parametrize(
    ("params", "is_changed"),
    [
        ({"country": "DE", "size": 25}, False),
        ({"country": "DE", "sort": "number"}, False),
        ({"country": ["DE", "DE"], "type": ""}, False),
        ({"country": "DE", "sort": "-number"}, True),
        ({"country": "DE", "columns": "name"}, True),
        ({"country": "US"}, True),
        ({}, True),
    ],
)
def test_a_view_is_altered_by_filters_order_and_columns_alone(as_viewer, viewer, stock, params, is_changed):
    view = make_view(viewer)

    line = bar(as_viewer, url_of(LIST, **params, view=view.pk))

    assert ("Changed" in offered(line)) == is_changed


def test_taking_every_filter_away_can_be_reset_and_saved(as_viewer, viewer, stock):
    view = make_view(viewer)

    line = bar(as_viewer, url_of(LIST, view=view.pk))

    assert offered(line) == {"Changed", "Save the view Germans", "Save as a new view", "Reset"}


def test_a_list_that_happens_to_be_as_a_view_has_it_says_so(as_viewer, viewer, stock):
    make_view(viewer)

    assert bar(as_viewer, url_of(LIST, country="DE")).one("summary").text == "View: Germans"


def test_the_view_stays_while_sorting_filtering_and_paging(as_viewer, viewer, account):
    make_numbers(account, [{} for _ in range(30)])
    view = make_view(viewer, query="country=US")
    page = Page.of(as_viewer, f"{view.get_absolute_url()}&size=25")

    links = [page.link("Next"), page.link("Name"), page.link("100")]
    assert [parse_qs(urlsplit(link).query)["view"] for link in links] == [[str(view.pk)]] * 3
    assert page.form("#filters")["view"] == page.form("#columns")["view"] == [str(view.pk)]


def test_views_of_other_lists_are_not_offered_and_every_list_has_its_own(as_viewer, viewer, account, stock):
    make_view(viewer)
    make_sender(account, "CO", "Owl")
    other = make_view(viewer, "Colombians", "country=CO", list_name="inventory:sender-list")

    assert menu(bar(as_viewer, LIST)) == {"Yours": ["Germans"]}
    page = Page.of(as_viewer, other.get_absolute_url())
    assert page.one(".views summary").text == "View: Colombians"
    assert page.rows


def test_a_view_that_is_not_there_is_no_view(as_viewer, stock):
    for view in ("99999", "x", "-1", "\0"):
        assert offered(bar(as_viewer, url_of(LIST, country="DE", view=view))) == {"Save this view"}


# Sharing


@pytest.mark.parametrize(
    ("sharing", "roles", "who"),
    [
        ("private", [], set()),
        ("everybody", [], {"viewer", "support", "admin"}),
        ("roles", ["support", "manager"], {"support"}),
        ("roles", ["viewer", "admin"], {"viewer", "admin"}),
    ],
)
def test_others_have_what_is_shared_with_them(manager, stock, sharing, roles, who):
    view = make_view(manager, sharing=sharing, roles=roles)
    for role in ("viewer", "support", "admin"):
        line = bar(client_of(make_user(Role(role))), LIST)
        assert (line is not None) == (role in who)
        if line:
            assert menu(line) == {"Shared by others": [f"Germans {manager}"]}
            assert bar(client_of(make_user(Role(role))), view.get_absolute_url()) is not None


def test_a_shared_view_shows_nobody_more_than_they_may_see(manager, account, stock):
    other = make_account(friendly_name="Theirs")
    number = make_number(other, phone_number="+491512555017")
    view = make_view(manager, query=f"account={other.pk}", sharing="everybody")
    everything = make_view(manager, "All", "sort=-number", sharing="everybody")
    person = make_user(Role.SUPPORT, accounts=[account])

    assert Page.of(client_of(person), view.get_absolute_url()).rows == []
    assert number.get_absolute_url() not in Page.of(client_of(person), everything.get_absolute_url()).rows
    assert Page.of(client_of(manager), view.get_absolute_url()).rows == [number.get_absolute_url()]


def test_who_has_a_shared_view_may_not_change_it_but_save_another(as_support, manager, stock):
    view = make_view(manager, sharing="everybody")

    assert offered(bar(as_support, view.get_absolute_url())) == set()
    line = bar(as_support, url_of(LIST, country="US", view=view.pk))
    assert offered(line) == {"Changed", "Save as a new view", "Reset"}
    state = ListState(view.list_name, "country=US").sign()
    for url in (f"/views/{view.pk}/", f"/views/{view.pk}/replace/", f"/views/{view.pk}/delete/"):
        answer = as_support.post(url, {"state": state, "name": "Taken", "sharing": "private"})
        assert answer.status_code == 403
        assert "A view is changed by whoever made it." in answer.content.decode()
    view.refresh_from_db()
    assert (view.name, view.query) == ("Germans", GERMANS)


def test_a_private_view_of_somebody_else_does_not_exist(as_support, manager, stock):
    view = make_view(manager)
    admin = client_of(make_user(Role.ADMIN))

    for client in (as_support, admin):
        assert bar(client, LIST) is None
        assert client.get(f"/views/{view.pk}/").status_code == 404
        for act in ("replace", "delete"):
            assert client.post(f"/views/{view.pk}/{act}/").status_code == 404
            assert client.get(f"/views/{view.pk}/{act}/").status_code == 405


def test_administrators_look_after_what_is_shared(manager, stock):
    view = make_view(manager, sharing="everybody")
    admin = client_of(make_user(Role.ADMIN))

    assert f"A saved view of {manager}." in Page.of(admin, f"/views/{view.pk}/").one(".head").text
    answer = admin.post(f"/views/{view.pk}/delete/")

    assert answer["Location"] == f"{LIST}?{GERMANS}"
    assert not SavedView.objects.exists()


def test_viewers_keep_their_views_to_themselves(as_viewer, viewer, stock):
    view = make_view(viewer)

    assert set(Page.of(as_viewer, f"/views/{view.pk}/").form()) == {"name"}
    as_viewer.post(f"/views/{view.pk}/", {"name": "Mine", "sharing": "everybody"})
    view.refresh_from_db()
    assert (view.name, view.sharing) == ("Mine", "private")


# Editing


def test_it_is_renamed_and_shared_and_kept_to_oneself_again(as_support, support, stock):
    view = make_view(support)
    url = f"/views/{view.pk}/"

    answer = as_support.post(url, {"name": "Berlin", "sharing": "roles", "roles": ["manager", "admin"]})
    view.refresh_from_db()
    assert (view.name, view.sharing, view.roles) == ("Berlin", "roles", ["manager", "admin"])
    assert answer["Location"] == view.get_absolute_url()
    assert menu(bar(as_support, LIST)) == {"Yours": ["Berlin shared"]}
    form = Page.of(as_support, url).form()
    assert form == {"name": ["Berlin"], "sharing": ["roles"], "roles": ["manager", "admin"]}

    as_support.post(url, {**form, "sharing": "private"})
    view.refresh_from_db()
    assert (view.sharing, view.roles) == ("private", [])


def test_a_name_that_is_taken_changes_nothing(as_support, support, stock):
    view = make_view(support)
    make_view(support, "Taken", "country=US")

    answer = as_support.post(f"/views/{view.pk}/", {"name": "taken", "sharing": "everybody"})

    assert answer.status_code == 422
    assert Page(answer).one("h1").text == "Germans"
    view.refresh_from_db()
    assert (view.name, view.sharing) == ("Germans", "private")


def test_a_view_is_replaced_by_its_own_list_alone(as_support, support, stock):
    view = make_view(support)
    state = ListState("inventory:sender-list", "country=CO").sign()

    assert as_support.post(f"/views/{view.pk}/replace/", {"state": state}).status_code == 400


def test_the_database_knows_whom_a_view_is_shared_with(support):
    for fields in ({"sharing": "roles"}, {"sharing": "private", "roles": ["admin"]}, {"sharing": "some"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_view(support, **fields)


def test_hostile_names_are_shown_as_text(as_viewer, viewer, stock):
    view = make_view(viewer, "<b>x</b>")

    assert bar(as_viewer, view.get_absolute_url()).one("summary").text == "View: <b>x</b>"


def test_nobody_without_a_role_has_views(client, stock):
    client.force_login(make_user())
    assert client.get(url_of("/views/add/", state=ListState("home", "").sign())).status_code == 403


def test_the_parts_for_htmx_are_the_pages_own(as_support, support, stock):
    view = make_view(support)
    assert_is_region(as_support, f"/views/{view.pk}/", "view")
    assert_is_region(as_support, url_of("/views/add/", state=ListState(view.list_name, "").sign()), "view")
    answer = as_support.post(f"/views/{view.pk}/delete/", headers=htmx("view"))
    assert "/numbers/" in answer["HX-Location"]


def test_it_takes_as_many_queries_for_many_views_as_for_none(as_support, support, stock):
    with counted("number_list"):
        Page.of(as_support, LIST)
    for number in range(20):
        make_view(make_user(), f"View {number}", f"q={number}", sharing="everybody")
    with counted("number_list"):
        page = Page.of(as_support, LIST)
    assert len(page.all(".views .menu__item")) == 20
