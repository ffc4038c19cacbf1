"""Rejected numbers become a corrected request in a few clicks (J-7)."""

from datetime import date, timedelta

import pytest

from portal.models import Note, Reveal, Role
from porting.models import PortInDraft, PortInNumber, PortInRequest
from porting.portin.drafts import fetch_draft, save_draft
from porting.portin.filing import body_of
from porting.rejections import FIXES, Way, fix_of
from tests.factories import make_address, make_user
from tests.pages import Page, assert_is_region
from tests.porting.drafting import bill_file, today, url_of
from tests.porting.drafting import day_parts as day
from tests.porting.filing import LOSING_CARRIER, PREFIX
from tests.porting.following.requests import by_hand, fix, number, read, rejected
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


def test_the_day_that_was_agreed_is_proposed_while_twilio_takes_it(as_porter, port_in):
    def proposed():
        form = Page.of(as_porter, f"{port_in.get_absolute_url()}fix/").form()
        return date(*(int(form[f"target_date_{part}"][0]) for part in ("year", "month", "day")))

    agreed = today() + timedelta(days=60)
    PortInRequest.objects.update(target_date=agreed)
    assert proposed() == agreed
    PortInRequest.objects.update(target_date=today())
    assert proposed() > today()


def test_what_was_filed_is_written_down_as_revealed_before_it_is_shown(as_porter, port_in):
    fix(as_porter, port_in, customer_name=NEW_NAME)

    [told] = Reveal.objects.filter(target=port_in.pk)
    assert (told.field, told.actor.email) == ("all answers", PortInDraft.objects.get().created_by.email)
    assert "Revealed: all answers" in Page.of(as_porter, port_in.get_absolute_url()).text


def test_the_same_values_are_not_filed_again(as_porter, port_in):
    answer = fix(as_porter, port_in)

    assert answer.status_code == 422
    assert "the same is rejected again" in Page(answer).one("[data-error-summary]").text
    assert not PortInDraft.objects.exists()


def test_going_back_shows_what_was_typed_and_goes_on_with_the_same_draft(as_porter, port_in):
    fix(as_porter, port_in, customer_name=NEW_NAME)
    draft = PortInDraft.objects.get()
    page = Page.of(as_porter, f"{port_in.get_absolute_url()}fix/")
    form = page.form()
    assert form["customer_name"] == [NEW_NAME]
    assert form["compared"] == ["on"]
    assert page.link("what you began just now") == f"{port_in.get_absolute_url()}fix/{draft.pk}/"

    fix(as_porter, port_in, customer_name="Thornlea Dental Inc")
    again = PortInDraft.objects.get()
    assert again.pk == draft.pk
    assert again.said["customer_name"] == "Thornlea Dental Inc"


def test_going_back_keeps_the_bill_and_what_was_typed_in_the_draft(as_porter, port_in):
    fix(as_porter, port_in, customer_name=NEW_NAME)
    draft = PortInDraft.objects.get()
    as_porter.post(url_of("bill", draft), {**day("bill_date", today()), "bill": bill_file()})
    draft.refresh_from_db()
    save_draft(draft=draft, values={"window_start": "09:00"}, actor=draft.created_by)

    fix(as_porter, port_in, customer_name="Thornlea Dental Inc")

    again = PortInDraft.objects.get()
    assert (again.bill_id, again.document_sid) == (draft.bill_id, draft.document_sid)
    assert again.said["window_start"] == "09:00"


def test_what_is_emptied_is_as_it_was_filed(twilio, parent, as_porter):
    port_in = rejected(twilio, parent, 22154, "64")
    fix(as_porter, port_in, street="21 Example Road", city="Bangor")
    fix(as_porter, port_in, street="21 Example Road", city="")

    said = PortInDraft.objects.get().said
    assert (said["street"], said["city"]) == ("21 Example Road", "Portland")


def test_an_address_that_is_typed_goes_in_the_place_of_one_that_was_chosen(twilio, parent, as_porter):
    port_in = rejected(twilio, parent, 22154, "64")
    check = fix(as_porter, port_in, street="21 Example Road")["Location"]
    draft, address = PortInDraft.objects.get(), make_address(parent)
    parts = dict.fromkeys(("street", "street_2", "city", "state", "zip", "country"))
    save_draft(draft=draft, values={**parts, "address_sid": address.pk}, actor=draft.created_by)
    assert "Address 1••••" in Page.of(as_porter, check).one("section[aria-labelledby='new']").text

    fix(as_porter, port_in, street="22 Example Road")

    sent = body_of(fetch_draft(draft))["losing_carrier_information"]
    assert "address_sid" not in sent
    assert (sent["address"]["street"], sent["address"]["city"]) == ("22 Example Road", "Portland")


def test_a_colleague_begins_a_draft_of_their_own_and_sees_nothing_of_it(client, as_porter, port_in):
    fix(as_porter, port_in, customer_name=NEW_NAME)
    client.force_login(make_user(Role.PORTING))

    page = Page.of(client, f"{port_in.get_absolute_url()}fix/")
    assert NEW_NAME not in page.source
    fix(client, port_in, customer_name=NEW_NAME)
    assert PortInDraft.objects.count() == 2


def test_a_pin_is_asked_for_number_by_number(twilio, parent, as_porter):
    port_in = rejected(twilio, parent, 22155, "65", "75")
    pin = f"pin-{number(port_in, '65').pk}"

    fix(as_porter, port_in, **{pin: "4711"})

    draft = PortInDraft.objects.get()
    assert draft.said["pins"] == {f"{PREFIX}65": "4711"}
    assert draft.pin_numbers == [f"{PREFIX}65", f"{PREFIX}75"]
    assert "4711" not in Page.of(as_porter, f"{port_in.get_absolute_url()}fix/{draft.pk}/").source
    fix(as_porter, port_in, **{f"pin-{number(port_in, '75').pk}": "4712"})
    assert PortInDraft.objects.get().said["pins"] == {f"{PREFIX}65": "4711", f"{PREFIX}75": "4712"}


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


def test_a_second_rejection_for_the_same_is_flagged_with_both_tickets(twilio, parent, as_porter, port_in):
    again = rejected(twilio, parent, 22153, "63")
    PortInRequest.objects.filter(pk=again.pk).update(replaces=port_in.pk)
    day_before = again.remote_created_at - timedelta(days=1)
    PortInRequest.objects.filter(pk=port_in.pk).update(remote_created_at=day_before)

    page = Page.of(as_porter, f"{again.get_absolute_url()}fix/")
    text = page.one("main").text
    assert "Rejected for 22153 a second time" in text
    assert f"Escalate on ticket {again.ticket}" in text
    assert f"ticket {port_in.ticket}" in text
    assert page.link(str(port_in)) == port_in.get_absolute_url()
    assert port_in.pk in page.one("textarea[readonly]").text

    flagged = Page.of(as_porter, again.get_absolute_url()).one(".notice--bad:has(a)").text
    assert "Rejected for 22153 a second time" in flagged
    assert f"Escalate on ticket {again.ticket}" in flagged

    first = Page.of(as_porter, f"{port_in.get_absolute_url()}fix/").one("main").text
    assert "a second time" not in first


def test_the_same_number_rejected_for_another_code_is_no_second_time(twilio, parent, as_porter, port_in):
    again = rejected(twilio, parent, 22156, "63")
    assert "a second time" not in Page.of(as_porter, f"{again.get_absolute_url()}fix/").one("main").text


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
