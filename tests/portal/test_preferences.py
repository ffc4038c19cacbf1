"""Preferences and help: how this browser shows the portal, and whom to ask."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.models import Role, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_it_keeps_the_colours_and_the_keys_in_the_browser(as_viewer: Client) -> None:
    answer = as_viewer.post("/preferences/", {"theme": "dark", "has_shortcuts": "1"}, follow=True)
    assert 'data-theme="dark" data-shortcuts="off"' in answer.content.decode()
    assert "Saved." in answer.content.decode()
    assert 'data-theme="dark"' in as_viewer.get("/nothing/").content.decode()
    as_viewer.post("/preferences/", {"theme": "light", "has_shortcuts": "1", "shortcuts": "on"})
    html = as_viewer.get("/preferences/").content.decode()
    assert 'data-theme="light">' in html
    assert 'value="light" checked' in html


def test_it_takes_no_theme_that_does_not_exist(as_viewer: Client) -> None:
    as_viewer.post("/preferences/", {"theme": '"><script>'})
    assert "theme" not in as_viewer.cookies
    as_viewer.cookies["theme"] = '"><script>'
    assert 'data-theme="system"' in as_viewer.get("/preferences/").content.decode()


@pytest.mark.parametrize("there", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_it_leads_to_no_other_site(as_viewer: Client, there: str) -> None:
    assert as_viewer.post("/preferences/", {"theme": "dark", "next": there})["Location"] == "/"


def test_it_joins_the_pages_of_ones_own_account(as_viewer: Client) -> None:
    names = ["preferences", "account_change_password", "mfa_index", "usersessions_list"]
    for name in names:
        html = as_viewer.get(reverse(name)).content.decode()
        for other in names:
            current = ' aria-current="page"' if name == other else ""
            assert f'class="tabs__tab" href="{reverse(other)}"{current}>' in html


def test_it_names_the_administrators_and_what_each_role_may(as_viewer: Client, viewer: User) -> None:
    admin = make_user(Role.ADMIN, first_name="Ada")
    html = as_viewer.get("/help/").content.decode()
    assert f'<a href="mailto:{admin.email}">Ada</a>' in html
    assert "You have: Viewer." in html
    assert "Change how numbers are configured" in html
