"""What stands against giving a number back or moving it, and what is lost with it. Pure: no calls."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from inventory.addresses.fit import fit_of
from inventory.models import Address, PhoneNumber
from portal.models import TwilioAccount

_QUIET = {"date_updated", "uri", "subresource_uris"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: reasons why it cannot be done now, and what will be lost when it is."""

    stops: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else is known of a number, beyond its own columns."""

    has_open_operation: bool = False
    is_active: bool = False
    keep_until: date | None = None
    default_sender_in: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Papers:
    """What the new account brings for a number that is moved to it."""

    account: TwilioAccount
    has_parent_token: bool
    addresses: Mapping[str, Address] = field(default_factory=dict)  # of the new account, by sid
    address_sids: Mapping[str, str] = field(default_factory=dict)  # chosen, by `kind_of` the number
    bundle_sids: Mapping[str, str] = field(default_factory=dict)
    usable_bundles: Collection[str] = ()  # of those chosen, which Twilio would still take

    def address_for(self, number: PhoneNumber) -> str:
        return self.address_sids.get(kind_of(number), "")

    def bundle_for(self, number: PhoneNumber) -> str:
        return self.bundle_sids.get(kind_of(number), "")


def check_release(number: PhoneNumber, known: Circumstances, *, today: date) -> Finding:
    """Page 23 and errors 20409 and 22350; page 2 on what is reclaimed; page 3 on default senders."""
    stops = _stops(number, known)
    if known.keep_until and known.keep_until >= today:
        stops.append(f"Somebody wants it kept until {known.keep_until:%-d %b %Y}. Take that off first.")
    warnings = []
    if known.is_active:
        warnings.append("It was used in the last month.")
    if known.default_sender_in:
        places = ", ".join(known.default_sender_in)
        warnings.append(f"It is the default sender for {places}: messages there go out as something else.")
    if number.trunk_sid:
        warnings.append("A SIP trunk uses it.")
    if number.origin == "hosted":
        warnings.append("It is hosted: it retires in three days, and only Twilio's support can stop that.")
    return Finding(tuple(stops), tuple(warnings))


def check_transfer(number: PhoneNumber, known: Circumstances, papers: Papers) -> Finding:
    """Page 23 on AccountSid, and errors 21470 to 21474, 21613, 22121."""
    stops = _stops(number, known)
    target = papers.account
    if number.account_id == target.pk:
        stops.append(f"It is in {target} already.")
    elif _family(number.account) != _family(target):
        stops.append(f"{number.account} and {target} have different parents at Twilio (error 21473).")
    elif not papers.has_parent_token:
        stops.append("Numberdesk has no auth token of the parent account, and Twilio wants it (error 21474).")
    if number.origin == "hosted" and number.status != "in-use":
        stops.append("Its hosting is not finished (error 22121).")
    address_sid = papers.address_for(number) or None
    fit = fit_of(
        requirement=number.address_requirements,
        country=number.country,
        account_sid=target.pk,
        address_sid=address_sid,
        address=papers.addresses.get(address_sid or ""),
    )
    if fit.is_trouble:
        stops.append(f"{fit.words} Choose an address of {target} that fits.")
    bundle_sid = papers.bundle_for(number)
    if number.has_bundle and not bundle_sid:
        stops.append(f"It has a bundle. Choose an approved one of {target} for such numbers.")
    if bundle_sid and bundle_sid not in papers.usable_bundles:
        stops.append(f"The bundle that was chosen is no longer approved in {target}. Choose another.")
    warnings = []
    if number.voice_application_id or number.sms_application_id:
        warnings.append("Its application stays behind: calls or messages go nowhere until another is set.")
    if number.trunk_sid:
        warnings.append("Its SIP trunk stays behind.")
    if known.default_sender_in:
        warnings.append(f"It is the default sender for {', '.join(known.default_sender_in)}.")
    return Finding(tuple(stops), tuple(warnings))


def kind_of(number: PhoneNumber) -> str:
    """What an address and a bundle are chosen for: numbers of one country and type. As `kinds.key_of`."""
    return f"{number.country} {number.number_type}"


def fingerprint(payload: Mapping[str, Any]) -> str:
    """The same for a number that nobody has changed, in whichever answer of Twilio's it stood."""
    kept = {name: value for name, value in payload.items() if name not in _QUIET}
    return hashlib.sha256(msgspec.json.encode(kept, order="sorted")).hexdigest()


def _stops(number: PhoneNumber, known: Circumstances) -> list[str]:
    stops = []
    if number.missing_since:
        stops.append("Twilio does not list it any more.")
    if known.has_open_operation:
        stops.append("Another change of it has not ended yet.")
    if number.emergency_address_id:
        stops.append("It has an emergency address. Remove that first.")
    if number.status == "porting-out":
        stops.append("It is being ported out (error 22350).")
    return stops


def _family(account: TwilioAccount) -> str:
    return f"{account.owner_sid or account.sid}"
