"""Twilio's side of a hosted number order: from the first look at it to the tests, and all the deadlines.

Texts of failures are those of doc page 11. Every change of status is told to the order's StatusCallbackUrl.
"""

from collections.abc import Callable

from portal.sandbox import callbacks, elsewhere
from portal.sandbox.clock import rfc2822
from portal.sandbox.hosting import settings
from portal.sandbox.hosting.resources import (
    ACTION_REQUIRED,
    COMPLETED,
    FAILED,
    PROCESSING,
    RECEIVED,
    TESTING,
    VERIFIED,
    VERIFYING,
    WITH_CARRIER,
    HostedOrder,
)
from portal.sandbox.hosting.settings import DAY
from portal.sandbox.records import load_number, save_number
from portal.sandbox.resources import CallerId, Number
from portal.sandbox.store import Store

# Days until an order that waits for its owner is given up. Pages 1 and 11: seven in verification and in
# action-required; page 8: thirty wherever else it is idle.
PATIENCE = {RECEIVED: 7, VERIFYING: 7, ACTION_REQUIRED: 7, VERIFIED: 30}
IDLE = "The Hosted Number Order was idle in the verification process for seven days."
UNSIGNED = "The Letter of Authorization was not signed within seven days."
USED_UP = "The Hosted Number Order has reached the maximum number of verification attempts."
NO_DATA = "Twilio cannot host the phone number because carrier information is unavailable."
ENABLED = "The number is already enabled for messaging by another provider."
PROBLEM = "There was a problem processing your Hosted Number Order."
IDLE_LONG = "The Hosted Number Order was idle for more than 30 days."
UNRESOLVED = "The Hosted Number Order was in action-required for more than seven days."


def set_status(store: Store, order: HostedOrder, status: str, now: int, reason: str = "") -> None:
    """Write a status, tell of it if it is another one, and see to it that it does not last for ever."""
    is_new = status != order.status
    order.status, order.failure_reason, order.since = status, reason, now
    if status != VERIFYING:
        order.verification_code, order.call_open = None, False
    order.touch(now)
    store.save(order)
    if status in PATIENCE:
        store.schedule(now + PATIENCE[status] * DAY, "idle_hosted_order", order.sid, f"{status} {now}")
    if is_new and order.status_callback_url:
        fields = {
            "Status": status,
            "HostedNumberOrderSid": order.sid,
            "PhoneNumber": order.phone_number,
        }
        callbacks.enqueue(
            store,
            now,
            order.account_sid,
            order.sid,
            order.status_callback_url,
            fields,
            kind="get" if order.status_callback_method == "GET" else "form",
        )


def file(store: Store, order: HostedOrder, now: int) -> None:
    automatic = settings.read(store)
    order.since = now
    store.save(order)
    if automatic.automatic:
        store.schedule(now + automatic.process, "process_hosted_order", order.sid)


def process(store: Store, order: HostedOrder, now: int) -> None:
    """Accept an order, or fail it if messaging is enabled elsewhere.

    One for a verified caller id of the account takes its place, and needs no other proof (page 11).
    """
    _must_be(order, PROCESSING)
    if elsewhere.ending_of(order.phone_number) == elsewhere.SMS_ENABLED:
        fail(store, order, now, ENABLED)
        return
    known = [
        one
        for one in store.all(CallerId)
        if (one.account_sid, one.phone_number) == (order.account_sid, order.phone_number)
    ]
    for caller_id in known:
        store.remove(caller_id)
    set_status(store, order, VERIFIED if known else RECEIVED, now)
    if order.verification_type == "phone-bill" and not known:
        await_bill(store, order, now)


def await_bill(store: Store, order: HostedOrder, now: int) -> None:
    """Have a phone bill read (preview only): it proves ownership."""
    automatic = settings.read(store)
    if automatic.automatic:
        store.schedule(now + automatic.bill, "read_hosted_bill", order.sid)


def verify(store: Store, order: HostedOrder, now: int) -> None:
    """Ownership is proved, by call or by bill."""
    _must_be(order, RECEIVED, VERIFYING)
    set_status(store, order, VERIFIED, now)


def submit(store: Store, order: HostedOrder, now: int) -> None:
    """The letter is signed: on to the carrier. Toll-free numbers take three times as long."""
    set_status(store, order, WITH_CARRIER, now)
    automatic = settings.read(store)
    if automatic.automatic:
        is_toll_free = elsewhere.type_of(order.phone_number) == elsewhere.TOLL_FREE
        store.schedule(now + automatic.carrier * (3 if is_toll_free else 1), "test_hosted_order", order.sid)


def test(store: Store, order: HostedOrder, now: int) -> None:
    """The carrier has registered the number, or does not know enough of it."""
    _must_be(order, WITH_CARRIER)
    if elsewhere.ending_of(order.phone_number) == elsewhere.NO_CARRIER_DATA:
        require_action(store, order, now, NO_DATA)
        return
    set_status(store, order, TESTING, now)
    automatic = settings.read(store)
    if automatic.automatic:
        store.schedule(now + automatic.test, "complete_hosted_order", order.sid)


def finish(store: Store, order: HostedOrder, now: int) -> None:
    """The tests are over; some never pass."""
    _must_be(order, TESTING)
    if elsewhere.ending_of(order.phone_number) == elsewhere.FAILS_TESTING:
        require_action(store, order, now, PROBLEM)
        return
    complete(store, order, now)


def complete(store: Store, order: HostedOrder, now: int) -> None:
    _must_be(order, WITH_CARRIER, TESTING)
    number = load_number(store, order.incoming_phone_number_sid or "")
    if number:
        number.status, number.date_updated = "in-use", rfc2822(now)
        save_number(store, number)
    set_status(store, order, COMPLETED, now)


def require_action(store: Store, order: HostedOrder, now: int, reason: str = PROBLEM) -> None:
    if order.status in (COMPLETED, FAILED):
        raise ValueError(f"it is {order.status}")
    set_status(store, order, ACTION_REQUIRED, now, reason)


def fail(store: Store, order: HostedOrder, now: int, reason: str = PROBLEM) -> None:
    """The end, also of the number that was prepared (inferred); another order may be made for it."""
    if order.status in (COMPLETED, FAILED):
        raise ValueError(f"it is {order.status}")
    drop_number(store, order)
    set_status(store, order, FAILED, now, reason)


def drop_number(store: Store, order: HostedOrder) -> None:
    if order.incoming_phone_number_sid:
        store.forget("number", order.incoming_phone_number_sid)


def retire(store: Store, number: Number, now: int) -> None:
    """The number of a completed order is given back; it takes some days until it is forgotten (page 1).

    One that is given back before cancels its order (inferred).
    """
    sids = store.rows(
        "SELECT sid FROM document WHERE kind = 'hosted_order' AND json_extract(body, '$.phone_number') = ?",
        (number.phone_number,),
    )
    for (sid,) in sids:
        order = store.find(HostedOrder, sid)
        if order is None or order.incoming_phone_number_sid != number.sid:
            continue
        if order.status == COMPLETED:
            order.released_at = now
            store.save(order)
        else:
            store.remove(order)


def _must_be(order: HostedOrder, *statuses: str) -> None:
    if order.status not in statuses:
        raise ValueError(f"it is {order.status}, not {' or '.join(statuses)}")


def of_order(act: Callable[[Store, HostedOrder, int], None]) -> Callable[[Store, int, str, str], None]:
    """An action of the agenda. What has been done by hand meanwhile is let be."""

    def run(store: Store, at: int, sid: str, _: str) -> None:
        order = store.find(HostedOrder, sid)
        if order is None:
            return
        try:
            act(store, order, at)
        except ValueError:
            return

    return run


def _idle_due(store: Store, at: int, sid: str, waiting: str) -> None:
    order = store.find(HostedOrder, sid)
    if order is None or f"{order.status} {order.since}" != waiting:
        return
    if order.status == ACTION_REQUIRED:
        fail(store, order, at, UNRESOLVED)
    elif order.status == VERIFIED:
        fail(store, order, at, IDLE_LONG)
    else:
        require_action(store, order, at, IDLE)


ACTIONS = {
    "process_hosted_order": of_order(process),
    "read_hosted_bill": of_order(verify),
    "test_hosted_order": of_order(test),
    "complete_hosted_order": of_order(finish),
    "idle_hosted_order": _idle_due,
}
