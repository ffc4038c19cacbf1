"""What tests of hosting begin with: checks, orders, calls and letters, as pages and workers make them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from celery import current_app
from django.test import Client

import porting.hosting.tasks  # noqa: F401 (registers them)
from inventory.models import Address
from portal.models import Batch, TwilioAccount
from portal.sandbox.core import Sandbox
from portal.sandbox.hosting.settings import HostingSettings
from porting.models import EligibilityCheck, HostedOrder
from tests.mirroring import complete
from tests.pages import Page
from tests.porting.filing import PREFIX, order_hosting

_STEP = timedelta(seconds=6)
CHECKS = "/porting/hosting/checks/"
ORDERS = "/porting/hosting/orders/"
LETTERS = "/porting/hosting/letters/"
CONTACT = {
    "email": "signer@example.com",
    "contact_phone_number": "+12075550199",
    "contact_title": "Office manager",
    "cc_emails": "",
}


def by_hand(twilio: Sandbox) -> None:
    """Nothing of hosting goes on by itself."""
    twilio.hosting.set(HostingSettings(automatic=False))


def numbers(*endings: str) -> list[str]:
    return [PREFIX + ending for ending in endings]


def ask(client: Client, account: TwilioAccount, *endings: str, text: str = "", **more: Any) -> Any:
    """Paste numbers and press Check."""
    typed = {
        "form_key": uuid4(),
        "account": account.pk,
        "numbers": text or "\n".join(numbers(*endings)),
        "country": "US",
        **more,
    }
    return client.post(CHECKS, typed)


def checked(twilio: Sandbox, client: Client, account: TwilioAccount, *endings: str) -> EligibilityCheck:
    """A check that Twilio has answered."""
    ask(client, account, *endings)
    check = EligibilityCheck.objects.latest("created_at")
    answer(twilio, check)
    return check


def answer(twilio: Sandbox, check: EligibilityCheck) -> None:
    """Let the workers ask until Twilio has answered."""
    for _ in range(4):
        current_app.tasks["run_eligibility_check"](str(check.pk))
        twilio.clock.advance(_STEP)
    check.refresh_from_db()
    assert not check.is_unended


def order_all(client: Client, check: EligibilityCheck, place: Address, **changes: Any) -> Any:
    """Press Create orders on the page of a check."""
    form = Page.of(client, check.get_absolute_url()).form("form[action$='/order/']")
    typed = {**form, "address": place.pk, **CONTACT, **changes}
    return client.post(f"{check.get_absolute_url()}order/", typed)


def run(batch: Batch) -> Batch:
    current_app.tasks["run_porting_batch"](str(batch.pk))
    batch.refresh_from_db()
    return batch


def ordered(account: TwilioAccount, address: Address, *endings: str) -> list[HostedOrder]:
    """Orders in the mirror, as Twilio has received them."""
    sids = [order_hosting(account, ending, address.pk, SmsCapability="true") for ending in endings]
    complete(account, "hosted_orders")
    return list(HostedOrder.objects.select_related("account").filter(pk__in=sids).order_by("phone_number"))


def received(twilio: Sandbox, account: TwilioAccount, address: Address, *endings: str) -> list[HostedOrder]:
    """Orders that wait for the call."""
    orders = ordered(account, address, *endings)
    for order in orders:
        twilio.hosting.process(order.pk)
    return _read(account, orders)


def verified(twilio: Sandbox, account: TwilioAccount, address: Address, *endings: str) -> list[HostedOrder]:
    """Orders that wait for a letter."""
    orders = received(twilio, account, address, *endings)
    for order in orders:
        twilio.hosting.verify(order.pk)
    return _read(account, orders)


def _read(account: TwilioAccount, orders: list[HostedOrder]) -> list[HostedOrder]:
    complete(account, "hosted_orders")
    for order in orders:
        order.refresh_from_db()
    return orders
