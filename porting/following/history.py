"""What happened to the numbers of a request, as its timeline tells it: many at once in one line.

Every step is what Twilio answered at a moment, never what a webhook said, so a late webhook is no step back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, OuterRef, Subquery
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

    def takes(self, other: "_Step") -> bool:
        """Whether `other`, the one before it, is the same step of more numbers."""
        way = (self.before, self.after, self.code, self.who)
        return way == (other.before, other.after, other.code, other.who) and (
            self.since - other.at <= _ONE_STEP
        )

    def add(self, other: "_Step") -> None:
        self.since = other.since
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
        if steps and steps[-1].takes(step):
            steps[-1].add(step)
        else:
            steps.append(step)
    return [step.event() for step in steps[:LENGTH]]


def with_numbers(events: Iterable[Event], request: PortInRequest) -> list[Event]:
    """The timeline of a request with the steps of its numbers in it."""
    return sorted([*events, *number_events(request)], key=lambda event: event.at, reverse=True)[:LENGTH]


def _groups(request: PortInRequest) -> Iterator[dict[str, Any]]:
    """What was written in one moment, grouped by what it was, the newest first."""
    numbers = PortInNumber.objects.filter(request=request)
    changes = Change.objects.filter(
        target__in=numbers.values("pk"), resource="port_in_numbers", fields__has_any_keys=[_STATUS, _CODE]
    )
    number = PortInNumber.objects.filter(pk=OuterRef("target")).values("phone_number")
    told = changes.annotate(
        number=Subquery(number[:1]), status=KeyTransform(_STATUS, "fields"), code=KT(f"fields__{_CODE}__1")
    )
    actor = ("operation__actor__first_name", "operation__actor__last_name", "operation__actor__email")
    groups = told.order_by("-at").values("at", "source", "status", "code", *actor)
    groups = groups.annotate(count=Count("pk"), numbers=ArrayAgg("number"))
    yield from groups[:_GROUPS]


def _step_of(row: dict[str, Any]) -> _Step:
    before, after = (normal_status(value) for value in row["status"] or ("", ""))
    who = f"learned by {Change.Source(row['source']).label.lower()}"
    if email := row["operation__actor__email"]:
        names = row["operation__actor__first_name"], row["operation__actor__last_name"]
        who = str(User(first_name=names[0], last_name=names[1], email=email))
    return _Step(
        row["at"], row["at"], before, after, normal_code(row["code"]), who, row["count"], row["numbers"]
    )


def _state(status: str) -> str:
    return label_for(PORT_IN_NUMBER_STATES, status).word
