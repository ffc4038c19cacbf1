"""One emergency address for many numbers, or none."""

import pytest
from django.urls import reverse

from inventory import tasks
from inventory.models import Address, PhoneNumber
from portal.models import Batch, BatchItem
from tests.mirroring import complete
from tests.pages import Page

pytestmark = pytest.mark.django_db

State = BatchItem.State


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def mirrored(twilio, parent):
    complete(parent)
    complete(parent, "addresses")
    twilio.journal.clear()
    return parent


def draft(client, numbers):
    client.post(
        reverse("inventory:number-select"), {"do": "emergency", "sid": [number.pk for number in numbers]}
    )
    return Batch.objects.get()


def carried_out(client, batch, chosen):
    client.post(reverse("inventory:bulk-emergency", args=[batch.pk]), {"address": chosen})
    review = reverse("inventory:bulk-emergency-review", args=[batch.pk])
    page = Page.of(client, review)
    pks = [str(pk) for pk in batch.items.values_list("pk", flat=True)]
    client.post(review, {"shown": pks, "keep": pks, "reason": "Moved house"})
    tasks.run_inventory_batch(str(batch.pk))
    return page


def test_an_address_is_assigned_where_it_can_be(mirrored, as_support):
    us = PhoneNumber.objects.filter(account=mirrored, country="US", voice=True)
    address = Address.objects.filter(account=mirrored, iso_country="US", emergency_enabled=True).first()
    free = us.filter(emergency_address=None, emergency_address_status="unregistered").first()
    held = us.exclude(emergency_address=None).first()
    batch = draft(as_support, [free, held])

    page = carried_out(as_support, batch, address.pk)

    assert "Not now" in page.text
    free.refresh_from_db()
    assert free.emergency_address_id == address.pk
    assert batch.items.get(target=held.pk).state == State.LEFT_OUT
    done = batch.items.get(target=free.pk)
    assert (done.state, done.operation.reason) == (State.DONE, "Moved house")


def test_addresses_are_removed(mirrored, as_support):
    held = PhoneNumber.objects.filter(account=mirrored, emergency_address_status="registered").first()
    batch = draft(as_support, [held])

    carried_out(as_support, batch, "none")

    held.refresh_from_db()
    assert held.emergency_address_id is None
    assert batch.items.get().state == State.DONE


def test_an_address_must_be_chosen(mirrored, as_support):
    batch = draft(as_support, PhoneNumber.objects.filter(account=mirrored)[:2])

    answer = as_support.post(
        reverse("inventory:bulk-emergency", args=[batch.pk]), {"csrfmiddlewaretoken": "x"}
    )

    assert answer.status_code == 422
    assert "Choose an address, or none" in answer.content.decode()
