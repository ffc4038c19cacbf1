"""How porting goes on by itself."""

import msgspec

from portal.sandbox.store import Store

DAY = 86_400


class PortingSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Seconds until each step happens by itself: Twilio's review, the signature, the submission to the losing
    carrier's answer, the carrier's consent to a cancellation. Not `automatic`: somebody does them by hand.
    Deadlines and port dates always come.

    `not_portable_is_400` answers Portability with 400 for what is not portable, `ends_expired` lets an LOA
    that nobody signs end as Expired (the specification) instead of Canceled (page 14).
    """

    automatic: bool = True
    review: int = 60
    sign: int = 600
    answer: int = 600
    cancel: int = 300
    not_portable_is_400: bool = False
    ends_expired: bool = False


def read(store: Store) -> PortingSettings:
    kept = store.value("SELECT value FROM meta WHERE key = 'porting'")
    return msgspec.json.decode(kept, type=PortingSettings) if kept is not None else PortingSettings()
