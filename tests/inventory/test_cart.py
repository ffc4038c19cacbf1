"""The cart, the page where a purchase is checked, and the batch that buys."""

import json
import threading
import uuid
from decimal import Decimal

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.urls import reverse

from compliance.models import Bundle as Mirrored
from inventory import tasks
from inventory.buying import actions
from inventory.buying.offers import offer_of
from inventory.buying.search import Offer
from inventory.models import CartItem, ConfigurationPreset, PhoneNumber
from inventory.money.actions import set_budget
from portal.batches import runner
from portal.models import ApprovalRule, Batch, BatchItem, Operation, Role
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory.resources import Bundle
from tests.compliance.mapping import read_papers
from tests.factories import (
    make_account,
    make_address,
    make_bundle,
    make_price,
    make_regulation,
    make_user,
)
from tests.mirroring import truth
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

NUMBERS = "*/IncomingPhoneNumbers.json"


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


def results(client, account, country="US", kind="local", **filters):
    url = url_of("/numbers/buy/", account=account.pk, country=country, type=kind, **filters)
    return Page.of(client, url)


def add(client, account, page, **form):
    form.setdefault("found_with", page.one("[name=found_with]")["value"])
    return client.post(reverse("inventory:cart-add", args=[account.pk]), form, follow=True)


def put(client, account, country="US", kind="local", count=1, **filters):
    """Put the first numbers of a search into the cart."""
    page = results(client, account, country, kind, **filters)
    offers = [box["value"] for box in page.all("[name=offer]")[:count]]
    answer = add(client, account, page, offer=offers)
    assert answer.status_code == 200
    return [offer_of(token).phone_number for token in offers]


def cart_url(account):
    return reverse("inventory:cart-detail", args=[account.pk])


def go_on(client, account, **form):
    """Press Continue in the cart as it stands, with these answers."""
    sent = Page.of(client, cart_url(account)).form("main form.form--wide") | form
    return client.post(cart_url(account), sent)


def buy(client, url, **form):
    return client.post(url, form)


def carry_out(batch):
    """What a worker does."""
    tasks.run_inventory_batch(str(batch.pk))
    batch.refresh_from_db()


def bought(twilio, account, numbers):
    return [record for record in truth(twilio, account) if record["phone_number"] in numbers]


def items(batch):
    return {item.target: (item.state, item.code) for item in batch.items.all()}


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


# Bought


def test_it_buys_what_was_checked_with_papers_name_and_preset(as_support, support, twilio, parent):
    read_papers(twilio, parent)
    preset = ConfigurationPreset.objects.create(
        name="Reception", author=support, account=parent,
        change={"properties": {"voice_url": "https://example.com/v", "sms_url": "https://example.com/s"},
                "owner": "Reception", "add_tags": ["new"]},
    )  # fmt: skip
    numbers = put(as_support, parent, "DE", "local", count=2) + put(as_support, parent, "US", "local")
    page = Page.of(as_support, cart_url(parent))
    address, bundle = (
        page.all(f"[name={name}-de-local] option")[1]["value"] for name in ("address", "bundle")
    )
    check = go_on(
        as_support, parent, name_pattern="Desk {place} {national}", preset=str(preset.pk),
        **{"address-de-local": address, "bundle-de-local": bundle},
    )  # fmt: skip
    answer = buy(as_support, check.url, reason="Ticket 7")
    batch = Batch.objects.get()
    assert answer.url == reverse("batch-detail", args=[batch.pk])
    assert not CartItem.objects.exists()
    carry_out(batch)

    records = bought(twilio, parent, numbers)
    assert len(records) == 3
    german = next(record for record in records if record["phone_number"].startswith("+49"))
    american = next(record for record in records if record["phone_number"].startswith("+1"))
    assert (german["address_sid"], german["bundle_sid"]) == (address, bundle)
    assert german["friendly_name"].startswith("Desk ")
    assert (german["voice_url"], german["sms_url"]) == ("https://example.com/v", ""), "it takes no messages"
    assert (american["address_sid"], american["sms_url"]) == (None, "https://example.com/s")
    row = PhoneNumber.objects.get(phone_number=american["phone_number"])
    assert (row.owner, row.tags) == ("Reception", ["new"])
    assert batch.state == Batch.State.DONE
    assert {state for state, _ in items(batch).values()} == {"done"}
    assert Operation.objects.filter(kind=actions.BUY_NUMBER, reason="Ticket 7", actor=support).count() == 3
    page = Page.of(as_support, answer.url)
    assert page.one(f"a[href='{row.get_absolute_url()}']")


def test_it_is_bought_once_under_double_click_back_and_reload(as_support, twilio, parent):
    numbers = put(as_support, parent, count=2)
    url = go_on(as_support, parent).url
    first, second = buy(as_support, url), buy(as_support, url)
    assert first.url == second.url
    batch = Batch.objects.get()
    carry_out(batch)
    carry_out(batch)
    assert as_support.get(url).url == first.url, "Back, or a reload"
    assert buy(as_support, url).url == first.url

    assert len(bought(twilio, parent, numbers)) == 2
    assert len(twilio.journal.entries(method="POST", path=NUMBERS)) == 2


def test_two_drafts_of_one_cart_buy_once(as_support, twilio, parent):
    numbers = put(as_support, parent)
    old, new = go_on(as_support, parent).url, go_on(as_support, parent).url
    for url in (new, old):
        buy(as_support, url)
    for batch in Batch.objects.order_by("confirmed_at"):
        carry_out(batch)

    assert len(bought(twilio, parent, numbers)) == 1
    late = Batch.objects.order_by("confirmed_at").last().items.get()
    assert (late.state, late.words) == ("failed", f"This number is on {parent} already. Nothing was bought.")


@pytest.mark.django_db(transaction=True)
def test_two_operators_at_once_buy_one_number(twilio, parent):
    batches = []
    for _ in range(2):
        client = Client()
        client.force_login(make_user(Role.SUPPORT))
        numbers = put(client, parent)
        buy(client, go_on(client, parent).url)
        batches.append(Batch.objects.order_by("confirmed_at").last())
    twilio.faults.add(Fault(kind="slow", method="POST", seconds=0.2))

    def work(batch):
        try:
            tasks.run_inventory_batch(str(batch.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[batch]) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    twilio.faults.clear()

    assert len(bought(twilio, parent, numbers)) == 1
    assert len(twilio.journal.entries(method="POST", path=NUMBERS)) == 1
    states = sorted(BatchItem.objects.values_list("state", flat=True))
    assert states == ["done", "failed"]


def test_each_item_has_its_own_result_and_way_on(as_support, support, twilio, parent):
    make_address(parent, iso_country="US")
    good, gone = put(as_support, parent, count=2, pattern="+1212")
    [unbundled] = put(as_support, parent, "GB", "mobile")
    path = f"/2010-04-01/Accounts/{twilio.subaccounts[0].account_sid}/IncomingPhoneNumbers.json"
    twilio.direct("POST", path, PhoneNumber=gone)
    buy(as_support, go_on(as_support, parent).url)
    batch = Batch.objects.get()
    carry_out(batch)

    assert items(batch) == {good: ("done", None), gone: ("failed", 21422), unbundled: ("failed", 21649)}
    page = Page.of(as_support, batch.get_absolute_url())
    assert "somebody else was quicker" in page.text
    assert "pattern=%2B1212" in page.link("Search for similar ones")
    assert page.link("It is back in the cart") == cart_url(parent)
    assert [item.phone_number for item in CartItem.objects.all()] == [unbundled]

    bundle = next(
        b.sid for b in twilio.store.all(Bundle)
        if (b.account_sid, b.iso_country, b.number_type) == (parent.pk, "GB", "mobile")
        and b.status == "twilio-approved"
    )  # fmt: skip
    make_bundle(parent, make_regulation("GB", "mobile"), sid=bundle)
    buy(as_support, go_on(as_support, parent, **{"bundle-gb-mobile": bundle}).url)
    second = Batch.objects.order_by("confirmed_at").last()
    carry_out(second)
    assert items(second) == {unbundled: ("done", None)}


@pytest.mark.parametrize(("change", "words"), [
    ({"type": "Trial"}, "a trial account gets no further number"),
    ({"restricted": True}, "Twilio Compliance has stopped this account"),
])  # fmt: skip
def test_a_limit_of_the_account_is_explained(as_support, twilio, parent, change, words):
    put(as_support, parent)
    buy(as_support, go_on(as_support, parent).url)
    twilio.set_account(parent.pk, **change)
    batch = Batch.objects.get()
    carry_out(batch)

    page = Page.of(as_support, batch.get_absolute_url())
    assert words in page.text
    assert page.link("What Twilio may refuse") == reverse("inventory:purchase-refusals")
    twilio.set_account(parent.pk, type="Full", restricted=False)
    as_support.post(reverse("batch-retry", args=[batch.pk]))
    carry_out(batch)
    assert {state for state, _ in items(batch).values()} == {"done"}


@pytest.mark.parametrize("kind", ["lost-answer", "reset"])
def test_a_lost_answer_is_settled_and_never_sent_again(as_support, twilio, parent, kind):
    numbers = put(as_support, parent)
    buy(as_support, go_on(as_support, parent).url)
    twilio.faults.add(Fault(kind=kind, method="POST", times=1))
    batch = Batch.objects.get()
    carry_out(batch)
    carry_out(batch)
    assert {state for state, _ in items(batch).values()} == {"uncertain"}
    assert "Not known yet" in Page.of(as_support, batch.get_absolute_url()).text
    as_support.post(reverse("batch-retry", args=[batch.pk]))

    Operation.objects.update(started_at="2020-01-01T00:00Z", ended_at="2020-01-01T00:00Z")
    tasks.settle_purchases()
    runner.look_after()
    batch.refresh_from_db()
    was_bought = kind == "lost-answer"
    assert items(batch) == {numbers[0]: ("done" if was_bought else "failed", None)}
    assert batch.state == Batch.State.DONE
    assert len(twilio.journal.entries(method="POST", path=NUMBERS)) == 1
    assert len(bought(twilio, parent, numbers)) == int(was_bought)
    if was_bought:
        row = PhoneNumber.objects.get(phone_number=numbers[0])
        assert batch.items.get().result == row.pk


def test_a_killed_worker_buys_nothing_twice(as_support, twilio, parent):
    numbers = put(as_support, parent, count=2)
    buy(as_support, go_on(as_support, parent).url)
    batch = Batch.objects.get()
    lost = batch.items.order_by("position").first()
    # As it is left when the worker dies after Twilio has done it.
    twilio.direct(
        "POST", f"/2010-04-01/Accounts/{parent.pk}/IncomingPhoneNumbers.json", PhoneNumber=lost.target
    )
    Operation.objects.create(
        kind=actions.BUY_NUMBER, account=parent, target=lost.target, form_key=lost.key,
        detail={"fields": {}, "ours": {}},
    )  # fmt: skip
    BatchItem.objects.filter(pk=lost.pk).update(state="running", attempts=1)

    carry_out(batch)
    assert items(batch)[lost.target] == ("uncertain", None)
    Operation.objects.filter(target=lost.target).update(started_at="2020-01-01T00:00Z")
    tasks.settle_purchases()
    runner.look_after()
    assert {state for state, _ in items(batch).values()} == {"done"}
    assert len(bought(twilio, parent, numbers)) == 2
    assert len(twilio.journal.entries(method="POST", path=NUMBERS)) == 1


def test_a_purchase_waits_for_a_second_person_where_a_rule_says_so(as_support, client, twilio, parent):
    make_price(parent, "US", "local", "1.00")
    ApprovalRule.objects.create(kind=actions.BUY_NUMBERS, over_monthly_cost=1)
    numbers = put(as_support, parent, count=2)
    url = go_on(as_support, parent).url
    assert Page.of(as_support, url).one("form.form button").text == "Ask for approval"
    buy(as_support, url)
    batch = Batch.objects.get()
    carry_out(batch)
    assert batch.state == Batch.State.REQUESTED
    assert not bought(twilio, parent, numbers)

    client.force_login(make_user(Role.MANAGER))
    client.post(reverse("batch-decide", args=[batch.pk]), {"decision": "approve"})
    carry_out(batch)
    assert len(bought(twilio, parent, numbers)) == 2


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
