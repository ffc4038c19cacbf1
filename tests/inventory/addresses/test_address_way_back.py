"""Who creates an address while filling something in goes back there, with the new address chosen."""

from urllib.parse import urlencode

import pytest

from inventory.models import Address
from portal.sandbox.faults import Fault
from tests.inventory.addresses.test_address_forms import BOISE
from tests.pages import Page

pytestmark = pytest.mark.django_db
BACK = "/port-ins/?status=in_review"


def url_of(account, back=BACK):
    return f"/addresses/new/?{urlencode({'account': account.pk, 'country': 'US', 'next': back})}"


def test_it_leads_back_with_the_new_address(parent, as_support):
    page = Page.of(as_support, url_of(parent))
    assert page.one("a.back")["href"] == BACK
    assert BACK in {link["href"] for link in page.all("main a")}
    form = page.form() | BOISE

    answer = as_support.post(url_of(parent), form)

    address = Address.objects.latest("first_seen_at")
    assert answer["Location"] == f"{BACK}&address={address.pk}"
    again = as_support.post(url_of(parent), form)
    assert again["Location"] == answer["Location"]
    assert as_support.post(url_of(parent, f"{BACK}&address=old"), form)["Location"] == answer["Location"]


def test_a_lost_answer_leads_back_without_one(twilio, parent, as_support):
    form = Page.of(as_support, url_of(parent)).form() | BOISE
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/Addresses.json", times=1))

    assert as_support.post(url_of(parent), form)["Location"] == BACK


def test_the_page_before_takes_it_along(parent, as_support):
    page = Page.of(as_support, f"/addresses/new/?{urlencode({'next': BACK})}")

    assert page.one("a.back")["href"] == BACK
    assert page.one("form[method=get] input[name=next]")["value"] == BACK


@pytest.mark.parametrize(
    "back",
    [
        "https://collector.example.net/", "//collector.example.net/port-ins/", "/\\collector.example.net/",
        "/\t/collector.example.net/port-ins/", "//[", "javascript:alert(1)", "port-ins/",
        "/nowhere/at/all/", "",
    ],
)  # fmt: skip
def test_it_leads_nowhere_but_to_our_own_pages(back, parent, as_support):
    page = Page.of(as_support, url_of(parent, back))

    assert page.one("a.back")["href"] == "/addresses/new/"
    answer = as_support.post(url_of(parent, back), page.form() | BOISE)
    assert answer["Location"].startswith("/addresses/AD")
