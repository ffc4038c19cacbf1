"""Status callbacks of bundles (doc page 31, contract 6.1).

Pages write the fields in two ways: `AccountSID, BundleSID, Status, FailureReason` (31) and `account_sid,
bundle_sid, status, valid_until, failure_reason` (28, for a bundle that is to be updated and for copies).
"As documented" is the second for these and the first for all others; a setting makes it always one of them.
"""

from portal.sandbox import callbacks
from portal.sandbox.regulatory.resources import Bundle
from portal.sandbox.store import Store


def enqueue(store: Store, bundle: Bundle, now: int) -> None:
    """Put a callback down as the bundle stands, if it has somewhere to go."""
    if bundle.status_callback:
        form = write_form(store, bundle)
        callbacks.enqueue(store, now, bundle.account_sid, bundle.sid, bundle.status_callback, form)


def write_form(store: Store, bundle: Bundle) -> dict[str, str]:
    spelling = callbacks.read_settings(store).spelling
    if spelling == "documented":
        spelling = "snake" if bundle.valid_until or bundle.parent_sid else "pascal"
    until = bundle.valid_until
    if spelling == "snake":
        form = {"account_sid": bundle.account_sid, "bundle_sid": bundle.sid, "status": bundle.status}
        return {**form, **({"valid_until": until} if until else {}), "failure_reason": bundle.failure_reason}
    form = {"AccountSID": bundle.account_sid, "BundleSID": bundle.sid, "Status": bundle.status}
    return {**form, **({"ValidUntil": until} if until else {}), "FailureReason": bundle.failure_reason}
