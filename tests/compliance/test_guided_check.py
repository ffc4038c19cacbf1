"""Checking the answers, submitting, and the page that says what happens next."""

import pytest

from compliance.guided.actions import save_answer
from compliance.guided.retention import purge_answers
from compliance.models import Bundle, GuidedAnswer, Regulation, SupportingDocument
from compliance.sync import refetch_bundle
from portal.models import Change, Operation, Reveal
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory import resources as wire
from portal.sandbox.regulatory.verdicts import Verdict
from portal.sandbox.resources import Address as TwilioAddress
from tests.compliance.guided import (
    FIRM,
    REGISTER,
    add_end_user,
    errors,
    fill,
    make_draft,
    reviewer,
    send,
    url,
)
from tests.mirroring import complete
from tests.pages import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def person_client(db):
    return reviewer()


@pytest.fixture
def client(person_client):
    return person_client[1]


@pytest.fixture
def draft(parent, person_client):
    complete(parent, "regulations")
    german = Regulation.objects.for_group("DE", "local").get(end_user_type="business")
    return make_draft(parent, german, person_client[0])


@pytest.fixture
def full(draft, person_client):
    fill(draft, person_client[0])
    return draft


def told(twilio, bundle):
    return twilio.store.find(wire.Bundle, bundle.pk)


def test_all_answers_stand_there_with_ways_to_change_them(client, full):
    page = Page.of(client, url(full, "check/"))

    assert "Nothing has been submitted yet" in page.text
    assert FIRM in page.one(".check:has(#section-1)").text
    assert "Not provided" in page.text
    for link in page.all(".section__head a"):
        assert link.one(".unseen").text, "each Change says of what"
        assert client.get(link["href"]).status_code == 200


def test_change_comes_straight_back(client, full):
    answer = send(client, url(full, "tasks/end-user/?check"), **{"keep-business_name": f"{FIRM} Ltd"})
    assert answer["Location"] == url(full, "check/")
    page = Page.of(client, answer["Location"])
    assert page.title.startswith("Error: "), "the document says another name now"
    assert not page.has_link("Submit bundle for review")
    answer = send(client, url(full, "tasks/contact/?check"), email="new@example.com")
    assert answer["Location"] == url(full, "check/")
    full.refresh_from_db()
    assert full.email == "new@example.com"


def test_values_that_others_typed_are_masked(full):
    _, colleague = reviewer()

    page = Page.of(colleague, url(full, "check/"))
    assert "R•••• (16 characters)" in page.one(".check:has(#section-1)").text
    assert "desk@example.com" not in page.source
    colleague.get(url(full, "tasks/contact/"))
    assert Reveal.objects.get().target == full.pk


def test_what_is_missing_is_a_link_and_nothing_can_be_submitted(client, twilio, draft, person_client):
    add_end_user(draft, person_client[0])
    page = Page.of(client, url(draft, "check/"))
    assert [link.text for link in page.all(".answers__missing")] == [
        "Give the address",
        "Prove: Business Name",
        "Prove: Business Address (Proof of Address)",
    ]
    assert "Submit bundle" not in page.text

    answer = client.post(url(draft, "check/"), {})
    assert answer.status_code == 422
    assert told(twilio, draft).status == "draft"


def test_it_is_submitted_once_with_its_status_alone(client, twilio, full):
    twilio.journal.clear()
    sent = Page.of(client, url(full, "check/")).form("main form[method=post]")
    places = {client.post(url(full, "check/"), sent)["Location"] for _ in range(2)}

    assert places == {url(full, "submitted/")}
    forms = [dict(one.form) for one in twilio.journal.entries(method="POST") if one.path.endswith(full.pk)]
    assert forms == [{"Status": "pending-review"}]
    assert not GuidedAnswer.objects.filter(bundle_sid=full.pk, task="end-user").exists()
    page = Page.of(client, url(full, "submitted/"))
    assert "Pending review" in page.text
    assert "Until they have decided" in page.text


def test_what_twilio_finds_bars_the_submission_and_is_led_to(client, twilio, full):
    document = next(
        one
        for one in twilio.store.all(wire.SupportingDocument)
        if one.attributes.get("business_name") == FIRM
    )
    document.attributes["business_name"] = "Another"
    with twilio.changing() as (store, _):
        store.save(document)

    page = Page(send(client, url(full, "check/")))
    assert "Nothing was submitted" in page.one("[data-error-summary]").text
    assert any("#id_keep-business_name" in link["href"] for link in page.all("[data-error-summary] a"))
    assert told(twilio, full).status == "draft"


def test_while_twilio_is_down_it_can_be_submitted_again(client, twilio, full):
    twilio.faults.add(Fault(kind="status", status=429, method="POST", path="*/Evaluations", times=9))
    page = Page(send(client, url(full, "check/")))
    assert "press the button again" in page.one("[data-error-summary]").text
    twilio.faults.clear()

    sent = page.form("main form[method=post]")
    assert client.post(url(full, "check/"), sent)["Location"] == url(full, "submitted/")


def test_a_lost_answer_of_a_submission_is_looked_for(client, twilio, full):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path=f"*/Bundles/{full.pk}", times=1))
    answer = send(client, url(full, "check/"))

    assert answer["Location"] == url(full, "submitted/")
    page = Page.of(client, answer["Location"])
    assert "Not settled yet" in page.text
    assert Operation.objects.filter(state=Operation.State.UNCERTAIN).count() == 1


def test_the_confirmation_stays_true(client, twilio, full):
    send(client, url(full, "check/"))
    twilio.judge(full.pk, Verdict(status="twilio-approved"))
    refetch_bundle(full.account, full.pk, source=Change.Source.WEBHOOK)

    page = Page.of(client, url(full, "submitted/"))
    assert "Twilio has decided: approved" in page.text
    assert client.post(url(full, "submitted/")).status_code == 405
    _, stranger = reviewer(accounts=[])
    assert stranger.get(url(full, "submitted/")).status_code == 403


def test_the_contact_shows_a_conflict(client, twilio, full):
    where = url(full, "tasks/contact/")
    sent = Page.of(client, where).form("main form[method=post]")
    bundle = told(twilio, full)
    bundle.email = "theirs@example.com"
    with twilio.changing() as (store, _):
        store.save(bundle)

    answer = client.post(where, {**sent, "email": "mine@example.com"})
    assert answer.status_code == 422
    page = Page(answer)
    assert "theirs@example.com" in page.one(".compare").text
    assert errors(Page(client.post(where, {**sent, "email": "nobody"}))) == [
        "Enter an e-mail address like name@example.com"
    ]
    assert client.post(where, page.form("main form[method=post]")).status_code == 302
    assert Bundle.objects.get(pk=full.pk).email == "mine@example.com"
    assert "Use a host" in Page(
        client.post(where, {**sent, "status_callback": "https://localhost/x"})
    ).one("[data-error-summary]").text  # fmt: skip


def test_a_contact_typed_while_twilio_is_down_is_kept(client, twilio, full):
    where = url(full, "tasks/contact/")
    twilio.faults.add(Fault(kind="status", status=503, retry_after=600, times=99))
    page = Page(send(client, where, email="later@example.com"))
    assert "What you typed is kept" in page.one("[data-error-summary]").text
    twilio.faults.clear()

    assert Page.of(client, where).one("#id_email")["value"] == "later@example.com"
    assert send(client, where).status_code == 302
    assert told(twilio, full).email == "later@example.com"
    assert not GuidedAnswer.objects.filter(task="contact").exists()


def test_what_was_typed_goes_with_a_record_once_nobody_needs_it(client, twilio, full, person_client):
    left = make_draft(full.account, full.regulation, person_client[0], friendly_name="Left lying")
    for bundle in (full, left):
        save_answer(bundle=bundle, task="address", values={"typed": {}}, actor=person_client[0])
    assert purge_answers() is None, "drafts keep theirs"

    Bundle.objects.filter(pk=full.pk).update(status="twilio-approved")
    GuidedAnswer.objects.filter(bundle_sid=left.pk).update(saved_at="2020-01-01T00:00Z")
    record = purge_answers()
    assert set(record.ids) == {full.pk, left.pk}
    assert not GuidedAnswer.objects.filter(task="address").exists()


def test_names_that_people_read_as_one_are_compared_character_by_character(client, twilio, full):
    document = SupportingDocument.objects.get(type=REGISTER)
    assert "Compare the spelling" not in Page.of(client, url(full, "check/")).text
    with twilio.changing() as (store, _):
        paper = store.find(wire.SupportingDocument, document.pk)
        paper.attributes["business_name"] = f"{FIRM}."
        store.save(paper)
        address = store.find(TwilioAddress, document.address_sids[0])
        address.customer_name = FIRM.replace(" ", "  ")
        store.save(address)
    for resource in ("documents", "addresses"):
        complete(full.account, resource)

    assert "2 names are not spelled as the end user's" in Page.of(client, url(full, "check/")).text
    Reveal.objects.all().delete()
    page = Page.of(client, url(full, "spelling/"))

    words = {row.all("td")[-1].text for row in page.all("tbody tr")}
    assert words == {"They differ in punctuation or spaces.", "They differ in spaces."}
    assert {mark.text for mark in page.all("mark")} == {".", "\u00b7"}
    assert document.pk in Reveal.objects.values_list("target", flat=True)
