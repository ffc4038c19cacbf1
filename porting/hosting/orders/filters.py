import re

import django_filters
from django.db.models import QuerySet

from inventory.querysets import has_digits, is_digits
from portal.filtering import AnyOf, MirroredFilter
from porting.filters import TurnFilter
from porting.hosting.orders.tracker import STAGES
from porting.models import HostedOrder
from porting.statuses import HOSTED_ORDER_STATES


class HostedOrderFilter(TurnFilter, MirroredFilter):
    """What hosted orders can be narrowed by. Names are the URL's parameters."""

    stages = STAGES
    q = django_filters.CharFilter(label="Search", method="by_text")
    status = AnyOf(
        "Status",
        choices=[(status, label.word) for status, label in HOSTED_ORDER_STATES.items()],
    )
    letter = django_filters.CharFilter(label="Letter", field_name="signing_document_sid")

    class Meta:
        model = HostedOrder
        fields: list[str] = []

    def by_text(self, rows: QuerySet[HostedOrder], name: str, value: str) -> QuerySet[HostedOrder]:
        """A SID, or digits that the number has, in whatever format."""
        text = value.replace("\0", "").strip()
        if re.fullmatch("HR[0-9a-fA-F]{32}", text):
            return rows.filter(pk=text)
        return rows.filter(has_digits(text)) if is_digits(text) else rows.none()
