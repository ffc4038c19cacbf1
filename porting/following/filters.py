import re

import django_filters
from django.db.models import Q, QuerySet

from inventory.querysets import has_digits, is_digits
from portal.filtering import AnyOf
from porting.filters import TurnFilter
from porting.following.tracker import STAGES
from porting.models import PortInRequest
from porting.models.port_in import has_ticket, requests_about
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
        """A SID, a ticket, or digits that one of the numbers has, in whatever format."""
        text = value.replace("\0", "").strip()
        if re.fullmatch("KW[0-9a-fA-F]{32}", text):
            return rows.filter(pk=text)
        if is_digits(text):
            return rows.filter(pk__in=requests_about(Q(has_digits(text)), text))
        return rows.filter(has_ticket(text))
