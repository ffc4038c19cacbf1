"""What the sandbox knows of postal addresses: enough to correct one, or to refuse it."""

import re
from dataclasses import dataclass

from portal.sandbox.errors import refusal

POST_OFFICE_BOX = re.compile(
    r"\b(p\.?\s*o\.?\s*box|post\s*office\s*box|postfach|bo[iî]te\s+postale|apartado|casella\s+postale|postbus)\b",
    re.IGNORECASE,
)
# country -> its postal code without spaces, and the number of characters behind the space if it has one
POSTAL_CODES = {
    "US": (r"\d{5}(-\d{4})?", 0),
    "CA": (r"[A-Z]\d[A-Z]\d[A-Z]\d", 3),
    "GB": (r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}", 3),
    "DE": (r"\d{5}", 0),
    "FR": (r"\d{5}", 0),
    "AU": (r"\d{4}", 0),
    "SE": (r"\d{5}", 2),
    "IE": (r"[A-Z]\d[\dW][A-Z\d]{4}", 4),
    "NL": (r"\d{4}[A-Z]{2}", 2),
    "ES": (r"\d{5}", 0),
    "IT": (r"\d{5}", 0),
    "BE": (r"\d{4}", 0),
    "AT": (r"\d{4}", 0),
    "BR": (r"\d{5}-?\d{3}", 0),
    "JP": (r"\d{3}-?\d{4}", 0),
}
REGION_CODES = ("US", "CA", "AU")


@dataclass(frozen=True)
class PostalAddress:
    street: str
    city: str
    region: str
    postal_code: str


def validate(address: PostalAddress, country: str) -> PostalAddress:
    """The address as its country writes it.

    21628 for one that cannot be right, a post office box among them. Countries without rules here take
    any address.
    """
    if country not in POSTAL_CODES:
        return address
    if POST_OFFICE_BOX.search(address.street):
        raise refusal(21628, "Address Validation Error: a PO box is not a valid street address")
    shape, tail = POSTAL_CODES[country]
    code = re.sub(r"\s+", "", address.postal_code).upper()
    if not re.fullmatch(shape, code):
        raise refusal(21628, f"Address Validation Error: PostalCode is not valid in {country}")
    region = _tidy(address.region)
    return PostalAddress(
        street=_tidy(address.street),
        city=_tidy(address.city),
        region=region.upper() if country in REGION_CODES else region,
        postal_code=f"{code[:-tail]} {code[-tail:]}" if tail else code,
    )


def _tidy(text: str) -> str:
    return " ".join(text.split())
