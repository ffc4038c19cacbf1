from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef

from inventory.addresses.fit import TROUBLES
from inventory.models import Address, PhoneNumber
from inventory.querysets import AddressQuerySet, PhoneNumberQuerySet
from portal.models import TwilioAccount
from portal.numbering import country_name

_YES_NO = [("yes", "Yes"), ("no", "No")]


class _Choice(django_filters.ChoiceFilter):
    """One of some values; shown as radio buttons."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=forms.RadioSelect, **{"empty_label": "Any", **kwargs})


class _PlaceFilter(django_filters.FilterSet):
    """What every list here can be narrowed by."""

    account = django_filters.MultipleChoiceFilter(
        label="Account", field_name="account_id", widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, *args: Any, accounts: Iterable[TwilioAccount], countries: Iterable[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.filters["account"].extra["choices"] = [(account.pk, str(account)) for account in accounts]
        names = sorted((country_name(iso), iso) for iso in countries if iso)
        self.filters["country"].extra["choices"] = [(iso, name) for name, iso in names]


class AddressFilter(_PlaceFilter):
    """What addresses can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    country = django_filters.MultipleChoiceFilter(
        label="Country", field_name="iso_country", widget=forms.CheckboxSelectMultiple
    )
    used = _Choice(
        label="Used",
        choices=[("yes", "By a number"), ("emergency", "As emergency address"), ("no", "By no number")],
        method="by_use",
    )
    emergency = _Choice(label="For emergency calls", choices=_YES_NO, method="by_flag")
    listed = _Choice(
        label="At Twilio", choices=[("no", "No longer there")], empty_label="There", method="by_listing"
    )

    class Meta:
        model = Address
        fields: list[str] = []

    @property
    def listed_rows(self) -> AddressQuerySet:
        """The rows asked for: those at Twilio, unless the others were."""
        self.form.errors  # noqa: B018  # cleans the form when nobody has yet
        rows: AddressQuerySet = self.qs
        return rows if self.form.cleaned_data.get("listed") else rows.present()

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

    def by_listing(self, rows: AddressQuerySet, name: str, value: str) -> AddressQuerySet:
        return rows.filter(missing_since__isnull=False)


class FitFilter(_PlaceFilter):
    """What the report of numbers whose address does not fit can be narrowed by."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    trouble = _Choice(label="Trouble", choices=list(TROUBLES.items()), method="by_trouble")
    country = django_filters.MultipleChoiceFilter(label="Country", widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = PhoneNumber
        fields: list[str] = []

    @property
    def applied(self) -> dict[str, Any]:
        """What each filter was set to; those that were not, or were refused, are absent."""
        self.form.errors  # noqa: B018  # cleans the form when nobody has yet
        return {name: value for name, value in self.form.cleaned_data.items() if value}

    def by_text(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.matching(value)

    def by_trouble(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        # The second condition says nothing new, but needs no look at the addresses.
        return rows.filter(trouble=value, address__isnull=value == "missing")
