"""Where a request and its numbers stand. Every change is told to whoever wants to know: first of the numbers,
then of the request, if its own status is another one.
"""

from portal.sandbox.porting.resources import (
    ACTION_REQUIRED,
    CANCELED,
    CANCELING,
    COMPLETED,
    EXPIRED,
    IN_PROGRESS,
    IN_REVIEW,
    OVER,
    REJECTED,
    WAITING,
    PortIn,
    PortInNumber,
)
from portal.sandbox.porting.webhooks import tell_of_number, tell_of_request
from portal.sandbox.store import Store


def numbers_of(store: Store, port_in: PortIn) -> list[PortInNumber]:
    return store.below(PortInNumber, port_in.sid)


def set_number(store: Store, number: PortInNumber, status: str, now: int) -> None:
    number.status = status
    number.touch(now)
    store.save(number)
    tell_of_number(store, number, now)


def settle(store: Store, port_in: PortIn, now: int, reason: str | None = None) -> None:
    """Let the status of a request follow from those of its numbers; `reason` is kept if it is canceled."""
    rows = store.rows(
        "SELECT DISTINCT json_extract(body, '$.status') FROM document"
        " WHERE parent = ? AND kind = 'port_in_number'",
        (port_in.sid,),
    )
    status = _status_of({status for (status,) in rows})
    if status in (CANCELED, EXPIRED):
        port_in.order_cancellation_reason = port_in.order_cancellation_reason or reason
    changed = status != port_in.status
    if changed:
        port_in.status = status
        port_in.touch(now)
    store.save(port_in)
    if changed:
        tell_of_request(store, port_in, now)


def _status_of(statuses: set[str]) -> str:
    if REJECTED in statuses:
        return ACTION_REQUIRED
    open_ones = [status for status in statuses if status not in OVER]
    if not open_ones:
        if COMPLETED in statuses:
            return COMPLETED
        return EXPIRED if EXPIRED in statuses else CANCELED
    if IN_REVIEW in open_ones:
        return IN_REVIEW
    if WAITING in open_ones:
        return WAITING
    return CANCELING if all(status == CANCELING for status in open_ones) else IN_PROGRESS
