"""The cart: how it is filled, what it asks, what it says before anything is bought, and who gets near it."""

import json
import uuid
from decimal import Decimal

import pytest
from django.core import signing
from django.urls import reverse

from compliance.models import Bundle as Mirrored
from inventory.buying import actions
from inventory.buying.search import Offer
from inventory.models import CartItem
from inventory.money.actions import set_budget
from portal.models import Batch, Role
from tests.factories import (
    make_account,
    make_address,
    make_bundle,
    make_price,
    make_regulation,
    make_user,
)
from tests.inventory.carts import add, bought, buy, cart_url, go_on, put, results
from tests.pages import Page, assert_is_region
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


# Filling it


def test_ticked_numbers_go_into_the_cart_and_the_search_stays(as_support, parent):
    page = results(as_support, parent, pattern="+1415")
    offers = [box["value"] for box in page.all("[name=offer]")[:2]]
    answer = add(as_support, parent, page, offer=offers)

    assert answer.redirect_chain[-1][0].endswith("pattern=%2B1415")
    shown = Page(answer)
    assert shown.messages == ["2 numbers are in the cart."]
    assert shown.one(".head__actions").text == "Cart 2 numbers"
    assert len([cell for cell in shown.all(".found td") if cell.text == "In the cart"]) == 2
    assert len(shown.all("[name=offer]")) == len(page.all("[name=offer]")) - 2


def test_the_first_few_are_picked_by_numberdesk(as_support, parent):
    page = results(as_support, parent, area_code="415")
    tokens = [field["value"] for field in page.all("[name=all]")]
    add(as_support, parent, page, all=tokens, pick="1", count="3")

    assert CartItem.objects.count() == 3
    assert {item.phone_number[:5] for item in CartItem.objects.all()} == {"+1415"}


def test_a_number_is_in_the_cart_once(as_support, parent):
    page = results(as_support, parent)
    token = page.all("[name=offer]")[0]["value"]
    add(as_support, parent, page, offer=[token, token])
    again = Page(add(as_support, parent, page, offer=[token]))

    assert CartItem.objects.count() == 1
    assert again.messages == ["They are in the cart already."]


def test_the_cart_is_the_persons_and_the_accounts_and_survives_signing_out(client, parent):
    one, other = make_user(Role.SUPPORT), make_user(Role.SUPPORT)
    client.force_login(one)
    [number] = put(client, parent)
    client.logout()

    client.force_login(other)
    assert "The cart is empty" in Page.of(client, cart_url(parent)).text
    client.force_login(one)
    assert Page.of(client, cart_url(parent)).one(f"button[value='{number}']")
    sub = make_account(owner_sid=parent.pk)
    assert "The cart is empty" in Page.of(client, cart_url(sub)).text


def test_what_was_not_signed_here_is_not_put_into_the_cart(as_support, parent):
    page = results(as_support, parent)
    forged = signing.dumps({"phone_number": "+12015550101"}, salt="something else")
    for token in ("", "nonsense", forged, page.all("[name=offer]")[0]["value"] + "x"):
        answer = Page(add(as_support, parent, page, offer=[token]))
        assert "too old to buy from" in answer.messages[0]
    assert "Tick a number" in Page(add(as_support, parent, page)).messages[0]
    assert not CartItem.objects.exists()


def test_a_number_is_taken_out_again(as_support, parent):
    kept, removed = put(as_support, parent, count=2)
    as_support.post(reverse("inventory:cart-remove", args=[parent.pk]), {"number": removed})
    assert [item.phone_number for item in CartItem.objects.all()] == [kept]


def test_a_cart_has_a_limit(as_support, support, parent):
    offers = [Offer(f"+1201555{n:04d}", "US", "local") for n in range(actions.MOST_IN_CART)]
    actions.add_to_cart(user=support, account=parent, offers=offers, found_with="")
    page = results(as_support, parent)
    answer = Page(add(as_support, parent, page, offer=[page.all("[name=offer]")[0]["value"]]))
    assert "A cart holds 200 numbers" in answer.messages[0]


# Its form


def test_it_asks_for_what_twilio_asks_for_and_offers_what_fits(as_support, parent):
    berlin = make_address(parent, iso_country="DE", customer_name="Berlin", city="Berlin")
    make_address(parent, iso_country="US", customer_name="Boston")
    bundle = make_bundle(parent, make_regulation("DE", "local"), friendly_name="Berlin office")
    make_bundle(parent, bundle.regulation, status="in-review")
    make_bundle(parent, make_regulation("DE", "mobile"))
    put(as_support, parent, "DE", "local")

    page = Page.of(as_support, cart_url(parent))
    options = [option["value"] for option in page.all("[name=address-de-local] option")]
    assert options == ["", berlin.pk], "an address in the country"
    assert page.one("[name=address-de-local] option[selected]")["value"] == berlin.pk, "the only one"
    offered = {option["value"]: option.text for option in page.all("[name=bundle-de-local] option")}
    assert offered == {"": "Choose a bundle", bundle.pk: "Berlin office, business"}, "by name, those that fit"
    assert page.one("[name=bundle-de-local] option[selected]")["value"] == bundle.pk, "the only one"
    assert "An address" not in page.one("form.form--wide").text


def test_what_needs_nothing_is_asked_for_nothing(as_support, parent):
    make_bundle(parent, make_regulation("DE", "local"))
    put(as_support, parent)
    page = Page.of(as_support, cart_url(parent))
    assert not page.all("[name^=address]")
    assert not page.all("[name^=bundle]")


def test_where_it_cannot_be_told_a_bundle_may_be_chosen(as_support, parent):
    """No regulation is named for VoIP numbers, and Twilio says nowhere what it asks for with them."""
    make_address(parent, iso_country="FR")
    bundle = make_bundle(parent, make_regulation("FR", "national"))
    put(as_support, parent, "FR", "voip")
    page = Page.of(as_support, cart_url(parent))
    options = [option["value"] for option in page.all("[name=bundle-fr-voip] option")]
    assert options == ["", bundle.pk]
    assert "(error 21649)" in page.text
    assert go_on(as_support, parent).status_code == 302


def test_a_bundle_that_is_not_approved_any_more_is_not_bought_with(as_support, parent):
    make_address(parent, iso_country="DE")
    bundle = make_bundle(parent, make_regulation("DE", "local"))
    put(as_support, parent, "DE", "local")
    assert "None" not in Page.of(as_support, go_on(as_support, parent).url).all("section.check")[0].text
    Mirrored.objects.filter(pk=bundle.pk).update(status="twilio-rejected")

    page = Page.of(as_support, cart_url(parent))
    assert "the account has none that is approved" in page.text
    assert "Choose a bundle for Germany, local" in Page(go_on(as_support, parent)).one(".field__error").text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"address-de-local": ""}, "Choose an address for Germany, local"),
        ({"bundle-de-local": ""}, "Choose a bundle for Germany, local"),
        ({"bundle-de-local": "BU" + "f" * 32}, "Choose a bundle for Germany, local"),
        ({"name_pattern": "{city} desk"}, "Use {number}, {national} or {place}, not {city}"),
        ({"name_pattern": "x" * 65}, "Shorten the name to 64 characters"),
        ({"address-de-local": "AD" + "f" * 32}, "Choose an address for Germany, local"),
    ],
)
def test_what_is_missing_or_wrong_is_said_beside_the_field(as_support, parent, form, words):
    make_address(parent, iso_country="DE")
    make_bundle(parent, make_regulation("DE", "local"))
    put(as_support, parent, "DE", "local")

    answer = go_on(as_support, parent, **form)
    assert answer.status_code == 422
    page = Page(answer)
    assert page.title.startswith("Error: ")
    assert words in page.one("[data-error-summary]").text
    assert words in page.one(".field__error").text
    assert not Batch.objects.exists()


def test_an_address_of_another_account_is_not_taken(as_support, parent):
    foreign = make_address(make_account(), iso_country="DE")
    make_address(parent, iso_country="DE")
    put(as_support, parent, "DE", "local")
    assert go_on(as_support, parent, **{"address-de-local": foreign.pk}).status_code == 422


def test_what_was_answered_is_kept_for_the_next_time(as_support, parent):
    make_address(parent, iso_country="DE", customer_name="A")
    second = make_address(parent, iso_country="DE", customer_name="B")
    put(as_support, parent, "DE", "local")
    go_on(as_support, parent, **{"address-de-local": second.pk, "name_pattern": "Desk {place}"})
    put(as_support, parent, "DE", "local", count=1, pattern="+4940")

    page = Page.of(as_support, cart_url(parent))
    assert page.one("[name=address-de-local] option[selected]")["value"] == second.pk
    assert page.one("[name=name_pattern]")["value"] == "Desk {place}"
    assert {item.address_sid for item in CartItem.objects.all()} == {second.pk}


# The check


def test_it_names_environment_account_count_and_cost_and_that_nothing_is_bought(as_support, twilio, parent):
    make_price(parent, "US", "local", "1.00", base_price="1.15")
    numbers = put(as_support, parent, count=2)
    answer = go_on(as_support, parent, name_pattern="Desk {place}")

    page = Page.of(as_support, answer.url)
    text = page.one("main").text
    for words in ("Nothing is bought yet.", "Sandbox", str(parent), "$2.00 a month", "first month", "Desk "):
        assert words in text
    assert len(page.all(".check__numbers li")) == 2
    assert page.one("form.form button").text == "Buy 2 numbers for $2.00 a month"
    assert not bought(twilio, parent, numbers)


def test_a_purchase_over_budget_is_warned_of_and_not_forbidden(as_support, support, parent):
    make_price(parent, "US", "local", "1.00")
    set_budget(account=parent, amount=Decimal("1.50"), currency="USD", actor=support)
    put(as_support, parent)
    assert "Over budget" not in Page.of(as_support, go_on(as_support, parent).url).text

    put(as_support, parent, pattern="+1212")
    url = go_on(as_support, parent).url
    assert (
        f"This brings {parent} to $2.00 a month, $0.50 over its budget of $1.50"
        in Page.of(as_support, url).text
    )
    assert buy(as_support, url).status_code == 302


def test_a_price_that_is_not_known_is_said(as_support, parent):
    put(as_support, parent)
    page = Page.of(as_support, go_on(as_support, parent).url)
    assert "Twilio names no price" in page.text
    assert page.one("form.form button").text == "Buy 1 number"


def test_buying_one_goes_straight_to_the_check_when_nothing_is_to_be_asked(as_support, parent):
    page = results(as_support, parent)
    button = page.all("button[name=buy]")[0]
    assert "/buy/check/" in add(as_support, parent, page, buy=button["value"]).redirect_chain[-1][0]


def test_buying_one_leads_to_the_cart_where_something_is_missing(as_support, parent):
    page = results(as_support, parent, "DE", "local")
    answer = add(as_support, parent, page, buy=page.all("button[name=buy]")[0]["value"])
    assert answer.redirect_chain[-1][0] == cart_url(parent)
    assert "the account holds none" in Page(answer).text


def test_one_may_think_better_of_it(as_support, parent):
    put(as_support, parent)
    url = go_on(as_support, parent).url
    as_support.post(f"{url}discard/")
    assert not Batch.objects.exists()
    assert CartItem.objects.count() == 1, "the cart still holds everything"


# Who


def test_only_who_may_buy_gets_near_a_cart(as_viewer, as_manager, parent):
    for client in (as_viewer, as_manager):
        assert client.get(cart_url(parent)).status_code == 403
        for name in ("cart-add", "cart-remove"):
            assert client.post(reverse(f"inventory:{name}", args=[parent.pk])).status_code == 403
        assert client.get(reverse("inventory:purchase-check", args=[uuid.uuid4()])).status_code == 403


def test_a_foreign_account_and_a_foreign_draft_are_not_there(client, as_support, parent):
    put(as_support, parent)
    url = go_on(as_support, parent).url
    mine = make_account()
    client.force_login(make_user(Role.SUPPORT, accounts=[mine]))

    assert client.get(cart_url(parent)).status_code == 404
    assert client.post(reverse("inventory:cart-add", args=[parent.pk])).status_code == 404
    client.force_login(make_user(Role.SUPPORT))
    assert client.get(url).status_code == 404, "a draft is its author's"
    assert client.post(url).status_code == 404
    assert client.get(reverse("inventory:purchase-check", args=[uuid.uuid4()])).status_code == 404


def test_a_wrong_method_is_refused(as_support, parent):
    for name in ("cart-add", "cart-remove"):
        assert as_support.get(reverse(f"inventory:{name}", args=[parent.pk])).status_code == 405


def test_the_regions_are_the_pages(as_support, parent):
    put(as_support, parent)
    assert_is_region(as_support, cart_url(parent), "cart")
    assert_is_region(as_support, go_on(as_support, parent).url, "purchase")


def test_they_take_few_queries(as_support, parent):
    make_price(parent, "US", "local", "1.00")
    put(as_support, parent, count=5)
    with counted("cart_detail"):
        Page.of(as_support, cart_url(parent))
    url = go_on(as_support, parent).url
    with counted("purchase_check"):
        Page.of(as_support, url)


def test_hostile_text_in_a_name_stays_text(as_support, parent):
    put(as_support, parent)
    url = go_on(as_support, parent, name_pattern="<script>alert(1)</script>").url
    page = Page.of(as_support, url)
    assert "<script>alert(1)" not in page.source
    assert "<script>alert(1)</script>" in page.text
    assert json.dumps(Batch.objects.get().detail)
