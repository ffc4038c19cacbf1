"""Business hours, in which Twilio says how long a review takes (pages 29 and 41). Pure: no rows, no calls.

Twilio does not say which hours it means. `OfficeHours` are settings; public holidays are not left out.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_WORKING_DAYS = 5
_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The hours of Monday to Friday, `opens` to `closes` o'clock where `zone` is."""

    opens: int
    closes: int
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= 24:
            raise ValueError("Office hours begin before they end, within a day.")

    @property
    def a_day(self) -> timedelta:
        return timedelta(hours=self.closes - self.opens)

    def __str__(self) -> str:
        return f"{self.opens}:00 to {self.closes}:00 {self.zone.replace('_', ' ')}, Monday to Friday"


def business_time(start: datetime, end: datetime, hours: OfficeHours) -> timedelta:
    """How much of the time between two moments is business hours; nothing if `end` is not later.

    A day counts by the clock on the wall, so a day on which clocks change is as long as any other.
    """
    return max(_NONE, _since_monday(end, hours) - _since_monday(start, hours)) if end > start else _NONE


def after_business_time(start: datetime, length: timedelta, hours: OfficeHours) -> datetime:
    """The first moment at which so much business time has passed since `start`."""
    if not length:
        return start
    days, rest = divmod(_since_monday(start, hours) + length, hours.a_day)
    if not rest:  # the end of a day, not the beginning of the next
        days, rest = days - 1, hours.a_day
    weeks, weekday = divmod(days, _WORKING_DAYS)
    day = datetime.min.date() + timedelta(weeks=weeks, days=weekday)
    local = datetime.combine(day, time(hours.opens)) + rest
    return local.replace(tzinfo=ZoneInfo(hours.zone)).astimezone(start.tzinfo)


def _since_monday(moment: datetime, hours: OfficeHours) -> timedelta:
    """Business time from the first Monday of the calendar to a moment."""
    local = moment.astimezone(ZoneInfo(hours.zone)).replace(tzinfo=None)
    weeks, weekday = divmod((local.date() - datetime.min.date()).days, 7)  # 1 January of year 1: a Monday
    whole_days = weeks * _WORKING_DAYS + min(weekday, _WORKING_DAYS)
    today = _NONE
    if weekday < _WORKING_DAYS:
        opened = datetime.combine(local.date(), time()) + timedelta(hours=hours.opens)
        today = min(max(local - opened, _NONE), hours.a_day)
    return whole_days * hours.a_day + today
