import re
from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet

from portal.models import TwilioAccount
from porting.following.tracker import STAGES
from porting.models import PortInNumber, PortInRequest
from porting.statuses import PORT_IN_STATES

_OURS = [status for status, stage in STAGES.items() if stage.is_ours]
_OVER = [status for status, stage in STAGES.items() if stage.who == "Nobody"]


class PortInFilter(django_filters.FilterSet):
    """What requests can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    status = django_filters.MultipleChoiceFilter(
        label="Status",
        choices=[(status, label.word) for status, label in PORT_IN_STATES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    turn = django_filters.ChoiceFilter(
        label="Who acts next",
        choices=[("us", "We do"), ("others", "Others do"), ("over", "Nobody, it is over")],
        empty_label="Anybody",
        widget=forms.RadioSelect,
        method="by_turn",
    )
    account = django_filters.MultipleChoiceFilter(
        label="Account", field_name="account_id", widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = PortInRequest
        fields: list[str] = []

    def __init__(self, *args: Any, accounts: Iterable[TwilioAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["account"].extra["choices"] = [(account.pk, str(account)) for account in accounts]

    def by_text(self, rows: QuerySet[PortInRequest], name: str, value: str) -> QuerySet[PortInRequest]:
        """A SID, a ticket, or digits that one of the numbers has."""
        text = value.replace("\0", "").strip()
        if re.fullmatch("KW[0-9a-fA-F]{32}", text):
            return rows.filter(pk=text)
        digits = re.sub(r"\D", "", text)
        if not digits:
            return rows.none()
        numbers = PortInNumber.objects.filter(request=OuterRef("pk"))
        if text.startswith("+"):
            return rows.filter(Exists(numbers.filter(phone_number__startswith=f"+{digits}")))
        by_ticket = rows.filter(ticket=digits)
        return by_ticket | rows.filter(Exists(numbers.filter(phone_number__contains=digits)))

    def by_turn(self, rows: QuerySet[PortInRequest], name: str, value: str) -> QuerySet[PortInRequest]:
        match value:
            case "us":
                return rows.filter(status__in=_OURS)
            case "over":
                return rows.filter(status__in=_OVER)
        return rows.exclude(status__in=_OURS + _OVER)
