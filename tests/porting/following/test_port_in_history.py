"""What a request's timeline says of its numbers: many in one line, and never a step back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Change
from porting.following.actions import cancel_number
from porting.following.history import number_events
from porting.models import PortInNumber
from tests.pages import Page
from tests.porting.filing import LOSING_CARRIER, PREFIX
from tests.porting.following.requests import by_hand, filed, number, read
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_hand(twilio):
    by_hand(twilio)


@pytest.fixture
def submitted(twilio, parent):
    sid = filed(parent, *(f"{n:02d}" for n in range(10, 16))).pk
    twilio.porting.review(sid)
    twilio.porting.sign(sid)
    return read(parent, sid)


def told(client, request):
    """Titles and what stands below them, the newest first."""
    items = Page.of(client, request.get_absolute_url()).all(".timeline li")
    return [item.text for item in items]


def test_a_number_that_is_rejected_is_told_with_its_code_and_what_it_means(
    twilio, parent, as_porter, submitted
):
    twilio.porting.reject(submitted.pk, 22155, f"{PREFIX}11")
    read(parent, submitted.pk)

    line = next(text for text in told(as_porter, submitted) if "rejected:" in text)

    assert f"{number(submitted, '11').phone_number[-2:]} rejected: 22155 Invalid PIN" in line
    assert "Status: Port submitted → Port rejected" in line
    assert "learned by read before a change" in line


def test_many_at_once_are_one_line_that_names_the_first(twilio, parent, as_porter, submitted):
    twilio.porting.accept(submitted.pk, *(f"{PREFIX}{n}" for n in range(10, 15)))
    twilio.porting.reject(submitted.pk, 22153, f"{PREFIX}15")
    read(parent, submitted.pk)

    lines = [text for text in told(as_porter, submitted) if "numbers:" in text]

    assert len([text for text in lines if "5 numbers: port pending" in text]) == 1
    assert "and 2 more" in lines[0]
    assert sum("6 numbers: port submitted" in text for text in lines) == 1


def test_what_comes_one_by_one_within_minutes_is_one_line_too(twilio, parent, submitted):
    for ending in ("10", "11", "12"):
        twilio.porting.reject(submitted.pk, 22155, f"{PREFIX}{ending}")
        read(parent, submitted.pk)

    newest = number_events(submitted)[0]

    assert newest.title == "3 numbers rejected: 22155 Invalid PIN"
    assert newest.text.count(",") == 2
    Change.objects.filter(target=number(submitted, "10").pk).update(at="2026-01-01T00:00:00Z")
    assert number_events(submitted)[0].title == "2 numbers rejected: 22155 Invalid PIN"


def test_what_others_did_from_where_they_were_lies_between_and_what_came_after_does_not(parent, submitted):
    Change.objects.all().delete()
    now = timezone.now()
    moves = [
        ("10", 50, "port_submitted", "port_pending"),
        ("11", 40, "port_submitted", "port_rejected"),
        ("12", 30, "port_submitted", "port_pending"),
        ("10", 20, "port_pending", "completed"),
        ("13", 10, "port_submitted", "port_pending"),
    ]
    for ending, seconds, before, after in moves:
        Change.objects.create(
            resource="port_in_numbers", target=number(submitted, ending).pk, kind="changed", source="webhook",
            at=now - timedelta(seconds=seconds), fields={"port_in_phone_number_status": [before, after]},
        )  # fmt: skip

    events = number_events(submitted)

    afters = [event.differences[0].after for event in events]
    assert afters == ["Port pending", "Completed", "Port pending", "Port rejected"]
    assert events[2].title == "2 numbers: port pending"


def test_our_own_press_is_told_with_who_pressed(parent, as_porter, porter, submitted):
    cancel_number(number=number(submitted, "10"), actor=porter)

    line = next(text for text in told(as_porter, submitted) if ": cancel" in text)

    assert str(porter) in line
    assert "learned by" not in line


def test_nothing_personal_stands_in_it(twilio, parent, as_porter, submitted):
    twilio.porting.reject(submitted.pk, 22153, f"{PREFIX}10")
    PortInNumber.objects.filter(request=submitted).update(rejection_reason="Not Ada Example")
    read(parent, submitted.pk)

    text = " ".join(told(as_porter, submitted))

    assert "Ada Example" not in text
    assert LOSING_CARRIER["customer_name"] not in text
    assert LOSING_CARRIER["account_number"] not in text


def test_it_costs_as_many_queries_with_a_history_as_without(twilio, parent, as_porter, submitted):
    as_porter.get(submitted.get_absolute_url())
    with counted("port_in_detail"):
        as_porter.get(submitted.get_absolute_url())
    twilio.porting.reject(submitted.pk, 22155, f"{PREFIX}10", f"{PREFIX}11")
    read(parent, submitted.pk)
    with counted("port_in_detail rejected"):
        as_porter.get(submitted.get_absolute_url())
