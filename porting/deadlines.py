"""Until when a request, an order or a letter may stay in its status, and who must act. Pure (M6).

A port-in request waits 30 days for its signature and is canceled then (page 14). A hosted order may rest 7
days in verification and when action is required (pages 1, 8 and 11), and 30 idle days otherwise (page 8); a
letter for hosting waits 7 days. No page gives the other statuses an end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Stage:
    """A status: who acts next, in how many days at most, and what they do."""

    who: str
    what: str
    days: int = 0  # until Twilio gives it up; 0 where it does not
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Deadline:
    """The day it is, of how many, and when Twilio gives up. Late is only the last fifth of the time (M6)."""

    day: int
    days: int
    until: datetime
    is_late: bool
    is_over: bool  # Twilio was to give it up by now, and we have not learned that it did

    @property
    def words(self) -> str:
        return f"Day {self.day} of {self.days}"


def count_days(since: datetime, days: int, now: datetime) -> Deadline:
    """Days are spans of 24 hours from the moment on, wherever and in whichever season they are counted."""
    until = since + timedelta(days=days)
    day = min(max((now - since).days + 1, 1), days)
    return Deadline(day, days, until, now - since >= late_after(days), now >= until)


def deadline_in(stage: Stage, since: datetime | None, now: datetime) -> Deadline | None:
    """Until when something may stay in a stage; None where there is no limit or nobody knows since when."""
    return count_days(since, stage.days, now) if stage.days and since else None


def late_after(days: int) -> timedelta:
    """How long something has rested when the last fifth of its time begins."""
    return timedelta(days=days) * 4 / 5
