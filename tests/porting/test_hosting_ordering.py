"""All eligible numbers are ordered in one batch: one order and one operation for each, and none of them
twice.
"""

import json
from uuid import uuid4

import pytest
from celery import current_app
from django.db import connection

from inventory.models import ConfigurationPreset
from portal.models import Batch, BatchItem, Operation, Role
from portal.sandbox.faults import Fault
from porting.hosting.ordering.actions import CREATE_ORDER, order_eligible
from porting.models import HostedOrder, OrderTerms
from tests.factories import make_account, make_user
from tests.mirroring import complete
from tests.pages import Page
from tests.porting.filing import PREFIX, order_hosting
from tests.porting.hosting import CONTACT, checked, numbers, order_all, run

pytestmark = pytest.mark.django_db
ORDERS_AT_TWILIO = "/HostedNumber/Orders"


@pytest.fixture(autouse=True)
def _one_after_the_other(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def check(twilio, parent, address, as_porter):
    """Three numbers that can be hosted, and one that cannot."""
    return checked(twilio, as_porter, parent, "10", "11", "12", "20")


def at_twilio(twilio, parent, *endings):
    """How many orders Twilio has of each number."""
    wanted = numbers(*endings)
    found = [one["phone_number"] for one in twilio.direct(
        "GET", "/v2/HostedNumber/Orders", host="numbers.twilio.com"
    )["items"]]  # fmt: skip
    return [found.count(number) for number in wanted]


def recent(operation):
    """Old enough to be settled, and begun a moment ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE portal_operation SET started_at = started_at - interval '1 minute',"
            " ended_at = ended_at - interval '1 minute' WHERE id = %s",
            [operation.pk],
        )


def test_all_eligible_numbers_are_ordered_with_one_operation_each(twilio, parent, address, as_porter, check):
    answered = order_all(as_porter, check, address)

    batch = Batch.objects.get()
    assert answered.url == f"/batches/{batch.pk}/"
    assert (batch.kind, batch.state) == ("porting.order_numbers", "running")
    run(batch)
    assert batch.state == "done"
    assert at_twilio(twilio, parent, "10", "11", "12", "20") == [1, 1, 1, 0]
    assert Operation.objects.filter(kind=CREATE_ORDER, state="done").count() == 3
    orders = HostedOrder.objects.filter(phone_number__in=numbers("10", "11", "12"))
    assert {order.email for order in orders} == {"signer@example.com"}
    assert {item.result for item in batch.items.all()} == set(orders.values_list("pk", flat=True))
    page = Page.of(as_porter, f"/batches/{batch.pk}/")
    assert page.one("h1").text == "Order hosted numbers"
    assert page.all(f"a[href='{orders[0].get_absolute_url()}']")


def test_what_the_owner_told_stands_nowhere_in_clear(twilio, parent, address, as_porter, check):
    order_all(as_porter, check, address, cc_emails="watcher@example.com, second@example.com")
    run(Batch.objects.get())

    with connection.cursor() as cursor:
        kept = []
        for table in (
            "portal_batch",
            "portal_batchitem",
            "portal_operation",
            "porting_orderterms",
            "portal_change",
        ):
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} AS t")
            kept += [text for (text,) in cursor.fetchall()]
    for value in ("signer@", "watcher@", "0199", "Office manager"):
        assert value not in "\n".join(kept)
    assert OrderTerms.objects.get().cc_emails == ["watcher@example.com", "second@example.com"]


def test_the_numbers_are_set_up_with_their_orders(twilio, parent, address, as_porter, porter, check):
    ConfigurationPreset.objects.create(
        name="Inbox",
        author=porter,
        change={"properties": {"sms_url": "https://sms.example.com/in", "voice_url": "x"}},
    )
    preset = str(ConfigurationPreset.objects.get().pk)

    order_all(as_porter, check, address, preset=preset)
    run(Batch.objects.get())

    order = HostedOrder.objects.get(phone_number=f"{PREFIX}10")
    number = twilio.direct(
        "GET", f"/2010-04-01/Accounts/{parent.pk}/IncomingPhoneNumbers/{order.number_sid}.json"
    )
    assert number["sms_url"] == "https://sms.example.com/in"
    assert not number["voice_url"]


def test_a_double_click_makes_one_batch(twilio, parent, address, as_porter, check):
    form = Page.of(as_porter, check.get_absolute_url()).form("form[action$='/order/']")
    typed = {**form, "address": address.pk, **CONTACT}

    first = as_porter.post(f"{check.get_absolute_url()}order/", typed)
    second = as_porter.post(f"{check.get_absolute_url()}order/", typed)

    assert first.url == second.url
    assert Batch.objects.count() == 1


def test_a_page_that_was_loaded_again_orders_nothing_twice(twilio, parent, address, as_porter, check):
    form = Page.of(as_porter, check.get_absolute_url()).form("form[action$='/order/']")
    order_all(as_porter, check, address)

    again = as_porter.post(
        f"{check.get_absolute_url()}order/", {**form, "address": address.pk, **CONTACT, "form_key": uuid4()}
    )

    assert again.url == check.get_absolute_url()
    assert Batch.objects.count() == 1
    page = Page.of(as_porter, check.get_absolute_url())
    assert not page.all("form[action$='/order/']")
    assert page.all(f"a[href='/batches/{Batch.objects.get().pk}/']")


def test_what_was_not_confirmed_is_confirmed_by_the_same_form(twilio, parent, address, porter, check):
    said = {"address_sid": address.pk, "email": "a@example.com", "contact_phone_number": "+12075550199"}
    key = uuid4()
    order_eligible(check=check, key=key, terms=said, setup={}, actor=porter)
    Batch.objects.update(state="draft", confirmed_at=None)  # as if killed between the two

    batch = order_eligible(check=check, key=key, terms=said, setup={}, actor=porter)

    assert batch.state == "running"
    assert Batch.objects.count() == 1


@pytest.mark.parametrize("kind", ["lost-answer", "truncated"])
def test_an_order_whose_answer_was_lost_is_found_and_not_sent_again(
    kind, twilio, parent, address, as_porter, check
):
    order_all(as_porter, check, address)
    twilio.faults.add(Fault(kind=kind, method="POST", path="*/HostedNumber/Orders", nth=2, times=1))
    batch = run(Batch.objects.get())
    assert batch.state == "running"
    operation = Operation.objects.get(kind=CREATE_ORDER, state="uncertain")
    run(batch)
    assert at_twilio(twilio, parent, "10", "11", "12") == [1, 1, 1]
    recent(operation)

    current_app.tasks["settle_hosting"]()
    current_app.tasks["look_after_batches"]()

    batch.refresh_from_db()
    assert batch.state == "done"
    assert set(batch.items.values_list("state", flat=True)) == {"done"}
    assert at_twilio(twilio, parent, "10", "11", "12") == [1, 1, 1]
    operation.refresh_from_db()
    assert operation.state == "done"
    assert operation.target.startswith("HR")


def test_an_order_that_never_reached_twilio_is_refused_and_may_be_tried_again(
    twilio, parent, address, as_porter, check
):
    order_all(as_porter, check, address)
    twilio.faults.add(Fault(kind="reset", method="POST", path="*/HostedNumber/Orders", nth=2, times=1))
    batch = run(Batch.objects.get())
    recent(Operation.objects.get(kind=CREATE_ORDER, state="uncertain"))
    current_app.tasks["settle_hosting"]()
    current_app.tasks["look_after_batches"]()
    assert at_twilio(twilio, parent, "10", "11", "12") == [1, 0, 1]

    as_porter.post(f"/batches/{batch.pk}/retry/")
    run(batch)

    assert at_twilio(twilio, parent, "10", "11", "12") == [1, 1, 1]


def test_a_killed_workers_item_is_taken_over_and_not_sent_again(twilio, parent, address, as_porter, check):
    order_all(as_porter, check, address)
    batch = run(Batch.objects.get())
    # As a worker leaves it that is killed after Twilio's answer, before the item is ended.
    BatchItem.objects.filter(target=f"{PREFIX}11").update(state="running", operation=None, ended_at=None)
    Batch.objects.update(state="running", ended_at=None)

    run(batch)

    assert at_twilio(twilio, parent, "10", "11", "12") == [1, 1, 1]
    assert set(batch.items.values_list("state", flat=True)) == {"done"}


def test_a_number_that_got_an_order_meanwhile_is_not_ordered_again(twilio, parent, address, as_porter, check):
    order_all(as_porter, check, address)
    sid = order_hosting(parent, "10", address.pk)
    complete(parent, "hosted_orders")

    batch = run(Batch.objects.get())

    item = batch.items.get(target=f"{PREFIX}10")
    assert (item.state, item.words) == ("failed", f"There is an order for it already: {sid}.")
    assert at_twilio(twilio, parent, "10") == [1]


def test_a_number_whose_order_failed_is_ordered_anew_at_once(twilio, parent, address, as_porter, check):
    order_all(as_porter, check, address)
    run(Batch.objects.get())
    failed = HostedOrder.objects.get(phone_number=f"{PREFIX}10")
    twilio.hosting.fail(failed.pk)
    complete(parent, "hosted_orders")
    again = checked(twilio, as_porter, parent, "10")

    order_all(as_porter, again, address)
    run(Batch.objects.latest("created_at"))

    assert at_twilio(twilio, parent, "10") == [2]


def test_twilios_refusal_stands_beside_its_number_without_what_is_personal(
    twilio, parent, address, as_porter, check
):
    order_all(as_porter, check, address, email="odd@example.com")
    twilio.faults.add(
        Fault(kind="status", status=400, method="POST", path="*/HostedNumber/Orders", nth=1, times=1)
    )

    batch = run(Batch.objects.get())

    assert batch.items.get(target=f"{PREFIX}10").state == "failed"
    assert batch.items.filter(state="done").count() == 2
    assert "odd@" not in json.dumps(list(batch.items.values_list("words", flat=True)))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("address", "", "Choose an address"),
        ("email", "owner", "Enter an e-mail address such as owner@example.com"),
        ("contact_phone_number", "12", "Enter a phone number such as +1 207 555 0110"),
        ("cc_emails", "a@example.com, b", "“b” is no e-mail address"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(field, value, words, address, as_porter, check):
    answered = order_all(as_porter, check, address, **{field: value})

    assert answered.status_code == 422
    assert words in Page(answered).one("[data-error-summary]").text
    assert not Batch.objects.exists()


def test_only_who_may_host_on_the_account_orders(address, as_porter, as_support, client, check):
    url = f"{check.get_absolute_url()}order/"
    assert as_support.post(url).status_code == 403
    client.force_login(make_user(Role.PORTING, accounts=[make_account()]))
    assert client.post(url).status_code == 404
    assert as_porter.get(url).status_code == 405
