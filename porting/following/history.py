"""What happened to the numbers of a request, as its timeline tells it: many at once in one line.

Every step is what Twilio answered at a moment, never what a webhook said, so a late webhook is no step back.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, DateTimeField, F, Func, Max, Min, OuterRef, Subquery, Value
from django.db.models.fields.json import KT, KeyTransform

from portal.labels import label_for
from portal.models import Change, User
from portal.numbering import spaced
from portal.timeline import LENGTH, Difference, Event
from porting.models import PortInNumber, PortInRequest
from porting.rejections import fix_of
from porting.statuses import PORT_IN_NUMBER_STATES, normal_code, normal_status

_STATUS = "port_in_phone_number_status"
_CODE = "rejection_reason_code"
# Webhooks of one decision come one after another; so much later it is another one.
_ONE_STEP = timedelta(minutes=10)
_ONE_MOMENT = timedelta(seconds=10)
_GROUPS = 1_000
_NAMED = 3


@dataclass(slots=True)
class _Step:
    """Numbers that went the same way at about the same time."""

    at: datetime  # the last of them
    since: datetime
    before: str
    after: str
    code: int | None
    who: str
    count: int
    numbers: list[str]

    @property
    def way(self) -> tuple[str, str, int | None, str]:
        return self.before, self.after, self.code, self.who

    def add(self, other: "_Step") -> None:
        self.since = min(self.since, other.since)
        self.count += other.count
        self.numbers += other.numbers

    def event(self) -> Event:
        named = ", ".join(spaced(number) for number in sorted(self.numbers)[:_NAMED])
        rest = self.count - min(len(self.numbers), _NAMED)
        is_one = self.count == 1
        return Event(
            at=self.at,
            title=f"{named if is_one else f'{self.count:,} numbers'}{self._words()}",
            who=self.who,
            differences=[Difference("Status", _state(self.before), _state(self.after))] if self.after else [],
            text="" if is_one else f"{named} and {rest:,} more" if rest else named,
        )

    def _words(self) -> str:
        reason = f"{self.code} {fix_of(self.code).name}".strip() if self.code else ""
        if self.after == "port_rejected":
            return f" rejected: {reason}" if reason else " rejected"
        if reason:
            return f": {reason}"
        return f": {_state(self.after).lower()}" if self.after else ": the reason was withdrawn"


def number_events(request: PortInRequest) -> list[Event]:
    """The newest steps of its numbers, in one query; what else changed about them is not told."""
    steps: list[_Step] = []
    for row in _groups(request):
        step = _step_of(row)
        if step.before == step.after and step.code is None and row["status"]:
            continue  # another spelling
        if same := _same(steps, step):
            same.add(step)
        else:
            steps.append(step)
    return [step.event() for step in steps[:LENGTH]]


def with_numbers(events: Iterable[Event], request: PortInRequest) -> list[Event]:
    """The timeline of a request with the steps of its numbers in it."""
    return sorted([*events, *number_events(request)], key=lambda event: event.at, reverse=True)[:LENGTH]


def _same(later: Sequence[_Step], step: _Step) -> _Step | None:
    """Which of the later steps it belongs to.

    Only what other numbers did from where it began may lie between, or a number would seem to go back.
    """
    for known in reversed(later):
        if known.before != step.before or known.since - step.at > _ONE_STEP:
            return None
        if known.way == step.way:
            return known
    return None


def _groups(request: PortInRequest) -> Iterator[dict[str, Any]]:
    """What was written within seconds, grouped by what it was, the newest first."""
    numbers = PortInNumber.objects.filter(request=request)
    changes = Change.objects.filter(
        target__in=numbers.values("pk"), resource="port_in_numbers", fields__has_any_keys=[_STATUS, _CODE]
    )
    number = PortInNumber.objects.filter(pk=OuterRef("target")).values("phone_number")
    told = changes.annotate(
        number=Subquery(number[:1]), status=KeyTransform(_STATUS, "fields"), code=KT(f"fields__{_CODE}__1")
    )
    actor = ("operation__actor__first_name", "operation__actor__last_name", "operation__actor__email")
    groups = told.annotate(moment=_moment()).values("moment", "source", "status", "code", *actor)
    groups = groups.annotate(
        last=Max("at"), first=Min("at"), count=Count("pk"), numbers=ArrayAgg("number", order_by=["number"])
    )
    yield from groups.order_by("-last")[:_GROUPS]


def _moment() -> Func:
    """The rows of a request are written one after another; they are counted together."""
    return Func(
        Value(_ONE_MOMENT), F("at"), Value(datetime(2020, 1, 1, tzinfo=UTC)),
        function="date_bin", output_field=DateTimeField(),
    )  # fmt: skip


def _step_of(row: dict[str, Any]) -> _Step:
    before, after = (normal_status(value) for value in row["status"] or ("", ""))
    who = f"learned by {Change.Source(row['source']).label.lower()}"
    if email := row["operation__actor__email"]:
        names = row["operation__actor__first_name"], row["operation__actor__last_name"]
        who = str(User(first_name=names[0], last_name=names[1], email=email))
    return _Step(
        row["last"], row["first"], before, after, normal_code(row["code"]), who, row["count"], row["numbers"]
    )


def _state(status: str) -> str:
    return label_for(PORT_IN_NUMBER_STATES, status).word
