"""Whether an address is what Twilio asks for with a number (E3). Pure: no rows, no calls.

Derived, not Twilio's verdict: a `local` address may have to lie in the number's own area besides,
which only Twilio checks (error 21615, page 41).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from inventory.addresses.formats import in_words
from portal.labels import Label

NEEDS = ("any", "local", "foreign")
FITS, NOT_NEEDED, NOT_KNOWN = "fits", "not-needed", "not-known"
_LABELS: Mapping[str, Label] = {
    "missing": Label("No address", "bad"),
    "gone": Label("Address gone", "bad"),
    "other-account": Label("Another account's", "bad"),
    "not-local": Label("Outside of the country", "bad"),
    "not-foreign": Label("Inside of the country", "bad"),
    FITS: Label("Fits", "ok"),
    NOT_NEEDED: Label("Not needed"),
    NOT_KNOWN: Label("Not known"),
}
# What a number has to be looked at for, in the order in which the rule decides.
TROUBLES: Mapping[str, str] = {
    "missing": "No address is set",
    "gone": "Twilio no longer has the address",
    "other-account": "The address belongs to another account",
    "not-local": "The address is outside of the number's country",
    "not-foreign": "The address is in the number's own country",
}


class Place(Protocol):
    """As much of an address as the rule asks for."""

    account_id: str
    iso_country: str
    missing_since: Any


@dataclass(frozen=True, slots=True)
class Fit:
    state: str
    words: str

    @property
    def is_trouble(self) -> bool:
        return self.state in TROUBLES

    @property
    def label(self) -> Label:
        return _LABELS[self.state]


def fit_of(
    *, requirement: str, country: str, account_sid: str, address_sid: str | None, address: Place | None
) -> Fit:
    """How a number's address fits. `address` is None for one that is not set, or not mirrored."""
    place = in_words(country)
    if requirement == "none" or not requirement:
        return Fit(NOT_NEEDED, "Twilio asks for no address with this number.")
    if requirement not in NEEDS:
        return Fit(NOT_KNOWN, f"Numberdesk does not know the requirement “{requirement}”.")
    if not address_sid:
        return Fit("missing", "Twilio asks for an address with this number, and none is set.")
    if address is None:
        return Fit(NOT_KNOWN, "The address has not been read from Twilio yet.")
    if address.missing_since:
        return Fit("gone", "Twilio no longer has this address. Set another one.")
    if address.account_id != account_sid:
        return Fit(
            "other-account", "The address belongs to another account. Twilio takes one of the number's own."
        )
    if requirement == "any":
        return Fit(FITS, "Any address does.")
    if not country:
        return Fit(NOT_KNOWN, "Numberdesk does not know the number's country.")
    is_local = address.iso_country == country
    if requirement == "local" and not is_local:
        return Fit(
            "not-local",
            f"Twilio asks for an address in {place}; this one is in {in_words(address.iso_country)}.",
        )
    if requirement == "foreign" and is_local:
        return Fit("not-foreign", f"Twilio asks for an address outside of {place}.")
    if requirement == "local":
        return Fit(
            FITS,
            f"It is in {place}. Twilio may ask that it lies in the number's own area, "
            "which only Twilio checks.",
        )
    return Fit(FITS, f"It is outside of {place}.")
