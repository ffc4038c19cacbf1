"""Owned numbers in the store: the whole record as JSON, and beside it what lists and rules ask for."""

import msgspec

from portal.sandbox.call import Call
from portal.sandbox.resources import Number
from portal.sandbox.store import Store

TYPE_KEY = b',"type":"'


def find_number(call: Call) -> Number:
    """The account's number whose sid stands in the path, or 404 20404."""
    number = load_number(call.store, call.params["Sid"])
    if number is None or number.account_sid != call.account.sid:
        raise call.absent()
    return number


def load_number(store: Store, sid: str) -> Number | None:
    body = store.value("SELECT body FROM number WHERE sid = ?", (sid,))
    return msgspec.json.decode(body, type=Number) if body is not None else None


def add_number(store: Store, number: Number) -> None:
    store.db.execute(
        "INSERT INTO number (account, phone_number, friendly_name, type, origin, beta, address,"
        " emergency_address, bundle, body, sid) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        _columns(number),
    )


def save_number(store: Store, number: Number) -> None:
    store.db.execute(
        "UPDATE number SET account = ?, phone_number = ?, friendly_name = ?, type = ?, origin = ?, beta = ?,"
        " address = ?, emergency_address = ?, bundle = ?, body = ? WHERE sid = ?",
        _columns(number),
    )


def without_type(body: bytes) -> bytes:
    """A number as the sub-lists write it: the specification has no `type` there."""
    return body[: body.rindex(TYPE_KEY)] + b"}"


def _columns(number: Number) -> tuple[object, ...]:
    return (
        number.account_sid,
        number.phone_number,
        number.friendly_name,
        number.type,
        number.origin,
        number.beta,
        number.address_sid,
        number.emergency_address_sid,
        number.bundle_sid,
        msgspec.json.encode(number),
        number.sid,
    )
