"""Learning what became of orders and letters: from callbacks, and by asking where Twilio sends none."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.core.cache import cache
from django.utils import timezone

from portal.locks import advisory_lock
from portal.models import Change, Delivery, TwilioAccount
from portal.twilio.errors import NoCredentials, TwilioFailure, Unavailable
from portal.twilio.patience import IN_A_TASK
from porting.hosting import sync
from porting.hosting.orders.actions import follow_number
from porting.models import AuthorizationDocument, HostedOrder

log = structlog.get_logger(__name__)

# Orders say when they change, letters never do; and a callback may be lost.
_POLLED_EVERY = timedelta(minutes=3)
# In one round, so many of an account are asked for; the sync reads the others.
_POLLED_AT_ONCE, _LOOKED_AT = 25, 1_000
_POLLED = ("twilio_processing", "pending_verification")


def read_order(delivery: Delivery) -> str:
    """Read the order of a callback from Twilio, the letter it waits for, and its number once it is hosted.

    What the changes do not tell.
    """
    assert delivery.account
    known = HostedOrder.objects.select_related("account").filter(pk=delivery.target).first()
    account = known.account if known else delivery.account
    order = sync.refetch_order(account, delivery.target, source=Change.Source.WEBHOOK)
    if order is None:
        return "Twilio does not have this order, or not any more."
    if order.status != "pending_loa":
        # A letter that was declined or taken back is no longer named by its orders.
        _read_letter(account, order.signing_document_sid or (known.signing_document_sid if known else ""))
    follow_number(known.status if known else "", order, patience=IN_A_TASK)
    return "" if known else "It was read for the first time."


def poll_hosting() -> int:
    """Ask for orders and letters that wait for somebody and were not read for some minutes; how many."""
    with advisory_lock("poll_hosting") as held:
        if not held:
            return 0
        orders = HostedOrder.objects.present().filter(status__in=_POLLED)
        letters = AuthorizationDocument.objects.waiting()
        return _poll(orders, sync.refetch_order) + _poll(letters, sync.refetch_authorization)


def _read_letter(account: TwilioAccount, sid: str) -> None:
    """Letters have no callback: one whose orders went on was signed, or is over. Once for all of them."""
    waiting = AuthorizationDocument.objects.waiting().filter(pk=sid)
    if not sid or not waiting.exists() or not cache.add(f"letter-read:{sid}", "1", 10):
        return
    try:
        sync.refetch_authorization(account, sid, source=Change.Source.WEBHOOK)
    except TwilioFailure as failure:
        log.info("letter.unread", letter=sid, code=failure.code)


def _poll(rows: Any, refetch: Callable[..., Any]) -> int:
    read = 0
    accounts = TwilioAccount.objects.watched().filter(pk__in=rows.order_by().values("account"))
    for account in accounts:
        old = rows.filter(account=account, synced_at__lt=timezone.now() - _POLLED_EVERY)
        asked = 0
        for sid in old.order_by("synced_at", "sid").values_list("pk", flat=True)[:_LOOKED_AT]:
            # `synced_at` moves only when something was learned, so what was asked is noted by itself.
            if not cache.add(f"hosting-polled:{sid}", "1", int(_POLLED_EVERY.total_seconds())):
                continue
            if (asked := asked + 1) > _POLLED_AT_ONCE:
                break
            try:
                refetch(account, sid, source=Change.Source.SYNC)
            except (NoCredentials, Unavailable):
                break  # nor will it answer for the others
            except TwilioFailure as failure:
                log.info("hosting.unread", sid=sid, code=failure.code)
            else:
                read += 1
    return read
