"""Applied filters as removable chips (UX-8)."""

from collections.abc import Iterable
from typing import Any

import django_filters
from django.http import QueryDict

from portal.listing import Chip


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
