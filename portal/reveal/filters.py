from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models.functions import Now

from portal.models import Reveal, RevealQuerySet, TwilioAccount, User

_SPANS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}


class RevealFilter(django_filters.FilterSet):
    """What the list of reveals can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Object", method="by_object")
    who = django_filters.MultipleChoiceFilter(
        label="Who", field_name="actor_id", widget=forms.CheckboxSelectMultiple
    )
    since = django_filters.ChoiceFilter(
        label="When",
        choices=[
            ("24h", "In the last 24 hours"),
            ("7d", "In the last 7 days"),
            ("30d", "In the last 30 days"),
        ],
        empty_label="Any time",
        widget=forms.RadioSelect,
        method="by_span",
    )
    account = django_filters.MultipleChoiceFilter(
        label="Account", field_name="account_id", widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Reveal
        fields: list[str] = []

    def __init__(self, *args: Any, accounts: Iterable[TwilioAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["account"].extra["choices"] = [(account.pk, str(account)) for account in accounts]
        people = User.objects.filter(pk__in=Reveal.objects.order_by().values("actor")).order_by("email")
        self.filters["who"].extra["choices"] = [(str(person.pk), str(person)) for person in people]

    def by_object(self, rows: RevealQuerySet, name: str, value: str) -> RevealQuerySet:
        """By the SID of the object, whole."""
        return rows.filter(target=value.strip()[:34])

    def by_span(self, rows: RevealQuerySet, name: str, value: str) -> RevealQuerySet:
        return rows.filter(at__gte=Now() - _SPANS[value])
