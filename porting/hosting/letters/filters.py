from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from portal.models import TwilioAccount
from porting.models import AuthorizationDocument
from porting.models.hosting import AuthorizationQuerySet
from porting.statuses import AUTHORIZATION_STATES


class LetterFilter(django_filters.FilterSet):
    """What letters of authorization can be narrowed by. Names are the URL's parameters."""

    status = django_filters.MultipleChoiceFilter(
        label="Status",
        choices=[(status, label.word) for status, label in AUTHORIZATION_STATES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    q = django_filters.CharFilter(label="Search", field_name="sid", lookup_expr="startswith")
    listed = django_filters.ChoiceFilter(
        label="At Twilio",
        choices=[("no", "No longer there")],
        empty_label="There",
        widget=forms.RadioSelect,
        method="by_listing",
    )
    account = django_filters.MultipleChoiceFilter(
        label="Account", field_name="account_id", widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = AuthorizationDocument
        fields: list[str] = []

    def __init__(self, *args: Any, accounts: Iterable[TwilioAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["account"].extra["choices"] = [(account.pk, str(account)) for account in accounts]

    @property
    def listed_rows(self) -> AuthorizationQuerySet:
        """The rows asked for: those at Twilio, unless the others were."""
        self.form.errors  # noqa: B018  # cleans the form when nobody has yet
        rows: AuthorizationQuerySet = self.qs
        return rows if self.form.cleaned_data.get("listed") else rows.present()

    def by_listing(
        self, rows: QuerySet[AuthorizationDocument], name: str, value: str
    ) -> QuerySet[AuthorizationDocument]:
        return rows.filter(missing_since__isnull=False)
