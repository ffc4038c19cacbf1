"""Portability (doc page 13): whether a number can be ported, from what is known of it and from its fate."""

from portal.sandbox import elsewhere
from portal.sandbox.access import check_access
from portal.sandbox.call import NUMBERS, Call, Route
from portal.sandbox.errors import refusal
from portal.sandbox.porting import settings
from portal.sandbox.porting.resources import BASE, NOT_PORTABLE, OVER, PATH, REJECTED
from portal.sandbox.resources import Account, Address
from portal.sandbox.store import Store
from portal.sandbox.wire import Answer, encode, ok

STOPPED = (*OVER, REJECTED)


def fetch_portability(call: Call) -> Answer:
    """200 whatever the outcome, as the page's examples have it, or 400 if the settings say so.

    No E.164 number: 400 22102. A TargetAccountSid that is nobody's or not the caller's: 400 20003.
    """
    check_access(call, "porting")
    phone_number = call.params["PhoneNumber"]
    if not elsewhere.is_number(phone_number):
        raise refusal(22102)
    target = family_member(call, call.query.get("TargetAccountSid") or call.account.sid)
    if target is None:
        raise refusal(20003, "UNAUTHORIZED", 400)
    sid = call.query.get("AddressSid", "")
    has_address = bool(sid) and call.store.find(Address, sid) is not None
    code = why_not_portable(call.store, phone_number, target, has_address=has_address)
    kind = elsewhere.UNKNOWN if code == 22130 else elsewhere.type_of(phone_number)
    found: dict[str, object] = {
        "phone_number": phone_number,
        "account_sid": holder_of(call.store, phone_number, target),
        "portable": code is None,
        "pin_and_account_number_required": kind == elsewhere.MOBILE,
        "not_portable_reason": NOT_PORTABLE[code] if code else None,
        "not_portable_reason_code": code,
        "number_type": kind,
        "country": elsewhere.country_of(phone_number),
        "url": f"{BASE}/Portability/PhoneNumber/{phone_number}",
    }
    if code and settings.read(call.store).not_portable_is_400:
        return Answer(400, encode({**refusal(code, NOT_PORTABLE[code]).body(), **found}))
    return ok(found)


def family_member(call: Call, sid: str) -> Account | None:
    """The account of this sid, if the caller may port into it: its own, or a subaccount of its."""
    account = call.store.find(Account, sid)
    mine = account and call.account.sid in (account.sid, account.owner_account_sid)
    return account if mine else None


def why_not_portable(store: Store, phone_number: str, target: Account, *, has_address: bool) -> int | None:
    """The code of the reason, or None. Twilio may have it, or be porting it (22131, 22136, 22132)."""
    if holder := holder_of(store, phone_number, target):
        return 22131 if holder == target.sid else 22136
    if store.row("SELECT 1 FROM number WHERE phone_number = ? AND origin != 'hosted'", (phone_number,)):
        return 22132
    first = elsewhere.ending_of(phone_number) in elsewhere.FLAKY_CHECK and is_first_check(store, phone_number)
    return elsewhere.not_portable(phone_number, has_address=has_address, is_first_check=first)


def holder_of(store: Store, phone_number: str, target: Account) -> str | None:
    """The account of the target's family that has the number or is porting it.

    A hosted number is still elsewhere, and one that was rejected is not on its way.
    """
    family = target.owner_account_sid
    found = store.rows(
        "SELECT account FROM number WHERE phone_number = ? AND origin != 'hosted'", (phone_number,)
    ) + store.rows(
        "SELECT account FROM document WHERE kind = 'port_in_number'"  # noqa: S608
        " AND json_extract(body, '$.phone_number') = ? AND json_extract(body, '$.portable')"
        f" AND json_extract(body, '$.status') NOT IN ({', '.join('?' * len(STOPPED))})",
        (phone_number, *STOPPED),
    )
    mine = [sid for (sid,) in found if _family_of(store, sid) == family]
    return target.sid if target.sid in mine else next(iter(mine), None)


def is_first_check(store: Store, phone_number: str) -> bool:
    """Whether a number is checked for the first time; it is not, from now on."""
    key = f"checked:{phone_number}"
    seen = store.value("SELECT 1 FROM meta WHERE key = ?", (key,)) is not None
    store.write_meta({key: True})
    return not seen


def _family_of(store: Store, sid: str) -> str | None:
    account = store.find(Account, sid)
    return account.owner_account_sid if account else None


ROUTES = (Route("GET", NUMBERS, PATH + "/Portability/PhoneNumber/{PhoneNumber}", fetch_portability),)
