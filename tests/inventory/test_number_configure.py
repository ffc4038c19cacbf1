"""The form that changes how a number answers: what it asks, sends, refuses, and never loses."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from inventory.actions import UPDATE_NUMBER
from inventory.configuration import configuration_of
from inventory.models import PhoneNumber
from portal.models import Operation, Role, TwilioAccount
from portal.sandbox.faults import Fault
from tests.answers import Answer, answering
from tests.factories import make_account, make_application, make_number, make_sid, make_user
from tests.inventory.stock import number_of
from tests.mirroring import change, complete, release, truth
from tests.pages import Page, assert_is_region, htmx
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

TRUNK = make_sid("TK")


@pytest.fixture
def number(twilio, parent):
    complete(parent, "applications")
    twilio.journal.clear()
    return number_of(twilio, parent)


@pytest.fixture
def mirrored(db):
    """A number that only we have: enough for what never reaches Twilio."""
    return make_number(make_account())


def url_of(number):
    return reverse("inventory:number-configure", args=[number.pk])


def opened(client, number):
    """What the form would send as it was opened."""
    return Page.of(client, url_of(number)).form()


def send(client, number, sent=None, **typed):
    """Send the form, opened now or before, with some fields typed over; None unticks a box."""
    sent = {**(sent or opened(client, number)), **typed}
    return client.post(url_of(number), {name: value for name, value in sent.items() if value is not None})


def refused(answer):
    """The page after a refusal."""
    assert answer.status_code == 422
    page = Page(answer)
    assert page.title.startswith("Error: ") or page.all(".compare")
    return page


def errors(page):
    """What is wrong, by field; what is about none of them under "". The summary says the same."""
    said = {
        field.one("input:not([type=radio]), select, fieldset")["id"]: field.one(".field__error").text
        for field in page.all(".field--error")
    }
    summary = page.one("main .notice--bad[data-error-summary]")
    assert summary.one("h2").text == "There is a problem"
    assert {link["href"][1:]: link.text for link in summary.all("li a")} == said
    said = {field.removeprefix("id_"): words for field, words in said.items()}
    rest = [item.text for item in summary.all("li") if not item.all("a")]
    return said | ({"": rest[0]} if rest else {})


def kept(page, **typed):
    """Whether the form still holds what was typed."""
    form = page.form()
    return {name: form.get(name) for name in typed} == {name: [value] for name, value in typed.items()}


def writes(twilio):
    return [dict(entry.form) for entry in twilio.journal.entries(method="POST")]


def at_twilio(twilio, number):
    path = f"/2010-04-01/Accounts/{number.account_id}/IncomingPhoneNumbers/{number.pk}.json"
    return configuration_of(twilio.direct("GET", path))


def applications(twilio, number):
    return [record["sid"] for record in truth(twilio, number.account, "applications")]


# What it asks


def test_it_opens_with_what_twilio_has(as_support, mirrored):
    sent = opened(as_support, mirrored)

    held = configuration_of(mirrored.payload)
    shown = {name: sent.get(name, [""])[0] for name in held if name != "voice_caller_id_lookup"}
    del held["voice_caller_id_lookup"]
    assert shown == held
    assert "voice_caller_id_lookup" not in sent
    assert (sent["voice_route"], sent["sms_route"]) == (["url"], ["url"])


@pytest.mark.parametrize(
    ("fields", "calls", "messages"),
    [
        ({"trunk_sid": TRUNK}, "trunk", "url"),
        ({"voice_application_sid": make_sid("AP")}, "application", "url"),
        ({"trunk_sid": TRUNK, "sms_application_sid": make_sid("AP")}, "trunk", "application"),
    ],
)
def test_it_opens_with_what_answers_now(as_support, fields, calls, messages):
    sent = opened(as_support, make_number(make_account(), **fields))

    assert (sent["voice_route"], sent["sms_route"]) == ([calls], [messages])
    for name, value in fields.items():
        assert sent[name] == [value], "one that is not mirrored yet may stay"


def test_it_offers_the_accounts_own_applications(as_support, twilio, number):
    select = Page.of(as_support, url_of(number)).one("select[name=voice_application_sid]")

    assert {option["value"] for option in select.all("option")} == {"", *applications(twilio, number)}


def test_it_asks_only_for_what_the_number_can_do(as_support, twilio, parent):
    voiceless = make_number(parent, capabilities={"voice": False, "sms": True, "mms": False, "fax": False})
    mute = make_number(parent, capabilities={"voice": True, "sms": False, "mms": False, "fax": False})

    assert not [name for name in opened(as_support, voiceless) if name.startswith(("voice_", "status_"))]
    assert not [name for name in opened(as_support, mute) if name.startswith("sms_")]
    assert "cannot take calls" in Page.of(as_support, url_of(voiceless)).one("form.form").text


# Saved


def test_it_saves_at_twilio_and_shows_it(as_support, twilio, number):
    answer = send(as_support, number, friendly_name="Night desk", sms_method="GET", reason="Ada asked")

    assert (answer.status_code, answer["Location"]) == (302, number.get_absolute_url())
    assert writes(twilio) == [{"FriendlyName": "Night desk", "SmsMethod": "GET"}]
    page = Page.of(as_support, number.get_absolute_url())
    assert page.messages == ["Saved at Twilio."]
    assert "Night desk" in page.one(".number-meta").text
    assert "Reason: Ada asked" in page.one(".timeline").text


def test_with_htmx_it_leads_on_without_a_redirect(as_support, number):
    sent = {**opened(as_support, number), "friendly_name": "Night desk"}

    answer = as_support.post(url_of(number), sent, headers=htmx("configuration"))

    assert answer.status_code == 200
    assert json.loads(answer["HX-Location"])["path"] == number.get_absolute_url()


def test_saving_what_is_so_already_sends_nothing(as_support, twilio, number):
    send(as_support, number)

    assert Page.of(as_support, number.get_absolute_url()).messages == [
        "Nothing to change: Twilio already has it so."
    ]
    assert not writes(twilio)


def test_a_box_is_ticked_and_unticked(as_support, twilio, number):
    send(as_support, number, voice_caller_id_lookup="on")
    assert at_twilio(twilio, number)["voice_caller_id_lookup"] is True
    assert opened(as_support, number)["voice_caller_id_lookup"] == ["on"]

    send(as_support, number, voice_caller_id_lookup=None)
    assert at_twilio(twilio, number)["voice_caller_id_lookup"] is False


def test_an_address_is_sent_as_it_was_typed_without_the_blanks_around_it(as_support, twilio, number):
    address = "https://ops:secret@calls.example.com:8443/in?a=b&c=%20#top"

    send(as_support, number, voice_url=f"  {address} ")

    assert at_twilio(twilio, number)["voice_url"] == address


# Only one of them answers


def test_only_the_chosen_one_answers_calls_and_the_addresses_are_kept(as_support, twilio, number):
    address = at_twilio(twilio, number)["voice_url"]
    app = applications(twilio, number)[0]
    # All of them stand in the form, whichever is chosen.
    everything = {"trunk_sid": TRUNK, "voice_application_sid": app}
    for route, trunk, application in (
        ("trunk", TRUNK, ""), ("application", "", app), ("trunk", TRUNK, ""), ("url", "", "")
    ):  # fmt: skip
        answer = send(as_support, number, voice_route=route, **everything)

        assert answer.status_code == 302
        there = at_twilio(twilio, number)
        assert (there["trunk_sid"], there["voice_application_sid"]) == (trunk, application)
        assert there["voice_url"] == address
        assert opened(as_support, number)["voice_route"] == [route]


def test_only_the_chosen_one_takes_messages(as_support, twilio, number):
    app = applications(twilio, number)[0]

    send(as_support, number, sms_route="application", sms_application_sid=app)
    assert at_twilio(twilio, number)["sms_application_sid"] == app

    send(as_support, number, sms_route="url")
    there = at_twilio(twilio, number)
    assert there["sms_application_sid"] == ""
    assert there["sms_url"] == configuration_of(number.payload)["sms_url"]


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"voice_route": "application"}, "voice_application_sid", "Choose the application that answers"),
        ({"voice_route": "trunk"}, "trunk_sid", "Enter the SID of the SIP trunk"),
        ({"voice_route": "trunk", "trunk_sid": "TK1"}, "trunk_sid", "Enter a trunk SID: TK and 32"),
        ({"sms_route": "application"}, "sms_application_sid", "Choose the application that takes"),
        ({"voice_url": "", "voice_fallback_url": "https://b.example.com/"}, "voice_fallback_url",
         "Enter the address for calls first"),
        ({"sms_url": "", "sms_fallback_url": "https://b.example.com/"}, "sms_fallback_url",
         "Enter the address for messages first"),
        ({"friendly_name": "x" * 65}, "friendly_name", "at most 64 characters"),
        ({"voice_method": "PUT"}, "voice_method", "PUT is not one of"),
    ],
)  # fmt: skip
def test_what_is_missing_or_too_much_is_said_beside_its_field(as_support, mirrored, typed, field, words):
    page = refused(send(as_support, mirrored, **typed))

    said = errors(page)
    assert list(said) == [field]
    assert words in said[field]
    assert kept(page, **{name: value for name, value in typed.items() if value and value != "PUT"})


# Addresses


def test_each_address_is_looked_at_and_kept_as_it_was_typed(as_support, mirrored):
    names = ("voice_url", "voice_fallback_url", "status_callback", "sms_url", "sms_fallback_url")
    typed = dict.fromkeys(names, "https://intranet/in out")

    page = refused(send(as_support, mirrored, **typed))

    assert errors(page) == dict.fromkeys(names, "Enter a web address such as https://example.com/calls")
    assert kept(page, **typed)


def test_an_address_that_stands_at_twilio_already_may_stay(as_support, twilio, number):
    change(twilio, number.account, number.pk, VoiceUrl="http://old.example.com/in")
    as_support.post(reverse("inventory:number-refresh", args=[number.pk]))

    answer = send(as_support, number, friendly_name="Night desk")

    assert answer.status_code == 302
    assert at_twilio(twilio, number)["friendly_name"] == "Night desk"


# Refused by Twilio


TYPED = {"friendly_name": "Night desk", "voice_url": "https://new.example.com/in", "reason": "Ada asked"}


def answer_with(number, status, **body):
    """Twilio reads as it is, and answers the change so."""
    return answering(Answer(200, number.payload), Answer(status, {"status": status, **body}))


@pytest.mark.parametrize(
    ("code", "message", "field", "words"),
    [
        (21402, "Invalid VoiceUrl", "voice_url", "It must begin with https://"),
        (20002, "Invalid FriendlyName", "friendly_name", "at most 64 characters"),
        (21405, "Fallback without Url", "voice_fallback_url", "A fallback needs an address for calls"),
        (21402, "Invalid Url", "", "It must begin with https://"),
        (29999, "StatusCallback is on our list", "status_callback", "StatusCallback is on our list"),
        (29999, "The moon is full", "", "The moon is full"),
    ],
)
def test_twilios_refusal_stands_beside_the_field_it_is_about(as_support, number, code, message, field, words):
    sent = opened(as_support, number)
    with answer_with(number, 400, code=code, message=message):
        page = refused(send(as_support, number, sent, **TYPED))

    said = errors(page)
    assert list(said) == [field]
    assert words in said[field]
    assert kept(page, **TYPED)
    assert page.link(f"Twilio error {code}").endswith(f"/errors/{code}")
    assert "Twilio request RQ1111" in page.one("[data-error-summary]").text


def test_an_application_that_twilio_has_not_is_refused_in_our_words(as_support, number):
    gone = make_application(number.account).pk  # in the mirror only

    page = refused(send(as_support, number, voice_route="application", voice_application_sid=gone))

    assert errors(page) == {"": "This application does not belong to the number's account."}
    assert kept(page, voice_route="application", voice_application_sid=gone)


def test_what_a_kind_of_number_cannot_have_is_refused_beside_its_field(as_support, twilio, parent):
    british = number_of(twilio, parent, country="GB")

    page = refused(send(as_support, british, voice_caller_id_lookup="on"))

    assert errors(page) == {"voice_caller_id_lookup": "Caller names cannot be looked up for this number."}
    assert kept(page, voice_caller_id_lookup="on")


def test_after_a_refusal_the_same_page_can_be_mended_and_sent(as_support, twilio, number):
    sent = opened(as_support, number)
    with answer_with(number, 400, code=21402, message="Invalid VoiceUrl"):
        page = refused(send(as_support, number, sent, **TYPED))

    answer = send(as_support, number, page.form(), voice_url="https://better.example.com/in")

    assert answer.status_code == 302
    there = at_twilio(twilio, number)
    assert (there["friendly_name"], there["voice_url"]) == ("Night desk", "https://better.example.com/in")


def test_a_number_that_is_gone_meanwhile_is_said_to_be(as_support, twilio, number):
    sent = opened(as_support, number)
    release(twilio, number.account, number.pk)

    page = refused(send(as_support, number, sent, **TYPED))

    assert errors(page)[""] == "Twilio does not have this number in this account any more."
    assert "No longer listed" in Page.of(as_support, number.get_absolute_url()).one(".number-meta").text


def test_without_credentials_it_says_who_can_help(as_support, number):
    sent = opened(as_support, number)
    TwilioAccount.objects.update(auth_token="", api_key_sid="")

    page = refused(send(as_support, number, sent, **TYPED))

    assert "no credentials for this account" in errors(page)[""]
    assert kept(page, **TYPED)


# Twilio is away


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "status": 503}, "Twilio has a fault of its own."),
        ({"kind": "html"}, "Twilio answered with something we cannot read."),
        ({"kind": "reset"}, "Twilio cannot be reached."),
        ({"kind": "slow", "seconds": 120}, "Twilio cannot be reached."),
        ({"kind": "status", "status": 429, "method": "POST"}, "Twilio is limiting our requests."),
    ],
)
def test_an_outage_is_called_unavailable_and_keeps_the_form(as_support, twilio, number, fault, words):
    sent = opened(as_support, number)
    twilio.faults.add(Fault(**fault))

    page = refused(send(as_support, number, sent, **TYPED))

    assert errors(page)[""] == f"Unavailable: {words} Nothing was changed. Save again in a moment."
    assert kept(page, **TYPED)
    twilio.faults.clear()
    assert send(as_support, number, page.form()).status_code == 302
    assert at_twilio(twilio, number)["friendly_name"] == "Night desk"


def test_a_lost_answer_is_neither_success_nor_failure(as_support, twilio, number):
    twilio.faults.add(Fault(kind="lost-answer", method="POST"))

    answer = send(as_support, number, **TYPED)

    assert answer["Location"] == number.get_absolute_url()
    page = Page.of(as_support, number.get_absolute_url())
    assert page.messages[0].startswith("Twilio's answer was lost.")
    assert "A change is not settled yet" in page.one(".notice--wait h2").text
    assert "Not known yet" in page.one(".timeline").text


# Somebody else was there


def test_a_change_by_somebody_else_is_shown_and_not_overwritten(as_support, twilio, number):
    sent = opened(as_support, number)
    before = sent["friendly_name"][0]
    change(twilio, number.account, number.pk, FriendlyName="Theirs", SmsMethod="GET")

    page = refused(send(as_support, number, sent, **TYPED))

    assert page.one("[data-error-summary] h2").text == "The number has changed since you opened this page"
    cells = [cell.text for cell in page.all(".compare tbody th, .compare tbody td")]
    assert cells == ["Name", before, "Theirs", "Night desk"]
    assert kept(page, **TYPED)
    assert not writes(twilio)

    # Sent again, it is wanted: mine over theirs, and what I never touched stays theirs.
    assert send(as_support, number, page.form()).status_code == 302
    there = at_twilio(twilio, number)
    assert (there["friendly_name"], there["sms_method"]) == ("Night desk", "GET")
    assert there["voice_url"] == TYPED["voice_url"]


def test_a_change_by_somebody_else_of_another_field_is_no_conflict(as_support, twilio, number):
    sent = opened(as_support, number)
    change(twilio, number.account, number.pk, SmsMethod="GET")

    assert send(as_support, number, sent, **TYPED).status_code == 302
    assert at_twilio(twilio, number)["sms_method"] == "GET"


def test_it_waits_for_a_change_that_has_not_ended(as_support, twilio, number):
    sent = opened(as_support, number)
    Operation.objects.create(
        account=number.account, target=number.pk, kind=UPDATE_NUMBER, state="uncertain", actor=make_user()
    )

    page = refused(send(as_support, number, sent, **TYPED))

    assert errors(page)[""].startswith("Another change of this number has not ended yet.")
    assert kept(page, **TYPED)
    assert not writes(twilio)


# Sent once


def test_a_form_sent_twice_changes_once(as_support, twilio, number):
    sent = opened(as_support, number)
    send(as_support, number, sent, **TYPED)
    change(twilio, number.account, number.pk, FriendlyName="Theirs")

    answer = send(as_support, number, sent, **TYPED)  # Back and again, or a second click

    assert answer["Location"] == number.get_absolute_url()
    messages = Page.of(as_support, number.get_absolute_url()).messages
    assert messages[-1] == "This form was already sent, and Twilio did what it asked for."
    assert len(writes(twilio)) == 1
    assert at_twilio(twilio, number)["friendly_name"] == "Theirs"


def test_a_refused_form_that_is_reloaded_is_not_sent_again(as_support, number):
    sent = opened(as_support, number)
    with answer_with(number, 400, code=21402, message="Invalid VoiceUrl") as twilio:
        refused(send(as_support, number, sent, **TYPED))
        send(as_support, number, sent, **TYPED)

        assert [request.method for request in twilio.requests] == ["GET", "POST"]

    messages = Page.of(as_support, number.get_absolute_url()).messages
    assert messages[-1] == "This form was already sent, and Twilio refused it: Invalid VoiceUrl"


def test_a_form_whose_answer_was_lost_is_not_sent_again(as_support, twilio, number):
    sent = opened(as_support, number)
    twilio.faults.add(Fault(kind="lost-answer", method="POST"))
    send(as_support, number, sent, **TYPED)
    send(as_support, number, sent, **TYPED)

    assert len(writes(twilio)) == 1
    assert "its result is not known yet" in Page.of(as_support, number.get_absolute_url()).messages[-1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("form_key", ""),
        ("form_key", "one"),
        ("opened_with", ""),
        ("opened_with", "{"),
        ("opened_with", "{}"),
        ("opened_with", "[1]"),
        ("opened_with", "null"),
        ("friendly_name", "a\0b"),
        ("voice_route", "pigeon"),
        ("voice_url", "https://example.com/" + "a" * 2000),
    ],
)
def test_a_form_that_did_not_come_from_us_is_refused(as_support, mirrored, name, value):
    answer = send(as_support, mirrored, **{name: value})

    assert answer.status_code == 422
    assert Page(answer).all("[data-error-summary] li")


# Who may


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMPLIANCE, Role.MANAGER])
def test_it_is_for_those_who_may_change_numbers(client, mirrored, role):
    client.force_login(make_user(role))

    for answer in (client.get(url_of(mirrored)), client.post(url_of(mirrored), TYPED)):
        assert answer.status_code == 403
        assert "Support" in Page(answer).one("main").text


def test_it_is_for_accounts_where_the_role_is(mirrored):
    person = make_user(Role.SUPPORT, accounts=[make_account()])
    person.memberships.create(role=Role.VIEWER, all_accounts=True)
    client = Client()
    client.force_login(person)

    assert client.get(mirrored.get_absolute_url()).status_code == 200
    assert client.get(url_of(mirrored)).status_code == 403
    assert client.post(url_of(mirrored), TYPED).status_code == 403


def test_it_knows_no_other_numbers_and_no_other_methods(as_support, mirrored):
    unknown = PhoneNumber(pk=make_sid("PN"))
    assert as_support.get(url_of(unknown)).status_code == 404
    assert as_support.post(url_of(unknown), TYPED).status_code == 404
    assert as_support.delete(url_of(mirrored)).status_code == 405
    assert as_support.put(url_of(mirrored)).status_code == 405


def test_the_part_for_htmx_is_the_pages_own(as_support, mirrored):
    assert_is_region(as_support, url_of(mirrored), "configuration")
    sent = {**opened(as_support, mirrored), "voice_url": "http://example.com/"}
    part = as_support.post(url_of(mirrored), sent, headers=htmx("configuration"))

    assert part.status_code == 422
    assert (
        Page(part).one("body > *").html
        == refused(as_support.post(url_of(mirrored), sent)).one("#configuration").html
    )


def test_it_takes_as_many_queries_for_many_applications_as_for_none(as_support, twilio, parent):
    number = number_of(twilio, parent)
    with counted("number_configure"):
        opened(as_support, number)
    complete(parent, "applications")
    with counted("number_configure"):
        opened(as_support, number)
