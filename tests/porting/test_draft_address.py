"""An address that is created for a request, or for orders, is chosen there when one comes back."""

import pytest

from inventory.models import Address
from porting.models import PortInDraft
from tests.factories import make_address
from tests.mirroring import complete
from tests.pages import Page
from tests.porting.drafting import CUSTOMER, begun, details, send, url_of
from tests.porting.hosting import checked

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(parent, porter) -> PortInDraft:
    return begun(parent, porter)


def test_what_was_typed_is_kept_while_the_address_is_created(as_porter, parent, draft):
    answer = send(as_porter, "details", draft, details() | {"customer_type": "", "later": "address"})

    page = Page.of(as_porter, answer["Location"])
    assert page.one("h1").text == "New address: United States"
    assert page.one("a.back")["href"] == url_of("details", draft)
    address = make_address(parent, iso_country="US")
    back = Page.of(as_porter, f"{url_of('details', draft)}?address={address.pk}")
    assert back.one("option[selected]")["value"] == address.pk
    assert back.one("[name=customer_name]")["value"] == CUSTOMER
    form = back.form("main form.form") | {"customer_type": "Business"}
    assert send(as_porter, "details", draft, form).status_code == 302
    draft.refresh_from_db()
    assert draft.said["address_sid"] == address.pk
    assert "street" not in draft.said
    again = Page.of(as_porter, f"{url_of('details', draft)}?check")
    assert again.one("select[name=address_sid] option[selected]")["value"] == address.pk


def test_an_address_of_another_account_is_not_chosen(as_porter, parent, draft):
    make_address(parent, iso_country="US")
    complete(parent, "accounts")
    foreign = make_address(type(parent).objects.exclude(pk=parent.pk)[0], iso_country="US")

    page = Page.of(as_porter, f"{url_of('details', draft)}?address={foreign.pk}")

    assert not page.all(f"option[value={foreign.pk}]")
    assert not page.all("select[name=address_sid] option[selected]:not([value=''])")


def test_orders_get_the_address_that_was_created_for_them(twilio, as_porter, parent, address):
    check = checked(twilio, as_porter, parent, "10")
    new = make_address(parent, iso_country="US")
    page = Page.of(as_porter, check.get_absolute_url())
    assert any("next=" in link["href"] for link in page.all("a[href*='/addresses/new/']"))

    back = Page.of(as_porter, f"{check.get_absolute_url()}?address={new.pk}")

    assert back.one("select[name=address] option[selected]")["value"] == new.pk
    assert Address.objects.filter(pk=address.pk).exists()
