"""Read again: one number is read from Twilio now."""

import pytest
from django.urls import reverse

from inventory.models import PhoneNumber
from portal.models import Role, TwilioAccount
from portal.sandbox.faults import Fault
from tests.factories import make_account, make_number, make_sid, make_user
from tests.inventory.stock import number_of
from tests.mirroring import change, release
from tests.pages import Page, htmx

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(twilio, parent):
    twilio.journal.clear()
    return number_of(twilio, parent)


def url_of(number):
    return reverse("inventory:number-refresh", args=[number.pk])


def read_again(client, number):
    """The page that it leads to."""
    answer = client.post(url_of(number))
    assert (answer.status_code, answer["Location"]) == (302, number.get_absolute_url())
    return Page.of(client, answer["Location"])


def test_it_shows_what_twilio_has_now_and_tells_what_changed(as_support, twilio, number):
    change(twilio, number.account, number.pk, FriendlyName="Night desk")

    page = read_again(as_support, number)

    assert page.messages == ["Read from Twilio just now."]
    assert "Night desk" in page.one(".number-meta").text
    assert "→ Night desk" in page.one(".timeline").text
    assert len(twilio.journal.entries()) == 1


def test_with_htmx_it_leads_on_without_a_redirect(as_support, number):
    answer = as_support.post(url_of(number), headers=htmx("number"))

    assert number.get_absolute_url() in answer["HX-Location"]


def test_a_number_that_is_gone_is_shown_so(as_support, twilio, number):
    release(twilio, number.account, number.pk)
    page = read_again(as_support, number)
    assert page.messages == ["Twilio does not have this number in this account any more."]
    assert page.one(".notice--bad h2").text == "Twilio does not list this number any more"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "status": 503}, "Twilio has a fault of its own."),
        ({"kind": "reset"}, "Twilio cannot be reached."),
        ({"kind": "html"}, "Twilio answered with something we cannot read."),
        ({"kind": "status", "status": 429}, "Twilio is limiting our requests."),
    ],
)
def test_an_outage_is_called_unavailable_and_the_last_known_state_stays(
    as_support, twilio, number, fault, words
):
    twilio.faults.add(Fault(**fault))

    page = read_again(as_support, number)

    assert page.messages == [f"Unavailable: {words}"]
    assert number.friendly_name in page.one(".number-meta").text
    number.refresh_from_db()
    assert number.missing_since is None


def test_credentials_that_twilio_does_not_take_or_that_there_are_not_are_said(as_support, twilio, number):
    number.account.auth_token = number.account.api_key_secret = "0" * 32
    number.account.save()
    assert read_again(as_support, number).messages == [
        "Twilio did not accept our credentials for this account. An administrator can put in new ones."
    ]

    TwilioAccount.objects.update(auth_token="", api_key_sid="")
    assert read_again(as_support, number).messages == ["There are no credentials for this account."]


def test_it_is_for_those_who_may_read_from_twilio(client, as_viewer, as_support):
    number = make_number(make_account())
    assert as_viewer.post(url_of(number)).status_code == 403
    person = make_user(Role.SUPPORT, accounts=[make_account()])
    person.memberships.create(role=Role.VIEWER, all_accounts=True)
    client.force_login(person)
    assert client.post(url_of(number)).status_code == 403
    assert as_support.post(url_of(PhoneNumber(pk=make_sid("PN")))).status_code == 404
    assert as_support.get(url_of(number)).status_code == 405
