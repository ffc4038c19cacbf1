"""Words and tones for values that Twilio or we use as codes.

A tone is one of four, always shown with a word and a shape: ok, wait, bad, off. A value without an
entry is shown as it came, in the neutral tone (UX-59).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    word: str
    tone: str = "off"
    raw: str = ""  # shown beside the word when the value is one we do not know


Labels = Mapping[str, Label]


def label_for(labels: Labels, value: str | None) -> Label:
    if value is None or value == "":
        return Label("–")
    return labels.get(value) or Label(value, raw=value)


OPERATION_STATES: Labels = {
    "started": Label("Under way", "wait"),
    "done": Label("Done", "ok"),
    "refused": Label("Refused", "bad"),
    "uncertain": Label("Not known yet", "wait"),
}
NOTE_STATES: Labels = {
    "internal": Label("Internal", "off"),
    "customer": Label("For the customer, not sent", "wait"),
    "sending": Label("Being sent to the customer", "wait"),
    "sent": Label("Sent to the customer", "ok"),
    "failed": Label("Not sent to the customer", "bad"),
}
# Batches of these kinds, as one names them in front of a count.
BATCH_KINDS: Mapping[str, str] = {
    "inventory.update_numbers": "Change numbers",
    "inventory.buy_numbers": "Buy numbers",
    "inventory.release_numbers": "Release numbers",
    "inventory.transfer_numbers": "Move numbers to another account",
    "inventory.set_emergency_addresses": "Change emergency addresses",
    "compliance.assign_bundles": "Assign bundles to numbers",
    "compliance.start_updates": "Start updates of bundles",
    "porting.order_numbers": "Order hosted numbers",
    "porting.check_numbers": "Check numbers for porting",
    "porting.cancel_numbers": "Cancel numbers of a port-in request",
}
# Those for which four eyes can be asked.
APPROVABLE_KINDS = ("inventory.buy_numbers", "inventory.release_numbers", "inventory.transfer_numbers")
BATCH_STATES: Labels = {
    "draft": Label("Being prepared", "off"),
    "requested": Label("Waiting for approval", "wait"),
    "declined": Label("Not approved", "bad"),
    "lapsed": Label("Lapsed", "off"),
    "running": Label("Under way", "wait"),
    "stopping": Label("Stopping", "wait"),
    "stopped": Label("Stopped", "off"),
    "done": Label("Ended", "ok"),
}
ITEM_STATES: Labels = {
    "waiting": Label("Waiting", "off"),
    "running": Label("Under way", "wait"),
    "done": Label("Done", "ok"),
    "failed": Label("Refused", "bad"),
    "uncertain": Label("Not known yet", "wait"),
    "stopped": Label("Not begun", "off"),
    "left_out": Label("Left out", "off"),
}
RUN_STATES: Labels = {
    "queued": Label("Waiting", "wait"),
    "running": Label("Running", "wait"),
    "done": Label("Complete", "ok"),
    "failed": Label("Failed", "bad"),
}
DELIVERY_KINDS: Mapping[str, str] = {
    "bundle": "Bundle status",
    "hosted-order": "Hosted order status",
    "port-in": "Port-in status",
}
DELIVERY_STATES: Labels = {
    "waiting": Label("Waiting", "wait"),
    "done": Label("Done", "ok"),
    "failed": Label("Failed", "bad"),
    "ignored": Label("Ignored", "off"),
}
DELIVERY_VERDICTS: Labels = {
    "good": Label("Signed by Twilio", "ok"),
    "bad-signature": Label("Signature does not match", "bad"),
    "unknown-account": Label("Account not connected", "bad"),
    "no-token": Label("No token to check it with", "bad"),
    "unreadable": Label("Cannot be read", "bad"),
}
ACCOUNT_STATES: Labels = {
    "active": Label("Active", "ok"),
    "suspended": Label("Suspended", "bad"),
    "closed": Label("Closed", "off"),
}
