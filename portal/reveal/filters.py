from datetime import timedelta
from typing import Any

import django_filters
from django.db.models.functions import Now

from portal.filtering import AccountsFilter, AnyOf, OneOf
from portal.models import Reveal, RevealQuerySet, User

_SPANS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}


class RevealFilter(AccountsFilter):
    """What the list of reveals can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Object", method="by_object")
    who = AnyOf("Who", field_name="actor_id")
    since = OneOf(
        "When",
        choices=[
            ("24h", "In the last 24 hours"),
            ("7d", "In the last 7 days"),
            ("30d", "In the last 30 days"),
        ],
        empty_label="Any time",
        method="by_span",
    )

    class Meta:
        model = Reveal
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(pk__in=Reveal.objects.order_by().values("actor")).order_by("email")
        self.offer("who", ((str(person.pk), str(person)) for person in people))

    def by_object(self, rows: RevealQuerySet, name: str, value: str) -> RevealQuerySet:
        """By the SID of the object, whole."""
        return rows.filter(target=value.strip()[:34])

    def by_span(self, rows: RevealQuerySet, name: str, value: str) -> RevealQuerySet:
        return rows.filter(at__gte=Now() - _SPANS[value])
