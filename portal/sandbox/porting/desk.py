"""What the other people of a port do by hand: Twilio's reviewer, the representative, the losing carrier.

In a test, `sandbox.porting`. Whoever is at the pages or the control API comes here as well. Numbers are named
by their sid or as themselves; none named: all that can be.
"""

from typing import TYPE_CHECKING

from portal.sandbox.clock import iso8601, seconds_of
from portal.sandbox.porting import carrier, progress
from portal.sandbox.porting.resources import (
    PENDING,
    REJECTIONS,
    SUBMITTED,
    WITH_CARRIER,
    PortIn,
    PortInNumber,
)
from portal.sandbox.porting.settings import PortingSettings, read
from portal.sandbox.porting.state import numbers_of, settle
from portal.sandbox.store import Store

if TYPE_CHECKING:
    from portal.sandbox.core import Sandbox


class PortingDesk:
    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    @property
    def settings(self) -> PortingSettings:
        with self._sandbox.store.lock:
            return read(self._sandbox.store)

    def set(self, new: PortingSettings) -> None:
        """How ports go on by themselves from now on; what is scheduled stays scheduled."""
        with self._sandbox.changing() as (store, _):
            store.write_meta({"porting": new})

    def review(self, sid: str) -> None:
        with self._sandbox.changing() as (store, now):
            progress.review(store, find_port_in(store, sid), now)

    def sign(self, sid: str) -> None:
        with self._sandbox.changing() as (store, now):
            progress.sign(store, find_port_in(store, sid), now)

    def decline(self, sid: str) -> None:
        with self._sandbox.changing() as (store, now):
            progress.decline(store, find_port_in(store, sid), now)

    def accept(self, sid: str, *numbers: str, date: str | None = None) -> None:
        """The carrier accepts what was submitted, for the date asked for or another one."""
        with self._sandbox.changing() as (store, now):
            port_in = find_port_in(store, sid)
            for number in _chosen(store, port_in, numbers, (SUBMITTED,)):
                moment = _moment(date, now) if date else carrier.date_for(port_in, number, now)
                carrier.accept(store, port_in, number, now, moment)
            settle(store, port_in, now)

    def set_date(self, sid: str, date: str, *numbers: str) -> None:
        """The carrier moves the date of what it accepted: `2026-08-01`, or a moment."""
        with self._sandbox.changing() as (store, now):
            port_in = find_port_in(store, sid)
            for number in _chosen(store, port_in, numbers, (PENDING,)):
                carrier.accept(store, port_in, number, now, _moment(date, now))

    def reject(self, sid: str, code: int, *numbers: str) -> None:
        """The carrier rejects for a code of doc page 16, even what it had accepted."""
        if code not in REJECTIONS:
            raise ValueError(f"there is no rejection code {code}")
        with self._sandbox.changing() as (store, now):
            port_in = find_port_in(store, sid)
            for number in _chosen(store, port_in, numbers, WITH_CARRIER):
                carrier.reject(store, number, now, code)
            settle(store, port_in, now)

    def complete(self, sid: str, *numbers: str) -> None:
        """The carrier hands over now, whatever the date."""
        with self._sandbox.changing() as (store, now):
            port_in = find_port_in(store, sid)
            for number in _chosen(store, port_in, numbers, WITH_CARRIER):
                carrier.complete(store, number, now)
            settle(store, port_in, now)

    def confirm_cancel(self, sid: str) -> None:
        with self._sandbox.changing() as (store, now):
            progress.confirm_cancel(store, find_port_in(store, sid), now)


def find_port_in(store: Store, sid: str) -> PortIn:
    found = store.find(PortIn, sid)
    if found is None:
        raise LookupError(f"There is no port-in request {sid}.")
    return found


def _chosen(
    store: Store, port_in: PortIn, named: tuple[str, ...], statuses: tuple[str, ...]
) -> list[PortInNumber]:
    """The numbers that are named, or that stand where this can be done; ValueError if there are none."""
    numbers = numbers_of(store, port_in)
    if named:
        found = [one for one in numbers if one.sid in named or one.phone_number in named]
        if len(found) < len(set(named)):
            raise LookupError("One of these numbers is not in the request.")
    else:
        found = [one for one in numbers if one.status in statuses]
    wrong = next((one for one in found if one.status not in statuses), None)
    if wrong is not None or not found:
        raise ValueError(f"numbers must be {' or '.join(statuses)} for that")
    return found


def _moment(date: str, now: int) -> str:
    seconds = seconds_of(date)
    if seconds < now:
        raise ValueError("a port date lies ahead")
    return iso8601(seconds)
