"""Whether a bundle or an address does for a number, and whether a change restarts Twilio's review.

Page 24: only approved bundles of the number's country and type can be mapped, and changing a mapping
restarts the review. To map what was not mapped before starts one, and restarts none.
"""

from django.utils import timezone

from compliance.mapping.offers import regulation_of
from compliance.mapping.words import numbers_words
from compliance.models import Bundle
from compliance.standing import Mapped, about_bundle
from inventory.addresses.fit import NEEDS, Fit, fit_of
from inventory.models import Address, PhoneNumber

_WHY_NOT = {
    "bundle-gone": "Twilio no longer has this bundle.",
    "bundle-elsewhere": "This bundle belongs to another account. Twilio takes one of the number's own.",
    "bundle-rejected": "This bundle was rejected. Only approved ones can be assigned.",
    "bundle-draft": "This bundle is a draft. Only approved ones can be assigned.",
    "bundle-expired": "The last valid day of this bundle has passed.",
    "bundle-in-review": "This bundle is still under review. Only approved ones can be assigned.",
    "bundle-provisional": "This bundle is only provisionally approved.",
    "bundle-status-unknown": "This bundle is not approved.",
    "regulation-unread": "The regulation of this bundle has not been read yet.",
}


def why_not_bundle(number: PhoneNumber, bundle: Bundle, asked_for: bool | None) -> str:
    """Why Twilio would not take this bundle with a number; "" if it would, as far as can be told."""
    regulation = regulation_of(bundle)
    kind = number.number_type
    if regulation and asked_for is None and regulation.iso_country == number.country:
        kind = regulation.number_type  # which of its types Twilio means only Twilio knows
    code = about_bundle(
        Mapped(
            account_sid=number.account_id,
            country=number.country,
            number_type=kind,
            requirement=number.address_requirements,
            is_regulated=True,
            bundle_sid=bundle.pk,
            bundle=bundle,
            regulation=regulation,
        ),
        timezone.now(),
    )
    if code == "bundle-approved":
        return ""
    if code == "bundle-mismatch" and regulation:
        return f"This bundle is for {numbers_words(regulation.iso_country, regulation.number_type)}."
    return _WHY_NOT[code]


def fit_of_address(number: PhoneNumber, address: Address | None) -> Fit:
    """How an address would fit a number, or None how the number stands without one."""
    return fit_of(
        requirement=number.address_requirements,
        country=number.country,
        account_sid=number.account_id,
        address_sid=address.pk if address else None,
        address=address,
    )


def needs_address(number: PhoneNumber) -> bool:
    return number.address_requirements in NEEDS


def restarts_review(before: tuple[str, str], after: tuple[str, str]) -> bool:
    """Whether bundle or address is replaced by another, or taken away."""
    return any(old and old != new for old, new in zip(before, after, strict=True))
