"""What lists and pages say of an order, worked out from our copy of it."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.urls import reverse
from django.utils import timezone

from portal.labels import Label, label_for
from portal.reveal.reveals import Subject
from porting.deadlines import Deadline, Stage
from porting.hosting.orders.tracker import deadline_of, stage_of
from porting.models import AuthorizationDocument, HostedOrder
from porting.statuses import HOSTED_ORDER_STATES, HOSTED_TO_VERIFY

# What is masked on the page of an order, by field: label, and the column it stands in.
ORDER_FIELDS = {
    "email": "E-mail of the authorized user",
    "contact_phone_number": "Phone of the authorized user",
    "contact_title": "Title of the authorized user",
    "cc_emails": "Copies to",
}
LETTER_FIELDS = {"email": "E-mail of the signer", "cc_emails": "Copies to"}


@dataclass(frozen=True, slots=True)
class Line:
    """An order and where it stands."""

    order: HostedOrder
    label: Label
    stage: Stage
    deadline: Deadline | None

    @property
    def may_be_called(self) -> bool:
        return self.order.status in HOSTED_TO_VERIFY


def line_of(order: HostedOrder, now: datetime | None = None) -> Line:
    now = now or timezone.now()
    return Line(
        order,
        label_for(HOSTED_ORDER_STATES, order.status),
        stage_of(order.status),
        deadline_of(order.status, order.status_since, now),
    )


def subject_of(row: HostedOrder | AuthorizationDocument, field: str) -> Subject:
    """A masked value of an order or a letter."""
    is_order = isinstance(row, HostedOrder)
    labels = ORDER_FIELDS if is_order else LETTER_FIELDS
    view = "porting:hosted-order-reveal" if is_order else "porting:authorization-reveal"
    return Subject(
        account=row.account,
        target=row.pk,
        field=field,
        label=labels[field],
        url=reverse(view, args=[row.pk, field]),
        page_url=row.get_absolute_url(),
        read=partial(getattr, row, field),
    )
