from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms

from compliance.labels import end_user_type_name
from compliance.models import EndUser
from compliance.querysets import ItemQuerySet
from portal.models import TwilioAccount


class _Choice(django_filters.ChoiceFilter):
    """One of some values; shown as radio buttons."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=forms.RadioSelect, **{"empty_label": "Any", **kwargs})


class EndUserFilter(django_filters.FilterSet):
    """What end users can be narrowed by. What they say of themselves is searched nowhere: it is encrypted."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    type = django_filters.MultipleChoiceFilter(label="Type", widget=forms.CheckboxSelectMultiple)
    used = _Choice(label="Used", choices=[("yes", "By a bundle"), ("no", "By no bundle")], method="by_use")
    account = django_filters.MultipleChoiceFilter(
        label="Account", field_name="account_id", widget=forms.CheckboxSelectMultiple
    )
    listed = _Choice(
        label="At Twilio", choices=[("no", "No longer there")], empty_label="There", method="by_listing"
    )

    class Meta:
        model = EndUser
        fields: list[str] = []

    def __init__(
        self, *args: Any, accounts: Iterable[TwilioAccount], types: Iterable[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.filters["account"].extra["choices"] = [(account.pk, str(account)) for account in accounts]
        self.filters["type"].extra["choices"] = [(type, end_user_type_name(type)) for type in sorted(types)]

    @property
    def listed_rows(self) -> ItemQuerySet:
        """The rows asked for: those at Twilio, unless the others were."""
        self.form.errors  # noqa: B018  # cleans the form when nobody has yet
        rows: ItemQuerySet = self.qs
        return rows if self.form.cleaned_data.get("listed") else rows.present()

    def by_text(self, rows: ItemQuerySet, name: str, value: str) -> ItemQuerySet:
        """By friendly name, or by SID, whole."""
        value = value.strip()
        if value[:2] == "IT" and len(value) == 34:
            return rows.filter(pk=value)
        return rows.filter(friendly_name__icontains=value)

    def by_use(self, rows: ItemQuerySet, name: str, value: str) -> ItemQuerySet:
        return rows.assigned() if value == "yes" else rows.unassigned()

    def by_listing(self, rows: ItemQuerySet, name: str, value: str) -> ItemQuerySet:
        return rows.filter(missing_since__isnull=False)
