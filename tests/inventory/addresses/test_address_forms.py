"""The pages that create, change and delete an address: what they ask, refuse, keep and say."""

import pytest
from django.test import Client
from django.urls import reverse

from inventory.models import Address
from portal.models import Operation, Role, TwilioAccount
from portal.sandbox.faults import Fault
from tests.answers import Answer, answering
from tests.factories import make_account, make_address, make_number, make_sid, make_user
from tests.inventory.test_number_configure import errors, kept, refused
from tests.mirroring import complete, truth
from tests.pages import Page, assert_is_region, htmx, url_of

pytestmark = pytest.mark.django_db

NEW = "/addresses/new/"
BOISE = {
    "friendly_name": "Lab", "customer_name": "Ferrow Labs", "street": "12 Sample Street", "city": "Boise",
    "region": "ID", "postal_code": "83702",
}  # fmt: skip


def new_url(account, country="US", **more):
    return url_of(NEW, account=account.pk, country=country, **more)


def send(client, url, sent=None, **typed):
    """Send the form of a page, with some fields typed over; None unticks a box."""
    sent = {**(sent or Page.of(client, url).form()), **typed}
    return client.post(url, {name: value for name, value in sent.items() if value is not None})


def page_url(name, address):
    return reverse(f"inventory:address-{name}", args=[address.pk])


def writes(twilio, method="POST"):
    return [dict(entry.form) for entry in twilio.journal.entries(method=method)]


def at_twilio(twilio, account, name="Ferrow Labs"):
    return [found for found in truth(twilio, account, "addresses") if found["customer_name"] == name]


@pytest.fixture
def address(as_support, parent, twilio):
    send(as_support, new_url(parent), **BOISE)
    twilio.journal.clear()
    return Address.objects.get(customer_name="Ferrow Labs")


# Creating


def test_where_comes_before_what(as_support, parent):
    page = Page.of(as_support, NEW)
    assert page.one("main form.form")["method"] == "get"
    assert {"DE", "US", "JP"} <= {option["value"] for option in page.all("select[name=country] option")}
    missing = Page.of(as_support, url_of(NEW, account=parent.pk))
    assert "Choose a country" in missing.one("[data-error-summary]").text
    wrong = Page.of(as_support, url_of(NEW, account="AC1", country="moon"))
    assert {item.text for item in wrong.all("[data-error-summary] li")} == {
        "Choose an account",
        "Choose a country",
    }


@pytest.mark.parametrize(
    ("country", "region", "code", "emergency"),
    [
        ("US", "State", "ZIP Code", True), ("CA", "Province", "Postal code", True),
        ("GB", "County", "Postcode", True), ("DE", "State (Bundesland)", "Postal code", False),
        ("KE", "State, province or county", "Postal code", False),
    ],
)  # fmt: skip
def test_it_asks_in_the_countrys_own_words(as_support, parent, country, region, code, emergency):
    page = Page.of(as_support, new_url(parent, country))
    labels = {label["for"]: label.text for label in page.all("main form label[for]")}
    assert (labels["id_region"], labels["id_postal_code"]) == (region, code)
    assert bool(page.all("#id_emergency_enabled")) == emergency
    assert bool(page.all("select#id_region")) == (country in ("US", "CA"))
    assert_is_region(as_support, new_url(parent, country), "address-form")


def test_it_creates_the_address_and_shows_it(as_support, twilio, parent):
    answer = send(as_support, new_url(parent), **BOISE, reason="Ada asked")

    made = Address.objects.get(customer_name="Ferrow Labs")
    assert (answer.status_code, answer["Location"]) == (302, made.get_absolute_url())
    page = Page.of(as_support, made.get_absolute_url())
    assert page.messages == ["Created at Twilio."]
    assert "Reason: Ada asked" in page.one(".timeline").text
    assert writes(twilio) == [{
        "CustomerName": "Ferrow Labs", "Street": "12 Sample Street", "City": "Boise", "Region": "ID",
        "PostalCode": "83702", "IsoCountry": "US", "FriendlyName": "Lab", "StreetSecondary": "",
        "EmergencyEnabled": "false", "AutoCorrectAddress": "true",
    }]  # fmt: skip


def test_with_htmx_it_leads_on_without_a_redirect(as_support, parent):
    sent = {**Page.of(as_support, new_url(parent)).form(), **BOISE}
    answer = as_support.post(new_url(parent), sent, headers=htmx("address-form"))
    assert answer.status_code == 200
    assert "/addresses/AD" in answer["HX-Location"]


def test_it_says_what_twilio_corrected(as_support, parent):
    send(as_support, new_url(parent), **{**BOISE, "street": "12  Sample  Street"})
    made = Address.objects.get(customer_name="Ferrow Labs")
    assert Page.of(as_support, made.get_absolute_url()).messages == [
        "Created at Twilio. Twilio corrected: Street."
    ]


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"street": ""}, "street", "Enter the street and number"),
        ({"customer_name": " "}, "customer_name", "Enter the name of the company or person"),
        ({"region": ""}, "region", "Choose the state"),
        ({"postal_code": "8370"}, "postal_code", "Enter the ZIP Code as one writes it in the United States"),
        ({"street": "PO Box 9", "emergency_enabled": "on"}, "street", "emergency services cannot go"),
        ({"friendly_name": "x" * 33, "emergency_enabled": "on"}, "friendly_name", "32 characters"),
        ({"customer_name": "é" * 33}, "customer_name", "64 bytes"),
        ({"city": "Boise <b>"}, "city", "Take “<” out of the city"),
    ],
)
def test_what_breaks_a_rule_is_said_beside_its_field_and_sends_nothing(
    as_support, twilio, parent, typed, field, words
):
    twilio.journal.clear()
    page = refused(send(as_support, new_url(parent), **{**BOISE, **typed}))
    said = errors(page)
    assert list(said) == [field]
    assert words in said[field]
    assert kept(page, **{name: value for name, value in typed.items() if value.strip() and value != "on"})
    assert not twilio.journal.entries()


def test_a_post_office_box_may_be_kept_but_not_for_local_numbers(as_support, parent):
    send(as_support, new_url(parent, "KE"), **{**BOISE, "street": "PO Box 9", "region": "Nairobi"})
    made = Address.objects.get(customer_name="Ferrow Labs")
    page = Page.of(as_support, made.get_absolute_url())
    assert "cannot use it: it is a post office box" in page.messages[0]
    assert (
        "numbers that need a local address cannot use it" in page.one("section[aria-labelledby=about]").text
    )


def test_the_spelling_that_twilio_suggests_is_one_click_away(as_support, twilio, parent):
    typed = {**BOISE, "street": "12  Sample  Street", "auto_correct_address": None}
    page = refused(send(as_support, new_url(parent), **typed))

    assert "Take Twilio's, or change yours." in errors(page)[""]
    rows = [row.text for row in page.all(".compare tbody tr")]
    assert "Street and number 12 Sample Street 12 Sample Street" in rows
    button = page.one(".compare + p button")
    assert (button["form"], button["name"]) == ("address", "auto_correct_address")
    answer = as_support.post(new_url(parent), {**page.form(), button["name"]: button["value"]})
    assert answer.status_code == 302
    assert len(at_twilio(twilio, parent)) == 1


@pytest.mark.parametrize(
    ("code", "message", "field", "words"),
    [
        (21628, "Address Validation Error: PostalCode is not valid", "postal_code", "Twilio could not find"),
        (21628, "Address Validation Error", "", "Check how it is spelled"),
        (20002, "Invalid FriendlyName", "friendly_name", "32 for an emergency address"),
        (29999, "The moon is full", "", "The moon is full"),
    ],
)
def test_twilios_refusal_stands_beside_what_it_is_about(as_support, parent, code, message, field, words):
    sent = {**Page.of(as_support, new_url(parent)).form(), **BOISE}
    with answering(Answer(400, {"code": code, "message": message, "status": 400})):
        page = refused(as_support.post(new_url(parent), sent))
    said = errors(page)
    assert list(said) == [field]
    assert words in said[field]
    assert kept(page, **BOISE)


def test_a_lost_answer_says_not_to_create_it_again(as_support, twilio, parent):
    twilio.faults.add(Fault(kind="lost-answer", method="POST"))
    answer = send(as_support, new_url(parent), **BOISE)
    assert answer["Location"] == "/addresses/"
    page = Page.of(as_support, "/addresses/")
    assert page.messages[0].endswith("Do not create it again.")
    assert "A new address is not settled yet" in page.one(".notice--wait h2").text


def test_a_form_sent_twice_creates_one_address(as_support, twilio, parent):
    sent = {**Page.of(as_support, new_url(parent)).form(), **BOISE}
    first = as_support.post(new_url(parent), sent)
    again = as_support.post(new_url(parent), sent)  # Back, or a second click
    assert first["Location"] == again["Location"]
    assert len(at_twilio(twilio, parent)) == 1
    assert "already sent" in Page.of(as_support, again["Location"]).messages[-1]


def test_an_outage_keeps_the_form(as_support, twilio, parent):
    twilio.faults.add(Fault(kind="status", status=429, method="POST"))
    page = refused(send(as_support, new_url(parent), **BOISE))
    assert errors(page)[""].startswith("Unavailable: Twilio is limiting our requests.")
    twilio.faults.clear()
    assert as_support.post(new_url(parent), page.form()).status_code == 302


def test_it_is_for_accounts_where_the_role_is(parent):
    person = make_user(Role.COMPLIANCE, accounts=[make_account()])
    person.memberships.create(role=Role.VIEWER, all_accounts=True)
    client = Client()
    client.force_login(person)
    page = Page.of(client, new_url(parent))
    assert "Choose an account" in page.one("[data-error-summary]").text
    assert parent.pk not in {option["value"] for option in page.all("select[name=account] option")}
    address = make_address(parent)
    for name in ("edit", "delete"):
        assert client.get(page_url(name, address)).status_code == 403
        assert client.post(page_url(name, address)).status_code == 403


# Changing


def test_it_opens_with_what_twilio_has_and_saves_what_was_changed(as_support, twilio, address):
    url = page_url("edit", address)
    assert_is_region(as_support, url, "address-form")
    form = Page.of(as_support, url).form()
    assert {name: form[name][0] for name in BOISE} == BOISE

    answer = send(as_support, url, city="Nampa")

    assert answer["Location"] == address.get_absolute_url()
    page = Page.of(as_support, address.get_absolute_url())
    assert page.messages == ["Saved at Twilio."]
    assert "Changed: City" in page.one(".timeline").text
    assert "Boise" not in page.one(".timeline").text, "what it was is nobody's business"


def test_what_stands_at_twilio_already_may_stay(as_support, parent, twilio):
    """Only what is new is judged."""
    complete(parent, "addresses")
    odd = next(found for found in truth(twilio, parent, "addresses") if found["iso_country"] == "US")
    Address.objects.filter(pk=odd["sid"]).update(payload={**odd, "region": "Calif.", "postal_code": "9"})
    address = Address.objects.get(pk=odd["sid"])
    page = Page.of(as_support, page_url("edit", address))
    assert page.form()["region"] == ["Calif."]


def test_somebody_elses_change_is_shown_and_not_overwritten(as_support, twilio, address):
    url = page_url("edit", address)
    sent = Page.of(as_support, url).form()
    path = f"/2010-04-01/Accounts/{address.account_id}/Addresses/{address.pk}.json"
    twilio.direct("POST", path, City="Meridian", FriendlyName="Annex")
    page = refused(send(as_support, url, sent, city="Nampa"))
    assert [cell.text for cell in page.all(".compare tbody th, .compare tbody td")] == [
        "City", "Boise", "Meridian", "Nampa",
    ]  # fmt: skip
    assert send(as_support, url, page.form()).status_code == 302
    [there] = at_twilio(twilio, TwilioAccount.objects.get(pk=address.account_id))
    assert (there["city"], there["friendly_name"]) == ("Nampa", "Annex"), "what I never touched stays theirs"


def test_an_address_with_a_verified_document_keeps_all_but_its_name(as_support, twilio, parent):
    address = make_address(parent, verified=True)
    page = Page.of(as_support, page_url("edit", address))
    assert "Only the friendly name may change" in page.one(".notice h2").text
    assert "city" not in page.form()


def test_an_emergency_address_in_use_keeps_all_but_its_name(as_support, parent):
    address = make_address(parent, emergency_enabled=True)
    make_number(parent, emergency_address_sid=address.pk)
    page = Page.of(as_support, page_url("edit", address))
    assert "1 number has it as emergency address." in page.one(".notice--wait").text
    assert "city" not in page.form()


def test_a_local_number_keeps_a_post_office_box_away(as_support, parent, address):
    make_number(parent, address_sid=address.pk, address_requirements="local")
    page = refused(send(as_support, page_url("edit", address), street="PO Box 9"))
    assert "no local address" in errors(page)["street"]


# Deleting


def test_it_deletes_after_an_explicit_yes(as_support, twilio, parent, address):
    url = page_url("delete", address)
    assert_is_region(as_support, url, "deletion")
    page = refused(send(as_support, url))
    assert "Tick the box" in errors(page)["understood"]
    assert not writes(twilio, "DELETE")

    answer = send(as_support, url, understood="on", reason="Moved out")

    assert answer["Location"] == "/addresses/"
    assert Page.of(as_support, "/addresses/").messages == ["Deleted at Twilio."]
    assert not at_twilio(twilio, parent)
    page = Page.of(as_support, address.get_absolute_url())
    assert "Twilio does not have this address any more" in page.one(".notice--bad h2").text
    assert "Reason: Moved out" in page.one(".timeline").text


def test_one_that_is_used_is_not_offered_but_its_users_are_named(as_support, parent, address):
    number = make_number(parent, address_sid=address.pk, friendly_name="Front desk")
    page = Page.of(as_support, page_url("delete", address))
    assert not page.all("main form")
    assert page.link(str(number)) == number.get_absolute_url()


def test_users_that_only_twilio_knows_of_are_named_too(as_support, twilio, parent, address):
    complete(parent)
    number = next(found for found in truth(twilio, parent) if found["address_requirements"] == "none")
    path = f"/2010-04-01/Accounts/{parent.pk}/IncomingPhoneNumbers/{number['sid']}.json"
    twilio.direct("POST", path, AddressSid=address.pk)
    page = refused(send(as_support, page_url("delete", address), understood="on"))
    assert "cannot be deleted" in errors(page)[""]
    assert page.all(f".plain-list a[href*={number['sid']}]")
    assert not writes(twilio, "DELETE")


def test_twilios_own_refusal_is_explained(as_support, address):
    sent = {**Page.of(as_support, page_url("delete", address)).form(), "understood": "on"}
    nothing = Answer(200, {"dependent_phone_numbers": [], "next_page_uri": None})
    with answering(nothing, Answer(409, {"code": 20409, "message": "Conflict", "status": 409})):
        page = refused(as_support.post(page_url("delete", address), sent))
    assert "Something still uses this address." in errors(page)[""]
    assert page.all("[data-error-summary] a[href*='20409']")


# Looking


def test_twilio_is_asked_for_users_when_somebody_asks(as_support, as_viewer, twilio, parent, address):
    complete(parent)
    number = next(found for found in truth(twilio, parent) if found["address_requirements"] == "none")
    path = f"/2010-04-01/Accounts/{parent.pk}/IncomingPhoneNumbers/{number['sid']}.json"
    twilio.direct("POST", path, AddressSid=address.pk)
    page = Page.of(as_support, address.get_absolute_url())
    url = page.link("Ask Twilio which numbers depend on it")
    part = Page.part(as_support, url, "dependents")
    assert "Twilio names 1 number, asked just now" in part.text
    assert number["sid"] in part.one("a")["href"]
    assert not Page.of(as_viewer, address.get_absolute_url()).has_link(
        "Ask Twilio which numbers depend on it"
    )
    assert as_viewer.get(url).status_code == 403

    twilio.faults.add(Fault(kind="status", status=503))
    assert "Unavailable" in Page.part(as_support, url, "dependents").text


def test_it_is_read_again_and_noted_about(as_support, twilio, address):
    twilio.direct(
        "POST", f"/2010-04-01/Accounts/{address.account_id}/Addresses/{address.pk}.json", City="Meridian"
    )
    as_support.post(page_url("refresh", address))
    page = Page.of(as_support, address.get_absolute_url())
    assert page.messages[-1] == "Read from Twilio just now."
    assert "Meridian" in page.one("section[aria-labelledby=about]").text
    as_support.post(page_url("note", address), {"body": "Lease ends in May"})
    assert "Lease ends in May" in Page.of(as_support, address.get_absolute_url()).one(".timeline").text
    assert as_support.post(page_url("note", address), {"body": ""}).status_code == 422


@pytest.mark.parametrize("name", ["edit", "delete", "note", "refresh", "numbers"])
def test_unknown_addresses_and_other_methods(as_support, name):
    unknown = Address(pk=make_sid("AD"))
    assert as_support.post(page_url(name, unknown)).status_code in (404, 405)
    assert as_support.get(page_url(name, unknown)).status_code in (404, 405)
    assert as_support.put(page_url(name, unknown)).status_code == 405
    assert not Operation.objects.exists()
