"""One press cancels in the old request and files the new one; whatever fails, each happens once (J-7)."""

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from portal import operations
from portal.models import Batch, Operation
from portal.sandbox.faults import Fault
from porting.following.actions import CANCEL_NUMBER, cancel_number, settle_cancellations
from porting.following.fixing import actions
from porting.models import PortInDraft, PortInRequest
from porting.portin.actions import FILE_PORT_IN, SENT_AT, settle_port_in_operations
from porting.portin.drafts import save_draft
from tests.factories import make_sid
from tests.pages import Page, assert_is_region
from tests.porting.drafting import let_workers_file, url_of
from tests.porting.following.requests import by_hand, filed, fix, number, rejected, soon
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
NEW_NAME = "Thornlea Dental Group LLC"
State = Operation.State


@pytest.fixture(autouse=True)
def _by_hand(twilio, settings):
    by_hand(twilio)
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def port_in(twilio, parent):
    return rejected(twilio, parent, 22153, "63", "73", good=("00",))


@pytest.fixture
def check(as_porter, port_in):
    return fix(as_porter, port_in, customer_name=NEW_NAME)["Location"]


def press(client, check, **more):
    return client.post(check, {**Page.of(client, check).form(), **more})


def button(client, check):
    return Page.of(client, check).one("button.button--primary").text


def canceled():
    return Operation.objects.filter(kind=CANCEL_NUMBER, state=State.DONE).count()


def new_request(old):
    return PortInRequest.objects.exclude(pk=old.pk).get()


def old_side(page):
    return page.one("section[aria-labelledby='old']").text


def test_old_and_new_stand_side_by_side_and_nothing_happens_before_the_button(as_porter, port_in, check):
    page = Page.of(as_porter, check)

    assert "Is canceled +1 207-555-0163, +1 207-555-0173" in old_side(page)
    assert "1 other number" in old_side(page)
    row = page.one("section[aria-labelledby='new'] tbody tr:first-child").text
    assert row.startswith("Customer name T••••")
    assert row.endswith(NEW_NAME)
    assert "The earliest date that Twilio takes today is" in page.one("main").text
    assert page.one("button.button--primary").text == "Cancel 2 numbers and file the new request"
    assert not Operation.objects.filter(kind__in=(CANCEL_NUMBER, FILE_PORT_IN)).exists()


def test_one_press_cancels_and_files_and_links_both_requests(as_porter, port_in, check):
    answer = press(as_porter, check)
    assert answer["Location"].endswith("/filed/")
    assert {number(port_in, one).status for one in ("63", "73")} == {"canceled"}
    assert number(port_in, "00").status == "port_pending"
    let_workers_file()

    new = new_request(port_in)
    assert new.replaces == port_in.pk
    assert new.carrier["customer_name"] == NEW_NAME
    assert Page.of(as_porter, answer["Location"]).one("h1").text == "Port-in request filed"
    assert Page.of(as_porter, new.get_absolute_url()).link(str(port_in)) == port_in.get_absolute_url()
    assert Page.of(as_porter, port_in.get_absolute_url()).link(str(new)) == new.get_absolute_url()


def test_two_presses_cancel_once_and_file_once(as_porter, port_in, check):
    form = Page.of(as_porter, check).form()
    for _ in range(3):
        assert as_porter.post(check, form)["Location"].endswith("/filed/")
    let_workers_file()
    assert as_porter.post(check, form)["Location"].endswith("/filed/")

    assert canceled() == 2
    assert Operation.objects.filter(kind=FILE_PORT_IN).count() == 1
    assert new_request(port_in)


def test_a_refused_cancellation_files_nothing_and_the_next_press_goes_on(twilio, as_porter, port_in, check):
    second = number(port_in, "73")
    twilio.faults.add(Fault(kind="status", status=429, method="DELETE", path=f"*/{second.pk}"))

    answer = press(as_porter, check)

    page = Page(answer)
    assert answer.status_code == 422
    assert "+1 207-555-0173 was not canceled, and nothing was filed." in page.one("[data-error-summary]").text
    assert "Canceled +1 207-555-0163" in old_side(page)
    assert "Is canceled +1 207-555-0173" in old_side(page)
    assert "last try:" in old_side(page)
    assert page.one("button.button--primary").text == "Cancel 1 number and file the new request"
    assert not Operation.objects.filter(kind=FILE_PORT_IN).exists()

    twilio.faults.clear()
    assert press(as_porter, check)["Location"].endswith("/filed/")
    let_workers_file()
    assert canceled() == 2
    assert new_request(port_in).numbers.count() == 2


def test_going_back_after_one_was_canceled_leaves_it_in_the_new_request(twilio, as_porter, port_in, check):
    second = number(port_in, "73")
    twilio.faults.add(Fault(kind="status", status=429, method="DELETE", path=f"*/{second.pk}", times=1))
    press(as_porter, check)

    assert fix(as_porter, port_in, customer_name="Thornlea Dental Inc")["Location"] == check
    press(as_porter, check)
    let_workers_file()
    assert new_request(port_in).numbers.count() == 2
    assert new_request(port_in).carrier["customer_name"] == "Thornlea Dental Inc"


def test_it_may_be_filed_although_a_cancellation_is_refused_again_and_again(
    twilio, as_porter, port_in, check
):
    twilio.faults.add(Fault(kind="status", status=429, method="DELETE", path="*/PhoneNumber/*"))
    press(as_porter, check)

    answer = press(as_porter, check, although_refused="on")
    assert answer.status_code == 422, "the second was not tried yet"
    assert press(as_porter, check, although_refused="on")["Location"].endswith("/filed/")
    assert canceled() == 0


@pytest.mark.parametrize("arrived", [True, False])
def test_a_lost_answer_of_a_cancellation_is_looked_up_before_anything_is_filed(
    twilio, as_porter, port_in, check, arrived
):
    fault = Fault(
        kind="status", status=502, method="DELETE", path="*/PhoneNumber/*", commits=arrived, times=1
    )
    twilio.faults.add(fault)

    answer = press(as_porter, check)
    assert answer.status_code == 422
    assert "it is not known yet whether +1 207-555-0163 was canceled" in Page(answer).one("main").text
    page = Page.of(as_porter, check)
    assert "Being canceled +1 207-555-0163" in old_side(page)
    assert page.one("#fix-check")["hx-get"] == check
    assert not page.all("button.button--primary")
    assert as_porter.post(check)["Location"] == check, "it waits"

    Operation.objects.filter(state=State.UNCERTAIN).update(ended_at=timezone.now() - timedelta(hours=1))
    settle_cancellations()
    left = "1 number" if arrived else "2 numbers"
    assert button(as_porter, check) == f"Cancel {left} and file the new request"
    press(as_porter, check)
    let_workers_file()
    assert new_request(port_in).numbers.count() == 2
    assert canceled() == 2


def test_a_lost_answer_of_the_filing_after_the_cancellation_files_nothing_twice(
    twilio, as_porter, port_in, check
):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/PortIn", times=1))
    answer = press(as_porter, check)
    let_workers_file()
    assert "not known yet" in Page.of(as_porter, answer["Location"]).one("h1").text
    assert as_porter.get(check)["Location"] == answer["Location"]
    assert as_porter.post(check)["Location"] == answer["Location"]

    past = timezone.now() - timedelta(minutes=5)
    operation = Operation.objects.get(kind=FILE_PORT_IN)
    operation.detail[SENT_AT] = past.isoformat()
    operation.save(update_fields=["detail"])
    Operation.objects.filter(pk=operation.pk).update(started_at=past, ended_at=past)
    settle_port_in_operations()

    assert new_request(port_in).replaces == port_in.pk
    assert canceled() == 2
    assert Page.of(as_porter, answer["Location"]).one("h1").text == "Port-in request filed"


def test_a_refused_filing_says_what_is_done_and_goes_on_from_here(as_porter, port_in, check):
    draft = PortInDraft.objects.get()
    save_draft(draft=draft, values={"bundle_sid": make_sid("BU")}, actor=draft.created_by)
    answer = press(as_porter, check)
    let_workers_file()
    assert as_porter.get(answer["Location"])["Location"].endswith("/check/")
    assert as_porter.get(as_porter.get(answer["Location"])["Location"])["Location"] == check

    page = Page.of(as_porter, check)
    assert "Nothing was filed" in page.one("[data-error-summary]").text
    assert "Canceled +1 207-555-0163, +1 207-555-0173" in old_side(page)
    assert page.one("h1").text == "Check before you file again"
    assert page.one("button.button--primary").text == "File the new request"
    assert as_porter.get(f"{port_in.get_absolute_url()}fix/")["Location"] == check
    save_draft(draft=draft, values={"bundle_sid": None}, actor=draft.created_by)
    press(as_porter, check)
    let_workers_file()
    assert new_request(port_in)
    assert canceled() == 2


def test_a_worker_that_died_between_both_is_gone_on_from(porter, as_porter, port_in, check):
    for ending in ("63", "73"):
        cancel_number(number=number(port_in, ending), actor=porter)

    assert Page.of(as_porter, port_in.get_absolute_url()).link(str(PortInDraft.objects.get())) == check
    press(as_porter, check)
    let_workers_file()
    assert new_request(port_in)
    assert canceled() == 2


def test_many_are_canceled_by_the_workers_first(monkeypatch, as_porter, port_in, check):
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 1)
    monkeypatch.setattr("porting.following.fixing.views_check.MOST_AT_ONCE", 1)
    assert (
        Page.of(as_porter, check).one("button.button--primary").text == "Cancel 2 numbers in the old request"
    )

    assert press(as_porter, check)["Location"] == check
    assert as_porter.post(check)["Location"] == check
    assert Batch.objects.filter(kind="porting.cancel_numbers").count() == 1
    assert "2 numbers of the old request are being canceled" in Page.of(as_porter, check).one("main").text
    current_app.tasks["run_porting_batch"](str(Batch.objects.get().pk))

    assert press(as_porter, check)["Location"].endswith("/filed/")
    let_workers_file()
    assert new_request(port_in)


def test_many_may_be_filed_although_the_workers_could_not_cancel_them(monkeypatch, twilio, as_porter, check):
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 1)
    twilio.faults.add(Fault(kind="status", status=429, method="DELETE", path="*/PhoneNumber/*"))
    press(as_porter, check)
    for _ in range(3):
        current_app.tasks["run_porting_batch"](str(Batch.objects.get().pk))

    page = Page.of(as_porter, check)
    assert "last try:" in old_side(page)
    assert press(as_porter, check, although_refused="on")["Location"].endswith("/filed/")


def test_within_72_hours_the_page_says_whom_to_write_to_and_cancels_nothing(twilio, parent, as_porter):
    port_in = rejected(twilio, parent, 22153, "63")
    port_in.numbers.update(port_date=soon(twilio, 2))
    check = fix(as_porter, port_in, customer_name=NEW_NAME)["Location"]

    page = Page.of(as_porter, check)
    assert "Canceling closed" in old_side(page)
    assert f"on ticket {port_in.ticket}" in old_side(page)
    assert page.one("button.button--primary").text == "File the new request"


def test_nothing_is_canceled_for_numbers_that_are_in_a_third_request(
    twilio, parent, as_porter, port_in, check
):

    filed(parent, "63")
    answer = press(as_porter, check)

    assert answer.status_code == 422
    assert "being ported already" in Page(answer).one("[data-error-summary]").text
    assert canceled() == 0


def test_what_is_missing_is_asked_for_before_anything_is_canceled(twilio, parent, as_porter):
    port_in = rejected(twilio, parent, 22155, "65", "75")
    pin = f"pin-{number(port_in, '65').pk}"
    check = fix(as_porter, port_in, **{pin: "4711"})["Location"]

    page = Page.of(as_porter, check)
    assert "Enter the PIN of 1 number" in page.one("main").text
    assert page.link("Complete the new request").endswith("/details/?check")
    assert as_porter.post(check).status_code == 422
    assert canceled() == 0


def test_the_answers_of_such_a_draft_are_checked_here(as_porter, check):
    draft = PortInDraft.objects.get()
    assert as_porter.get(url_of("check", draft))["Location"] == check


def test_only_those_who_port_may(twilio, parent, as_viewer, as_porter, porter, port_in, check):
    assert as_viewer.get(check).status_code == 403
    assert as_porter.put(check).status_code == 405
    other = rejected(twilio, parent, 22153, "83")
    assert as_porter.get(check.replace(port_in.pk, other.pk)).status_code == 404
    assert_is_region(as_porter, check, "fix-check")
    with counted("port_in_fix_check"):
        as_porter.get(check)
    operations.start(
        CANCEL_NUMBER, account=port_in.account, target=number(port_in, "63").pk, actor=porter,
        detail={"request": port_in.pk},
    )  # fmt: skip
    with counted("port_in_fix_check"):
        as_porter.get(check)
