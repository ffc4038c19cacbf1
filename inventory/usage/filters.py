from collections.abc import Callable, Iterable, Mapping
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone

from inventory.models import NumberActivity, PhoneNumber
from inventory.usage.labels import ACTIVITIES
from portal.filtering import AccountsFilter, AnyOf, OneOf
from portal.numbering import TYPE_NAMES

Rows = QuerySet[NumberActivity]


# What each filter means by which `ActivitySum` counts. The names stand on rows and sums alike.
FACETS: Mapping[str, Callable[[Any], Q]] = {
    "activity": lambda states: Q(state__in=states),
    "country": lambda countries: Q(country__in=countries),
    "type": lambda types: Q(number_type__in=types),
    "account": lambda sids: Q(account__in=sids),
    "standing": lambda standing: Q(urgency=1 if standing == "urgent" else 0),
}


class RiskFilter(AccountsFilter):
    """What the list of numbers at risk is narrowed by. Names are the URL's parameters.

    Without a choice of activity it holds numbers that are idle, and those of which nobody knows.
    """

    q = django_filters.CharFilter(label="Search", method="by_text")
    activity = AnyOf(
        "Activity",
        choices=[(state, label.word) for state, label in ACTIVITIES.items()],
        method="by_facet",
    )
    country = AnyOf("Country", method="by_facet")
    type = AnyOf("Type", choices=list(TYPE_NAMES.items()), method="by_facet")
    account = AnyOf("Account", method="by_facet")
    standing = OneOf(
        "In accounts",
        choices=[("urgent", "Trial or suspended"), ("paid", "All others")],
        method="by_facet",
    )
    kept = OneOf(
        "Kept",
        choices=[("yes", "Kept for now"), ("over", "Kept until a day that is over"), ("no", "Not kept")],
        method="by_keep",
    )
    owner = django_filters.CharFilter(label="Owner", field_name="number__owner")
    cost_centre = django_filters.CharFilter(label="Cost centre", field_name="number__cost_centre")
    tag = django_filters.CharFilter(label="Tag", method="by_tag")

    class Meta:
        model = NumberActivity
        fields: list[str] = []

    def __init__(self, *args: Any, countries: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_countries(countries)

    @property
    def facets(self) -> Q:
        """The applied filters that the sums know, as one condition."""
        applied = {name: self.applied.get(name) for name in FACETS}
        applied["activity"] = applied["activity"] or list(NumberActivity.AT_RISK)
        condition = Q()
        for name, meaning in FACETS.items():
            if applied[name]:
                condition &= meaning(applied[name])
        return condition

    @property
    def is_about_rows(self) -> bool:
        """Whether numbers are narrowed by more than the sums know."""
        return any(value for name, value in self.applied.items() if name not in FACETS)

    @property
    def qs(self) -> Rows:
        rows: Rows = super().qs
        return rows.filter(self.facets)

    def by_facet(self, rows: Rows, name: str, value: Any) -> Rows:
        return rows

    def by_text(self, rows: Rows, name: str, value: str) -> Rows:
        return rows.filter(number__in=PhoneNumber.objects.matching(value))

    def by_keep(self, rows: Rows, name: str, value: str) -> Rows:
        today = timezone.now().date()
        conditions = {
            "yes": Q(keep_until__gte=today),
            "over": Q(keep_until__lt=today),
            "no": Q(keep_until=None),
        }
        return rows.filter(conditions[value])

    def by_tag(self, rows: Rows, name: str, value: str) -> Rows:
        tagged = PhoneNumber.objects.filter(~Q(tags=[]), tags__contains=[value.strip().lower()])
        return rows.filter(number__in=tagged)
