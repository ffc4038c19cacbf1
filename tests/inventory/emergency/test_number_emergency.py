"""The page that assigns or removes a number's emergency address, and the card on the number's page."""

import pytest
from django.test import Client
from django.urls import reverse

from inventory.models import Address, PhoneNumber
from portal.models import Role
from portal.sandbox.faults import Fault
from tests.answers import Answer, answering
from tests.factories import make_account, make_address, make_number, make_sid, make_user
from tests.inventory.stock import number_of
from tests.inventory.test_number_configure import errors, refused
from tests.mirroring import complete
from tests.pages import Page, assert_is_region, url_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(twilio, parent):
    complete(parent, "addresses")
    twilio.journal.clear()
    return number_of(twilio, parent)


def page_url(number):
    return reverse("inventory:number-emergency", args=[number.pk])


def card(client, number):
    return Page.of(client, number.get_absolute_url()).one("section[aria-labelledby=emergency]")


def send(client, number, **typed):
    return client.post(page_url(number), {**Page.of(client, page_url(number)).form(), **typed})


def test_it_offers_the_accounts_own_addresses_of_the_country(as_support, number):
    page = Page.of(as_support, page_url(number))
    offered = {radio["value"] for radio in page.all("input[type=radio]")}
    fitting = Address.objects.filter(account=number.account, iso_country="US", emergency_enabled=True)
    assert offered == set(fitting.values_list("pk", flat=True))
    assert_is_region(as_support, page_url(number), "emergency-form")


def test_it_assigns_and_later_removes(as_support, twilio, number):
    assert card(as_support, number).one("a.small").text == "Assign address"
    address = Address.objects.filter(account=number.account, iso_country="US").first()

    answer = send(as_support, number, address=address.pk, reason="New office")

    assert answer["Location"] == number.get_absolute_url()
    page = Page.of(as_support, number.get_absolute_url())
    assert "is registering the address" in page.messages[0]
    assert "Registering" in page.one("section[aria-labelledby=emergency]").text
    assert "Emergency address: nothing → AD" in page.one(".timeline").text
    assert card(as_support, number).one("a.small").text == "Remove address"

    page = refused(send(as_support, number))
    assert "Tick the box" in errors(page)["understood"]
    send(as_support, number, understood="on")
    assert "Unregistering" in card(as_support, number).text
    assert [dict(entry.form) for entry in twilio.journal.entries(method="POST")] == [
        {"EmergencyAddressSid": address.pk}, {"EmergencyAddressSid": ""},
    ]  # fmt: skip


def test_an_address_must_be_chosen_from_those_offered(as_support, number):
    assert "Choose the address" in errors(refused(send(as_support, number)))["address"]
    foreign = make_address(make_account(), emergency_enabled=True)
    assert refused(send(as_support, number, address=foreign.pk))


def test_many_addresses_are_found_by_a_word(as_support, number):
    for index in range(30):
        make_address(number.account, emergency_enabled=True, city=f"Town {index}")
    page = Page.of(as_support, page_url(number))
    assert len(page.all("input[type=radio]")) == 25
    assert "the first of many" in page.one("main").text
    found = Page.of(as_support, url_of(page_url(number), q="town 17"))
    assert len(found.all("input[type=radio]")) == 1
    none = Page.of(as_support, url_of(page_url(number), q="nowhere"))
    assert "No address matches “nowhere”" in none.one(".empty").text


def test_without_a_fitting_address_it_leads_to_a_new_one(as_support):
    number = make_number(make_account())
    page = Page.of(as_support, page_url(number))
    link = page.link("Create one")
    assert link == f"/addresses/new/?account={number.account_id}&country=US&emergency=on"
    assert Page.of(as_support, link).form()["emergency_enabled"] == ["on"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"phone_number": "+493023125017"}, "Germany"),
        ({"capabilities": {"voice": False}}, "cannot make calls"),
    ],
)
def test_where_none_can_be_assigned_it_says_why(as_support, fields, words):
    number = make_number(make_account(), **fields)
    assert words in card(as_support, number).one(".section__lead").text
    assert not card(as_support, number).all("a.small")
    page = Page.of(as_support, page_url(number))
    assert words in page.one(".empty").text
    assert not page.all("main form.form")
    assert as_support.post(page_url(number), {"address": make_sid("AD")}).status_code == 422


@pytest.mark.parametrize(
    ("code", "words"),
    [(22222, "takes no emergency address"), (21628, "do not know this address"), (21613, "number's account"),
     (22402, "Twilio Console"), (20409, "another emergency address"), (29999, "The moon is full")],
)  # fmt: skip
def test_twilios_refusal_is_explained(as_support, number, code, words):
    address = Address.objects.filter(account=number.account, iso_country="US").first()
    sent = {**Page.of(as_support, page_url(number)).form(), "address": address.pk}
    with answering(
        Answer(200, number.payload), Answer(400, {"code": code, "message": "The moon is full", "status": 400})
    ):
        page = refused(as_support.post(page_url(number), sent))
    assert words in errors(page)["address"]


def test_a_rule_that_the_copy_did_not_know_is_said(as_support, twilio, number):
    first, second = Address.objects.filter(account=number.account, iso_country="US")[:2]
    sent = {**Page.of(as_support, page_url(number)).form(), "address": first.pk}
    path = f"/2010-04-01/Accounts/{number.account_id}/IncomingPhoneNumbers/{number.pk}.json"
    twilio.direct("POST", path, EmergencyAddressSid=second.pk)
    answer = as_support.post(page_url(number), sent)
    assert answer.status_code == 422
    assert "An emergency address is set. Remove it" in Page(answer).one("[data-error-summary]").text


def test_a_lost_answer_is_neither_success_nor_failure(as_support, twilio, number):
    address = Address.objects.filter(account=number.account, iso_country="US").first()
    twilio.faults.add(Fault(kind="lost-answer", method="POST"))
    send(as_support, number, address=address.pk)
    page = Page.of(as_support, number.get_absolute_url())
    assert page.messages[0].startswith("Twilio's answer was lost.")
    assert "A change is not settled yet" in page.one(".notice--wait h2").text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MANAGER])
def test_it_is_for_those_who_may_manage_addresses(client, role):
    number = make_number(make_account())
    client.force_login(make_user(role))
    assert client.get(page_url(number)).status_code == 403
    assert client.post(page_url(number)).status_code == 403
    assert not card(client, number).all("a.small")


def test_it_is_for_accounts_where_the_role_is_and_knows_no_others():
    number = make_number(make_account())
    person = make_user(Role.COMPLIANCE, accounts=[make_account()])
    client = Client()
    client.force_login(person)
    assert client.get(page_url(number)).status_code == 404
    person.memberships.create(role=Role.VIEWER, all_accounts=True)
    assert client.get(page_url(number)).status_code == 403
    assert client.get(page_url(PhoneNumber(pk=make_sid("PN")))).status_code == 404
    assert client.put(page_url(number)).status_code == 405
