"""The first day that Twilio takes, days that carriers do not work, bills that are too old."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porting.portin.dates import earliest_date, oldest_bill, proposed_date, us_holiday, warning_of

days = st.dates(date(2024, 1, 1), date(2040, 1, 1))


def test_seven_days_ahead_in_the_united_states_and_ten_in_japan():
    today = date(2026, 11, 22)

    assert earliest_date("US", today) == date(2026, 11, 29)
    assert earliest_date("JP", today) == date(2026, 12, 2)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 11, 26), "Thanksgiving Day"),
        (date(2027, 7, 5), "Independence Day"),  # the 4th is a Sunday
        (date(2026, 7, 3), "Independence Day"),  # the 4th is a Saturday
        (date(2027, 12, 31), "New Year's Day"),  # the 1st is a Saturday
        (date(2026, 5, 25), "Memorial Day"),
        (date(2026, 11, 27), ""),
    ],
)
def test_holidays_are_known_and_the_days_on_which_they_are_kept(day, name):
    assert us_holiday(day) == name


def test_a_weekend_and_a_holiday_are_warned_of_and_only_there():
    assert "Saturday" in warning_of(date(2026, 11, 28), "US")
    assert "Thanksgiving" in warning_of(date(2026, 11, 26), "US")
    assert warning_of(date(2026, 11, 26), "JP") == ""


@given(days, st.sampled_from(["US", "JP"]))
def test_the_proposed_day_is_the_first_working_day_that_twilio_takes(today, country):
    day = proposed_date(country, today)

    assert day >= earliest_date(country, today)
    assert warning_of(day, country) == ""
    earliest = earliest_date(country, today)
    between = (earliest + timedelta(n) for n in range((day - earliest).days))
    assert all(warning_of(one, country) for one in between)


@given(days)
def test_a_year_has_eleven_holidays_and_none_at_a_weekend(day):
    year = [date(day.year, 1, 1) + timedelta(n) for n in range(365)]

    kept = [one for one in year if us_holiday(one)]
    assert 10 <= len(kept) <= 12
    assert all(one.weekday() < 5 for one in kept)


def test_a_bill_is_of_the_last_thirty_days():
    assert oldest_bill(date(2026, 11, 22)) == date(2026, 10, 23)
