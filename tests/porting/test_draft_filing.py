"""The answers are checked and filed by one press, and a page says what becomes of it, whatever that is."""

from datetime import timedelta

import pytest

from portal.models import Operation
from portal.sandbox.faults import Fault
from porting.models import PortInRequest
from porting.portin.drafts import create_draft, values_of_request
from tests.mirroring import complete
from tests.pages import Page
from tests.porting.drafting import (
    CUSTOMER,
    MAIL,
    details,
    filled,
    let_workers_file,
    send,
    states,
    today,
    url_of,
)
from tests.porting.filing import PREFIX, file_port_in

pytestmark = pytest.mark.django_db


def test_what_the_bill_does_not_show_so_is_marked_and_has_to_be_acknowledged(as_porter, parent, porter):
    draft = filled(parent, porter, matches=["customer_name", "address"])
    tasks = Page.of(as_porter, url_of("tasks", draft))
    assert "The bill says otherwise: account number" in tasks.one("main").text

    refused = send(as_porter, "check", draft, {})
    assert refused.status_code == 422
    assert "although the bill says otherwise" in Page(refused).one("[data-error-summary]").text
    assert not PortInRequest.objects.exists()

    assert send(as_porter, "check", draft, {"acknowledge": "on"}).status_code == 302
    let_workers_file()
    assert PortInRequest.objects.exists()


def test_a_draft_that_lay_too_long_says_what_has_grown_old(as_porter, parent, porter):
    old, near = today() - timedelta(days=40), today() + timedelta(days=2)
    draft = filled(parent, porter, bill_date=old.isoformat(), target_date=near.isoformat())

    page = Page.of(as_porter, url_of("check", draft))

    summary = page.one("[data-error-summary]").text
    assert "The bill is more than 30 days old" in summary
    assert "The target date has come too near" in summary
    assert send(as_porter, "check", draft, {}).status_code == 422
    assert not PortInRequest.objects.exists()


def test_the_answers_lead_to_the_request_and_its_page_says_who_signs_and_by_when(as_porter, parent, porter):
    draft = filled(parent, porter)
    check = Page.of(as_porter, url_of("check", draft))
    assert CUSTOMER in check.one("main").text
    form = check.form("main form.check")

    answer = as_porter.post(url_of("check", draft), form)

    assert answer["Location"] == url_of("filed", draft)
    waiting = Page.of(as_porter, answer["Location"])
    assert waiting.one("h1").text == "The request is on its way to Twilio"
    assert waiting.one("#filed")["hx-get"] == url_of("filed", draft)
    assert waiting.has_link("Look again")
    let_workers_file()
    page = Page.of(as_porter, answer["Location"])
    port_in = PortInRequest.objects.get()
    assert port_in.pk in page.source
    told = page.one("main").text
    assert "within 30 days" in told
    assert "o••••@thornlea.example.com" in told
    assert MAIL not in told
    # Back, reload, and the same form once more
    assert as_porter.post(url_of("check", draft), form)["Location"] == url_of("filed", draft)
    assert as_porter.get(url_of("check", draft))["Location"] == url_of("filed", draft)
    assert PortInRequest.objects.count() == 1
    assert Operation.objects.filter(kind="porting.file_port_in").count() == 1


def test_a_lost_answer_leads_to_a_page_that_waits_and_says_so(twilio, as_porter, parent, porter):
    draft = filled(parent, porter)
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/PortIn", times=1))

    answer = as_porter.post(url_of("check", draft), {})
    let_workers_file()

    page = Page.of(as_porter, answer["Location"])
    assert "not known yet" in page.one("h1").text
    assert page.one("#filed")["hx-get"] == url_of("filed", draft)
    again = as_porter.post(url_of("check", draft), {})
    assert again["Location"] == url_of("filed", draft)


def test_what_twilio_refuses_stands_beside_its_field_and_can_be_tried_again(as_porter, parent, porter):
    draft = filled(parent, porter, notification_emails=["desk(at)example.com"])

    answer = as_porter.post(url_of("check", draft), {})
    let_workers_file()

    assert as_porter.get(answer["Location"])["Location"] == url_of("check", draft)
    page = Page.of(as_porter, url_of("check", draft))
    assert page.title.startswith("Error: ")
    assert "Twilio refused the request. Nothing was filed" in page.one("[data-error-summary]").text
    link = page.one("[data-error-summary] li a")
    assert "Twilio: must be a well-formed email address" in link.text
    assert link["href"] == f"{url_of('when', draft)}?check#id_notification_emails"
    shown = Page.of(as_porter, url_of("when", draft) + "?check")
    assert "must be a well-formed" in shown.one(".field--error").text
    assert states(as_porter, draft)["Notification e-mails"] == "There is a problem"


def test_what_is_wrong_with_no_field_stands_in_twilios_words_until_something_is_changed(
    twilio, as_porter, parent, porter
):
    draft = filled(parent, porter)
    fault = Fault(kind="status", status=429, method="POST", path="*/PortIn", times=1)
    twilio.faults.add(fault)
    as_porter.post(url_of("check", draft), {})
    let_workers_file()

    summary = Page.of(as_porter, url_of("check", draft)).one("[data-error-summary]").text
    assert "limiting our requests" in summary
    assert "Nothing was filed" in summary
    send(as_porter, "details", draft, details())
    assert not Page.of(as_porter, url_of("check", draft)).all("[data-error-summary]")


def test_an_account_that_may_not_port_is_told_whom_to_ask(twilio, as_porter, parent, porter):
    draft = filled(parent, porter)
    as_porter.post(url_of("check", draft), {})
    twilio.set_account(parent.pk, porting=False)
    let_workers_file()

    assert "Ask Twilio Support" in Page.of(as_porter, url_of("check", draft)).one("[data-error-summary]").text


@pytest.mark.parametrize("name", ["tasks", "bill", "details", "when", "check"])
def test_nothing_of_a_draft_can_be_changed_while_it_is_being_filed(name, as_porter, parent, porter):
    draft = filled(parent, porter)
    as_porter.post(url_of("check", draft), {})

    assert as_porter.get(url_of(name, draft))["Location"] == url_of("filed", draft)
    assert as_porter.post(url_of("delete", draft))["Location"] == url_of("filed", draft)
    assert as_porter.post(url_of("leave-out", draft), {"out": f"{PREFIX}10"})["Location"] == url_of(
        "filed", draft
    )


def test_a_bill_that_the_disk_has_lost_is_asked_for_again(as_porter, parent, porter, settings):
    draft = filled(parent, porter)
    for path in settings.FILES_DIR.glob("??/*"):
        path.unlink()

    answer = as_porter.post(url_of("check", draft), {})

    assert answer.status_code == 422
    assert "Upload it again" in Page(answer).one("[data-error-summary]").text
    assert not Operation.objects.exists()


def test_numbers_that_are_being_ported_already_are_named_with_their_request(as_porter, parent, porter):
    found = file_port_in(parent, "10")
    complete(parent, "port_ins")
    draft = filled(parent, porter)

    answer = as_porter.post(url_of("check", draft), {})

    assert answer.status_code == 422
    summary = Page(answer).one("[data-error-summary]")
    assert found.request.sid[:6] in summary.text
    form = Page(answer).form("[data-error-summary] form")
    assert as_porter.post(summary.one("form")["action"], form)["Location"] == url_of("tasks", draft)
    draft.refresh_from_db()
    assert draft.numbers == [f"{PREFIX}11"]
    assert as_porter.post(url_of("check", draft), {})["Location"] == url_of("filed", draft)


def test_a_filed_request_begins_a_draft_with_what_it_was_filed_with(as_porter, parent, porter):
    found = file_port_in(parent, "60")
    complete(parent, "port_ins")
    port_in = PortInRequest.objects.get(pk=found.request.sid)

    draft = create_draft(
        account=parent,
        numbers=[f"{PREFIX}60"],
        values=values_of_request(port_in),
        actor=porter,
        replaces=port_in.pk,
    )

    assert draft.said["customer_name"] == CUSTOMER
    assert draft.document_sid == port_in.document_sids[0]
    assert states(as_porter, draft)["Address"] == "Completed"
    assert "Files again what was rejected" in Page.of(as_porter, url_of("tasks", draft)).one("main").text
