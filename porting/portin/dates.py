"""When numbers can be ported at the earliest, when carriers do not work, how old a bill may be.

Twilio takes a date that is 7 days ahead in the United States and 10 in Japan (page 15), counted in its own
day, which is that of UTC; and a bill of the last 30 days (page 12). Nothing is moved here: people are warned.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from portal.numbering import country_name

if TYPE_CHECKING:
    from holidays import HolidayBase

DAYS_AHEAD = {"US": 7, "JP": 10}
_OTHERWISE = 10  # no page names another country; the longer of the two is safe
BILL_DAYS = 30
_SATURDAY = 5


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
    """Why carriers may not port on this day; "" when there is no reason known.

    It knows the holidays that a country keeps everywhere, not those of its regions.
    """
    calendar = _calendar(country, day.year)
    if calendar.is_weekend(day) if calendar is not None else day.weekday() >= _SATURDAY:
        return f"{day:%A} is not a working day"
    if calendar is not None and (holiday := calendar.get(day)):
        return f"{holiday.replace(' (observed)', '')} is a holiday ({country_name(country)})"
    return ""


def unknown_holidays(country: str, day: date) -> str:
    """A sentence where nobody can be warned of holidays; "" where they are known."""
    if _calendar(country, day.year) is not None:
        return ""
    whose = f"Holidays ({country_name(country)})" if country else "Holidays of numbers without a country"
    return f"{whose} are not known here: weekends alone are warned of."


@lru_cache(maxsize=200)
def _calendar(country: str, year: int) -> "HolidayBase | None":
    """The holidays of one year; None for a country that the package does not know.

    Imported when it is first asked for: it takes a third of a second, and few processes ever ask.
    """
    from holidays import country_holidays

    try:
        return country_holidays(country, years=year, language="en_US")
    except NotImplementedError:
        return None


def oldest_bill(today: date) -> date:
    """The first day that a bill may be of."""
    return today - timedelta(days=BILL_DAYS)
