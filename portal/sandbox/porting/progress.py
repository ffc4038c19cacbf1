"""Twilio's side of a port-in request: the review, the letter of authorization, and cancellations."""

from collections.abc import Callable, Iterable

from portal.sandbox.porting import carrier, settings
from portal.sandbox.porting.resources import (
    CANCELED,
    CANCELING,
    EXPIRED,
    IN_REVIEW,
    OVER,
    REJECTED,
    SUBMITTED,
    WAITING,
    WITH_CARRIER,
    PortIn,
    PortInNumber,
)
from portal.sandbox.porting.settings import DAY
from portal.sandbox.porting.state import numbers_of, set_number, settle
from portal.sandbox.porting.webhooks import bad_request
from portal.sandbox.store import Store

LOA_DAYS = 30
REASONS = {
    "customer": "Canceled by the customer",
    "unsigned": "The letter of authorization was not signed within 30 days",
    "declined": "The letter of authorization was declined",
    "not portable": "None of the phone numbers is portable",
}


def file(store: Store, port_in: PortIn, now: int) -> None:
    """Have a new request reviewed."""
    automatic = settings.read(store)
    if automatic.automatic:
        store.schedule(now + automatic.review, "review_port_in", port_in.sid)


def review(store: Store, port_in: PortIn, now: int) -> None:
    """Drop what is not portable, send back what lacks something (22171), have the rest signed for."""
    if port_in.status != IN_REVIEW:
        raise ValueError("it was reviewed")
    waits = False
    for number in numbers_of(store, port_in):
        if number.status != IN_REVIEW:
            continue
        if not number.portable:
            set_number(store, number, CANCELED, now)
        elif number.missing_required_fields:
            number.rejection_code = 22171
            set_number(store, number, REJECTED, now)
        else:
            waits = True
            set_number(store, number, WAITING, now)
    if waits:
        port_in.waiting_since = now
        store.schedule(now + LOA_DAYS * DAY, "expire_port_in_loa", port_in.sid)
        automatic = settings.read(store)
        if automatic.automatic:
            store.schedule(now + automatic.sign, "sign_port_in_loa", port_in.sid)
    settle(store, port_in, now, REASONS["not portable"])


def sign(store: Store, port_in: PortIn, now: int) -> None:
    """The representative signs: the numbers go to the losing carrier."""
    _change_waiting(store, port_in, now, SUBMITTED)
    port_in.signed_at = now
    settle(store, port_in, now)
    carrier.receive(store, port_in, now)


def decline(store: Store, port_in: PortIn, now: int) -> None:
    """The representative refuses: nothing can be ported (inferred; the pages know only that nobody signs)."""
    _change_waiting(store, port_in, now, CANCELED)
    settle(store, port_in, now, REASONS["declined"])


def _change_waiting(store: Store, port_in: PortIn, now: int, status: str) -> None:
    waiting = [number for number in numbers_of(store, port_in) if number.status == WAITING]
    if not waiting:
        raise ValueError("there is nothing to sign")
    for number in waiting:
        if status == SUBMITTED:
            carrier.reserve(store, number, now)
        set_number(store, number, status, now)


def cancel(store: Store, port_in: PortIn, numbers: Iterable[PortInNumber], now: int) -> None:
    """The customer cancels, more than 72 hours before a port date. What the carrier has is canceled once it
    consents. Too late, or over: 400 in porting's own shape (inferred; pages 15, 16 give no code)."""
    chosen = [number for number in numbers if number.status not in OVER]
    if not chosen:
        raise bad_request("The port in request can no longer be canceled")
    for number in chosen:
        if carrier.is_imminent(number, now):
            raise bad_request("Cancellations must be made more than 72 hours before the port date")
    for number in chosen:
        if number.status != CANCELING:
            set_number(store, number, CANCELING if number.status in WITH_CARRIER else CANCELED, now)
        if number.status == CANCELED:
            carrier.let_go(store, number)
    settle(store, port_in, now, REASONS["customer"])
    automatic = settings.read(store)
    if automatic.automatic and any(number.status == CANCELING for number in chosen):
        store.schedule(now + automatic.cancel, "confirm_port_in_cancel", port_in.sid)


def confirm_cancel(store: Store, port_in: PortIn, now: int) -> None:
    """The losing carrier lets go of what is being canceled."""
    canceling = [number for number in numbers_of(store, port_in) if number.status == CANCELING]
    if not canceling:
        raise ValueError("nothing is being canceled")
    for number in canceling:
        number.port_date = None
        set_number(store, number, CANCELED, now)
        carrier.let_go(store, number)
    settle(store, port_in, now, REASONS["customer"])


def expire_loa(store: Store, port_in: PortIn, now: int) -> None:
    """Thirty days without a signature: canceled by itself (page 14), or expired if the settings say so."""
    over = EXPIRED if settings.read(store).ends_expired else CANCELED
    _change_waiting(store, port_in, now, over)
    settle(store, port_in, now, REASONS["unsigned"])


def _of_request(act: Callable[[Store, PortIn, int], None]) -> Callable[[Store, int, str, str], None]:
    """An action of the agenda. What has been done by hand meanwhile is let be."""

    def run(store: Store, at: int, sid: str, _: str) -> None:
        port_in = store.find(PortIn, sid)
        if port_in is None:
            return
        try:
            act(store, port_in, at)
        except ValueError:
            return

    return run


def _sign_by_itself(store: Store, port_in: PortIn, now: int) -> None:
    name = port_in.signer.partition("@")[0].lower()
    if name.startswith("declines"):
        decline(store, port_in, now)
    elif not name.startswith("never"):
        sign(store, port_in, now)


ACTIONS = {
    "review_port_in": _of_request(review),
    "sign_port_in_loa": _of_request(_sign_by_itself),
    "expire_port_in_loa": _of_request(expire_loa),
    "confirm_port_in_cancel": _of_request(confirm_cancel),
}
