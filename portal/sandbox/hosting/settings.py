"""How hosting goes on by itself."""

import msgspec

from portal.sandbox.store import Store

DAY = 86_400


class HostingSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Seconds until each step happens by itself: an order is looked at, the verification call is answered,
    a phone bill is read, the letter of authorization is signed, the carrier is done, the tests are; `bulk`
    for each step of a bulk request. Not `automatic`: somebody does all but the bulk requests by hand.
    Deadlines always come.
    """

    automatic: bool = True
    process: int = 30
    answer: int = 45
    bill: int = 3600
    sign: int = 600
    carrier: int = 900
    test: int = 300
    bulk: int = 5


def read(store: Store) -> HostingSettings:
    kept = store.value("SELECT value FROM meta WHERE key = 'hosting'")
    return msgspec.json.decode(kept, type=HostingSettings) if kept is not None else HostingSettings()
