"""One spelling for what Twilio writes in many (contract §4, rows 4 to 7). Pure.

`In Review`, `in_review` and `IN-REVIEW` are one status; what Twilio wrote stays in the payload. A status that
nobody has heard of is kept as it came and shown so (UX-59).
"""

import re
from collections.abc import Mapping
from typing import Any

from portal.labels import Label, Labels

_BETWEEN = re.compile(r"[\s_\-\u2010\u2011]+")

PORT_IN_STATES: Labels = {
    "in_review": Label("In review", "wait"),
    "waiting_for_signature": Label("Waiting for signature", "wait"),
    "in_progress": Label("In progress", "wait"),
    "action_required": Label("Action required", "bad"),
    "completed": Label("Completed", "ok"),
    "canceling": Label("Canceling", "off"),
    "canceled": Label("Canceled", "off"),
    "expired": Label("Expired", "bad"),
}
PORT_IN_NUMBER_STATES: Labels = {
    "in_review": Label("In review", "wait"),
    "waiting_for_signature": Label("Waiting for signature", "wait"),
    "port_submitted": Label("Port submitted", "wait"),
    "port_pending": Label("Port pending", "wait"),
    "port_rejected": Label("Port rejected", "bad"),
    "completed": Label("Completed", "ok"),
    "canceling": Label("Canceling", "off"),
    "canceled": Label("Canceled", "off"),
    "expired": Label("Expired", "bad"),
}
HOSTED_ORDER_STATES: Labels = {
    "twilio_processing": Label("Twilio is processing", "wait"),
    "received": Label("Received", "wait"),
    "pending_verification": Label("Pending verification", "wait"),
    "verified": Label("Verified", "ok"),
    "pending_loa": Label("Pending LOA", "wait"),
    "carrier_processing": Label("Carrier is processing", "wait"),
    "testing": Label("Testing", "wait"),
    "completed": Label("Completed", "ok"),
    "failed": Label("Failed", "bad"),
    "action_required": Label("Action required", "bad"),
}
AUTHORIZATION_STATES: Labels = {
    "opened": Label("Opened", "off"),
    "signing": Label("Waiting for signature", "wait"),
    "signed": Label("Signed", "ok"),
    "canceled": Label("Canceled", "off"),
    "failed": Label("Failed", "bad"),
}
# Nothing comes after these.
PORT_IN_OVER = frozenset({"completed", "canceled", "expired"})
HOSTED_OVER = frozenset({"completed", "failed"})
# A number that is canceled, or that the losing carrier has yet to let go of
PORT_IN_LET_GO = frozenset({"canceling", "canceled", "expired"})
# The owner of a hosted number has yet to prove that it is theirs.
HOSTED_TO_VERIFY = ("received", "pending_verification")
# A hosted order can be deleted only in these (page 8).
HOSTED_DELETABLE = frozenset({"received", "pending_verification", "verified", "pending_loa"})


def normal_status(text: Any) -> str:
    """`Waiting for Signature` as `waiting_for_signature`, in 60 characters at most."""
    return _BETWEEN.sub("_", str(text or "").strip().lower())[:60]


def normal_code(value: Any) -> int | None:
    """A reason code, which Twilio sends as a number here and as text there; 0 and nothing are none."""
    try:
        return int(str(value)) or None
    except ValueError:
        return None


def first_of(payload: Mapping[str, Any], *names: str) -> Any:
    """The value of the first of these properties that is there: Twilio spells several of them two ways."""
    return next((payload[name] for name in names if payload.get(name) is not None), None)
