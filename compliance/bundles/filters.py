from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any

import django_filters
from django import forms
from django.db.models import Q

from compliance.labels import BUNDLE_STATES, end_user_type_name
from compliance.models import Bundle
from compliance.querysets import BundleQuerySet
from portal.models import TwilioAccount
from portal.numbering import country_name, type_name

NEEDS_US = "us"
# Who has to act next, by status; what is approved rests until it gets a last day.
NEXT = {
    NEEDS_US: Q(status__in=Bundle.EDITABLE)
    | Q(status=Bundle.Status.APPROVED, valid_until__isnull=False, missing_since=None),
    "twilio": Q(status__in=Bundle.UNDER_REVIEW),
}


class _Choices(django_filters.MultipleChoiceFilter):
    """Any of some values; shown as check boxes."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label=label, widget=forms.CheckboxSelectMultiple, **kwargs)


class _Choice(django_filters.ChoiceFilter):
    """One of some values; shown as radio buttons."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=forms.RadioSelect, **{"empty_label": "Any", **kwargs})


class _Day(django_filters.DateFilter):
    """A day in UTC, as Twilio dates things."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["widget"] = forms.DateInput(attrs={"type": "date"})
        kwargs["error_messages"] = {"invalid": "Enter a date such as 2026-11-21"}
        super().__init__(*args, **kwargs)


class BundleFilter(django_filters.FilterSet):
    """Everything that bundles can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    status = _Choices("Status", choices=[(value, label.word) for value, label in BUNDLE_STATES.items()])
    next = _Choice(
        label="Who acts next",
        choices=[(NEEDS_US, "We do"), ("twilio", "Twilio reviews it")],
        method="by_next",
    )
    country = _Choices("Country", field_name="regulation__iso_country")
    type = _Choices("Type", field_name="regulation__number_type")
    end_user = _Choices("End user", field_name="regulation__end_user_type")
    account = _Choices("Account", field_name="account_id")
    deadline = _Choice(
        label="Last day", choices=[("yes", "Has one"), ("no", "Has none")], method="by_deadline"
    )
    valid_from = _Day(label="Valid until, from", method="by_first_day")
    valid_to = _Day(label="Valid until, to", method="by_last_day")
    test = _Choice(
        label="Test bundles",
        choices=[("only", "Only them"), ("all", "With all others")],
        empty_label="Left out",
        method="by_test",
    )
    listed = _Choice(
        label="At Twilio", choices=[("no", "No longer there")], empty_label="There", method="by_listing"
    )
    regulation = django_filters.CharFilter(label="Regulation")
    holds = django_filters.CharFilter(label="Holds", method="by_item")

    class Meta:
        model = Bundle
        fields: list[str] = []

    def __init__(
        self,
        *args: Any,
        accounts: Iterable[TwilioAccount],
        groups: Iterable[tuple[str, str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        groups = list(groups)
        countries, types, end_users = ({group[place] for group in groups} for place in range(3))
        names = sorted((country_name(iso), iso) for iso in countries)
        self.filters["account"].extra["choices"] = [(account.pk, str(account)) for account in accounts]
        self.filters["country"].extra["choices"] = [(iso, name) for name, iso in names]
        self.filters["type"].extra["choices"] = [(one, type_name(one)) for one in sorted(types)]
        self.filters["end_user"].extra["choices"] = [
            (one, end_user_type_name(one)) for one in sorted(end_users)
        ]

    @property
    def applied(self) -> dict[str, Any]:
        """What each filter was set to; a refused one is absent."""
        self.form.errors  # noqa: B018  # cleans the form when nobody has yet
        applied: dict[str, Any] = self.form.cleaned_data
        return applied

    @property
    def listed_rows(self) -> BundleQuerySet:
        """The rows asked for: at Twilio and no test bundles, unless others were."""
        rows: BundleQuerySet = self.qs
        if not self.applied.get("test"):
            rows = rows.filter(is_test=False)
        return rows if self.applied.get("listed") else rows.present()

    def by_text(self, rows: BundleQuerySet, name: str, value: str) -> BundleQuerySet:
        """Every word stands in the name, or the text is the beginning of a SID."""
        words = Q()
        for word in value.split():
            words &= Q(friendly_name__icontains=word)
        return rows.filter(words | Q(pk__startswith=value.strip()))

    def by_next(self, rows: BundleQuerySet, name: str, value: str) -> BundleQuerySet:
        return rows.filter(NEXT[value])

    def by_deadline(self, rows: BundleQuerySet, name: str, value: str) -> BundleQuerySet:
        return rows.filter(valid_until__isnull=value == "no")

    def by_first_day(self, rows: BundleQuerySet, name: str, value: date) -> BundleQuerySet:
        return rows.filter(valid_until__gte=datetime.combine(value, time.min, tzinfo=UTC))

    def by_last_day(self, rows: BundleQuerySet, name: str, value: date) -> BundleQuerySet:
        return rows.filter(valid_until__lte=datetime.combine(value, time.max, tzinfo=UTC))

    def by_test(self, rows: BundleQuerySet, name: str, value: str) -> BundleQuerySet:
        return rows.filter(is_test=True) if value == "only" else rows

    def by_listing(self, rows: BundleQuerySet, name: str, value: str) -> BundleQuerySet:
        return rows.filter(missing_since__isnull=False)

    def by_item(self, rows: BundleQuerySet, name: str, value: str) -> BundleQuerySet:
        return rows.holding(value)
