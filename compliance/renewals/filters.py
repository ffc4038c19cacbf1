from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Now
from django.utils import timezone

from compliance.models import Bundle
from compliance.querysets import BundleQuerySet
from compliance.renewals.rules import RESTS_AFTER, THRESHOLDS, escalation_after
from inventory.querysets import ILike, like_escape
from portal.filtering import AccountsFilter, AnyOf, OneOf

_DUE = [
    ("overdue", "Overdue"),
    ("1", "Within a day"),
    *((str(days), f"Within {days} days") for days in sorted(THRESHOLDS) if days > 1),
]
_STANDINGS: Mapping[str, str] = {
    "none": "No copy",
    "any": "Has a copy",
    "draft": "Copy in progress",
    "rejected": "Copy rejected",
    "review": "Copy under review",
    "approved": "Approved, replace now",
    "stalled": "Stalled",
}


class _BundleFilter(AccountsFilter):
    """What both lists can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    country = AnyOf("Country", field_name="regulation__iso_country")

    class Meta:
        model = Bundle
        fields: list[str] = []

    def __init__(self, *args: Any, countries: Iterable[str | None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_countries(countries)

    def by_text(self, rows: BundleQuerySet, name: str, value: str) -> BundleQuerySet:
        """Bundles whose name has every word, or whose SID it is."""
        if value.strip().startswith("BU") and len(value.strip()) == 34:
            return rows.filter(pk=value.strip())
        for word in value.split():
            rows = rows.filter(ILike(F("friendly_name"), Value(f"%{like_escape(word)}%")))
        return rows


class DeadlineFilter(_BundleFilter):
    due = OneOf("Days left", choices=_DUE, method="by_due")
    update = OneOf("Update", choices=list(_STANDINGS.items()), method="by_update")

    def by_due(self, rows: BundleQuerySet, name: str, value: str) -> BundleQuerySet:
        if value == "overdue":
            return rows.filter(valid_until__lte=Now())
        return rows.filter(valid_until__gt=Now(), valid_until__lte=Now() + timedelta(days=int(value)))

    def by_update(self, rows: BundleQuerySet, name: str, value: str) -> BundleQuerySet:
        copies = Bundle.objects.present().filter(copy_of=OuterRef("pk"))
        if value == "none":
            return rows.filter(~Exists(copies))
        return rows.filter(Exists(copies.filter(standing(value))))


class ReviewFilter(_BundleFilter):
    late = OneOf(
        "Waiting",
        choices=[("escalate", "Long enough to write to Twilio"), ("in-time", "Not that long yet")],
        method="by_wait",
    )

    def by_wait(self, rows: BundleQuerySet, name: str, value: str) -> BundleQuerySet:
        latest = timezone.now() - escalation_after()
        is_late = Q(submitted_at__lte=latest)
        return rows.filter(is_late if value == "escalate" else ~is_late)


def standing(name: str) -> Q:
    """What a copy has to be for an update to stand so."""
    match name:
        case "any":
            return Q()
        case "review":
            return Q(status__in=Bundle.UNDER_REVIEW)
        case "rejected":
            return Q(status=Bundle.Status.REJECTED)
        case "approved":
            return Q(status=Bundle.Status.APPROVED)
        case "stalled":
            now = timezone.now()
            waiting = Q(status__in=Bundle.UNDER_REVIEW)
            return (waiting & Q(submitted_at__lt=now - escalation_after())) | (
                ~waiting & Q(status_since__lt=now - RESTS_AFTER)
            )
        case _:
            return ~Q(status__in=(*Bundle.UNDER_REVIEW, Bundle.Status.REJECTED, Bundle.Status.APPROVED))
