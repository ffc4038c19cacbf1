"""When numbers can be ported at the earliest, when carriers do not work, how old a bill may be. Pure.

Twilio takes a date that is 7 days ahead in the United States and 10 in Japan (page 15), counted in its own
day, which is that of UTC; and a bill of the last 30 days (page 12). Nothing is moved here: people are warned.
"""

from datetime import date, timedelta

DAYS_AHEAD = {"US": 7, "JP": 10}
_OTHERWISE = 10  # no page names another country; the longer of the two is safe
BILL_DAYS = 30
MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6


def earliest_date(country: str, today: date) -> date:
    """The first day that Twilio takes for a request filed today."""
    return today + timedelta(days=DAYS_AHEAD.get(country, _OTHERWISE))


def proposed_date(country: str, today: date) -> date:
    """The first day that Twilio takes and on which carriers work."""
    day = earliest_date(country, today)
    while warning_of(day, country):
        day += timedelta(days=1)
    return day


def warning_of(day: date, country: str) -> str:
    """Why carriers may not port on this day; "" when there is no reason known."""
    if day.weekday() in (SATURDAY, SUNDAY):
        return f"{day:%A} is not a working day"
    if country == "US" and (holiday := us_holiday(day)):
        return f"{holiday} is a holiday in the United States"
    return ""


def us_holiday(day: date) -> str:
    """The federal holiday on which this day falls, or is kept; "" if none (5 U.S.C. 6103)."""
    for name, kept in _us_holidays(day.year) + _us_holidays(day.year + 1)[:1]:
        if kept == day:
            return name
    return ""


def _us_holidays(year: int) -> list[tuple[str, date]]:
    fixed = [
        ("New Year's Day", date(year, 1, 1)),
        ("Juneteenth", date(year, 6, 19)),
        ("Independence Day", date(year, 7, 4)),
        ("Veterans Day", date(year, 11, 11)),
        ("Christmas Day", date(year, 12, 25)),
    ]
    return [(name, _kept(day)) for name, day in fixed] + [
        ("Martin Luther King Jr. Day", _nth(year, 1, MONDAY, 3)),
        ("Washington's Birthday", _nth(year, 2, MONDAY, 3)),
        ("Memorial Day", _last(year, 5, MONDAY)),
        ("Labor Day", _nth(year, 9, MONDAY, 1)),
        ("Columbus Day", _nth(year, 10, MONDAY, 2)),
        ("Thanksgiving Day", _nth(year, 11, THURSDAY, 4)),
    ]


def _kept(day: date) -> date:
    """One on a Saturday is kept the day before, one on a Sunday the day after."""
    shift = {SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0)
    return day + timedelta(days=shift)


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _last(year: int, month: int, weekday: int) -> date:
    day = date(year, month + 1, 1) - timedelta(days=1)
    return day - timedelta(days=(day.weekday() - weekday) % 7)


def oldest_bill(today: date) -> date:
    """The first day that a bill may be of."""
    return today - timedelta(days=BILL_DAYS)
