"""How long Twilio takes to review, against what it says and against what it took before (pages 29 and 41)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from compliance.models import Bundle
from compliance.querysets import BundleQuerySet
from compliance.renewals.actions import ESCALATE_REVIEW
from compliance.renewals.rules import escalation_after, expected_by, office_hours, reviewed_for
from portal.labels import Label
from portal.models import Operation
from portal.numbering import country_name, type_name
from portal.templatetags.portal_ui import exact

# Medians are of so many decisions, the newest; fewer than the second number say nothing.
_DECISIONS = 1000
FEWEST_DECISIONS = 3
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Line:
    """A bundle under review, and how long it has been."""

    bundle: Bundle
    submitted_at: datetime
    waited: timedelta
    business: timedelta
    median: timedelta | None  # of business time, what its country took before
    escalation: Operation | None

    @property
    def hours(self) -> int:
        return self.waited // _HOUR

    @property
    def business_hours(self) -> int:
        return self.business // _HOUR

    @property
    def median_hours(self) -> str:
        return f"{self.median / _HOUR:.0f}" if self.median is not None else ""

    @property
    def expected_by(self) -> datetime:
        return expected_by(self.submitted_at)

    @property
    def is_past_expected(self) -> bool:
        return self.expected_by < timezone.now()

    @property
    def is_for_escalation(self) -> bool:
        return self.waited > escalation_after()

    @property
    def label(self) -> Label:
        if self.is_for_escalation:
            return Label(f"Over {settings.REVIEW_ESCALATION_HOURS} hours", "bad")
        if self.business > timedelta(hours=settings.REVIEW_EXPECTED_HOURS):
            return Label("Longer than expected", "wait")
        return Label("As expected", "ok")


@dataclass(frozen=True, slots=True)
class Median:
    """What decisions about a country's bundles took, in business hours."""

    country: str
    length: timedelta
    count: int

    @property
    def hours(self) -> str:
        return f"{self.length / _HOUR:.0f}"


def reviews() -> BundleQuerySet:
    """Bundles that wait for a decision of Twilio's."""
    rows: BundleQuerySet = Bundle.objects.present().under_review()
    return rows


def lines_of(bundles: Sequence[Bundle], medians: Mapping[str, Median]) -> list[Line]:
    """What the list says of these bundles. One query."""
    now = timezone.now()
    told = Operation.objects.filter(kind=ESCALATE_REVIEW, target__in=[bundle.pk for bundle in bundles])
    escalations = {one.target: one for one in told.select_related("actor").order_by("started_at")}
    lines = []
    for bundle in bundles:
        submitted_at = bundle.submitted_at or bundle.status_since or bundle.first_seen_at
        usual = medians.get(bundle.regulation.iso_country) if bundle.regulation else None
        escalation = escalations.get(bundle.pk)
        if escalation and escalation.started_at < submitted_at:
            escalation = None  # about an earlier review of it
        lines.append(
            Line(
                bundle,
                submitted_at,
                now - submitted_at,
                reviewed_for(submitted_at, now),
                usual.length if usual else None,
                escalation,
            )
        )
    return lines


def observed_medians(rows: BundleQuerySet) -> dict[str, Median]:
    """What Twilio's last decisions took, by country, out of our own bundles. One query.

    Only the last review of each bundle is known, and only where it was seen to be submitted. What was
    rejected on its last day was not reviewed.
    """
    decided = Q(status=Bundle.Status.APPROVED) | Q(status=Bundle.Status.REJECTED, valid_until=None)
    found = rows.filter(decided, status_since__gt=F("submitted_at")).order_by("-status_since")
    took: dict[str, list[float]] = defaultdict(list)
    columns = ("regulation__iso_country", "submitted_at", "status_since")
    for country, submitted_at, decided_at in found.values_list(*columns)[:_DECISIONS]:
        took[country or ""].append(reviewed_for(submitted_at, decided_at).total_seconds())
    return {
        country: Median(country, timedelta(seconds=median(seconds)), len(seconds))
        for country, seconds in sorted(took.items())
        if country and len(seconds) >= FEWEST_DECISIONS
    }


def escalation_text(lines: Sequence[Line]) -> str:
    """What to write to Twilio Support: SIDs and times, and nothing of whom the bundles are about."""
    these = "This regulatory bundle has" if len(lines) == 1 else "These regulatory bundles have"
    is_late = all(line.is_for_escalation for line in lines)
    long = f" for longer than {settings.REVIEW_ESCALATION_HOURS} hours" if is_late else " as long as stated"
    paragraphs = [
        f"{these} been under review{long}. Your documentation names 24 business hours, and asks to write to "
        "you after 72 hours (https://www.twilio.com/docs/phone-numbers/regulatory/faq)."
    ]
    for number, line in enumerate(lines, start=1):
        bundle, regulation = line.bundle, line.bundle.regulation
        about = (
            f"{country_name(regulation.iso_country)}, {type_name(regulation.number_type).lower()} numbers, "
            f"{regulation.end_user_type}"
            if regulation
            else "not known"
        )
        facts = [
            f"{number}. Bundle {bundle.pk}",
            f"   Account {bundle.account_id}",
            f"   Regulation {bundle.regulation_id or 'not known'} ({about})",
            f"   Submitted {exact(line.submitted_at)}",
            f"   Waiting for {line.hours} hours, {line.business_hours} of them business hours",
            f"   Status {bundle.status}, since {exact(bundle.status_since) or 'a time not known'}",
        ]
        if line.escalation:
            ticket = line.escalation.detail["ticket"]
            facts.append(f"   Told you before: ticket {ticket}, {exact(line.escalation.started_at)}")
        paragraphs.append("\n".join(facts))
    paragraphs.append(
        "We ask for a decision, or for the reason why it waits and what is needed from us.\n"
        f"Business hours are counted from {office_hours()}."
    )
    return "\n\n".join(paragraphs)
