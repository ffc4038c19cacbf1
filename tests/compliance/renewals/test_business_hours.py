"""Business hours, counted forwards and backwards."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.renewals.hours import OfficeHours, after_business_time, business_time

OFFICE = OfficeHours(9, 17)
HOUR = timedelta(hours=1)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
offices = st.builds(
    lambda opens, length, zone: OfficeHours(opens, min(24, opens + length), zone),
    st.integers(0, 20),
    st.integers(1, 24),
    st.sampled_from(["UTC", "America/Los_Angeles", "Asia/Tokyo"]),
)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """In November 2026, whose 2nd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (at(2, 9), at(2, 17), 8),
        (at(2, 0), at(3, 0), 8),
        (at(6, 16), at(9, 10), 2),  # over a weekend
        (at(7, 3), at(8, 20), 0),  # within one
        (at(2, 10), at(2, 10), 0),
        (at(3, 10), at(2, 10), 0),  # the wrong way round
        (at(2, 9), at(16, 9), 80),
    ],
)
def test_only_office_hours_of_working_days_count(start, end, hours):
    assert business_time(start, end, OFFICE) == hours * HOUR


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (at(2, 9), 8, at(2, 17)),
        (at(2, 9), 24, at(4, 17)),
        (at(5, 12), 24, at(10, 12)),  # Thursday noon and three days of eight hours
        (at(7, 12), 1, at(9, 10)),
        (at(2, 9), 0, at(2, 9)),
    ],
)
def test_the_moment_after_so_many_hours(start, hours, end):
    assert after_business_time(start, hours * HOUR, OFFICE) == end


def test_offices_are_where_they_are():
    tokyo = OfficeHours(9, 17, "Asia/Tokyo")

    assert business_time(at(2, 0), at(2, 8), tokyo) == 8 * HOUR
    assert str(tokyo) == "9:00 to 17:00 Asia/Tokyo, Monday to Friday"


@given(moments, moments, moments, offices)
def test_times_add_up(first, second, third, office):
    one, two, three = sorted((first, second, third))

    whole = business_time(one, three, office)

    assert whole == business_time(one, two, office) + business_time(two, three, office)
    assert timedelta(0) <= whole


@given(moments, st.integers(1, 500), st.integers(0, 59), st.builds(OfficeHours, st.just(9), st.just(17)))
def test_what_is_counted_forwards_is_found_again(start, hours, minutes, office):
    length = timedelta(hours=hours, minutes=minutes)

    end = after_business_time(start, length, office)

    assert business_time(start, end, office) == length
    assert business_time(start, end - timedelta(minutes=1), office) < length


@pytest.mark.parametrize("hours", [(17, 9), (9, 9), (-1, 8), (9, 25)])
def test_office_hours_that_are_none_are_refused(hours):
    with pytest.raises(ValueError, match="begin before they end"):
        OfficeHours(*hours)
