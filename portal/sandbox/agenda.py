"""What happens by itself once the clock has moved on."""

from collections.abc import Callable

import msgspec

from portal.sandbox.clock import rfc2822
from portal.sandbox.hosting import bulk, documents, eligibility, verification
from portal.sandbox.hosting import progress as hosting
from portal.sandbox.porting import carrier, progress
from portal.sandbox.records import load_number, save_number
from portal.sandbox.regulatory import review
from portal.sandbox.resources import CallerId
from portal.sandbox.store import Store

Action = Callable[[Store, int, str, str], None]


def run_due(store: Store, now: int) -> None:
    """Do everything that has fallen due, the oldest first, each as of its own time."""
    while True:
        row = store.row(
            "SELECT rowid, at, action, sid, detail FROM agenda WHERE at <= ? ORDER BY at, rowid", (now,)
        )
        if row is None:
            return
        rowid, at, action, sid, detail = row
        with store.transaction():
            ACTIONS[action](store, at, sid, detail)
            store.db.execute("DELETE FROM agenda WHERE rowid = ?", (rowid,))


def _register_emergency_address(store: Store, at: int, sid: str, address_sid: str) -> None:
    number = load_number(store, sid)
    if number and number.emergency_address_sid == address_sid:
        number.emergency_address_status = "registered"
        number.date_updated = rfc2822(at)
        save_number(store, number)


def _unregister_emergency_address(store: Store, at: int, sid: str, _: str) -> None:
    number = load_number(store, sid)
    if number and number.emergency_address_status == "pending-unregistration":
        number.emergency_address_status = "unregistered"
        number.date_updated = rfc2822(at)
        save_number(store, number)


def _add_caller_id(store: Store, at: int, sid: str, detail: str) -> None:
    caller_id = msgspec.json.decode(detail, type=CallerId)
    caller_id.date_created = caller_id.date_updated = rfc2822(at)
    store.add(caller_id)


ACTIONS: dict[str, Action] = {
    "register_emergency_address": _register_emergency_address,
    "unregister_emergency_address": _unregister_emergency_address,
    "add_caller_id": _add_caller_id,
    **review.ACTIONS,
    **progress.ACTIONS,
    **carrier.ACTIONS,
    **hosting.ACTIONS,
    **verification.ACTIONS,
    **documents.ACTIONS,
    **eligibility.ACTIONS,
    **bulk.ACTIONS,
}
