from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.db.models import Q

from inventory import labels
from inventory.models import PhoneNumber
from inventory.querysets import PhoneNumberQuerySet
from portal.models import TwilioAccount
from portal.numbering import TYPE_NAMES, country_name

ROUTES_OF_CALLS = {
    "url": "A web address",
    "application": "An application",
    "trunk": "A SIP trunk",
    "none": "Nothing: calls fail",
}
ROUTES_OF_MESSAGES = {
    "url": "A web address",
    "application": "An application",
    "none": "Nothing: messages are lost",
}
HAS = {"yes": "Yes", "no": "No"}


class _Choices(django_filters.MultipleChoiceFilter):
    """Any of some values; shown as check boxes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        super().__init__(*args, **kwargs)


class _Choice(django_filters.ChoiceFilter):
    """One of some values; shown as radio buttons."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.RadioSelect)
        kwargs.setdefault("empty_label", "Any")
        super().__init__(*args, **kwargs)


class NumberFilter(django_filters.FilterSet):
    """Everything that numbers can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    ends = django_filters.CharFilter(label="Ends with", method="by_last_digits")
    account = _Choices(label="Account", field_name="account_id")
    country = _Choices(label="Country")
    type = _Choices(label="Type", field_name="number_type", choices=list(TYPE_NAMES.items()))
    can = _Choices(label="Can do", choices=list(labels.CAPABILITIES.items()), method="by_capabilities")
    calls = _Choice(label="Calls go to", choices=list(ROUTES_OF_CALLS.items()), method="by_call_route")
    messages = _Choice(
        label="Messages go to", choices=list(ROUTES_OF_MESSAGES.items()), method="by_message_route"
    )
    origin = _Choice(label="Origin", choices=list(labels.ORIGINS.items()))
    lifecycle = _Choice(
        label="Lifecycle", choices=[("beta", "Beta"), ("ga", "Generally available")], method="by_lifecycle"
    )
    status = _Choice(
        label="Status", choices=[("in-use", "In use"), ("other", "Anything else")], method="by_status"
    )
    needs = _Choice(
        label="Address requirement",
        choices=[("some", "Some address"), *labels.ADDRESS_REQUIREMENTS.items()],
        method="by_address_requirement",
    )
    has_address = _Choice(label="Has an address", choices=list(HAS.items()), method="by_address_held")
    has_bundle = _Choice(label="Has a bundle", choices=list(HAS.items()), method="by_bundle_held")
    emergency = _Choice(
        label="Emergency address",
        choices=[("registered", "Registered"), ("none", "None"), ("problem", "Failed or under way")],
        method="by_emergency",
    )
    listed = _Choice(
        label="At Twilio",
        choices=[("no", "No longer listed"), ("all", "Both")],
        empty_label="Listed",
        method="by_listing",
    )
    tag = django_filters.CharFilter(label="Tag", method="by_tag")
    owner = django_filters.CharFilter(label="Owner", lookup_expr="iexact")
    cost_centre = django_filters.CharFilter(label="Cost centre", lookup_expr="iexact")
    address = django_filters.CharFilter(label="Address", method="by_address")
    application = django_filters.CharFilter(label="Application", method="by_application")
    bundle = django_filters.CharFilter(label="Bundle", field_name="bundle_sid")
    added_from = django_filters.DateFilter(
        label="Added from", field_name="remote_created_at", lookup_expr="date__gte"
    )
    added_to = django_filters.DateFilter(
        label="Added until", field_name="remote_created_at", lookup_expr="date__lte"
    )

    class Meta:
        model = PhoneNumber
        fields: list[str] = []

    def __init__(
        self, *args: Any, accounts: Iterable[TwilioAccount], countries: Iterable[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.filters["account"].extra["choices"] = [(account.pk, str(account)) for account in accounts]
        names = sorted((country_name(iso), iso) for iso in countries)
        self.filters["country"].extra["choices"] = [(iso, name) for name, iso in names]

    def filter_queryset(self, rows: PhoneNumberQuerySet) -> PhoneNumberQuerySet:
        """Numbers that Twilio no longer lists are only shown to those who ask for them."""
        rows = super().filter_queryset(rows)
        return rows if self.form.cleaned_data.get("listed") else rows.present()

    def by_text(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.matching(value)

    def by_last_digits(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        digits = "".join(character for character in value if character.isdigit())
        return rows.ending_with(digits) if digits else rows.none()

    def by_capabilities(self, rows: PhoneNumberQuerySet, name: str, values: list[str]) -> PhoneNumberQuerySet:
        """Numbers that can do all of these."""
        return rows.filter(**dict.fromkeys(values, True))

    def by_call_route(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.with_call_route(value)

    def by_message_route(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.with_message_route(value)

    def by_lifecycle(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.filter(beta=value == "beta")

    def by_status(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        in_use = Q(status="in-use")
        return rows.filter(in_use if value == "in-use" else ~in_use)

    def by_address_requirement(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        if value == "some":
            return rows.filter(address_requirements__in=["any", "local", "foreign"])
        return rows.filter(address_requirements=value)

    def by_address_held(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.filter(address__isnull=value == "no")

    def by_bundle_held(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.filter(bundle_sid__isnull=value == "no")

    def by_emergency(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        status = Q(emergency_address_status=value)
        if value == "none":
            status = Q(emergency_address_status__in=["", "unregistered"])
        elif value == "problem":
            status = ~Q(emergency_address_status__in=["", "unregistered", "registered"])
        return rows.filter(status)

    def by_listing(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.missing() if value == "no" else rows

    def by_tag(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.filter(tags__contains=[value.strip().lower()])

    def by_address(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.filter(Q(address=value) | Q(emergency_address=value))

    def by_application(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.filter(Q(voice_application=value) | Q(sms_application=value))
