"""What a losing carrier's rejection is about, by its code (page 16, product 2.3). A table, and pure.

A number is rejected for one code. It names what to correct, whom to ask for it, and whether filing the same
number again can do any good.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """What becomes of a rejected number next."""

    CORRECT = "correct"  # a value of the request is corrected
    ASK = "ask"  # the customer or the carrier does something first, and then it is filed again
    SUPPORT = "support"  # Twilio's support says what is next
    GIVE_UP = "give-up"  # it cannot be ported


ADDRESS = ("street", "street_2", "city", "state", "zip")


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do about a code: Twilio's name for it, what to ask for, and the values it is about."""

    name: str
    ask: str
    way: Way
    fields: tuple[str, ...] = ()
    done: str = ""  # what somebody has to confirm before it is filed again


_UNKNOWN = Fix(
    "", "Numberdesk does not know this code. What the losing carrier said stands beside it.", Way.SUPPORT
)
_SUPPORT = "Write to Twilio's support with the text below, and note the answer, before it is filed again."
_MISSING = "Something that the losing carrier needs was not in the request. Fill in what is empty."
FIXES: Mapping[int, Fix] = {
    22150: Fix("Contact support required", _SUPPORT, Way.SUPPORT, done="Support has answered"),
    22151: Fix(
        "Carrier restriction",
        "Have the customer ask the losing carrier to lift the freeze or lock of these numbers.",
        Way.ASK,
        done="The restriction was lifted",
    ),
    22152: Fix(
        "Inactive or disconnected",
        "The losing carrier has to restore these numbers; one that stays disconnected cannot be ported.",
        Way.ASK,
        done="The numbers were restored",
    ),
    22153: Fix(
        "Invalid end user name",
        "Ask for the name exactly as it stands on the bill or the carrier's customer service record.",
        Way.CORRECT,
        ("customer_name", "customer_type"),
    ),
    22154: Fix(
        "Invalid address",
        "Ask for the billing address that the losing carrier has registered, the state spelled the same.",
        Way.CORRECT,
        ADDRESS,
    ),
    22155: Fix(
        "Invalid PIN",
        "Ask for a fresh transfer PIN of each number: those of mobile carriers are valid for a few days.",
        Way.CORRECT,
        ("pins",),
    ),
    22156: Fix(
        "Invalid account number",
        "Ask for the account number on the bill or the customer service record; it is not the phone number.",
        Way.CORRECT,
        ("account_number",),
    ),
    22157: Fix(
        "Invalid subscription right",
        "Ask who holds the contract with the losing carrier: that person has to sign.",
        Way.CORRECT,
        ("authorized_representative", "authorized_representative_email"),
    ),
    22158: Fix(
        "Port date rejected",
        "The losing carrier does not port on that day. Choose another one.",
        Way.CORRECT,
        ("target_date",),
    ),
    22159: Fix(
        "Not portable",
        "These numbers cannot be ported. Their messages can perhaps be hosted where they are.",
        Way.GIVE_UP,
    ),
    22171: Fix("Missing required fields", _MISSING, Way.CORRECT, ("account_number", "pins")),
    400: Fix("Bad request", _MISSING, Way.CORRECT, ("account_number", "pins")),
    410: Fix("Unknown error", _SUPPORT, Way.SUPPORT, done="Support has answered"),
}


def fix_of(code: int | None) -> Fix:
    """What to do about a code; for an unknown one, that only Twilio's own text says more."""
    return FIXES.get(code or 0, _UNKNOWN)
