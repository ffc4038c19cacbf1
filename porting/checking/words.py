"""What Twilio's answer about a number means in words, and what to do next (page 13). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.numbering import TOLL_FREE, country_name
from porting.portin.splitter import Apart, Why

HOSTED_COUNTRIES = ("US", "CA")  # page 10
# Codes of numbers that stay where they are, so that their messages may be hosted instead
_MAY_BE_HOSTED = frozenset({22130, 22133, 22159})


@dataclass(frozen=True, slots=True)
class Answer:
    """In a table: one word for it, its tone, and what to do."""

    word: str
    tone: str
    next_step: str = ""
    may_be_hosted: bool = False


_REASONS = {
    22130: (
        "Not supported",
        "Twilio does not port from this country, rate center or carrier. It stays where it is.",
    ),
    22131: (
        "In this account already",
        "It is in the account, or on its way into it. There is nothing to port.",
    ),
    22132: (
        "At Twilio, with another owner",
        "It is moved between Twilio accounts, not ported: its owner asks Twilio Support.",
    ),
    22136: (
        "In another of your accounts",
        "It is moved between your accounts, not ported. Open the number to move it.",
    ),
    22137: ("Being ported already", "A port-in request that is not over has it."),
    22133: ("By hand only", "Twilio ports it, but not over its API: send Twilio the ready text."),
    22102: ("No phone number", "Twilio does not know it as a number in E.164. Look at its digits."),
    22171: (
        "More is needed",
        "Twilio wants to know more, such as the address, before it can tell. The request says it.",
    ),
    22135: ("Twilio could not tell", "Twilio had a fault of its own. Check the number again."),
    20003: ("No access", "Twilio did not accept the account for this number."),
}


def answer_of(
    *, portable: bool, code: int | None, reason: str, number_type: str, country: str, needs_pin: bool
) -> Answer:
    """What to show of one number. An unknown reason is shown as Twilio wrote it."""
    if portable:
        step = "Ask the losing carrier for its PIN and the account number." if needs_pin else ""
        return Answer("Portable", "ok", step)
    word, step = _REASONS.get(code or 0, (reason.replace("_", " ").capitalize() or "Not portable", ""))
    if code == 22133 and number_type == TOLL_FREE:
        step = "The API takes no toll-free numbers: send Twilio the ready text."
    hosted = code in _MAY_BE_HOSTED and country in HOSTED_COUNTRIES
    return Answer(word, "off" if code in (22131, 22136) else "bad", step, hosted)


def heading_of(group: Apart) -> str:
    """What the numbers of a group have in common, in front of their count."""
    match group.why:
        case Why.AT_TWILIO:
            return "At Twilio already"
        case Why.TOLL_FREE:
            return f"Toll-free, {country_name(group.country)}" if group.country else "Toll-free"
        case Why.COUNTRY:
            return country_name(group.country) if group.country else "Of a country nobody could tell"
    return f"{_REASONS.get(group.code or 0, ('Not portable', ''))[0]}, {country_name(group.country)}"


def reason_of(group: Apart) -> str:
    """Why they are in no request, and what to do instead."""
    match group.why:
        case Why.AT_TWILIO:
            return "With Twilio, or being ported there. The table below says where."
        case Why.TOLL_FREE:
            return "The Porting API takes no toll-free numbers. Twilio ports them by hand: send it this text."
        case Why.COUNTRY:
            return (
                "The Porting API takes numbers of the United States. Twilio ports those of many other "
                "countries by hand: send it this text."
            )
    return _REASONS.get(group.code or 0, ("", "Twilio says that they cannot be ported."))[1]


def request_text(group: Apart, account_sid: str) -> str:
    """A ready text for Twilio, where the API does not do it; "" where there is nothing to ask for."""
    if group.why == Why.AT_TWILIO or (group.why == Why.NOT_PORTABLE and group.code != 22133):
        return ""
    what = {
        Why.TOLL_FREE: "toll-free number",
        Why.COUNTRY: f"number of {country_name(group.country)}" if group.country else "number",
    }.get(group.why, "number")
    count = len(group.numbers)
    lines = [
        f"Subject: Port in {count:,} {what if count == 1 else _plural(what)}",
        "",
        f"We want to port {'this' if count == 1 else 'these'} {what if count == 1 else _plural(what)} into "
        f"our account {account_sid}.",
        "The Porting API answers that they are ported by hand. Tell us which documents and details you need.",
        "",
        *group.numbers,
    ]
    return "\n".join(lines)


def _plural(what: str) -> str:
    return what.replace("number", "numbers", 1)


def may_be_hosted(groups: Sequence[Apart]) -> list[str]:
    """Numbers that cannot be ported, and whose messages Twilio may host all the same."""
    return sorted(
        number
        for group in groups
        if group.country in HOSTED_COUNTRIES and group.why in (Why.NOT_PORTABLE, Why.COUNTRY, Why.TOLL_FREE)
        if group.why != Why.NOT_PORTABLE or group.code in _MAY_BE_HOSTED
        for number in group.numbers
    )
