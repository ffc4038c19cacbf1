"""What an address must be before Twilio is asked: pure rules, one sentence for each field that breaks one.

Lengths are those of the Address resource (`customer_name`: 16 four-byte or 21 three-byte characters,
which is 64 bytes; `friendly_name`: 64 characters, 32 for an emergency address). Pages 9 and 24 need
addresses that letters of authorization and bundles can rest on; page 41 takes no post office box and
no virtual address as proof of a local one.
"""

import re
import unicodedata
from collections.abc import Mapping

from inventory.addresses.formats import EMERGENCY_COUNTRIES, format_of, in_words

PARTS = ("customer_name", "street", "street_secondary", "city", "region", "postal_code")
REQUIRED = ("customer_name", "street", "city", "region", "postal_code")
NAME_LENGTH = 64
EMERGENCY_NAME_LENGTH = 32
CUSTOMER_NAME_BYTES = 64
_LONGEST = 255

_BOX = re.compile(
    r"""
      \b(?:g\.?\s*)?p\.?\s*o\.?[\s-]*box\b
    | \bpost[\s-]*office[\s-]*box\b
    | \b(?:locked|private)\s+bag\b | \bp\.?m\.?b\.?\s*\#?\d | \bgeneral\s+delivery\b | \bposte\s+restante\b
    | \bpostfach\b | \bpostbus\b | \bpostboks\b | \bbo[iî]te\s+postale\b | \bcasella\s+postale\b
    | \bapartado\b | \bapdo\b | \bcasilla\b | \bcaixa\s+postal\b | \bskrytka\s+pocztowa\b
    | \bvirtual\s+office\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
# In these countries short words mean the same.
_BOX_IN = {
    "FR": re.compile(r"\b(?:b\.?p\.?|cs)\s*\d", re.IGNORECASE),
    "BE": re.compile(r"\bb\.?p\.?\s*\d", re.IGNORECASE),
    "SE": re.compile(r"^\s*box\s+\d", re.IGNORECASE),
    "DK": re.compile(r"^\s*(?:post)?box\s+\d", re.IGNORECASE),
    "FI": re.compile(r"^\s*(?:pl|pb)\s+\d", re.IGNORECASE),
}
_NOT_IN_NAMES = frozenset("<>")
_NOT_IN_PLACES = frozenset('<>{}[]|\\^~`*=$%_@!?"')


def is_box(country: str, *lines: str) -> bool:
    """Whether these lines of an address say that it is a post office box or a virtual office."""
    local = _BOX_IN.get(country)
    return any(_BOX.search(line) or (local and local.search(line)) for line in lines if line)


def faults_of(
    values: Mapping[str, str], country: str, *, for_emergency: bool = False, must_be_physical: bool = False
) -> dict[str, str]:
    """What is wrong, by field; nothing for an address that may be sent.

    `must_be_physical`: numbers that need a local address rest on it, or emergency services go there.
    """
    form = format_of(country)
    faults: dict[str, str] = {}
    for name in PARTS:
        text = values.get(name, "").strip()
        label = form.in_sentence(name)
        if name in REQUIRED and not text:
            faults[name] = f"{'Choose' if name == 'region' and form.regions else 'Enter'} the {label}"
        elif odd := _odd_character(text, _NOT_IN_NAMES if name == "customer_name" else _NOT_IN_PLACES):
            faults[name] = f"Take {odd} out of the {label}"
        elif len(text) > _LONGEST:
            faults[name] = f"Shorten the {label} to {_LONGEST} characters. It has {len(text)}"
    if for_emergency and country not in EMERGENCY_COUNTRIES:
        faults["emergency_enabled"] = (
            f"Leave this off: Twilio registers no emergency addresses in {in_words(country)}"
        )
    faults = _name_faults(values, for_emergency) | faults
    must_be_physical = must_be_physical or for_emergency
    if must_be_physical and is_box(country, values.get("street", ""), values.get("street_secondary", "")):
        faults.setdefault(
            "street",
            "Enter the place itself: emergency services cannot go to a post office box"
            if for_emergency
            else "Enter the place itself: a post office box or virtual office is no local address",
        )
    if form.regions and "region" not in faults and values["region"].strip() not in form.regions:
        faults["region"] = f"Choose the {form.in_sentence('region')}"
    if "postal_code" not in faults and not form.takes(values["postal_code"]):
        faults["postal_code"] = (
            f"Enter the {form.in_sentence('postal_code')} as one writes it in {in_words(country)}: "
            f"{form.example}"
        )
    return faults


def _name_faults(values: Mapping[str, str], for_emergency: bool) -> dict[str, str]:
    faults = {}
    name = values.get("friendly_name", "").strip()
    most = EMERGENCY_NAME_LENGTH if for_emergency else NAME_LENGTH
    if odd := _odd_character(name, _NOT_IN_NAMES):
        faults["friendly_name"] = f"Take {odd} out of the friendly name"
    elif len(name) > most:
        what = " for an emergency address" if for_emergency else ""
        faults["friendly_name"] = f"Shorten the friendly name to {most} characters{what}. It has {len(name)}"
    customer = values.get("customer_name", "").strip()
    size = len(customer.encode())
    if size > CUSTOMER_NAME_BYTES:
        faults["customer_name"] = (
            f"Shorten the name of the company or person: Twilio keeps {CUSTOMER_NAME_BYTES} bytes, and this "
            f"has {size}. Letters outside of English count double or more"
        )
    return faults


def _odd_character(text: str, forbidden: frozenset[str]) -> str:
    """What an envelope could not say: a control character, a pictogram, or one of `forbidden`."""
    for character in text:
        if character in forbidden:
            return f"“{character}”"
        category = unicodedata.category(character)
        if category in ("Cc", "Zl", "Zp"):
            return "the line break or control character"
        if category in ("So", "Cs", "Co", "Cn") and character not in "°№":
            return f"“{character}”"
    return ""
