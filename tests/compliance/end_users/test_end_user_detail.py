"""The page of an end user: what it says, masked, who holds it, and who was entered twice."""

import pytest
from django.urls import reverse

from portal.models import Reveal, Role
from tests.factories import assign, make_account, make_bundle, make_end_user, make_regulation, make_user
from tests.pages import Page, assert_is_region, htmx
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

VALUES = {"business_name": "Marlow and Finch", "business_registration_number": "DE-555010"}


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def end_user(account):
    return make_end_user(account, friendly_name="Marlow", attributes=VALUES)


def url(end_user, action="detail", *args):
    return reverse(f"compliance:end-user-{action}", args=[end_user.pk, *args])


def test_what_it_says_is_masked(as_viewer, end_user):
    page = Page.of(as_viewer, url(end_user))
    said = page.one("section[aria-labelledby=says]").text
    assert "Business name M•••• (16 characters)" in said
    assert not any(value in page.source for value in VALUES.values())


def test_one_value_is_revealed_for_a_reason_and_that_is_written_down(client, end_user):
    client.force_login(make_user(Role.COMPLIANCE))
    place = url(end_user, "reveal", "business_name")
    assert client.post(place, {"reason": ""}, headers=htmx("masked-business_name")).status_code == 422
    client.post(place, {"reason": "Checking the register"})
    page = Page.of(client, url(end_user))
    assert "Marlow and Finch" in page.source
    assert "DE-555010" not in page.source
    assert Reveal.objects.get().reason == "Checking the register"
    assert client.get(url(end_user, "reveal", "moon_phase")).status_code == 404


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_not_everybody_may_reveal(client, end_user, role):
    client.force_login(make_user(role))
    answer = client.post(url(end_user, "reveal", "business_name"), {"reason": "Curious"})
    assert answer.status_code == 403


def test_the_bundles_that_hold_it_are_named_with_their_status(as_viewer, account, end_user):
    assign(make_bundle(account, make_regulation(), friendly_name="Berlin", status="in-review"), end_user)
    held = Page.of(as_viewer, url(end_user)).one("section[aria-labelledby=held]")
    assert "Berlin Germany, local, business In review" in held.text


def test_somebody_who_was_entered_twice_is_named(as_viewer, account, end_user):
    twin = make_end_user(account, friendly_name="Marlow again", attributes=VALUES)
    make_end_user(make_account(), friendly_name="Of others", attributes=VALUES)
    notice = Page.of(as_viewer, url(end_user)).one(".notice--wait")
    assert "Another end user says the same" in notice.text
    assert [link["href"] for link in notice.all("a")] == [url(twin)]


def test_a_note_is_added_and_an_empty_one_refused(as_support, end_user):
    assert as_support.post(url(end_user, "note"), {"body": ""}).status_code == 422
    assert as_support.post(url(end_user, "note"), {"body": "Call them."}).status_code == 302
    assert "Call them." in Page.of(as_support, url(end_user)).one(".timeline").text


@pytest.mark.parametrize("action", ["detail", "edit", "delete"])
def test_a_foreign_or_unknown_one_is_not_found(client, end_user, action):
    client.force_login(make_user(Role.COMPLIANCE, accounts=[make_account()]))
    assert client.get(url(end_user, action)).status_code == 404
    end_user.pk = "IT" + "0" * 32
    assert client.get(url(end_user, action)).status_code == 404


def test_only_reading_is_allowed(as_viewer, end_user):
    assert as_viewer.post(url(end_user)).status_code == 405
    for action in ("note", "refresh"):
        assert as_viewer.get(url(end_user, action)).status_code == 405
        assert as_viewer.post(url(end_user, action)).status_code == 403
    for action in ("edit", "delete"):
        assert as_viewer.get(url(end_user, action)).status_code == 403


def test_what_htmx_replaces_is_part_of_the_page(as_viewer, end_user):
    assert_is_region(as_viewer, url(end_user), "end-user")


def test_it_takes_as_many_queries_for_much_as_for_little(as_viewer, account, end_user):
    assign(make_bundle(account, make_regulation()), end_user)
    with counted("end_user_detail"):
        Page.of(as_viewer, url(end_user))
    for _ in range(3):
        assign(make_bundle(account, make_regulation("FR")), end_user)
        make_end_user(account, attributes=VALUES)
    with counted("end_user_detail"):
        Page.of(as_viewer, url(end_user))
