"""When a number is active: the rule of page 2, by itself and as the database works it out."""

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.db.models import Count, Sum
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inventory.models import ActivitySum, NumberActivity, PhoneNumber, UsagePeriod, UsageWindow
from inventory.usage import standing
from inventory.usage.activity import (
    MONTH,
    UNSENT,
    Period,
    counts_as_call,
    counts_as_message,
    is_active,
    number_of,
    period_of,
    state_of,
)
from tests.factories import make_account, make_number, make_price
from tests.inventory.usage import make_usage

TODAY = date(2026, 6, 15)
counts = st.integers(0, 10)


@given(calls=counts, messages=counts)
def test_three_of_either_make_a_number_active_and_two_of_each_do_not(calls, messages):
    assert is_active(calls, messages) == (calls in range(3, 11) or messages in range(3, 11))


@given(calls=counts, messages=counts, more=st.tuples(counts, counts))
def test_more_use_never_makes_a_number_less_active(calls, messages, more):
    if is_active(calls, messages):
        assert is_active(calls + more[0], messages + more[1])


@pytest.mark.parametrize(
    ("status", "seconds", "counts"),
    [
        ("completed", 12, True),
        ("completed", 3600, True),
        ("completed", 11, False),
        ("completed", None, False),
        ("in-progress", 60, False),
        ("busy", 12, False),
        ("no-answer", None, False),
        (None, 12, False),
    ],
)
def test_a_call_counts_when_it_was_completed_and_lasted_twelve_seconds(status, seconds, counts):
    assert counts_as_call(status, seconds) is counts


@pytest.mark.parametrize("status", ["sent", "delivered", "undelivered", "received", "receiving", "read"])
def test_a_message_counts_once_it_was_sent_or_received(status):
    assert counts_as_message(status)


@pytest.mark.parametrize("status", [*UNSENT, "", None])
def test_a_message_that_was_never_sent_does_not_count(status):
    assert not counts_as_message(status)


@pytest.mark.parametrize(
    ("direction", "ours"),
    [
        ("inbound", "+15005550002"),
        ("trunking-originating", "+15005550002"),
        ("outbound-api", "+15005550001"),
        ("outbound-dial", "+15005550001"),
        ("outbound-reply", "+15005550001"),
        ("outbound-call", "+15005550001"),
        ("trunking-terminating", "+15005550001"),
        ("sideways", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_our_number_is_the_one_on_our_side(direction, ours):
    assert number_of(direction, "+15005550001", "+15005550002") == ours


@pytest.mark.parametrize(
    "other", ["client:ada", "sip:ada@example.com", "ACME", "12345", "whatsapp:+15005550001", "", None]
)
def test_what_is_no_phone_number_is_nobody_s(other):
    assert number_of("outbound-api", other, "+15005550002") == ""
    assert number_of("inbound", "+15005550002", other) == ""


@given(st.text(), st.none() | st.text(), st.none() | st.text())
def test_any_text_is_read_without_a_fault(direction, sender, recipient):
    ours = number_of(direction, sender, recipient)
    assert ours in ("", sender, recipient)
    assert ours == "" or ours.startswith("+")


days = st.sets(st.integers(0, 40)).map(lambda ago: {TODAY - timedelta(days=n) for n in ago})


@given(calls=days, messages=days)
def test_a_month_is_complete_only_when_every_day_of_it_was_read_twice_over(calls, messages):
    period = period_of({"calls": calls, "messages": messages}, TODAY)

    assert period.last_day - period.first_day == MONTH
    month = {period.first_day + timedelta(days=n) for n in range(MONTH.days + 1)}
    assert period.is_complete == (month <= calls and month <= messages)
    assert period.last_day >= TODAY - timedelta(days=2)


@given(lacking=st.integers(0, 5))
def test_a_month_may_lack_its_last_two_days_and_not_three(lacking):
    read = {TODAY - timedelta(days=n) for n in range(lacking, 40)}

    period = period_of({"calls": read, "messages": read}, TODAY)

    assert period.is_complete == (lacking <= 2)
    assert period.last_day == (TODAY - timedelta(days=lacking) if lacking <= 2 else TODAY)


def test_nothing_is_known_where_nothing_was_read():
    assert not period_of({}, TODAY).is_complete
    assert not period_of({"calls": [], "messages": []}, TODAY).is_complete


def test_the_states_in_their_order():
    whole, gap = Period(TODAY - MONTH, TODAY, True), Period(TODAY - MONTH, TODAY, False)
    old, first, young = date(2020, 1, 1), TODAY - MONTH, TODAY - MONTH + timedelta(days=1)

    def state(counted=0, hosted=False, added=old, period=whole):
        return state_of(
            counted_calls=counted, counted_messages=0, is_hosted=hosted, added=added, period=period
        )

    assert state(3, hosted=True, added=young, period=gap) == "active"
    assert state(2, hosted=True) == "hosted"
    assert state(2, added=young) == "new"
    assert state(2, added=young, period=gap) == "new"
    assert state(2, added=first) == "idle"
    assert state(2, period=gap) == "unknown"


CASES = [
    (calls, messages, hosted, age, complete)
    for calls, messages in ((0, 0), (2, 2), (3, 0), (0, 3))
    for hosted in (False, True)
    for age in (3000, MONTH.days, MONTH.days - 1, 0)
    for complete in (False, True)
]


@pytest.mark.django_db
def test_the_database_says_what_the_rule_says():
    today = timezone.now().date()
    accounts = {complete: make_account() for complete in (False, True)}
    expected = {}
    for calls, messages, hosted, age, complete in CASES:
        added = today - timedelta(days=age)
        number = make_number(
            accounts[complete],
            origin="hosted" if hosted else "twilio",
            date_created=format_datetime(datetime(added.year, added.month, added.day, 23, 59, tzinfo=UTC)),
        )
        make_usage(number, calls=calls, messages=messages)
        expected[number.pk] = state_of(
            counted_calls=calls,
            counted_messages=messages,
            is_hosted=hosted,
            added=added,
            period=Period(today - MONTH, today, complete),
        )
    make_usage(make_number(accounts[True]), whole_month=True)
    standing.refresh_accounts(accounts.values())

    derived = NumberActivity.objects.filter(pk__in=expected)
    assert {row.pk: row.state for row in derived} == expected
    assert set(expected.values()) == set(NumberActivity.State.values)
    assert UsagePeriod.objects.get(account=accounts[True]).is_complete


@pytest.mark.django_db
def test_the_edges_of_the_month_count_and_what_lies_beyond_does_not():
    account, today = make_account(), timezone.now().date()
    first, before = make_number(account), make_number(account)
    make_usage(first, calls=3, day=today - MONTH)
    make_usage(before, calls=3, day=today - MONTH - timedelta(days=1))
    make_usage(make_number(account), whole_month=True)
    standing.refresh_account(account)

    assert NumberActivity.objects.get(pk=first.pk).state == "active"
    assert NumberActivity.objects.get(pk=before.pk).state == "idle"


@pytest.mark.django_db
def test_a_reading_that_did_not_end_counts_nothing():
    account = make_account()
    number = make_number(account)
    make_usage(number, calls=3)
    UsageWindow.objects.update(read_at=None)
    standing.refresh_account(account)

    assert NumberActivity.objects.get(pk=number.pk).counted_calls == 0


@pytest.mark.django_db
def test_use_goes_with_the_number_when_it_is_moved_to_another_account():
    here, there = make_account(), make_account()
    number = make_number(here)
    make_usage(number, messages=5)
    standing.refresh_account(here)
    moved = make_number(there, **{**number.payload, "account_sid": there.pk})
    standing.refresh_account(there)
    standing.refresh_account(here)

    [row] = NumberActivity.objects.all()
    assert moved.pk == number.pk == row.pk
    assert (row.account_id, row.state, row.counted_messages) == (there.pk, "active", 5)


def sums_are_right():
    """Whether the sums that the list relies on are those of the rows there are."""
    columns = ("account_id", "country", "number_type", "state", "urgency", "currency")
    rows = NumberActivity.objects.order_by().values_list(*columns)
    counted = ActivitySum.objects.exclude(count=0).values_list(*columns, "count", "monthly_cost")
    return set(counted) == set(rows.annotate(Count("pk"), Sum("monthly_cost")))


@pytest.mark.django_db
def test_the_sums_keep_up_with_whatever_becomes_of_numbers():
    account, other = make_account(), make_account(status="suspended")
    make_price(account, "US", "local", "1.00")
    numbers = [make_number(account) for _ in range(6)]
    assert sums_are_right()
    make_usage(numbers[0], calls=3)
    make_usage(numbers[1], whole_month=True)
    standing.refresh_account(account)
    assert sums_are_right()
    make_price(account, "US", "local", "1.50")
    standing.refresh_account(account)
    assert sums_are_right()
    make_number(other, **{**numbers[2].payload, "account_sid": other.pk})
    assert sums_are_right()
    PhoneNumber.objects.filter(pk__in=[numbers[3].pk, numbers[4].pk]).update(missing_since=timezone.now())
    standing.refresh_numbers([numbers[3].pk])
    assert sums_are_right()
    standing.refresh_accounts([other, account, other])
    assert sums_are_right()
    assert ActivitySum.objects.aggregate(Sum("count"))["count__sum"] == 4

    kept = list(ActivitySum.objects.exclude(count=0).order_by("id").values_list("account_id", "count"))
    standing.recount()

    assert sums_are_right()
    assert not ActivitySum.objects.filter(count=0).exists()
    assert sorted(ActivitySum.objects.values_list("account_id", "count")) == sorted(kept)
