import re
from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from portal.models import TwilioAccount
from porting.hosting.orders.tracker import STAGES
from porting.models import HostedOrder
from porting.models.hosting import HostedOrderQuerySet
from porting.statuses import HOSTED_ORDER_STATES

_OURS = [status for status, stage in STAGES.items() if stage.is_ours]
_OVER = [status for status, stage in STAGES.items() if stage.who == "Nobody"]


class HostedOrderFilter(django_filters.FilterSet):
    """What hosted orders can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    status = django_filters.MultipleChoiceFilter(
        label="Status",
        choices=[(status, label.word) for status, label in HOSTED_ORDER_STATES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    turn = django_filters.ChoiceFilter(
        label="Who acts next",
        choices=[("us", "We do"), ("others", "Others do"), ("over", "Nobody, it is over")],
        empty_label="Anybody",
        widget=forms.RadioSelect,
        method="by_turn",
    )
    letter = django_filters.CharFilter(label="Letter", field_name="signing_document_sid")
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
        model = HostedOrder
        fields: list[str] = []

    def __init__(self, *args: Any, accounts: Iterable[TwilioAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["account"].extra["choices"] = [(account.pk, str(account)) for account in accounts]

    @property
    def listed_rows(self) -> HostedOrderQuerySet:
        """The rows asked for: those at Twilio, unless the others were."""
        self.form.errors  # noqa: B018  # cleans the form when nobody has yet
        rows: HostedOrderQuerySet = self.qs
        return rows if self.form.cleaned_data.get("listed") else rows.present()

    def by_text(self, rows: QuerySet[HostedOrder], name: str, value: str) -> QuerySet[HostedOrder]:
        """A SID, or digits that the number has."""
        text = value.replace("\0", "").strip()
        if re.fullmatch("HR[0-9a-fA-F]{32}", text):
            return rows.filter(pk=text)
        digits = re.sub(r"\D", "", text)
        if not digits:
            return rows.none()
        if text.startswith("+"):
            return rows.filter(phone_number__startswith=f"+{digits}")
        return rows.filter(phone_number__contains=digits)

    def by_turn(self, rows: QuerySet[HostedOrder], name: str, value: str) -> QuerySet[HostedOrder]:
        match value:
            case "us":
                return rows.filter(status__in=_OURS)
            case "over":
                return rows.filter(status__in=_OVER)
        return rows.exclude(status__in=_OURS + _OVER)

    def by_listing(self, rows: QuerySet[HostedOrder], name: str, value: str) -> QuerySet[HostedOrder]:
        return rows.filter(missing_since__isnull=False)
