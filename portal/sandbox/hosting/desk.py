"""What the other people of a hosting do by hand: Twilio's, the one who is called, the signer, the carrier.

In a test, `sandbox.hosting`. Whoever is at the pages or the control API comes here as well.
"""

from typing import TYPE_CHECKING

from portal.sandbox.hosting import documents, progress, verification
from portal.sandbox.hosting.resources import (
    ACTION_REQUIRED,
    TESTING,
    WITH_CARRIER,
    AuthorizationDocument,
    HostedOrder,
)
from portal.sandbox.hosting.settings import HostingSettings, read
from portal.sandbox.store import Store

if TYPE_CHECKING:
    from portal.sandbox.core import Sandbox


class HostingDesk:
    """Orders are named by their HR sid, authorization documents by their PX sid."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    @property
    def settings(self) -> HostingSettings:
        with self._sandbox.store.lock:
            return read(self._sandbox.store)

    def set(self, new: HostingSettings) -> None:
        """How orders go on by themselves from now on; what is scheduled stays scheduled."""
        with self._sandbox.changing() as (store, _):
            store.write_meta({"hosting": new})

    def process(self, sid: str) -> None:
        """Twilio looks at a new order: received, verified or failed."""
        with self._sandbox.changing() as (store, now):
            progress.process(store, find_order(store, sid), now)

    def code_of(self, sid: str) -> str | None:
        """The verification code, while it is good."""
        with self._sandbox.changing() as (store, _):
            return find_order(store, sid).verification_code

    def press(self, sid: str, code: str) -> bool:
        """The one who is called types a code; whether it was the right one."""
        with self._sandbox.changing() as (store, now):
            return verification.press(store, find_order(store, sid), code, now)

    def hang_up(self, sid: str) -> None:
        """The one who is called does not answer, or has enough."""
        with self._sandbox.changing() as (store, now):
            verification.hang_up(store, find_order(store, sid), now)

    def verify(self, sid: str) -> None:
        """Twilio takes the ownership as proved, by a phone bill for one."""
        with self._sandbox.changing() as (store, now):
            progress.verify(store, find_order(store, sid), now)

    def sign(self, sid: str) -> None:
        with self._sandbox.changing() as (store, now):
            documents.sign(store, find_document(store, sid), now)

    def decline(self, sid: str) -> None:
        with self._sandbox.changing() as (store, now):
            documents.decline(store, find_document(store, sid), now)

    def advance(self, sid: str) -> None:
        """The carrier is done, or the tests are, as the number's fate has it."""
        with self._sandbox.changing() as (store, now):
            order = find_order(store, sid)
            (progress.finish if order.status == TESTING else progress.test)(store, order, now)

    def complete(self, sid: str) -> None:
        """The number is hosted, whatever its fate; from carrier-processing or testing."""
        with self._sandbox.changing() as (store, now):
            progress.complete(store, find_order(store, sid), now)

    def require_action(self, sid: str, reason: str = progress.PROBLEM) -> None:
        with self._sandbox.changing() as (store, now):
            progress.require_action(store, find_order(store, sid), now, reason)

    def resolve(self, sid: str) -> None:
        """An operations specialist puts an order that needs action back with the carrier."""
        with self._sandbox.changing() as (store, now):
            order = find_order(store, sid)
            if order.status != ACTION_REQUIRED:
                raise ValueError(f"it is {order.status}")
            progress.set_status(store, order, WITH_CARRIER, now)

    def fail(self, sid: str, reason: str = progress.PROBLEM) -> None:
        with self._sandbox.changing() as (store, now):
            progress.fail(store, find_order(store, sid), now, reason)


def find_order(store: Store, sid: str) -> HostedOrder:
    found = store.find(HostedOrder, sid)
    if found is None:
        raise LookupError(f"There is no hosted number order {sid}.")
    return found


def find_document(store: Store, sid: str) -> AuthorizationDocument:
    found = store.find(AuthorizationDocument, sid)
    if found is None:
        raise LookupError(f"There is no authorization document {sid}.")
    return found
