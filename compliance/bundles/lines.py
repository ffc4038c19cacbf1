"""Bundles as a list shows them, with what stands elsewhere about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, DateTimeField, F, Value
from django.db.models.functions import Coalesce

from compliance.labels import BUNDLE_STATES
from compliance.models import Bundle
from compliance.querysets import BundleQuerySet
from compliance.renewals.rules import Deadline
from inventory.models import PhoneNumber
from portal.labels import Label, label_for


@dataclass(frozen=True, slots=True)
class BundleLine:
    """One bundle, and how many numbers are mapped to it."""

    bundle: Bundle
    numbers: int

    @property
    def label(self) -> Label:
        return label_for(BUNDLE_STATES, self.bundle.status)

    @property
    def deadline(self) -> Deadline | None:
        return deadline_of(self.bundle)


def deadline_of(bundle: Bundle) -> Deadline | None:
    """The last day of a bundle, if it has one."""
    return Deadline.of(bundle.valid_until, None) if bundle.valid_until else None


def for_list(rows: BundleQuerySet) -> BundleQuerySet:
    """Rows with what a list shows and sorts by; `until` is later than any day where there is no last one."""
    never = Value(datetime(9999, 12, 31, tzinfo=UTC), output_field=DateTimeField())
    listed = rows.select_related("account", "regulation").defer(
        "payload", "regulation__payload", "email", "review_reason"
    )
    annotated: BundleQuerySet = listed.annotate(
        until=Coalesce(F("valid_until"), never),
        since=Coalesce(F("status_since"), F("remote_created_at"), F("first_seen_at")),
    )
    return annotated


def lines_of(bundles: Sequence[Bundle], visible: Any) -> list[BundleLine]:
    """Bundles with their numbers, of those that `visible` lets a person see. One query."""
    rows = visible(PhoneNumber.objects.present()).filter(bundle_sid__in=[bundle.pk for bundle in bundles])
    counts = dict(rows.order_by().values_list("bundle_sid").annotate(Count("sid")))
    return [BundleLine(bundle, counts.get(bundle.pk, 0)) for bundle in bundles]
