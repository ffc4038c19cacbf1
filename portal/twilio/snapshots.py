from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.twilio.bodies import read_object
from portal.twilio.client import Call


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One object, as Twilio described it in the answer to a request made at `requested_at`."""

    sid: str
    body: bytes
    requested_at: datetime
    request_id: str = ""

    @property
    def payload(self) -> dict[str, Any]:
        return read_object(self.body)[0]


def read_snapshot(call: Call, sid: str) -> Snapshot:
    """The object that a call was answered with. To be used inside it: ValueError if it is not that object."""
    payload, body = read_object(call.body)
    if payload.get("sid") != sid:
        raise ValueError("Twilio answered with another object.")
    return Snapshot(sid, body, call.requested_at, call.request_id)


def read_created(call: Call, prefix: str) -> Snapshot:
    """The object that a call made. To be used inside it: ValueError if its sid has not this prefix."""
    payload, body = read_object(call.body)
    sid = payload.get("sid")
    if not isinstance(sid, str) or not sid.startswith(prefix):
        raise ValueError("Twilio answered with something else than what was made.")
    return Snapshot(sid, body, call.requested_at, call.request_id)
