"""Canceling a number or a request: the 72 hours, lost answers, double clicks, and what Twilio refuses."""

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from portal import operations
from portal.models import Operation
from portal.sandbox.faults import Fault
from porting.following import actions, tasks  # noqa: F401 (registers them)
from porting.following.tracker import CancelGuard, span_words
from tests.pages import Page, assert_is_region
from tests.porting.filing import PREFIX
from tests.porting.following.requests import by_hand, filed, number, read, soon

pytestmark = pytest.mark.django_db
State = Operation.State
NOW = timezone.now()


@pytest.fixture(autouse=True)
def _by_hand(twilio, settings):
    by_hand(twilio)
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def pending(twilio, parent):
    """Two numbers that the losing carrier has accepted for a day, ten days ahead."""
    return accepted(twilio, parent, 10)


def accepted(twilio, parent, days):
    sid = filed(parent, "00", "01").pk
    twilio.porting.review(sid)
    twilio.porting.sign(sid)
    twilio.porting.accept(sid, date=soon(twilio, days))
    return read(parent, sid)


def url(request, ending=""):
    base = request.get_absolute_url()
    return f"{base}numbers/{number(request, ending).pk}/cancel/" if ending else f"{base}cancel/"


def send(client, target, **more):
    return client.post(target, {**Page.of(client, target).form(), "reason": "Customer stays", **more})


@pytest.mark.parametrize(
    ("days", "hours", "is_open", "words"),
    [(4, 4, True, "closes in 1 d 4 h"), (3, 0, False, "closed"), (2, 0, False, "closed")],
)
def test_the_guard_counts_down_to_72_hours_before_the_port(days, hours, is_open, words):
    guard = CancelGuard("port_pending", NOW + timedelta(days=days, hours=hours), NOW)
    assert (guard.is_open, guard.words) == (is_open, words)


def test_without_a_port_date_nothing_closes_and_what_is_over_is_not_canceled():
    assert CancelGuard("port_rejected", None, NOW).is_open
    assert not CancelGuard("canceling", None, NOW).is_open
    assert not CancelGuard("completed", NOW, NOW).is_open
    assert span_words(timedelta(minutes=252)) == "4 h 12 min"


def test_one_number_is_canceled_and_the_others_go_on(as_porter, pending):
    answer = send(as_porter, url(pending, "00"))

    assert answer["Location"] == pending.get_absolute_url()
    assert (number(pending, "00").status, number(pending, "01").status) == ("canceling", "port_pending")
    operation = Operation.objects.get(kind=actions.CANCEL_NUMBER)
    assert (operation.state, operation.reason) == (State.DONE, "Customer stays")
    assert PREFIX not in str(operation.detail)


def test_canceling_is_not_the_end(twilio, parent, as_porter, pending):
    send(as_porter, url(pending))
    pending.refresh_from_db()
    assert (pending.status, pending.is_over) == ("canceling", False)
    twilio.porting.confirm_cancel(pending.pk)
    assert read(parent, pending.pk).status == "canceled"


def test_inside_of_72_hours_the_page_says_whom_to_call_and_nothing_is_sent(twilio, parent, as_porter):
    late = accepted(twilio, parent, 2)
    page = Page.of(as_porter, url(late, "00"))
    assert "Canceling closed" in page.one("main").text
    assert late.ticket in page.one("main").text
    assert not page.all("main form.form")

    with pytest.raises(actions.TooLate):
        actions.cancel_number(number=number(late, "00"), actor=None)
    assert not Operation.objects.filter(kind=actions.CANCEL_NUMBER).exists()


def test_the_clock_closes_it_while_somebody_looks_at_the_form(twilio, as_porter, pending):
    form = Page.of(as_porter, url(pending, "00")).form()
    twilio.porting.set_date(pending.pk, soon(twilio, 2))

    answer = as_porter.post(url(pending, "00"), form)

    assert answer.status_code == 422
    assert "72 hours" in Page(answer).one("[data-error-summary]").text
    assert number(pending, "00").status == "port_pending"


def test_a_double_click_is_one_cancellation(as_porter, pending):
    form = Page.of(as_porter, url(pending, "00")).form()
    as_porter.post(url(pending, "00"), form)
    answer = as_porter.post(url(pending, "00"), form)

    assert answer.status_code == 302
    assert Operation.objects.filter(kind=actions.CANCEL_NUMBER).count() == 1


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("ending", ["00", ""])
def test_a_lost_answer_is_settled_by_looking(twilio, as_porter, pending, arrived, ending):
    path = "*/PhoneNumber/*" if ending else "*/PortIn/KW*"
    fault = Fault(kind="status", status=502, method="DELETE", path=path, commits=arrived, times=1)
    twilio.faults.add(fault)
    send(as_porter, url(pending, ending))
    [operation] = Operation.objects.exclude(state=State.DONE)
    assert operation.state == State.UNCERTAIN
    assert "not settled yet" in Page.of(as_porter, pending.get_absolute_url()).one("main").text.lower()

    Operation.objects.filter(pk=operation.pk).update(ended_at=timezone.now() - timedelta(hours=1))
    current_app.tasks["settle_cancellations"]()

    operation.refresh_from_db()
    assert operation.state == (State.DONE if arrived else State.REFUSED)
    assert (number(pending, "00").status == "canceling") is arrived


def test_what_twilio_refuses_is_said_and_the_form_can_be_sent_again(twilio, as_porter, pending):
    fault = Fault(kind="status", status=429, method="DELETE", path="*/PortIn/*")
    twilio.faults.add(fault)

    answer = send(as_porter, url(pending, "00"))

    assert answer.status_code == 422
    assert "Nothing was changed" in Page(answer).one("[data-error-summary]").text
    twilio.faults.clear()
    assert as_porter.post(url(pending, "00"), Page(answer).form()).status_code == 302


def test_many_are_canceled_in_the_background_each_once(porter, pending):
    numbers = [number(pending, "00"), number(pending, "01")]
    batch = actions.cancel_numbers(numbers=numbers, actor=porter)
    assert actions.cancel_numbers(numbers=numbers, actor=porter) == batch

    current_app.tasks["run_porting_batch"](str(batch.pk))

    assert {item.state for item in batch.items.all()} == {"done"}
    assert number(pending, "01").status == "canceling"


def test_one_under_way_keeps_a_second_out(as_porter, porter, pending):
    operations.start(
        actions.CANCEL_NUMBER, account=pending.account, target=number(pending, "00").pk, actor=porter,
        detail={"request": pending.pk},
    )  # fmt: skip
    answer = send(as_porter, url(pending, "00"))
    assert answer.status_code == 422


def test_only_those_who_port_may_cancel(as_viewer, as_porter, pending):
    assert as_viewer.get(url(pending)).status_code == 403
    assert as_porter.get(f"{pending.get_absolute_url()}numbers/PU{'0' * 32}/cancel/").status_code == 404
    assert as_porter.put(url(pending)).status_code == 405
    assert_is_region(as_porter, url(pending), "cancellation")
