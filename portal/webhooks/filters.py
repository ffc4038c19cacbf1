from datetime import timedelta

import django_filters
from django.db.models.functions import Now

from portal.filtering import AccountsFilter, AnyOf, OneOf
from portal.labels import DELIVERY_KINDS, DELIVERY_STATES, DELIVERY_VERDICTS
from portal.models import Delivery, DeliveryQuerySet

_SPANS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}


class DeliveryFilter(AccountsFilter):
    """What the inbox can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    state = AnyOf(
        "State",
        choices=[(value, label.word) for value, label in DELIVERY_STATES.items()],
    )
    verdict = AnyOf(
        "Signature",
        choices=[(value, label.word) for value, label in DELIVERY_VERDICTS.items()],
    )
    kind = AnyOf("Kind", choices=list(DELIVERY_KINDS.items()))
    since = OneOf(
        "Received",
        choices=[("1h", "In the last hour"), ("24h", "In the last 24 hours"), ("7d", "In the last 7 days")],
        empty_label="Any time",
        method="by_span",
    )

    class Meta:
        model = Delivery
        fields: list[str] = []

    def by_text(self, rows: DeliveryQuerySet, name: str, value: str) -> DeliveryQuerySet:
        """By the SID of the object, whole: that is what a search for a delivery begins with."""
        return rows.filter(target=value.strip()[:34])

    def by_span(self, rows: DeliveryQuerySet, name: str, value: str) -> DeliveryQuerySet:
        return rows.filter(received_at__gte=Now() - _SPANS[value])
