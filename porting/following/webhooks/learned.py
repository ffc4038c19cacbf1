"""What was told by webhooks, and what was learned without one (N5)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, OuterRef, Subquery
from django.utils import timezone

from portal.access import Access
from portal.labels import Label, label_for
from portal.models import Change, Delivery
from portal.numbering import spaced
from porting.models import PortInNumber, PortInRequest
from porting.models.port_in import HEAVY
from porting.statuses import PORT_IN_NUMBER_STATES, PORT_IN_STATES, normal_status

SINCE = timedelta(days=7)
# So many lines are shown, out of so many changes looked at.
_MOST, _LOOKED_AT = 50, 2_000
_NAMED = 3
_STATUS = "port_in_request_status"
_NUMBER_STATUS = "port_in_phone_number_status"
# The statuses that there is a webhook for (page 17); of others nothing can be missed.
_TOLD = frozenset(
    {"waiting_for_signature", "in_progress", "completed", "action_required", "canceled", "expired"}
)
_NUMBER_TOLD = frozenset(
    {"waiting_for_signature", "port_submitted", "port_pending", "completed", "port_rejected", "canceled"}
)
_SOME_NUMBER = "some number"  # of a webhook that did not keep which
# Twilio tries a webhook for 21 hours; one that comes after the reading is late, not lost.
_TRIED_FOR = timedelta(hours=21)
_RACE = timedelta(minutes=5)


@dataclass(slots=True)
class Late:
    """A status that a reading found before a webhook told of it: the request's, or that of some numbers."""

    request: PortInRequest
    at: datetime
    before: Label
    after: Label
    came_at: datetime | None  # when the webhook came after all, the last of several
    may_come: bool
    numbers: list[str] = field(default_factory=list)

    @property
    def names(self) -> str:
        """The first of its numbers, and how many more; "" for the request itself."""
        named = ", ".join(map(spaced, sorted(self.numbers)[:_NAMED]))
        rest = len(self.numbers) - _NAMED
        return f"{named} and {rest:,} more" if rest > 0 else named


@dataclass(frozen=True, slots=True)
class _News:
    """One change of status, of a request or of one of its numbers."""

    request_sid: str
    number_sid: str  # "" for the request's own
    run: int | None  # the reading that found it
    at: datetime
    before: str
    after: str


def told_by_account(access: Access) -> dict[str, tuple[int, datetime]]:
    """How many webhooks told of requests of an account in the last days, and when the last one did."""
    of_account = access.visible(PortInRequest.objects.filter(pk=OuterRef("target"))).values("account")
    rows = Delivery.objects.verified().filter(kind="port-in", received_at__gte=timezone.now() - SINCE)
    told = rows.order_by().annotate(whose=Subquery(of_account[:1])).values_list("whose")
    return {sid: (count, last) for sid, count, last in told.annotate(Count("pk"), Max("received_at")) if sid}


def learned_late(access: Access) -> list[Late]:
    """Newest first, `_MOST` at most; numbers of a request that one reading found alike are one.

    What a webhook told of within minutes of the reading is a race. Five queries.
    """
    now = timezone.now()
    visible = access.visible(PortInRequest.objects.defer(*HEAVY))
    news = list(_news(access, now))
    requests: dict[str, PortInRequest] = visible.in_bulk({one.request_sid for one in news})
    numbers = PortInNumber.objects.filter(pk__in=[one.number_sid for one in news if one.number_sid])
    names: dict[str, str] = dict(numbers.values_list("pk", "phone_number"))
    came = _deliveries(requests, now)
    late: dict[tuple[Any, ...], Late] = {}
    for one in news:
        came_at = _came_at(one, came)
        if one.request_sid not in requests or (came_at and came_at - one.at <= _RACE):
            continue
        line = _line(one, requests[one.request_sid], came_at, now)
        what = one.request_sid, bool(one.number_sid), one.before, one.after
        known = late.setdefault((*what, one.run or one.at, came_at is None), line)
        if one.number_sid:
            known.numbers.append(names.get(one.number_sid, one.number_sid))
            known.came_at = came_at and max(came_at, known.came_at or came_at)
    return sorted(late.values(), key=lambda one: one.at, reverse=True)[:_MOST]


def _news(access: Access, now: datetime) -> Iterator[_News]:
    """What readings found, as far as Twilio tells of it by a webhook."""
    rows = Change.objects.filter(source=Change.Source.SYNC, at__gte=now - SINCE).order_by("-at")
    own = access.visible(rows.filter(resource="port_ins", fields__has_key=_STATUS), field="account_sid")
    for sid, run, at, fields in own.values_list("target", "run", "at", "fields")[:_LOOKED_AT]:
        before, after = map(normal_status, fields[_STATUS])
        if before != after and after in _TOLD:
            yield _News(sid, "", run, at, before, after)
    # A change of a number has its request where others have their account.
    numbers = rows.filter(resource="port_in_numbers", fields__has_key=_NUMBER_STATUS)
    if access.account_sids() is not None:
        numbers = numbers.filter(account_sid__in=access.visible(PortInRequest.objects.values("pk")))
    told = numbers.values_list("target", "account_sid", "run", "at", "fields")
    for number_sid, sid, run, at, fields in told[:_LOOKED_AT]:
        before, after = map(normal_status, fields[_NUMBER_STATUS])
        if before != after and after in _NUMBER_TOLD:
            yield _News(sid, number_sid, run, at, before, after)


def _deliveries(requests: Iterable[str], now: datetime) -> Mapping[tuple[str, str, str], Sequence[datetime]]:
    """When webhooks came, by request, number ("" for the request's own) and status."""
    came: dict[tuple[str, str, str], list[datetime]] = defaultdict(list)
    rows = Delivery.objects.verified().filter(
        kind="port-in", target__in=list(requests), received_at__gte=now - SINCE - _TRIED_FOR
    )
    for sid, at, said in rows.values_list("target", "received_at", "said"):
        number_sid = said.get("number_sid") or (_SOME_NUMBER if said.get("of") == "a number" else "")
        came[sid, number_sid, normal_status(said.get("status"))].append(at)
    return came


def _came_at(news: _News, came: Mapping[tuple[str, str, str], Sequence[datetime]]) -> datetime | None:
    """When the webhook of this change came first; a request may have come to the same status before."""
    times = came.get((news.request_sid, news.number_sid, news.after), ())
    if news.number_sid and not times:
        times = came.get((news.request_sid, _SOME_NUMBER, news.after), ())
    return min((at for at in times if news.number_sid or at > news.at - _RACE), default=None)


def _line(news: _News, request: PortInRequest, came_at: datetime | None, now: datetime) -> Late:
    labels = PORT_IN_NUMBER_STATES if news.number_sid else PORT_IN_STATES
    return Late(
        request,
        news.at,
        label_for(labels, news.before),
        label_for(labels, news.after),
        came_at,
        now - news.at < _TRIED_FOR,
    )
