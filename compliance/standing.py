"""How a number stands with its country's rules, as far as can be told. Pure: no rows, no calls.

No API tells the review status that Twilio Console shows with a number (pages 24 and 25), so this is derived
from what is mapped to it: never Twilio's verdict. `compliance.mapping.tally` says the same in SQL.

Emergency addresses are another matter (page 25) and left out.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from inventory.addresses.fit import FITS, NOT_NEEDED, Place, fit_of
from inventory.addresses.fit import NOT_KNOWN as FIT_NOT_KNOWN
from portal.labels import Label, Labels

COMPLIANT = "compliant"
PROVISIONAL = "provisionally_approved"
PENDING = "pending_review"
NOT_COMPLIANT = "not_compliant"
NOT_KNOWN = "not_known"
NOT_REQUIRED = "not_required"

# In the order in which reports show them.
STANDINGS: Labels = {
    NOT_COMPLIANT: Label("Not compliant", "bad"),
    PENDING: Label("Pending review", "wait"),
    NOT_KNOWN: Label("Not known", "wait"),
    PROVISIONAL: Label("Provisionally approved", "ok"),
    COMPLIANT: Label("Compliant", "ok"),
    NOT_REQUIRED: Label("Nothing asked"),
}
MEANINGS: Mapping[str, str] = {
    NOT_COMPLIANT: "Something that the country asks for is missing or does not do.",
    PENDING: "Twilio is reviewing the bundle, or what was last mapped to the number.",
    NOT_KNOWN: "Numberdesk has not read enough to tell, or Twilio does not say.",
    PROVISIONAL: "Only an address is asked for, and it fits; or the bundle is provisionally approved.",
    COMPLIANT: "The bundle is approved for just such numbers, and the address fits.",
    NOT_REQUIRED: "Twilio lists no regulation for such numbers and asks for no address with this one.",
}
# Those that count as right in a percentage, of all that are asked for something.
RIGHT = (COMPLIANT, PROVISIONAL)

# What to do next. Pages know where each leads; "" is nothing to do.
ASSIGN_BUNDLE, ASSIGN_ADDRESS, FIX_BUNDLE, RENEW_BUNDLE = "assign", "assign-address", "fix", "renew"
SUBMIT_BUNDLE, REFRESH, ASK_TWILIO, WAIT = "submit", "refresh", "ask", "wait"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a number stands as it does: what lists call it, and what is done about it."""

    standing: str
    title: str
    step: str = ""


# In the order in which the rule looks; the first that holds is told.
REASONS: Mapping[str, Reason] = {
    "no-bundle": Reason(NOT_COMPLIANT, "No bundle is set, and the regulation asks for one", ASSIGN_BUNDLE),
    "bundle-gone": Reason(NOT_COMPLIANT, "Twilio no longer has the bundle", ASSIGN_BUNDLE),
    "bundle-elsewhere": Reason(NOT_COMPLIANT, "The bundle belongs to another account", ASSIGN_BUNDLE),
    "bundle-mismatch": Reason(NOT_COMPLIANT, "The bundle is for another country or type", ASSIGN_BUNDLE),
    "bundle-rejected": Reason(NOT_COMPLIANT, "The bundle was rejected", FIX_BUNDLE),
    "bundle-draft": Reason(NOT_COMPLIANT, "The bundle is a draft that was not submitted", SUBMIT_BUNDLE),
    "bundle-expired": Reason(NOT_COMPLIANT, "The bundle's last valid day has passed", RENEW_BUNDLE),
    "address-missing": Reason(NOT_COMPLIANT, "No address is set, and Twilio asks for one", ASSIGN_ADDRESS),
    "address-gone": Reason(NOT_COMPLIANT, "Twilio no longer has the address", ASSIGN_ADDRESS),
    "address-other-account": Reason(NOT_COMPLIANT, "The address belongs to another account", ASSIGN_ADDRESS),
    "address-not-local": Reason(NOT_COMPLIANT, "The address is outside of the country", ASSIGN_ADDRESS),
    "address-not-foreign": Reason(NOT_COMPLIANT, "The address is inside of the country", ASSIGN_ADDRESS),
    "bundle-unread": Reason(NOT_KNOWN, "The bundle has not been read from Twilio yet", REFRESH),
    "regulation-unread": Reason(NOT_KNOWN, "The bundle's regulation has not been read yet", REFRESH),
    "bundle-status-unknown": Reason(NOT_KNOWN, "The bundle has a status without a known meaning", ASK_TWILIO),
    "type-unknown": Reason(NOT_KNOWN, "No regulation is named for this kind of number", ASK_TWILIO),
    "address-unknown": Reason(NOT_KNOWN, "Whether the address fits is not known", REFRESH),
    "bundle-in-review": Reason(PENDING, "The bundle is under review", WAIT),
    "mapping-changed": Reason(PENDING, "Its bundle or address was changed a few days ago", WAIT),
    "bundle-provisional": Reason(PROVISIONAL, "The bundle is provisionally approved"),
    "bundle-approved": Reason(COMPLIANT, "The bundle is approved and the address fits"),
    "address-only": Reason(PROVISIONAL, "Only an address is asked for, and it fits"),
    "nothing-asked": Reason(NOT_REQUIRED, "Neither bundle nor address is asked for"),
}
# Those that a bundle or an address that is assigned puts right.
ASSIGNABLE = tuple(code for code, reason in REASONS.items() if reason.step in (ASSIGN_BUNDLE, ASSIGN_ADDRESS))

# Statuses of bundles (page 31), as the mirror writes them.
REJECTED, DRAFT, APPROVED, PROVISIONALLY = (
    "twilio-rejected", "draft", "twilio-approved", "provisionally-approved",
)  # fmt: skip
UNDER_REVIEW = ("pending-review", "in-review")

# Page 24: "the review process will take up to 3 business days".
REVIEW_DAYS = 3


class Regulated(Protocol):
    iso_country: str
    number_type: str
    end_user_type: str


class Papers(Protocol):
    """As much of a bundle as the rule asks for."""

    account_id: str
    status: str
    valid_until: Any
    missing_since: Any

    @property
    def regulation(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Mapped:
    """What is mapped to a number, and what Twilio asks for with it.

    `bundle` and `address` are None where none is set or it is not mirrored, and so is the bundle's
    regulation. `changed_at` is when bundle or address last turned out different.
    """

    account_sid: str
    country: str
    number_type: str
    requirement: str
    is_regulated: bool | None
    bundle_sid: str | None = None
    bundle: Papers | None = None
    regulation: Regulated | None = None
    address_sid: str | None = None
    address: Place | None = None
    changed_at: datetime | None = None


def is_regulated(country: str, number_type: str, groups: Collection[tuple[str, str]]) -> bool | None:
    """Whether a regulation asks for a bundle, by the countries and types of those in force.

    None where that cannot be told. Numbers have types that no regulation is named for (contract
    section 4, row 4): what Twilio asks for with those it says nowhere.
    """
    if (country, number_type) in groups:
        return True
    if not country or not number_type or all(known != number_type for _, known in groups):
        return None
    return False


def reason_of(mapped: Mapped, now: datetime) -> str:
    """The first of `REASONS` that holds for a number."""
    papers = about_bundle(mapped, now) if mapped.is_regulated else ""
    if papers and REASONS[papers].standing == NOT_COMPLIANT:
        return papers
    fit = fit_of(
        requirement=mapped.requirement,
        country=mapped.country,
        account_sid=mapped.account_sid,
        address_sid=mapped.address_sid,
        address=mapped.address,
    )
    if fit.is_trouble:
        return f"address-{fit.state}"
    if papers and REASONS[papers].standing == NOT_KNOWN:
        return papers
    if mapped.is_regulated is None:
        return "type-unknown"
    if fit.state == FIT_NOT_KNOWN:
        return "address-unknown"
    if papers == "bundle-in-review":
        return papers
    is_asked = mapped.is_regulated or fit.state == FITS
    if is_asked and mapped.changed_at and mapped.changed_at > review_horizon(now):
        return "mapping-changed"
    if papers:
        return papers
    return "nothing-asked" if fit.state == NOT_NEEDED else "address-only"


def about_bundle(mapped: Mapped, now: datetime) -> str:
    """What the bundle comes to by itself, where the numbers need one: the first of the reasons about it."""
    bundle, regulation = mapped.bundle, mapped.regulation
    if not mapped.bundle_sid:
        return "no-bundle"
    if bundle is None:
        return "bundle-unread"
    if bundle.missing_since:
        return "bundle-gone"
    if bundle.account_id != mapped.account_sid:
        return "bundle-elsewhere"
    if regulation and (regulation.iso_country, regulation.number_type) != (
        mapped.country,
        mapped.number_type,
    ):
        return "bundle-mismatch"
    if bundle.status == REJECTED:
        return "bundle-rejected"
    if bundle.status == DRAFT:
        return "bundle-draft"
    if bundle.valid_until and bundle.valid_until <= now:
        return "bundle-expired"
    if regulation is None:
        return "regulation-unread"
    if bundle.status in UNDER_REVIEW:
        return "bundle-in-review"
    if bundle.status == PROVISIONALLY:
        return "bundle-provisional"
    return "bundle-approved" if bundle.status == APPROVED else "bundle-status-unknown"


def review_horizon(now: datetime) -> datetime:
    """What was mapped after this moment may still be under review: three business days ago."""
    moment, left = now, REVIEW_DAYS
    while left:
        moment -= timedelta(days=1)
        left -= moment.weekday() < 5
    return moment
