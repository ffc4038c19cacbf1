"""The batch that buys a cart: once whatever happens, each number with its own result."""

import threading

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from inventory import tasks
from inventory.buying import actions
from inventory.models import CartItem, ConfigurationPreset, PhoneNumber
from portal.batches import runner
from portal.models import ApprovalRule, Batch, BatchItem, Operation, Role
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory.resources import Bundle
from tests.compliance.mapping import read_papers
from tests.factories import (
    make_address,
    make_bundle,
    make_price,
    make_regulation,
    make_user,
)
from tests.inventory.carts import bought, buy, carry_out, cart_url, go_on, items, put
from tests.pages import Page

pytestmark = pytest.mark.django_db

NUMBERS = "*/IncomingPhoneNumbers.json"


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


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
