from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.db.models import Q
from django.http import QueryDict
from django_filters.fields import MultipleChoiceField

from compliance.mapping import tally
from compliance.standing import REASONS, STANDINGS
from inventory import labels
from inventory.models import PhoneNumber
from inventory.querysets import PhoneNumberQuerySet
from inventory.usage.labels import ACTIVITIES
from portal.filtering import AccountsFilter, AnyOf, Day, OneOf
from portal.http import StaffRequest
from portal.models import BatchItem
from portal.numbering import TYPE_NAMES, country_name
from portal.shell import visible_accounts

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
# How the URL spells the country or type of numbers that have none in the mirror.
NOT_KNOWN = "unknown"

_EMERGENCY = {
    "registered": Q(emergency_address_status="registered"),
    "none": Q(emergency_address_status__in=["", "unregistered"]),
    "problem": ~Q(emergency_address_status__in=["", "registered", "unregistered"]),
    "unregistered": ~Q(emergency_address_status="registered"),
}


def _as_mirrored(values: Iterable[str]) -> list[str]:
    return ["" if value == NOT_KNOWN else value for value in values]


# What each filter by a facet means. The names stand on numbers and on their facets alike.
FACETS: Mapping[str, Callable[[Any], Q]] = {
    "account": lambda sids: Q(account_id__in=sids),
    "country": lambda countries: Q(country__in=_as_mirrored(countries)),
    "type": lambda types: Q(number_type__in=_as_mirrored(types)),
    "can": lambda capabilities: Q(**dict.fromkeys(capabilities, True)),
    "calls": lambda route: Q(call_route=route),
    "messages": lambda route: Q(message_route=route),
    "origin": lambda origin: Q(origin=origin),
    "lifecycle": lambda stage: Q(beta=stage == "beta"),
    "status": lambda status: Q(status="in-use") if status == "in-use" else ~Q(status="in-use"),
    "needs": lambda need: (
        Q(address_requirements__in=["any", "local", "foreign"])
        if need == "some"
        else Q(address_requirements=need)
    ),
    "has_address": lambda answer: Q(has_address=answer == "yes"),
    "has_bundle": lambda answer: Q(has_bundle=answer == "yes"),
    "emergency": lambda state: _EMERGENCY[state],
}
# Filters by how a number stands with regulations, which is counted by facet too.
STANDING = ("standing", "why")


class _Choices(AnyOf):
    """Any of some values that facets have."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, **{"method": "by_facet", **kwargs})


class _AnyChoices(MultipleChoiceField):
    def valid_value(self, value: Any) -> bool:
        return "\0" not in value


class _LateChoices(_Choices):
    """Choices beyond those that are offered: Twilio's words, verbatim. What nothing has matches nothing."""

    field_class = _AnyChoices


class _Choice(OneOf):
    """One of some values that facets have."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, **{"method": "by_facet", **kwargs})


class NumberFilter(AccountsFilter):
    """Everything that numbers can be narrowed by. Names are the URL's parameters.

    `qs` is narrowed by what concerns single numbers (text, tags, dates, standing); `facets` says the rest.
    """

    q = django_filters.CharFilter(label="Search", method="by_text")
    account = _LateChoices("Account")
    country = _LateChoices("Country")
    type = _LateChoices("Type", choices=list(TYPE_NAMES.items()))
    can = _Choices("Can do", choices=list(labels.CAPABILITIES.items()))
    calls = _Choice("Calls go to", choices=list(ROUTES_OF_CALLS.items()))
    messages = _Choice("Messages go to", choices=list(ROUTES_OF_MESSAGES.items()))
    needs = _Choice(
        "Twilio asks for", choices=[("some", "Some address"), *labels.ADDRESS_REQUIREMENTS.items()]
    )
    has_address = _Choice("Has an address", choices=list(HAS.items()))
    has_bundle = _Choice("Has a bundle", choices=list(HAS.items()))
    standing = _Choices(
        "Compliance (derived)", choices=[(code, label.word) for code, label in STANDINGS.items()]
    )
    why = _Choices(
        "Compliance",
        choices=[(code, reason.title) for code, reason in REASONS.items()],
        widget=forms.MultipleHiddenInput,
    )
    emergency = _Choice(
        "Emergency address",
        choices=[
            ("registered", "Registered"),
            ("unregistered", "Anything but registered"),
            ("none", "None set"),
            ("problem", "Failed or under way"),
        ],
    )
    origin = _Choice("Origin", choices=list(labels.ORIGINS.items()))
    lifecycle = _Choice("Lifecycle", choices=[("beta", "Beta"), ("ga", "Generally available")])
    status = _Choice("Status", choices=[("in-use", "In use"), ("other", "Anything else")])
    activity = _Choices(
        "Activity",
        choices=[(state, label.word) for state, label in ACTIVITIES.items()],
        method="by_activity",
    )
    listed = _Choice(
        "At Twilio", choices=[("no", "No longer listed")], empty_label="Listed", method="by_listing"
    )
    ends = django_filters.CharFilter(label="Ends with", method="by_last_digits")
    tag = django_filters.CharFilter(label="Tag", method="by_tag")
    owner = django_filters.CharFilter(label="Owner")
    cost_centre = django_filters.CharFilter(label="Cost centre")
    added_from = Day("Added from", method="by_first_day")
    added_to = Day("Added until", method="by_last_day")
    address = django_filters.CharFilter(label="Address", method="by_address")
    application = django_filters.CharFilter(label="Application", method="by_application")
    trunk = django_filters.CharFilter(label="SIP trunk", field_name="trunk_sid")
    bundle = django_filters.CharFilter(label="Bundle", field_name="bundle_sid")
    batch = django_filters.ChoiceFilter(label="Among", method="by_batch", widget=forms.HiddenInput)

    class Meta:
        model = PhoneNumber
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Whatever it says is a choice: one that is no batch has no numbers, rather than all of them.
        self.offer("batch", [(self.data.get("batch"), "Chosen numbers")])

    def offer_countries(self, countries: Iterable[str | None]) -> None:
        """Fill in the countries to choose from, which are known once the facets have been read."""
        names = sorted((country_name(iso), iso) for iso in countries if iso)
        self.form.fields["country"].choices = [(iso, name) for name, iso in names]

    @property
    def facets(self) -> Q:
        """The applied filters by facet, as one condition; empty when there are none."""
        condition = Q()
        for name, meaning in FACETS.items():
            if value := self.applied.get(name):
                condition &= meaning(value)
        return condition

    @cached_property
    def judged(self) -> tally.Found | None:
        """The numbers that stand as was asked for; None when nobody asked."""
        standings, reasons = (self.applied.get(name) or () for name in STANDING)
        if not standings and not reasons:
            return None
        return tally.find(
            [
                code
                for code, reason in REASONS.items()
                if (not standings or reason.standing in standings) and (not reasons or code in reasons)
            ]
        )

    def filter_queryset(self, queryset: PhoneNumberQuerySet) -> PhoneNumberQuerySet:
        rows: PhoneNumberQuerySet = super().filter_queryset(queryset)
        return rows.filter(self.judged.condition) if self.judged else rows

    @property
    def is_about_rows(self) -> bool:
        """Whether numbers are narrowed by more than their facets, and what is counted by facet."""
        applied = (name for name, value in self.applied.items() if value)
        return any(name not in FACETS and name not in STANDING for name in applied)

    @property
    def is_about_text(self) -> bool:
        return bool(self.applied.get("q"))

    @property
    def is_about_missing(self) -> bool:
        return bool(self.applied.get("listed"))

    def by_facet(self, rows: PhoneNumberQuerySet, name: str, value: Any) -> PhoneNumberQuerySet:
        return rows

    def by_listing(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows

    def by_activity(self, rows: PhoneNumberQuerySet, name: str, value: list[str]) -> PhoneNumberQuerySet:
        return rows.filter(activity__state__in=value) if value else rows

    def by_text(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.matching(value)

    def by_last_digits(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        digits = "".join(character for character in value if character.isdigit())
        return rows.ending_with(digits) if digits else rows.none()

    def by_first_day(self, rows: PhoneNumberQuerySet, name: str, value: date) -> PhoneNumberQuerySet:
        return rows.filter(remote_created_at__gte=datetime.combine(value, time.min, tzinfo=UTC))

    def by_last_day(self, rows: PhoneNumberQuerySet, name: str, value: date) -> PhoneNumberQuerySet:
        return rows.filter(remote_created_at__lte=datetime.combine(value, time.max, tzinfo=UTC))

    def by_tag(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.filter(~Q(tags=[]), tags__contains=[value.strip().lower()])

    def by_batch(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        """The numbers that somebody put together, or changed together."""
        try:
            batch_id = UUID(value)
        except ValueError:
            return rows.none()
        return rows.filter(pk__in=BatchItem.objects.filter(batch=batch_id).values("target"))

    def by_address(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.filter(Q(address=value) | Q(emergency_address=value))

    def by_application(self, rows: PhoneNumberQuerySet, name: str, value: str) -> PhoneNumberQuerySet:
        return rows.filter(Q(voice_application=value) | Q(sms_application=value))


def number_filter(request: StaffRequest, params: QueryDict | None = None) -> NumberFilter:
    """The number list's filter over what a person may see, by the request's parameters or by others."""
    rows = request.access.visible(PhoneNumber.objects.all())
    return NumberFilter(request.GET if params is None else params, rows, accounts=visible_accounts(request))
