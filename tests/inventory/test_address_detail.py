"""The page of one address: what it says, and which numbers use it."""

import pytest
from django.urls import reverse

from tests.factories import make_account, make_address, make_number, make_sid, make_user
from tests.inventory.stock import list_numbers
from tests.pages import Page
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


def url_of(sid):
    return reverse("inventory:address-detail", args=[sid])


def test_it_says_what_the_address_is(as_viewer, account):
    address = make_address(
        account, friendly_name="Head office", customer_name="Example GmbH", street="Werkstr. 1",
        city="Berlin", postal_code="10115", region="", iso_country="DE", emergency_enabled=True,
        validated=False,
    )  # fmt: skip

    page = Page.of(as_viewer, url_of(address.pk))

    assert page.title == "Head office – Numberdesk"
    assert page.one("h1").text == "Head office"
    assert page.one(".number-meta button")["data-copy"] == address.pk
    about = page.one("section[aria-labelledby=about]")
    facts = zip((dt.text for dt in about.all("dt")), (dd.text for dd in about.all("dd")), strict=True)
    assert dict(facts) == {
        "Company or person": "Example GmbH", "Street": "Werkstr. 1", "Postal code": "10115", "City": "Berlin",
        "State (Bundesland)": "–", "Country": "Germany", "Checked by Twilio": "No", "Verified document": "No",
        "For emergency calls": "Enabled", "Created": "2 Jan 2023, 08:00 UTC",
    }  # fmt: skip
    assert page.one("section[aria-labelledby=used] p").text == "No number is registered here."


def test_it_leads_to_the_numbers_that_use_it_and_to_the_list_of_them(as_viewer, account):
    address = make_address(account)
    registered = make_number(account, address_sid=address.pk, friendly_name="Front desk")
    emergency = make_number(account, emergency_address_sid=address.pk)
    make_number(account)

    page = Page.of(as_viewer, url_of(address.pk))

    used = page.one("section[aria-labelledby=used] dl")
    assert used.text == (
        f"Registered at {registered} Front desk Emergency address {emergency} {emergency.friendly_name} "
        "Not registered"
    )
    assert [link["href"] for link in used.all("a")] == [
        registered.get_absolute_url(),
        emergency.get_absolute_url(),
    ]
    listed = Page.of(as_viewer, page.link("All numbers with this address")).rows
    assert listed == [registered.get_absolute_url(), emergency.get_absolute_url()]


def test_numbers_that_twilio_does_not_list_any_more_do_not_use_it(as_viewer, account):
    address = make_address(account)
    make_number(account, address_sid=address.pk)
    list_numbers(account, [])

    assert "No number is registered here." in Page.of(as_viewer, url_of(address.pk)).source


def test_it_knows_no_other_addresses_and_only_shows(as_viewer, as_support, client, account):
    address = make_address(account)
    assert as_viewer.get(url_of(make_sid("AD"))).status_code == 404
    assert as_support.post(url_of(address.pk)).status_code == 405
    client.force_login(make_user())
    assert client.get(url_of(address.pk)).status_code == 403


def test_it_takes_as_many_queries_for_many_numbers_as_for_one(as_viewer, account):
    address = make_address(account)
    make_number(account, address_sid=address.pk)
    with counted("address_detail"):
        Page.of(as_viewer, url_of(address.pk))
    for _ in range(25):
        make_number(account, address_sid=address.pk, emergency_address_sid=address.pk)
    with counted("address_detail"):
        page = Page.of(as_viewer, url_of(address.pk))

    assert len(page.all("section[aria-labelledby=used] dd")) == 40, "the list has the rest"
