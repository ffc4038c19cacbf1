"""What was told by webhooks, and what was learned without one (N5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max
from django.utils import timezone

from portal.access import Access
from portal.labels import Label, label_for
from portal.models import Change, Delivery
from porting.models import PortInRequest
from porting.statuses import PORT_IN_STATES, normal_status

SINCE = timedelta(days=7)
_MOST = 50
_STATUS = "port_in_request_status"
# Twilio tries a webhook for 21 hours; one that comes after the reading is late, not lost.
_TRIED_FOR = timedelta(hours=21)
_RACE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Late:
    """A status that a reading found before any webhook told of it."""

    request: PortInRequest
    at: datetime
    before: Label
    after: Label
    came_at: datetime | None  # when the webhook came after all
    may_come: bool


def told_of(account_sid: str) -> tuple[int, datetime | None]:
    """How many webhooks told of requests of an account in the last days, and when the last one did."""
    requests = PortInRequest.objects.filter(account=account_sid).values("pk")
    rows = Delivery.objects.verified().filter(
        kind="port-in", received_at__gte=timezone.now() - SINCE, target__in=requests
    )
    found = rows.aggregate(count=Count("pk"), last=Max("received_at"))
    return found["count"], found["last"]


def learned_late(access: Access) -> list[Late]:
    """Newest first, `_MOST` at most. What a webhook told of within minutes of the reading is a race."""
    now = timezone.now()
    rows = access.visible(
        Change.objects.filter(
            resource="port_ins",
            source=Change.Source.SYNC,
            at__gte=now - SINCE,
            fields__has_key=_STATUS,
        ),
        field="account_sid",
    )
    changes = list(rows.order_by("-at")[:_MOST])
    sids = [change.target for change in changes]
    requests = PortInRequest.objects.defer("payload").in_bulk(sids)
    came: dict[str, list[Delivery]] = {}
    for delivery in Delivery.objects.verified().filter(kind="port-in", target__in=sids).defer("body"):
        came.setdefault(delivery.target, []).append(delivery)
    late = [
        _late(requests[change.target], change, came.get(change.target, ()), now)
        for change in changes
        if change.target in requests
    ]
    return [one for one in late if one.came_at is None or one.came_at - one.at > _RACE]


def _late(request: PortInRequest, change: Change, came: Sequence[Delivery], now: datetime) -> Late:
    before, after = (normal_status(value) for value in change.fields[_STATUS])
    times = [
        delivery.received_at
        for delivery in came
        if normal_status(delivery.said.get("status")) == after and delivery.received_at > change.at - _RACE
    ]
    return Late(
        request,
        change.at,
        label_for(PORT_IN_STATES, before),
        label_for(PORT_IN_STATES, after),
        min(times, default=None),
        now - change.at < _TRIED_FOR,
    )
