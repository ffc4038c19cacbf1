import re

import django_filters
from django.db.models import Exists, OuterRef, QuerySet

from portal.filtering import AnyOf
from porting.filters import TurnFilter
from porting.following.tracker import STAGES
from porting.models import PortInNumber, PortInRequest
from porting.statuses import PORT_IN_STATES


class PortInFilter(TurnFilter):
    """What requests can be narrowed by. Names are the URL's parameters."""

    stages = STAGES
    q = django_filters.CharFilter(label="Search", method="by_text")
    status = AnyOf(
        "Status",
        choices=[(status, label.word) for status, label in PORT_IN_STATES.items()],
    )

    class Meta:
        model = PortInRequest
        fields: list[str] = []

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
