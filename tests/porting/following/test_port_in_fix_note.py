"""After rejected numbers are filed again, the customer may be told: an exact text, mailed by a tick, once."""

import pytest
from django.core import mail

from portal.models import Note, NoteMail
from porting.models import PortInDraft, PortInRequest
from tests.pages import Page
from tests.porting.drafting import let_workers_file
from tests.porting.filing import LOSING_CARRIER
from tests.porting.following.requests import by_hand, fix, rejected

pytestmark = pytest.mark.django_db
SIGNER = LOSING_CARRIER["authorized_representative_email"]
PERSONAL = (*LOSING_CARRIER["address"].values(), "Thornlea", "Ottilie", "A-100", "AZ-4711")


@pytest.fixture
def port_in(twilio, parent):
    by_hand(twilio)
    return rejected(twilio, parent, 22153, "63", "73")


@pytest.fixture
def last_page(as_porter, port_in):
    check = fix(as_porter, port_in, customer_name="Thornlea Group LLC")["Location"]
    filed = as_porter.post(check, Page.of(as_porter, check).form())["Location"]
    let_workers_file()
    return filed


def press(client, last_page, **typed):
    page = Page.of(client, last_page)
    form = page.form("form.form")
    action = page.one("form.form")["action"]
    return client.post(action, {**form, **typed})


def new_request(old):
    return PortInRequest.objects.exclude(pk=old.pk).get()


def test_the_text_says_what_was_corrected_and_when_the_port_is_wanted(as_porter, port_in, last_page):
    text = Page.of(as_porter, last_page).one("textarea").node.value.strip()

    new = new_request(port_in)
    assert text.startswith(
        "Your present carrier rejected +1 207-555-0163 and +1 207-555-0173: invalid end user name. "
        "We corrected the customer name. We filed the numbers again on "
    )
    assert f"They are now to move on {new.target_date.day} " in text
    assert not any(value in text for value in PERSONAL)


def test_without_the_tick_nothing_is_mailed_and_both_histories_have_the_note(as_porter, port_in, last_page):
    answer = press(as_porter, last_page)

    assert answer["Location"] == last_page
    assert not mail.outbox
    for request in (port_in, new_request(port_in)):
        history = Page.of(as_porter, request.get_absolute_url()).one(".timeline").text
        assert "For the customer, not sent" in history
        assert "E-mail it to the customer" in history


def test_the_tick_names_the_addresses_masked_and_mails_the_note_once(as_porter, port_in, last_page):
    page = Page.of(as_porter, last_page)
    assert "E-mail it to o••••@thornlea.example.com and d••••@example.com" in page.one("main").text
    assert SIGNER not in page.source
    form, action = page.form("form.form"), page.one("form.form")["action"]

    for _ in range(2):
        as_porter.post(action, {**form, "send": "on"})

    assert [one.to for one in mail.outbox] == [[SIGNER, "desk@example.com"]]
    assert Note.objects.count() == 1
    for request in (port_in, new_request(port_in)):
        history = Page.of(as_porter, request.get_absolute_url()).one(".timeline").text
        assert "Sent to the customer" in history
        assert "to o••••@thornlea.example.com, d••••@example.com" in history
    assert "Sent to the customer" in Page.of(as_porter, last_page).one("section[aria-labelledby='tell']").text


def test_a_mail_server_that_is_down_loses_no_note_and_it_is_mailed_from_the_history(
    as_porter, port_in, last_page, settings
):
    inbox = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    press(as_porter, last_page, send="on")

    page = Page.of(as_porter, last_page)
    assert "The note is kept, and was not e-mailed." in page.messages[0]
    again = page.link("Try again to e-mail it")
    settings.EMAIL_BACKEND = inbox
    form = Page.of(as_porter, again).form()
    assert len(form["known"]) == 2
    assert as_porter.post(again, form)["Location"] == new_request(port_in).get_absolute_url()
    assert [one.to for one in mail.outbox] == [[SIGNER, "desk@example.com"]]
    assert NoteMail.objects.get().sent_at


def test_an_empty_note_is_refused_on_the_page(as_porter, last_page):
    answer = press(as_porter, last_page, body=" ")
    assert answer.status_code == 422
    assert "Enter note for the customer" in Page(answer).one("[data-error-summary]").text
    assert not Note.objects.exists()


def test_only_those_who_port_may_tell(as_viewer, as_porter, port_in, last_page):
    draft = PortInDraft.objects.get()
    url = f"{port_in.get_absolute_url()}fix/{draft.pk}/note/"
    assert as_viewer.post(url, {"body": "x"}).status_code == 403
    assert as_porter.get(url).status_code == 405
    other = new_request(port_in)
    assert as_porter.post(url.replace(port_in.pk, other.pk), {"body": "x"}).status_code == 404
    assert not Note.objects.exists()
