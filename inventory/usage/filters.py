from collections.abc import Callable, Iterable, Mapping
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from inventory.models import NumberActivity, PhoneNumber
from inventory.usage.labels import ACTIVITIES
from portal.models import TwilioAccount
from portal.numbering import TYPE_NAMES, country_name

Rows = QuerySet[NumberActivity]


# What each filter means by which `ActivitySum` counts. The names stand on rows and sums alike.
FACETS: Mapping[str, Callable[[Any], Q]] = {
    "activity": lambda states: Q(state__in=states),
    "country": lambda countries: Q(country__in=countries),
    "type": lambda types: Q(number_type__in=types),
    "account": lambda sids: Q(account__in=sids),
    "standing": lambda standing: Q(urgency=1 if standing == "urgent" else 0),
}


class _Choices(django_filters.MultipleChoiceFilter):
    """Any of some values; shown as check boxes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        super().__init__(*args, method="by_facet", **kwargs)


class _Choice(django_filters.ChoiceFilter):
    """One of some values; shown as radio buttons."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=forms.RadioSelect, empty_label="Any", **kwargs)


class RiskFilter(django_filters.FilterSet):
    """What the list of numbers at risk is narrowed by. Names are the URL's parameters.

    Without a choice of activity it holds numbers that are idle, and those of which nobody knows.
    """

    q = django_filters.CharFilter(label="Search", method="by_text")
    activity = _Choices(
        label="Activity",
        choices=[(state, label.word) for state, label in ACTIVITIES.items()],
    )
    country = _Choices(label="Country")
    type = _Choices(label="Type", choices=list(TYPE_NAMES.items()))
    account = _Choices(label="Account")
    standing = _Choice(
        label="In accounts",
        choices=[("urgent", "Trial or suspended"), ("paid", "All others")],
        method="by_facet",
    )
    kept = _Choice(
        label="Kept",
        choices=[("yes", "Kept for now"), ("over", "Kept until a day that is over"), ("no", "Not kept")],
        method="by_keep",
    )
    owner = django_filters.CharFilter(label="Owner", field_name="number__owner")
    cost_centre = django_filters.CharFilter(label="Cost centre", field_name="number__cost_centre")
    tag = django_filters.CharFilter(label="Tag", method="by_tag")

    class Meta:
        model = NumberActivity
        fields: list[str] = []

    def __init__(
        self, *args: Any, accounts: Iterable[TwilioAccount], countries: Iterable[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.filters["account"].extra["choices"] = [(account.pk, str(account)) for account in accounts]
        names = sorted((country_name(iso), iso) for iso in countries if iso)
        self.filters["country"].extra["choices"] = [(iso, name) for name, iso in names]

    @property
    def facets(self) -> Q:
        """The applied filters that the sums know, as one condition."""
        self.form.errors  # noqa: B018  # cleans the form when nobody has yet
        applied = {name: self.form.cleaned_data.get(name) for name in FACETS}
        applied["activity"] = applied["activity"] or list(NumberActivity.AT_RISK)
        condition = Q()
        for name, meaning in FACETS.items():
            if applied[name]:
                condition &= meaning(applied[name])
        return condition

    @property
    def is_about_rows(self) -> bool:
        """Whether numbers are narrowed by more than the sums know."""
        self.form.errors  # noqa: B018
        return any(value for name, value in self.form.cleaned_data.items() if name not in FACETS)

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
