"""Twilio's refusals of a bundle or an address with a number: which field each concerns, and what to do."""

from collections.abc import Mapping

from inventory import refusals
from portal.twilio.errors import TwilioFailure, Unavailable

# Contract section 5: in this order Twilio looks.
_REFUSALS: Mapping[int, tuple[str, str]] = {
    21613: ("address", "This address does not belong to the number's account. Choose one of that account."),
    21631: ("address", "Twilio asks for an address with this number. Choose one."),
    21615: (
        "address",
        "Twilio does not take this address with this number: it has to lie in the number's country, or in "
        "its very area. Choose or create an address there.",
    ),
    21649: (
        "bundle",
        "Twilio asks for an approved bundle with this number. Choose one that is approved for its country "
        "and type.",
    ),
    21650: (
        "bundle",
        "Twilio asks for a verified identity document with this number, and the account has none. Have one "
        "verified in Twilio Console.",
    ),
    21651: (
        "bundle",
        "Twilio says that this bundle does not satisfy what is asked for with this number. Choose another.",
    ),
}


def field_of(failure: TwilioFailure) -> str | None:
    return _REFUSALS.get(failure.code or 0, (None, ""))[0]


def sentence_of(failure: TwilioFailure) -> str:
    """What to tell staff: our sentence for a known code, Twilio's own words for any other."""
    if isinstance(failure, Unavailable):
        return f"Unavailable: {failure.words} Nothing was changed. Save again in a moment."
    _, words = _REFUSALS.get(failure.code or 0, (None, ""))
    return words or refusals.sentence_of(failure)
