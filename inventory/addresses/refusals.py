"""Twilio's refusals of an address: the field each concerns, what to do next, and what Twilio suggests."""

import re
from collections.abc import Iterable, Mapping

from inventory import refusals
from portal.twilio.errors import TwilioFailure, Unavailable

CANNOT_VALIDATE, SUGGESTION, VERIFIED, CONFLICT = 21628, 21629, 21630, 20409
_SENTENCES = {
    20002: "Twilio did not take this name. Use at most 64 characters, or 32 for an emergency address.",
    20003: "Twilio did not accept our credentials for this account. An administrator can put in new ones.",
    20005: "This account is not active at Twilio, so its addresses cannot be changed.",
    20404: "Twilio does not have this address in this account any more.",
    20409: "Something still uses this address. Its page can ask Twilio which numbers do.",
    21628: "Twilio could not find this address. Check how it is spelled, above all street and postal code.",
    21629: "Twilio knows this address in another spelling. Take Twilio's, or change yours.",
    21630: "A verified document rests on this address, so only its friendly name may change. Create another "
    "address instead.",
}
_FIELD_OF_NAME = {
    "Street": "street", "StreetSecondary": "street_secondary", "Locality": "city", "City": "city",
    "Region": "region", "PostalCode": "postal_code",
}  # fmt: skip
_PARTS = re.compile(
    r"(?P<name>FriendlyName|CustomerName|StreetSecondary|Street|Locality|City|Region|PostalCode|IsoCountry): "
    r"(?P<value>.*?)(?=, (?:FriendlyName|CustomerName|StreetSecondary|Street|Locality|City|Region|PostalCode"
    r"|IsoCountry): |$)"
)


def sentence_of(failure: TwilioFailure) -> str:
    """What to tell staff: our sentence for a known code, Twilio's own words for any other."""
    if isinstance(failure, Unavailable):
        return f"Unavailable: {failure.words} Nothing was changed. Save again in a moment."
    return _SENTENCES.get(failure.code or 0) or failure.words


def field_of(failure: TwilioFailure, fields: set[str]) -> str | None:
    """The field that a refusal is about: the one whose parameter Twilio names."""
    if failure.code == SUGGESTION:
        return None
    if re.search(r"\bP\.?O\.? box\b", failure.words, re.IGNORECASE) and "street" in fields:
        return "street"
    return refusals.field_of(failure, fields)


def suggestion_of(failure: TwilioFailure) -> dict[str, str]:
    """The address that Twilio would take instead, by our field names; empty if it names none.

    `Check the suggested address. | …, Street: 645 HARRISON ST, Locality: SAN FRANCISCO, Region: CA, …`
    """
    if failure.code != SUGGESTION:
        return {}
    _, _, listed = failure.words.partition("|")
    found = {match["name"]: match["value"].strip() for match in _PARTS.finditer(listed.strip())}
    return {_FIELD_OF_NAME[name]: value for name, value in found.items() if name in _FIELD_OF_NAME and value}


def words_without(failure: TwilioFailure, personal: Iterable[str]) -> str:
    """The words of a refusal as they may be kept: Twilio repeats names and addresses in some."""
    if known := _SENTENCES.get(failure.code or 0):
        return known
    words, _, _ = failure.words.partition("|")
    for text in sorted((text for text in personal if len(text) > 2), key=len, reverse=True):
        words = re.sub(re.escape(text), "…", words, flags=re.IGNORECASE)
    return words.strip()


def describe(names: Iterable[str], labels: Mapping[str, str]) -> str:
    return ", ".join(labels.get(name, name) for name in names)
