"""What a phone number says about itself: country, kind, and how people write it.

Twilio's number resource names no country (page 23), so it is read off the number. Most calling codes
belong to one country and a prefix decides; the shared ones (+1, +7, +44, …) are asked of
libphonenumber once for every block of ten thousand numbers.
"""

import re
from functools import lru_cache

import phonenumbers
from babel import Locale
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumberFormat, PhoneNumberType

LOCAL, MOBILE, NATIONAL, TOLL_FREE = "local", "mobile", "national", "toll-free"

TYPE_NAMES = {
    LOCAL: "Local",
    MOBILE: "Mobile",
    NATIONAL: "National",
    TOLL_FREE: "Toll-free",
    "voip": "VoIP",
    "shared-cost": "Shared cost",
    "machine-to-machine": "Machine to machine",
}
_TERRITORIES = Locale("en").territories
_SPELLINGS = {
    "tollfree": TOLL_FREE,
    "toll": TOLL_FREE,
    "machinetomachine": "machine-to-machine",
    "sharedcost": "shared-cost",
}
_KINDS = {
    PhoneNumberType.FIXED_LINE: LOCAL,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: LOCAL,
    PhoneNumberType.MOBILE: MOBILE,
    PhoneNumberType.TOLL_FREE: TOLL_FREE,
    PhoneNumberType.SHARED_COST: "shared-cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.UAN: NATIONAL,
}
_CODES = {str(code): regions for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()}


def country_of(e164: str) -> str:
    """ISO 3166-1 alpha-2 of a number such as `+14155550100`, or "" when it names none."""
    regions = _regions(e164[1:4])
    if len(regions) == 1:
        return "" if regions[0] == "001" else regions[0]
    return _country_of_block(e164[:-4]) if regions else ""


def normal_type(spelling: str | None) -> str:
    """One spelling for what Twilio writes as `toll free`, `TOLLFREE`, `toll_free` or `tollfree`."""
    if not spelling:
        return ""
    folded = re.sub(r"[\s_-]", "", spelling).lower()
    return _SPELLINGS.get(folded, folded)


def type_name(number_type: str) -> str:
    """`Toll-free`; the type itself for one that has no name here."""
    return TYPE_NAMES.get(number_type, number_type)


@lru_cache(maxsize=300)
def country_name(iso: str) -> str:
    """`Germany` for DE; the code itself for one that no standard names."""
    return str(_TERRITORIES.get(iso, iso))


@lru_cache(maxsize=50_000)
def type_of(e164: str) -> str:
    """The kind of number by its numbering plan, for a record that does not say; "" if unknown."""
    parsed = _parse(e164)
    return _KINDS.get(phonenumbers.number_type(parsed), "") if parsed else ""


@lru_cache(maxsize=50_000)
def spaced(e164: str) -> str:
    """`+49 30 23125017`: international format, or the text itself when it is not a number."""
    parsed = _parse(e164)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL) if parsed else e164


@lru_cache(maxsize=50_000)
def national(e164: str) -> str:
    """`030 23125017`: as one writes it inside the country; "" when it is not a number."""
    parsed = _parse(e164)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL) if parsed else ""


def read_number(text: str, *, country: str | None = None) -> str | None:
    """E.164 of a number that somebody typed: spaces, dashes, dots, brackets, 00 and + are fine (UX-21).

    None unless the text is one whole number that can exist. Without `country` it must be international.
    """
    cleaned = re.sub(r"[\s().\-/\u00a0\u2011]", "", text)
    cleaned = re.sub(r"^00", "+", cleaned)
    if not re.fullmatch(r"\+?\d{6,15}", cleaned):
        return None
    try:
        parsed = phonenumbers.parse(cleaned, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


@lru_cache(maxsize=2_000)
def _regions(first_digits: str) -> tuple[str, ...]:
    for length in (1, 2, 3):
        if regions := _CODES.get(first_digits[:length]):
            return tuple(regions)
    return ()


@lru_cache(maxsize=200_000)
def _country_of_block(block: str) -> str:
    parsed = _parse(block + "0100")
    if parsed is None:
        return ""
    region = phonenumbers.region_code_for_number(parsed)
    # Numbers of the fictional 555 exchange belong to no plan; the area code still names a country.
    return region or phonenumbers.region_code_for_country_code(parsed.country_code or 0) or ""


def _parse(e164: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return None
