"""How old a document may be, and the day from which it is too old. Pure, derived: Twilio tells no such day.

Doc page 41: what proves an address and is no government ID should be dated within three months of its
submission, other documents within one year; a country may ask for more. An ID has its own last day, and so
has everything that names one. A document that tells no date counts from the day Twilio got it.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Literal

ADDRESS_PROOF_MONTHS = 3
OTHER_MONTHS = 12

# Types by which staff prove an address (pages 33 and 41). Types that are not named here count as others.
ADDRESS_PROOFS = frozenset({"utility_bill", "rental_receipt", "rent_receipt", "tax_document", "tax_notice"})
GOVERNMENT_IDS = frozenset(
    {"passport", "national_id_card", "government_issued_document", "drivers_license", "residence_permit"}
)

Basis = Literal["expires", "issued", "uploaded"]


@dataclass(frozen=True, slots=True)
class Age:
    """The day from which a document is too old, what it was counted from, and the rule."""

    too_old_on: date
    basis: Basis
    months: int | None = None

    @property
    def rule(self) -> str:
        if self.basis == "expires":
            return "The day after its own expiration date"
        since = "its date of issue" if self.basis == "issued" else "its upload, for it tells no date"
        return f"{'3 months' if self.months == ADDRESS_PROOF_MONTHS else '1 year'} after {since}"

    def days_left(self, today: date) -> int:
        return (self.too_old_on - today).days


def months_allowed(type: str) -> int | None:
    """How many months after its issue a document of this type is taken; None where issue says nothing."""
    if is_data(type) or type in GOVERNMENT_IDS:
        return None
    return ADDRESS_PROOF_MONTHS if type in ADDRESS_PROOFS else OTHER_MONTHS


def is_data(type: str) -> bool:
    """Whether documents of this type are data alone, and have neither a file nor an age: addresses."""
    return type == "address" or type.endswith("_address")


def age_of(*, type: str, issued_on: date | None, expires_on: date | None, uploaded_on: date) -> Age | None:
    """When the document is too old, by whichever rule comes first; None if no rule is about it."""
    found = []
    if expires_on:
        found.append(Age(date.fromordinal(min(expires_on.toordinal() + 1, _LAST)), "expires"))
    if months := months_allowed(type):
        basis: Basis = "issued" if issued_on else "uploaded"
        found.append(Age(months_after(issued_on or uploaded_on, months), basis, months))
    return min(found, key=lambda age: age.too_old_on, default=None)


_LAST = date.max.toordinal()


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
