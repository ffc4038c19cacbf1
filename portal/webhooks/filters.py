from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models.functions import Now

from portal.labels import DELIVERY_KINDS, DELIVERY_STATES, DELIVERY_VERDICTS
from portal.models import Delivery, DeliveryQuerySet, TwilioAccount

_SPANS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}


class DeliveryFilter(django_filters.FilterSet):
    """What the inbox can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    state = django_filters.MultipleChoiceFilter(
        label="State",
        choices=[(value, label.word) for value, label in DELIVERY_STATES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    verdict = django_filters.MultipleChoiceFilter(
        label="Signature",
        choices=[(value, label.word) for value, label in DELIVERY_VERDICTS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    kind = django_filters.MultipleChoiceFilter(
        label="Kind", choices=list(DELIVERY_KINDS.items()), widget=forms.CheckboxSelectMultiple
    )
    since = django_filters.ChoiceFilter(
        label="Received",
        choices=[("1h", "In the last hour"), ("24h", "In the last 24 hours"), ("7d", "In the last 7 days")],
        empty_label="Any time",
        widget=forms.RadioSelect,
        method="by_span",
    )
    account = django_filters.MultipleChoiceFilter(
        label="Account", field_name="account_id", widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Delivery
        fields: list[str] = []

    def __init__(self, *args: Any, accounts: Iterable[TwilioAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["account"].extra["choices"] = [(account.pk, str(account)) for account in accounts]

    def by_text(self, rows: DeliveryQuerySet, name: str, value: str) -> DeliveryQuerySet:
        """By the SID of the object, whole: that is what a search for a delivery begins with."""
        return rows.filter(target=value.strip()[:34])

    def by_span(self, rows: DeliveryQuerySet, name: str, value: str) -> DeliveryQuerySet:
        return rows.filter(received_at__gte=Now() - _SPANS[value])
