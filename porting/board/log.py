"""The log of reminders: when our people were told of a request, an order or a letter, and how many."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Min, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from porting.deadlines import Deadline, Stage
from porting.models import Reminder, ReminderLine

REMINDED = "porting.remind_team"
State = Reminder.State
Rows = TypeVar("Rows", bound=QuerySet[Any])


class Remindable(Protocol):
    """A request or an order, and where it stands."""

    @property
    def stage(self) -> Stage: ...

    @property
    def deadline(self) -> Deadline | None: ...


@dataclass(frozen=True, slots=True)
class Told:
    """One time that people were reminded of something."""

    at: datetime
    sent: int
    waiting: int
    failed: int
    asked_by: str  # "" for the reminder of every morning

    @property
    def words(self) -> str:
        """`Reminded 3 people`, or how far that is."""
        if self.sent:
            return f"Reminded {people_words(self.sent)}"
        return f"Reminding {people_words(self.waiting)}" if self.waiting else "Nobody was reached"

    @property
    def others(self) -> str:
        """Who has not got it, "" if everybody has."""
        parts = [f"{self.waiting} not sent yet"] if self.sent and self.waiting else []
        return ", ".join([*parts, f"{self.failed} failed"] if self.failed else parts)


def with_log(rows: Rows) -> Rows:
    """Rows that bring along when people were reminded of them, for `log_of`. It takes no query of its own."""
    told = ReminderLine.objects.filter(target=OuterRef("pk")).exclude(reminder__state=State.DROPPED)
    times = (
        told.order_by("-reminder__noted_at")
        .values("reminder__key", "reminder__noted_at", "reminder__asked_by__email")
        .annotate(
            first=Min("reminder__sent_at"),
            sent=Count("pk", filter=Q(reminder__state=State.SENT)),
            waiting=Count("pk", filter=Q(reminder__state=State.WAITING)),
            failed=Count("pk", filter=Q(reminder__state=State.FAILED)),
        )
    )
    as_json = JSONObject(
        noted_at="reminder__noted_at",
        asked_by="reminder__asked_by__email",
        first="first",
        sent="sent",
        waiting="waiting",
        failed="failed",
    )
    annotated: Rows = rows.annotate(told=ArraySubquery(times.values_list(as_json, flat=True)))
    return annotated


def log_of(row: Any) -> list[Told]:
    """The last time first; nothing for a row that was read without its log."""
    return [_told(told) for told in getattr(row, "told", None) or ()]


def is_remindable(line: Remindable) -> bool:
    """Whether the team can hasten it: it waits for us, or for somebody whom we can call in time."""
    return line.stage.is_ours or line.deadline is not None


def people_words(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def _told(said: Mapping[str, Any]) -> Told:
    at = datetime.fromisoformat(said["first"] or said["noted_at"])
    return Told(at, said["sent"], said["waiting"], said["failed"], said["asked_by"] or "")
