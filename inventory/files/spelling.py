"""Numbers as people write them: which E.164 each may mean, and what is wrong with one that means none."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from phonenumbers import ValidationResult

from portal.numbering import read_number

_SID = re.compile(r"PN[0-9a-fA-F]{32}")
_E164 = re.compile(r"\+[1-9]\d{5,14}", re.ASCII)
_DIGITS = re.compile(r"[1-9]\d{6,14}", re.ASCII)
_EXTENSION = re.compile(
    r"\d[\s,]*(;\s*ext\s*=|ext\b\.?|extn\b\.?|extension\b|x(?=[\s.:]*\d)|#)", re.IGNORECASE
)
_ROUNDED = re.compile(r"\+?\d([.,]\d+)?e\+?\d+", re.IGNORECASE)
# What separates numbers that stand in one line; a semicolon may also begin an extension.
_BETWEEN = re.compile(r";(?!\s*ext\s*=)|[,|\t]|\s(?=\+)|\s{2,}", re.IGNORECASE)
# Marks that telephones and spreadsheets put around numbers, and dashes that are none to Twilio
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"), "-")
LONGEST = 200


def pieces_of(text: str) -> Iterator[tuple[int, str]]:
    """Line number and text of everything in a pasted text that may be a number."""
    for line, row in enumerate(text.splitlines(), start=1):
        for part in _BETWEEN.split(row):
            piece = part.strip().strip("\"'<>")
            if not piece:
                continue
            words = piece.split()
            # Blanks are within a number or between two: between, when each part could be one by itself.
            if len(words) > 1 and all(_stands_alone(word) for word in words):
                yield from ((line, word) for word in words)
            else:
                yield line, piece


def _stands_alone(word: str) -> bool:
    return len(re.sub(r"\D", "", word)) >= 7 or bool(_SID.fullmatch(word))


def plain(text: str) -> str:
    """The text without marks nobody sees, with plain digits, blanks and dashes."""
    folded = unicodedata.normalize("NFKC", text[:LONGEST]).translate(_DASHES)
    shown = "".join(character for character in folded if unicodedata.category(character) != "Cf")
    return re.sub(r"^tel:", "", shown.strip(" \t'\"<>"), flags=re.IGNORECASE).strip()


def quick_reading(text: str) -> str:
    """The E.164 or SID that a text is already, without its punctuation; "" when it takes a closer look."""
    text = text.strip()
    if _SID.fullmatch(text):
        return text
    bare = re.sub(r"[\s().\-/]", "", text)
    return bare if _E164.fullmatch(bare) else ""


def readings_of(text: str, country: str) -> list[str]:
    """Every E.164 that a text may mean, the likeliest first; `country` is that of national numbers."""
    text = plain(text)
    readings = [quick_reading(text), read_number(text, country=country or None) or ""]
    digits = re.sub(r"[\s().\-/]", "", text)
    if _DIGITS.fullmatch(digits):  # a spreadsheet has taken the + away
        readings.append(f"+{digits}")
    return [reading for reading in dict.fromkeys(readings) if reading]


def fault_of(text: str, country: str) -> str:
    """Why a text is no number, in words; "" when it could be one."""
    text = plain(text)
    if quick := quick_reading(text):
        return "" if quick.startswith("PN") else _fault_of_length(quick[:6], len(quick))
    if _ROUNDED.fullmatch(text):
        return "A spreadsheet has shortened it. Format the column as text"
    if not any(character.isdigit() for character in text):
        return "Not a number"
    if _EXTENSION.search(text):
        return "It has an extension. Write the number without it"
    if any(character.isalpha() for character in text):
        return "It has letters. Write it in digits"
    digits = re.sub(r"^00", "+", re.sub(r"[\s().\-/]", "", text))
    if not (country or digits.startswith("+")):
        return "It has no country code. Begin it with +, or say of which country it is"
    return _fault_of(digits, country) or (
        "" if read_number(text, country=country or None) else "Not a number"
    )


@lru_cache(maxsize=10_000)
def _fault_of_length(beginning: str, length: int) -> str:
    """What is wrong with an international number: its country and its length decide."""
    return _fault_of(beginning.ljust(length, "2"), "")


def _fault_of(digits: str, country: str) -> str:
    try:
        parsed = phonenumbers.parse(digits, country or None)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            return "No country has this code"
        return "It is too long" if len(digits) > 15 else "It is too short"
    match phonenumbers.is_possible_number_with_reason(parsed):
        case ValidationResult.TOO_LONG:
            return "It is too long"
        case ValidationResult.TOO_SHORT:
            return "It is too short"
        case ValidationResult.INVALID_COUNTRY_CODE:
            return "No country has this code"
        case ValidationResult.INVALID_LENGTH:
            return "It has too many or too few digits for its country"
    return ""
