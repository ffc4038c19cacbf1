"""Twilio's refusals of a purchase, in our words, each with what to do next (UX-30, UX-31).

Pages 5, 20 and 23, the error dictionary, and the order of refusals that was seen in practice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from inventory.refusals import sentence_of
from portal.twilio.errors import TwilioFailure, Unavailable


class Remedy(Enum):
    """Where the way out is."""

    SEARCH = "search"  # look for a similar number
    PAPERS = "papers"  # another address or bundle
    SETTINGS = "settings"  # another name or preset
    ACCOUNT = "account"  # something about the account, mostly in Twilio Console
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Explanation:
    happened: str
    next_step: str
    remedy: Remedy

    def __str__(self) -> str:
        return f"{self.happened} {self.next_step}"


_GONE = "Search again for a similar one."
_KNOWN: Mapping[int, tuple[str, str, Remedy]] = {
    20003: (
        "Twilio did not accept our credentials for this account.",
        "An administrator can put in new ones.",
        Remedy.ACCOUNT,
    ),
    20005: (
        "This account is not active at Twilio, so it cannot buy numbers.",
        "Reactivate it in Twilio Console, or buy for another account.",
        Remedy.ACCOUNT,
    ),
    21404: (
        "This is a trial account, and a trial account gets no further number.",
        "Upgrade the account in Twilio Console, then retry.",
        Remedy.ACCOUNT,
    ),
    21421: ("Twilio does not take this for a phone number.", _GONE, Remedy.SEARCH),
    21422: ("The number is not for sale any more: somebody else was quicker.", _GONE, Remedy.SEARCH),
    21451: ("Twilio knows no such area code.", "Search with another one.", Remedy.SEARCH),
    21452: ("Twilio has no number left that matches.", _GONE, Remedy.SEARCH),
    21457: (
        "Area codes work in the US and Canada only.",
        "Search with a pattern or a city instead.",
        Remedy.SEARCH,
    ),
    21458: ("The number is of another type than was asked for.", _GONE, Remedy.SEARCH),
    21613: (
        "The address belongs to another account.",
        "Choose an address of the account that buys.",
        Remedy.PAPERS,
    ),
    21615: (
        "The address does not lie where this number asks for: in its country, or in its very area.",
        "Choose or add an address there.",
        Remedy.PAPERS,
    ),
    21631: (
        "Twilio sells this number with an address only, and none was given.",
        "Choose or add an address.",
        Remedy.PAPERS,
    ),
    21649: (
        "The number's country asks who will use it: Twilio sells it with a regulatory bundle only.",
        "Choose an approved bundle for this country and type.",
        Remedy.PAPERS,
    ),
    21650: (
        "Twilio sells this number with a verified identity document only, and the account has none.",
        "Have an identity document verified in Twilio Console, then retry.",
        Remedy.ACCOUNT,
    ),
    21651: (
        "The bundle does not do for this number: it is not approved, or for another country or type.",
        "Choose another bundle.",
        Remedy.PAPERS,
    ),
    22300: (
        "Twilio Compliance has stopped this account from getting new numbers.",
        "Ask Twilio support to lift it, or buy for another account.",
        Remedy.ACCOUNT,
    ),
}
# Refusals of how the number is to be set up, which `inventory.refusals` has sentences for.
_OF_SETTINGS = frozenset({20002, 21402, 21403, 21405, 21406, 21407, 21409, 21420})


def known() -> list[tuple[int, Explanation]]:
    """Every refusal that has words of its own, by code."""
    return [(code, Explanation(*words)) for code, words in sorted(_KNOWN.items())]


def explain(failure: TwilioFailure) -> Explanation:
    """What happened and what to do; Twilio's own words for a code that we do not know."""
    if isinstance(failure, Unavailable):
        return Explanation(f"{failure.words} Nothing was bought.", "Retry in a moment.", Remedy.WAIT)
    if known := _KNOWN.get(failure.code or 0):
        return Explanation(*known)
    if failure.code in _OF_SETTINGS:
        return Explanation(
            f"{sentence_of(failure)} Nothing was bought.",
            "Change the name or the preset, then buy again.",
            Remedy.SETTINGS,
        )
    words = failure.words.removesuffix(".")
    return Explanation(f"Twilio refused: {words}.", "Nothing was bought.", Remedy.ACCOUNT)
