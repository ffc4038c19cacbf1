"""What Twilio sends a message as: the rules of page 3, and what a sender ID may look like."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from portal.numbering import read_number


class Kind(StrEnum):
    ALPHANUMERIC = "alphanumeric"
    SHORT_CODE = "short-code"
    NUMBER = "number"


class Rule(StrEnum):
    REGISTERED = "registered"  # From is a registered sender ID, so it stays
    REPLACED = "replaced"  # it is not, so the default takes its place
    AS_GIVEN = "as-given"  # it is not, and there is no default


@dataclass(frozen=True, slots=True)
class Sending:
    """What a message goes out as, by which rule, and what was nearly the same as its From."""

    sender: str
    rule: Rule
    nearly: str = ""


def sent_as(from_: str, registered: Collection[str], default: str | None) -> Sending:
    """What Twilio sends as to a country with these registered sender IDs.

    Every registered one may be used. The default, itself registered, replaces any other From, and without
    a default Twilio tries the From as given. The match is case-sensitive.
    """
    if from_ in registered:
        return Sending(from_, Rule.REGISTERED)
    nearly = next((sender for sender in sorted(registered) if _is_near(sender, from_)), "")
    if default is not None:
        return Sending(default, Rule.REPLACED, nearly)
    return Sending(from_, Rule.AS_GIVEN, nearly)


def kind_of(sender: str) -> Kind:
    if re.fullmatch(r"\+\d+", sender, re.ASCII):
        return Kind.NUMBER
    return Kind.SHORT_CODE if re.fullmatch(r"\d+", sender, re.ASCII) else Kind.ALPHANUMERIC


def read_sender(text: str) -> str | None:
    """The sender ID that somebody typed, a phone number as E.164; None when it can be none.

    A name has up to 11 letters, digits, spaces, hyphens, pluses, underscores and ampersands, one of them a
    letter (Twilio's AlphaSender); a short code has three to eight digits.
    """
    text = text.strip()
    if re.search(r"[A-Za-z]", text):
        return text if re.fullmatch(r"[A-Za-z0-9 +\-_&]{1,11}", text) else None
    if re.fullmatch(r"\d{3,8}", text, re.ASCII):
        return text
    return read_number(text)


def _is_near(sender: str, from_: str) -> bool:
    """Whether somebody may have meant the one by the other: capitals, spaces, a number's spelling aside."""
    folded, other = (re.sub(r"\s+", "", text).casefold() for text in (sender, from_))
    return folded == other or read_sender(from_) == sender
