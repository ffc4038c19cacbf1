"""What the filters of all lists are made of, and applied ones as removable chips (UX-8)."""

from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.http import QueryDict

from portal.listing import Chip
from portal.models import TwilioAccount
from portal.numbering import country_name


class AnyOf(django_filters.MultipleChoiceFilter):
    """Any of some values; shown as check boxes."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label=label, **{"widget": forms.CheckboxSelectMultiple, **kwargs})


class OneOf(django_filters.ChoiceFilter):
    """One of some values; shown as radio buttons."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label=label, **{"widget": forms.RadioSelect, "empty_label": "Any", **kwargs})


class Day(django_filters.DateFilter):
    """A day in UTC, as Twilio dates things."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            widget=forms.DateInput(attrs={"type": "date"}),
            error_messages={"invalid": "Enter a date such as 2026-11-21"},
            **kwargs,
        )


class ListFilter(django_filters.FilterSet):
    """What a list can be narrowed by. Names of filters are the URL's parameters."""

    @classmethod
    def get_filters(cls) -> Any:
        """All filters, text first: inherited ones would stand before it, and chips stand in this order."""
        filters = super().get_filters()
        if "q" in filters:
            filters.move_to_end("q", last=False)
        return filters

    def offer(self, name: str, choices: Iterable[tuple[Any, str]]) -> None:
        """Set what can be chosen, which differs by who asks; before the form is used."""
        self.filters[name].extra["choices"] = list(choices)

    def offer_countries(self, countries: Iterable[str | None]) -> None:
        names = sorted((country_name(iso), iso) for iso in countries if iso)
        self.offer("country", ((iso, name) for name, iso in names))

    @property
    def applied(self) -> dict[str, Any]:
        """What each filter was set to; a refused one is absent."""
        self.form.errors  # noqa: B018  # cleans the form when nobody has yet
        applied: dict[str, Any] = self.form.cleaned_data
        return applied


class AccountsFilter(ListFilter):
    """Rows of accounts, of which `accounts` are those that whoever asks may see."""

    account = AnyOf("Account", field_name="account_id")

    def __init__(self, *args: Any, accounts: Iterable[TwilioAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("account", ((account.pk, str(account)) for account in accounts))


class MirroredFilter(ListFilter):
    """Rows of the mirror: those that Twilio lists, unless those were asked for that it lists no more."""

    listed = OneOf("At Twilio", choices=[("no", "No longer there")], empty_label="There", method="by_listing")

    @property
    def listed_rows(self) -> Any:
        """The rows asked for."""
        return self.qs if self.applied.get("listed") else self.qs.present()

    def by_listing(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(missing_since__isnull=False)


def chips_of(filter_: django_filters.FilterSet, params: QueryDict) -> list[Chip]:
    """One chip for every applied value, each with the URL of the list without it."""
    chips = []
    for name, field in filter_.form.fields.items():
        values = applied_values(filter_, params, name)
        names = {str(value): str(label) for value, label in _choices(field)}
        for value in values:
            rest = [other for other in values if other != value]
            chips.append(Chip(str(field.label), names.get(value, value), _url(params, name, rest)))
    return chips


def applied(filter_: django_filters.FilterSet, params: QueryDict, name: str) -> int:
    """How many values of a filter are applied."""
    return len(applied_values(filter_, params, name))


def applied_values(filter_: django_filters.FilterSet, params: QueryDict, name: str) -> list[str]:
    """The values of a filter that narrow the list."""
    if name in filter_.form.errors:
        return []  # refused, so it narrows nothing
    return [value for value in params.getlist(name) if value.strip()]


def _choices(field: Any) -> Iterable[tuple[Any, Any]]:
    return getattr(field, "choices", ())


def _url(params: QueryDict, name: str, values: list[str]) -> str:
    changed = params.copy()
    changed.pop("page", None)
    changed.setlist(name, values)
    for key in [key for key, held in changed.lists() if not any(held)]:
        del changed[key]
    return f"?{changed.urlencode()}"
