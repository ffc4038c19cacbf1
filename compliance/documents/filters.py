from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import django_filters
from django import forms
from django.utils import timezone

from compliance.documents.querysets import lacking_file, too_old_before
from compliance.documents.words import type_words
from compliance.labels import DOCUMENT_STATES
from compliance.models import SupportingDocument
from portal.models import MirroredQuerySet, TwilioAccount


class _Choice(django_filters.ChoiceFilter):
    """One of some values; shown as radio buttons."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=forms.RadioSelect, **{"empty_label": "Any", **kwargs})


class DocumentFilter(django_filters.FilterSet):
    """What documents can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    status = django_filters.MultipleChoiceFilter(
        label="Status",
        choices=[(value, label.word) for value, label in DOCUMENT_STATES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    type = django_filters.MultipleChoiceFilter(label="Type", widget=forms.CheckboxSelectMultiple)
    too_old = _Choice(
        label="Too old",
        choices=[
            ("0", "Already"),
            ("14", "Within 14 days"),
            ("30", "Within 30 days"),
            ("90", "Within 90 days"),
        ],
        method="by_age",
    )
    used = _Choice(label="Used", choices=[("yes", "By a bundle"), ("no", "By no bundle")], method="by_use")
    file = _Choice(label="File", choices=[("no", "Twilio has none")], method="by_file")
    listed = _Choice(
        label="At Twilio", choices=[("no", "No longer there")], empty_label="There", method="by_listing"
    )
    account = django_filters.MultipleChoiceFilter(
        label="Account", field_name="account_id", widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = SupportingDocument
        fields: list[str] = []

    def __init__(
        self, *args: Any, accounts: Iterable[TwilioAccount], types: Iterable[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.filters["account"].extra["choices"] = [(account.pk, str(account)) for account in accounts]
        self.filters["type"].extra["choices"] = sorted(
            ((type, type_words(type)) for type in types), key=lambda choice: choice[1]
        )

    @property
    def listed_rows(self) -> MirroredQuerySet:
        """The rows asked for: those at Twilio, unless the others were."""
        self.form.errors  # noqa: B018  # cleans the form when nobody has yet
        rows: MirroredQuerySet = self.qs
        return rows if self.form.cleaned_data.get("listed") else rows.present()

    def by_text(self, rows: MirroredQuerySet, name: str, value: str) -> MirroredQuerySet:
        """By friendly name, or by SID, whole."""
        value = value.strip()
        if value[:2] == "RD" and len(value) == 34:
            return rows.filter(pk=value)
        return rows.filter(friendly_name__icontains=value)

    def by_age(self, rows: MirroredQuerySet, name: str, value: str) -> MirroredQuerySet:
        return too_old_before(rows, timezone.now().date() + timedelta(days=int(value)))

    def by_use(self, rows: Any, name: str, value: str) -> MirroredQuerySet:
        found: MirroredQuerySet = rows.assigned() if value == "yes" else rows.unassigned()
        return found

    def by_file(self, rows: MirroredQuerySet, name: str, value: str) -> MirroredQuerySet:
        return lacking_file(rows)

    def by_listing(self, rows: MirroredQuerySet, name: str, value: str) -> MirroredQuerySet:
        return rows.filter(missing_since__isnull=False)
