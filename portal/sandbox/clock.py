"""The sandbox's time: real time plus an offset, or frozen."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import gmtime
from typing import Any

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Clock:
    """A clock that can be moved, set and stopped.

    `source` is the time it follows; `changed` is told of every move, so that it can be kept.
    """

    def __init__(self, source: Callable[[], datetime] | None = None) -> None:
        self._source = source or _real_time
        self._offset = timedelta(0)
        self._frozen_at: datetime | None = None
        self.changed: Callable[[], None] = lambda: None

    @classmethod
    def stopped_at(cls, moment: datetime) -> "Clock":
        clock = cls()
        clock.freeze(moment)
        return clock

    @property
    def is_frozen(self) -> bool:
        return self._frozen_at is not None

    @property
    def is_moved(self) -> bool:
        return self.is_frozen or bool(self._offset)

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of the time it follows."""
        return self.now() - self._source() if self.is_frozen else self._offset

    def now(self) -> datetime:
        return self._frozen_at or self._source() + self._offset

    def seconds(self) -> int:
        return int(self.now().timestamp())

    def advance(self, by: timedelta) -> None:
        self.set(self.now() + by)

    def set(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        if self.is_frozen:
            self._frozen_at = moment
        else:
            self._offset = moment - self._source()
        self.changed()

    def freeze(self, moment: datetime | None = None) -> None:
        self._frozen_at = moment or self.now()
        self.changed()

    def resume(self) -> None:
        """Let time run on from where it stands."""
        if self._frozen_at is not None:
            self._offset, self._frozen_at = self._frozen_at - self._source(), None
            self.changed()

    def reset(self) -> None:
        self._offset, self._frozen_at = timedelta(0), None
        self.changed()

    def saved(self) -> dict[str, Any]:
        return {
            "offset": self._offset.total_seconds(),
            "frozen_at": self._frozen_at.isoformat() if self._frozen_at else None,
        }

    def restore(self, saved: dict[str, Any]) -> None:
        self._offset = timedelta(seconds=saved["offset"])
        self._frozen_at = datetime.fromisoformat(saved["frozen_at"]) if saved["frozen_at"] else None


def _real_time() -> datetime:
    return datetime.now(UTC)


def rfc2822(seconds: int) -> str:
    """`Thu, 30 Jul 2015 23:19:04 +0000`, as api.twilio.com writes every date."""
    at = gmtime(seconds)
    return (
        f"{DAYS[at.tm_wday]}, {at.tm_mday:02d} {MONTHS[at.tm_mon - 1]} {at.tm_year}"
        f" {at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d} +0000"
    )


def iso8601(seconds: int) -> str:
    """`2015-07-30T20:00:00Z`, as the newer hosts write every date."""
    at = gmtime(seconds)
    return f"{at.tm_year}-{at.tm_mon:02d}-{at.tm_mday:02d}T{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}Z"


def seconds_of(moment: str) -> int:
    """The seconds of an ISO 8601 date or moment; without a zone it is UTC."""
    parsed = datetime.fromisoformat(moment)
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
