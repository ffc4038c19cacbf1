"""The first day that Twilio takes, days that carriers do not work, bills that are too old."""

import subprocess
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porting.portin.dates import earliest_date, oldest_bill, proposed_date, unknown_holidays, warning_of

days = st.dates(date(2024, 1, 1), date(2040, 1, 1))


def test_seven_days_ahead_in_the_united_states_and_ten_in_japan():
    today = date(2026, 11, 22)

    assert earliest_date("US", today) == date(2026, 11, 29)
    assert earliest_date("JP", today) == date(2026, 12, 2)


@pytest.mark.parametrize(
    ("day", "country", "holiday"),
    [
        (date(2026, 11, 26), "US", "Thanksgiving Day is a holiday (United States)"),
        (date(2027, 7, 5), "US", "Independence Day is a holiday (United States)"),  # the 4th is a Sunday
        (date(2027, 12, 31), "US", "New Year's Day is a holiday (United States)"),  # the 1st is a Saturday
        (date(2026, 11, 23), "JP", "Labor Thanksgiving Day is a holiday (Japan)"),
        (date(2026, 7, 1), "CA", "Canada Day is a holiday (Canada)"),
        (date(2028, 10, 3), "DE", "German Unity Day is a holiday (Germany)"),
        (date(2026, 11, 26), "GB", ""),
        (date(2026, 11, 26), "XX", ""),
    ],
)
def test_holidays_are_those_of_the_numbers_country(day, country, holiday):
    assert warning_of(day, country).startswith(holiday)
    assert bool(warning_of(day, country)) is bool(holiday)


def test_weekends_are_those_of_the_country_too():
    friday, saturday, sunday = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)
    assert warning_of(saturday, "US") == warning_of(saturday, "XX") == "Saturday is not a working day"
    assert warning_of(friday, "IL") == "Friday is not a working day"
    assert warning_of(sunday, "IL") == ""


def test_where_holidays_are_not_known_it_is_said():
    today = date(2026, 11, 22)
    assert unknown_holidays("US", today) == unknown_holidays("JP", today) == ""
    assert "(XX) are not known here" in unknown_holidays("XX", today)
    assert "without a country are not known" in unknown_holidays("", today)


def test_holidays_are_loaded_when_somebody_asks():
    code = "import sys, porting.portin.dates; sys.exit('holidays' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@given(days, st.sampled_from(["US", "JP", "DE", "XX"]))
def test_the_proposed_day_is_the_first_working_day_that_twilio_takes(today, country):
    day = proposed_date(country, today)

    assert day >= earliest_date(country, today)
    assert warning_of(day, country) == ""
    earliest = earliest_date(country, today)
    between = (earliest + timedelta(n) for n in range((day - earliest).days))
    assert all(warning_of(one, country) for one in between)


def test_a_bill_is_of_the_last_thirty_days():
    assert oldest_bill(date(2026, 11, 22)) == date(2026, 10, 23)
