"""Where Twilio tells of a bundle: every change of status but the one into review, and a last day that a
change of regulation gives to an approved one, whose status stays the same (pages 28 and 31)."""

from portal.webhooks.callbacks import Fields, sid_in
from portal.webhooks.intake import Hint, receiver


def read_bundle(fields: Fields) -> Hint | None:
    """The bundle a callback is about. Its reason may name people, and is read by the task alone."""
    sid = sid_in(fields, "bundlesid", "BU")
    if not sid:
        return None
    said = {"status": fields.get("status", "")[:40]}
    if until := fields.get("validuntil", ""):
        said["valid until"] = until[:40]
    return Hint(sid, said)


bundle_callback = receiver(kind="bundle", read=read_bundle, task="receive_bundle_callback")
