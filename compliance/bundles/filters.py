from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any

import django_filters
from django.db.models import Q

from compliance.labels import BUNDLE_STATES, end_user_type_name
from compliance.models import Bundle
from compliance.querysets import BundleQuerySet
from portal.filtering import AccountsFilter, AnyOf, Day, MirroredFilter, OneOf
from portal.numbering import type_name

NEEDS_US = "us"
# Who has to act next, by status; what is approved rests until it gets a last day.
NEXT = {
    NEEDS_US: Q(status__in=Bundle.EDITABLE)
    | Q(status=Bundle.Status.APPROVED, valid_until__isnull=False, missing_since=None),
    "twilio": Q(status__in=Bundle.UNDER_REVIEW),
}


class BundleFilter(AccountsFilter, MirroredFilter):
    """Everything that bundles can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    status = AnyOf("Status", choices=[(value, label.word) for value, label in BUNDLE_STATES.items()])
    next = OneOf(
        "Who acts next",
        choices=[(NEEDS_US, "We do"), ("twilio", "Twilio reviews it")],
        method="by_next",
    )
    country = AnyOf("Country", field_name="regulation__iso_country")
    type = AnyOf("Type", field_name="regulation__number_type")
    end_user = AnyOf("End user", field_name="regulation__end_user_type")
    deadline = OneOf("Last day", choices=[("yes", "Has one"), ("no", "Has none")], method="by_deadline")
    valid_from = Day("Valid until, from", method="by_first_day")
    valid_to = Day("Valid until, to", method="by_last_day")
    test = OneOf(
        "Test bundles",
        choices=[("only", "Only them"), ("all", "With all others")],
        empty_label="Left out",
        method="by_test",
    )
    regulation = django_filters.CharFilter(label="Regulation")
    holds = django_filters.CharFilter(label="Holds", method="by_item")

    class Meta:
        model = Bundle
        fields: list[str] = []

    def __init__(
        self,
        *args: Any,
        groups: Iterable[tuple[str, str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        groups = list(groups)
        countries, types, end_users = ({group[place] for group in groups} for place in range(3))
        self.offer_countries(countries)
        self.offer("type", ((one, type_name(one)) for one in sorted(types)))
        self.offer("end_user", ((one, end_user_type_name(one)) for one in sorted(end_users)))

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

    def by_item(self, rows: BundleQuerySet, name: str, value: str) -> BundleQuerySet:
        return rows.holding(value)
