"""Changing an owned number, and moving it to another account of the family."""

import re

from portal.sandbox import regulation
from portal.sandbox.call import Call
from portal.sandbox.dataset.plan import line_of
from portal.sandbox.errors import refusal
from portal.sandbox.records import find_number, save_number
from portal.sandbox.resources import Account, Number, number_uri
from portal.sandbox.settings import apply_settings, country_of
from portal.sandbox.wire import Answer, ok

ACCOUNT_SID = re.compile("AC[0-9a-fA-F]{32}")


def update_number(call: Call) -> Answer:
    """Update settings; with another AccountSid in the body, transfer the number first."""
    number = find_number(call)
    form = dict(call.form)
    target = form.pop("AccountSid", "")
    if target and target != number.account_sid:
        _transfer(call, number, _target(call, target), form)
        form.pop("AddressSid", None)
        form.pop("BundleSid", None)
    apply_settings(call, number, form)
    number.date_updated = call.date
    save_number(call.store, number)
    return ok(number)


def _target(call: Call, sid: str) -> Account:
    """The account a number may go to: active, and a sibling of the one that has it (21470 to 21474)."""
    if not ACCOUNT_SID.fullmatch(sid):
        raise refusal(21470)
    parent = call.caller.account
    if not parent.is_parent or call.caller.by_key:
        raise refusal(21474)
    account = call.store.find(Account, sid)
    if account is None or account.owner_account_sid != parent.sid:
        raise refusal(21473)
    if account.status != "active":
        raise refusal(21472)
    return account


def _transfer(call: Call, number: Number, target: Account, form: dict[str, str]) -> None:
    """Move a number. Its papers must be the target's own; what else belonged to the old account goes."""
    if number.origin == "hosted" and number.status != "in-use":
        raise refusal(22121)
    line = line_of(number.phone_number)
    country = country_of(number)
    address, bundle = form.get("AddressSid") or None, form.get("BundleSid") or None
    if number.address_requirements != "none" and address is None:
        raise refusal(
            21613, "Address does not belong to Account: an AddressSid of the target account is required"
        )
    regulation.check_address(call.store, target.sid, number.address_requirements, country, address)
    required = line is not None and line.bundle
    regulation.check_bundle(call.store, target.sid, required, country, number.type, bundle)
    number.account_sid = target.sid
    number.uri = number_uri(target.sid, number.sid)
    number.address_sid, number.bundle_sid = address, bundle
    number.identity_sid = None
    number.voice_application_sid = number.sms_application_sid = ""
    number.trunk_sid = None
    number.emergency_address_sid, number.emergency_address_status = None, "unregistered"
