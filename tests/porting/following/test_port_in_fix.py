"""Rejected numbers become a corrected request in a few clicks (J-7)."""

from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app

from portal.models import Batch, Note
from porting.models import PortInDraft, PortInNumber, PortInRequest
from porting.rejections import FIXES, Way, fix_of
from tests.pages import Page, assert_is_region
from tests.porting.filing import LOSING_CARRIER, PREFIX
from tests.porting.following.requests import by_hand, number, read, rejected
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
NEW_NAME = "Thornlea Dental Group LLC"


@pytest.fixture(autouse=True)
def _by_hand(twilio, settings):
    by_hand(twilio)
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def port_in(twilio, parent):
    return rejected(twilio, parent, 22153, "63", "73", good=("00",))


def day(name, value):
    return {f"{name}_{part}": str(getattr(value, part)) for part in ("day", "month", "year")}


def fix(client, port_in, **values):
    today = datetime.now(UTC).date()
    form = Page.of(client, f"{port_in.get_absolute_url()}fix/").form()
    typed = {**form, **day("bill_date", today), "compared": "on", **values}
    return client.post(f"{port_in.get_absolute_url()}fix/", typed)


def work(batch=None):
    batch = batch or Batch.objects.latest("created_at")
    current_app.tasks["run_porting_batch"](str(batch.pk))


def test_every_code_of_page_16_has_a_way_on():
    assert set(range(22150, 22160)) | {22171, 400, 410} == set(FIXES)
    assert all(one.fields for one in FIXES.values() if one.way == Way.CORRECT)
    assert fix_of(29999).way == Way.SUPPORT


def test_numbers_are_grouped_by_code_with_what_to_ask_for(as_porter, port_in):
    page = Page.of(as_porter, f"{port_in.get_absolute_url()}fix/")

    group = page.one("section[aria-labelledby='code-22153']")
    assert "Invalid end user name" in group.text
    assert "exactly as it stands on the bill" in group.text
    assert "+1 207-555-0163" in group.text
    assert "Filed: customer name T••••" in group.text
    assert LOSING_CARRIER["customer_name"] not in page.source


def test_a_corrected_name_becomes_a_new_request_and_cancels_only_on_confirm(as_porter, port_in):
    answer = fix(as_porter, port_in, customer_name=NEW_NAME)
    draft = PortInDraft.objects.get()
    check = f"{port_in.get_absolute_url()}fix/{draft.pk}/"
    assert answer["Location"] == check
    assert draft.replaces == port_in.pk
    assert draft.numbers == [f"{PREFIX}63", f"{PREFIX}73"]
    assert draft.said["customer_name"] == NEW_NAME
    assert draft.said["account_number"] == LOSING_CARRIER["account_number"]

    page = Page.of(as_porter, check)
    assert "2 numbers are canceled" in page.one("main").text
    assert "1 number of it stays" in page.one("main").text
    assert NEW_NAME in page.one("main").text
    assert not Batch.objects.filter(kind="porting.cancel_numbers").exists()
    assert number(port_in, "63").status == "port_rejected"

    answer = as_porter.post(check)
    assert answer["Location"].endswith("/check/"), "it has all that it takes"
    work()
    assert number(port_in, "63").status == "canceled"
    assert number(port_in, "00").status == "port_pending"


def test_the_whole_way_is_four_clicks_and_links_both_requests(twilio, parent, as_porter, port_in):
    answer = fix(as_porter, port_in, customer_name=NEW_NAME)
    answer = as_porter.post(answer["Location"])
    work()
    page = Page.of(as_porter, answer["Location"])
    answer = as_porter.post(answer["Location"], page.form())
    assert answer.status_code == 302, Page(answer).one("main").text

    new = PortInRequest.objects.exclude(pk=port_in.pk).get()
    assert new.replaces == port_in.pk
    assert Page.of(as_porter, new.get_absolute_url()).link(str(port_in)) == port_in.get_absolute_url()
    assert Page.of(as_porter, port_in.get_absolute_url()).link(str(new)) == new.get_absolute_url()


def test_confirming_twice_cancels_once(as_porter, port_in):
    check = fix(as_porter, port_in, customer_name=NEW_NAME)["Location"]
    as_porter.post(check)
    as_porter.post(check)
    work()
    assert as_porter.post(check).status_code == 302
    assert Batch.objects.filter(kind="porting.cancel_numbers").count() == 1


def test_the_same_values_are_not_filed_again(as_porter, port_in):
    answer = fix(as_porter, port_in)

    assert answer.status_code == 422
    assert "the same is rejected again" in Page(answer).one("[data-error-summary]").text
    assert not PortInDraft.objects.exists()


def test_going_back_to_correct_more_leaves_one_draft(as_porter, port_in):
    fix(as_porter, port_in, customer_name=NEW_NAME)
    fix(as_porter, port_in, customer_name="Thornlea Dental Inc")

    assert PortInDraft.objects.get().said["customer_name"] == "Thornlea Dental Inc"


def test_a_pin_is_asked_for_number_by_number(twilio, parent, as_porter):
    port_in = rejected(twilio, parent, 22155, "65", "75")
    pin = f"pin-{number(port_in, '65').pk}"

    fix(as_porter, port_in, **{pin: "4711"})

    draft = PortInDraft.objects.get()
    assert draft.said["pins"] == {f"{PREFIX}65": "4711"}
    assert "4711" not in Page.of(as_porter, f"{port_in.get_absolute_url()}fix/{draft.pk}/").source


def test_a_rejected_date_has_to_be_another_one(twilio, parent, as_porter):
    port_in = rejected(twilio, parent, 22158, "68")

    answer = fix(as_porter, port_in, **day("target_date", port_in.target_date))
    assert "Choose another date" in Page(answer).one("[data-error-summary]").text
    later = port_in.target_date + timedelta(days=3)
    assert fix(as_porter, port_in, **day("target_date", later)).status_code == 302
    assert PortInDraft.objects.get().said["target_date"] == later.isoformat()


def test_what_support_has_to_say_is_noted_first(twilio, parent, as_porter, porter):
    port_in = rejected(twilio, parent, 22150, "60")
    page = Page.of(as_porter, f"{port_in.get_absolute_url()}fix/")
    assert port_in.pk in page.one("textarea[readonly]").text

    answer = fix(as_porter, port_in, again_22150="on")
    assert "Note on the request what support has answered" in Page(answer).one("[data-error-summary]").text

    Note.objects.create(target=port_in.pk, account=parent, author=porter, body="They lifted it")
    assert fix(as_porter, port_in, again_22150="on").status_code == 302


def test_what_cannot_be_ported_is_offered_hosting_and_nothing_else(twilio, parent, as_porter):
    port_in = rejected(twilio, parent, 22159, "69")
    page = Page.of(as_porter, f"{port_in.get_absolute_url()}fix/")
    assert page.has_link("Check whether they can be hosted")
    assert "again_22159" not in page.source
    assert fix(as_porter, port_in).status_code == 422


def test_a_code_that_nobody_knows_shows_what_twilio_says(as_porter, port_in):
    rows = PortInNumber.objects.filter(request=port_in, status="port_rejected")
    rows.update(rejection_code=22999, rejection_reason="Number is on the moon")

    text = Page.of(as_porter, f"{port_in.get_absolute_url()}fix/").one("main").text

    assert "Number is on the moon" in text
    assert "does not know this code" in text


def test_a_second_rejection_for_the_same_is_flagged(twilio, parent, as_porter, port_in):
    again = rejected(twilio, parent, 22153, "63")

    text = Page.of(as_porter, f"{again.get_absolute_url()}fix/").one("main").text

    assert "Rejected for 22153 a second time" in text
    assert f"ticket {again.ticket}" in text


def test_it_leads_back_when_nothing_is_rejected(twilio, parent, as_porter, port_in):
    PortInNumber.objects.filter(request=port_in).update(status="completed")
    answer = as_porter.get(f"{port_in.get_absolute_url()}fix/")
    assert answer["Location"] == port_in.get_absolute_url()
    read(parent, port_in.pk)


def test_only_those_who_port_may_fix(as_viewer, as_porter, port_in):
    assert as_viewer.get(f"{port_in.get_absolute_url()}fix/").status_code == 403
    assert as_porter.put(f"{port_in.get_absolute_url()}fix/").status_code == 405
    assert_is_region(as_porter, f"{port_in.get_absolute_url()}fix/", "fix")
    with counted("port_in_fix"):
        as_porter.get(f"{port_in.get_absolute_url()}fix/")
