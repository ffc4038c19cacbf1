"""Numbers that are still with another carrier: what kind they are, and what comes of porting or hosting one.

Everything follows from the number itself, so that whoever tests or shows something chooses it by choosing a
number. In North America its last two digits tell, in any area code; `FATES` is the whole table, and the
sandbox's own pages print it. Take 555-01xx in an area code that the data set leaves to you: 207, 605, 701, 802.

Other countries: Japan is portable (with its extra fields), those Twilio sells numbers in are ported by hand
(22133), all others not at all (22130). Only the United States and Canada can be hosted.
"""

# ruff: noqa: E501 (tables)

import re
from dataclasses import dataclass

import phonenumbers

from portal.sandbox.dataset.plan import COUNTRIES
from portal.sandbox.friendly import E164

LOCAL, MOBILE, TOLL_FREE, UNKNOWN = "LOCAL", "MOBILE", "TOLL-FREE", "UNKNOWN"
HOSTED_COUNTRIES = ("US", "CA")
TOLL_FREE_CODES = ("800", "833", "844", "855", "866", "877", "888")
ENDING = re.compile(r"\+1\d{8}(\d\d)")


@dataclass(frozen=True)
class Fate:
    """What becomes of the numbers that end in `endings`, or of addresses that begin in some way."""

    endings: str
    porting: str
    hosting: str


# Ending, ineligibility sub-status, reason and next step of numbers that cannot be hosted (doc page 10).
UNHOSTABLE = {
    20: ("CARRIER_INELIGIBLE", "NUMBERS_PROVIDER_DOES_NOT_ALLOW_TWILIO_TO_HOST_IT", "CONTACT_SUPPORT_INELIGIBLE_CARRIER"),
    21: ("ALREADY_IN_TWILIO", "ALREADY_IN_TWILIO_BUT_NOT_IN_USE", "CONTACT_SUPPORT_INELIGIBLE_INVENTORY_STATUS"),
    22: ("ALREADY_IN_TWILIO", "ALREADY_IN_TWILIO_WITHOUT_MESSAGING_CAPABILITY", "RECOVER_MESSAGING_CAPABILITY"),
    23: ("ALREADY_IN_TWILIO", "ALREADY_IN_TWILIO_OWNED_BY_OTHER_ACCOUNT", "CONTACT_SUPPORT_INTERNAL_TRANSFER"),
    24: ("INTERNAL_PROCESSING_ERROR", "INTERNAL_PROCESSING_ERROR", "RETRY_THE_ELIGIBILITY_CHECK"),
    25: ("ELIGIBLE_BY_MANUAL_PROCESS", "ELIGIBLE_FOR_HOSTING_BY_MANUAL_PROCESS", "CONTACT_SUPPORT_TO_MANUALLY_HOST_THE_NUMBER"),
    26: ("MAY_BE_ELIGIBLE_BY_MANUAL_PROCESS", "MISSING_PROVIDER_DATA", "CONTACT_SUPPORT_MISSING_PROVIDER_DATA"),
    27: ("MAY_BE_ELIGIBLE_BY_MANUAL_PROCESS", "SUPPORT_VALIDATION_REQUIRED_NUMBER_WITHOUT_AN_APPROVED_NNID", "CONTACT_SUPPORT_FOR_MANUAL_PROCESS"),
    28: ("ALREADY_IN_TWILIO", "ALREADY_HOSTED_IN_TWILIO", "CONTACT_SUPPORT_TO_RETIRE_PREVIOUS_ORDERS"),
}  # fmt: skip
FLAKY_CHECK = (24, 93)  # the first check fails, the second does not
SMS_ENABLED, NOBODY_ANSWERS, NO_CARRIER_DATA, FAILS_TESTING, BEHIND_IVR = 30, 31, 32, 33, 34

FATES = (
    Fate("00–19, 35–49, 80–89", "portable, accepted by the losing carrier", "eligible, completes"),
    *(Fate(str(ending), "portable, accepted", f"{reason} → {step}") for ending, (_, reason, step) in UNHOSTABLE.items()),
    Fate("30", "portable, accepted", "eligible, but the order fails: messaging is enabled elsewhere"),
    Fate("31", "portable, accepted", "nobody answers the verification call"),
    Fate("32", "portable, accepted", "action-required: carrier information is unavailable"),
    Fate("33", "portable, accepted", "action-required: there was a problem processing the order"),
    Fate("34", "portable, accepted", "behind a menu: the call needs extension wwww2ww5 (2 after two seconds, then 5)"),
    Fate("50–59", "mobile: PIN and account number required, else rejected with 22171", "NUMBER_TYPE_INELIGIBLE"),
    Fate("60–69", "rejected with 22150–22159 (6n with 2215n) until what the code is about has changed", "eligible"),
    Fate("70–79", "accepted, but for three days after the target date", "eligible"),
    Fate("90", "22130 UNSUPPORTED, type UNKNOWN", "eligible"),
    Fate("91", "22132 ALREADY_IN_TWILIO_DIFFERENT_OWNER", "eligible"),
    Fate("92", "22133 MANUAL_PORTING_AVAILABLE", "eligible"),
    Fate("93", "22135 ERROR_INTERNAL_SERVER_ERROR the first time, then portable", "eligible"),
    Fate("94", "22171 MISSING_REQUIRED_FIELDS unless AddressSid is given", "eligible"),
    Fate("95–99", "portable, accepted", "eligible"),
    Fate("toll-free", "22133 MANUAL_PORTING_AVAILABLE", "by its ending; the carrier takes three times as long"),
    Fate("never@…", "the LOA is never signed", "the LOA is never signed"),
    Fate("declines@…", "the LOA is declined: the request is canceled", "the LOA is declined: orders are verified again"),
)  # fmt: skip


def is_number(text: str) -> bool:
    """Whether this could be a number at all: E.164, and in North America with a real area code."""
    return bool(E164.fullmatch(text)) and country_of(text) is not None


def country_of(phone_number: str) -> str | None:
    try:
        parsed = phonenumbers.parse(phone_number)
    except phonenumbers.NumberParseException:
        return None
    code: str | None = phonenumbers.region_code_for_number(parsed)
    if code is None and parsed.country_code not in (None, 1):
        code = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
        code = None if code == "ZZ" else code
    return code


def ending_of(phone_number: str) -> int | None:
    """The last two digits of a North American number, which tell its fate."""
    matched = ENDING.fullmatch(phone_number)
    return int(matched[1]) if matched else None


def type_of(phone_number: str) -> str:
    """LOCAL, MOBILE or TOLL-FREE, as Portability writes them."""
    if country_of(phone_number) in HOSTED_COUNTRIES:
        if phone_number[2:5] in TOLL_FREE_CODES:
            return TOLL_FREE
        return MOBILE if ending_of(phone_number) in range(50, 60) else LOCAL
    match phonenumbers.number_type(phonenumbers.parse(phone_number)):
        case phonenumbers.PhoneNumberType.MOBILE:
            return MOBILE
        case phonenumbers.PhoneNumberType.TOLL_FREE:
            return TOLL_FREE
    return LOCAL


def not_portable(phone_number: str, *, has_address: bool = False, is_first_check: bool = False) -> int | None:
    """Why a number that Twilio does not hold yet cannot be ported: a code of doc page 13, or None."""
    country = country_of(phone_number)
    if country == "JP":
        return None
    if country != "US":
        return 22133 if country in COUNTRIES else 22130
    if type_of(phone_number) == TOLL_FREE:
        return 22133
    match ending_of(phone_number):
        case 90:
            return 22130
        case 91:
            return 22132
        case 92:
            return 22133
        case 93 if is_first_check:
            return 22135
        case 94 if not has_address:
            return 22171
    return None


def rejection_of(phone_number: str) -> int | None:
    """What the losing carrier says to a request that has nothing better than the last one."""
    ending = ending_of(phone_number)
    return 22150 + ending % 10 if ending is not None and 60 <= ending < 70 else None


def is_late(phone_number: str) -> bool:
    """Whether the losing carrier takes three days more."""
    return ending_of(phone_number) in range(70, 80)
