from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef

from inventory.addresses.fit import TROUBLES
from inventory.models import Address, PhoneNumber
from inventory.querysets import AddressQuerySet, PhoneNumberQuerySet
from portal.filtering import AccountsFilter, AnyOf, MirroredFilter, OneOf

_YES_NO = [("yes", "Yes"), ("no", "No")]


class _PlaceFilter(AccountsFilter):
    """What every list here can be narrowed by."""

    def __init__(self, *args: Any, countries: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_countries(countries)


class AddressFilter(_PlaceFilter, MirroredFilter):
    """What addresses can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    country = AnyOf("Country", field_name="iso_country")
    used = OneOf(
        "Used",
        choices=[("yes", "By a number"), ("emergency", "As emergency address"), ("no", "By no number")],
        method="by_use",
    )
    emergency = OneOf("For emergency calls", choices=_YES_NO, method="by_flag")

    class Meta:
        model = Address
        fields: list[str] = []

    def by_text(self, rows: AddressQuerySet, name: str, value: str) -> AddressQuerySet:
        return rows.matching(value)

    def by_use(self, rows: AddressQuerySet, name: str, value: str) -> AddressQuerySet:
        numbers = PhoneNumber.objects.present().order_by()
        registered = Exists(numbers.filter(address=OuterRef("pk")))
        emergency = Exists(numbers.filter(emergency_address=OuterRef("pk")))
        match value:
            case "yes":  # one set of sids: Postgres asks two EXISTS joined by OR for every row
                used = numbers.filter(address__isnull=False).values_list("address")
                called = numbers.filter(emergency_address__isnull=False).values_list("emergency_address")
                return rows.filter(pk__in=used.union(called))
            case "emergency":
                return rows.filter(emergency)
            case _:
                return rows.filter(~registered, ~emergency)

    def by_flag(self, rows: AddressQuerySet, name: str, value: str) -> AddressQuerySet:
        return rows.filter(emergency_enabled=value == "yes")


class FitFilter(_PlaceFilter):
    """What the report of numbers whose address does not fit can be narrowed by."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    trouble = OneOf("Trouble", choices=list(TROUBLES.items()), method="by_trouble")
    country = AnyOf("Country")

    class Meta:
        model = PhoneNumber
        fields: list[str] = []

    @property
    def applied(self) -> dict[str, Any]:
        """What each filter was set to; those that were not, or were refused, are absent."""
        return {name: value for name, value in super().applied.items() if value}

    def by_text(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.matching(value)

    def by_trouble(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        # The second condition says nothing new, but needs no look at the addresses.
        return rows.filter(trouble=value, address__isnull=value == "missing")
