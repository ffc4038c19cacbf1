"""One task at a time: what is offered, what is kept, what is refused, and two people at once."""

import pytest

from compliance.knowing.own_numbers import add_own_number
from compliance.models import EndUser, GuidedAnswer, ItemAssignment, Regulation, SupportingDocument
from compliance.tasks import settle_compliance_operations
from portal.models import Operation, Reveal, StoredFile
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory import resources as wire
from portal.sandbox.regulatory.laws import RegulationChange
from tests.compliance.guided import (
    FIRM,
    NAME,
    REGISTER,
    add_address,
    add_end_user,
    errors,
    fill,
    make_draft,
    reviewer,
    scan,
    send,
    task_states,
    url,
)
from tests.mirroring import complete
from tests.pages import Page

pytestmark = pytest.mark.django_db
TYPED = {"use": "new", "new-business_name": FIRM}


@pytest.fixture
def person_client(db):
    return reviewer()


@pytest.fixture
def person(person_client):
    return person_client[0]


@pytest.fixture
def client(person_client):
    return person_client[1]


@pytest.fixture
def draft(parent, person):
    complete(parent, "regulations")
    return make_draft(
        parent, Regulation.objects.for_group("DE", "local").get(end_user_type="business"), person
    )


@pytest.fixture
def who(draft):
    return url(draft, "tasks/end-user/")


@pytest.fixture
def proof(draft):
    return url(draft, f"tasks/documents/{NAME}/")


def down(twilio, **fault):
    twilio.faults.add(Fault(kind="status", status=503, method="POST", **fault))


def made(twilio, kind, name=FIRM):
    return [one for one in twilio.store.all(kind) if one.attributes.get("business_name") == name]


# End users


def test_an_end_user_that_fits_is_offered_masked_and_used_without_typing(client, twilio, draft, who, person):
    other = make_draft(draft.account, draft.regulation, person, friendly_name="Another")
    end_user = add_end_user(other, person)

    page = Page.of(client, who)
    option = page.one(f".choice:has(#id_use_{end_user.pk})")
    assert "R•••• (16 characters)" in option.text
    answer = send(client, who, use=end_user.pk)
    assert answer.status_code == 302
    assert ItemAssignment.objects.present().get(bundle=draft).object_sid == end_user.pk
    assert len(made(twilio, wire.EndUser)) == 1


def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(client, parent, person, draft):
    british = Regulation.objects.for_group("GB", "local").get(end_user_type="business")
    where = url(make_draft(parent, british, person), "tasks/end-user/")
    typed = {"use": "new", "new-business_name": FIRM, "new-email": "nonsense", "new-phone_number": "12"}

    page = Page(send(client, where, **typed))
    assert page.title.startswith("Error: ")
    said = errors(page)
    assert "Enter an e-mail address like name@example.com" in said
    assert "Enter first name" in said
    assert page.one("#id_new-phone_number")["value"] == "12", "as it was typed"
    assert page.one("#id_new-business_name")["value"] == FIRM
    for link in page.all("[data-error-summary] a"):
        assert page.all(link["href"]), link["href"]
    again = Page.of(client, where)
    assert again.one("#id_new-email")["value"] == "nonsense", "kept when the browser is closed"
    assert not errors(again)


def test_numbers_are_taken_in_any_spelling_and_choices_shown_in_words(client, twilio, parent, person, draft):
    british = Regulation.objects.for_group("GB", "local").get(end_user_type="business")
    bundle = make_draft(parent, british, person)
    where = url(bundle, "tasks/end-user/")
    assert "Independent software vendor" in Page.of(client, where).text
    typed = {
        "business_name": FIRM, "business_registration_number": "12345678", "first_name": "Ada",
        "last_name": "Quine", "email": "ada@example.com", "business_website": "example.com",
        "business_identity": "DIRECT_CUSTOMER", "is_subassigned": "NO", "phone_number": "(020) 7946-0018",
    }  # fmt: skip
    answer = send(client, where, use="new", **{f"new-{name}": value for name, value in typed.items()})
    assert answer.status_code == 302, errors(Page(answer))
    [told] = made(twilio, wire.EndUser)
    assert told.attributes["phone_number"] == "+442079460018"
    assert told.attributes["business_website"] == "https://example.com"


def test_save_for_later_sends_nothing(client, twilio, draft, who):
    twilio.journal.clear()
    answer = send(client, who, **TYPED, later="1")

    assert answer["Location"] == url(draft)
    assert not list(twilio.journal.entries(method="POST"))
    assert task_states(client, draft)["Say who the end user is"] == "In progress"
    assert Page.of(client, who).one("#id_new-business_name")["value"] == FIRM
    assert FIRM not in str(GuidedAnswer.objects.values_list("pk", "task"))


def test_while_twilio_is_down_it_is_kept_and_sent_once_later(client, twilio, draft, who):
    down(twilio, path="*/EndUsers")
    assert send(client, who, **TYPED)["Location"] == url(draft)
    assert "What you typed is kept" in Page.of(client, url(draft)).messages[0]
    twilio.faults.clear()
    settle()
    page = Page.of(client, who)
    assert page.one("#id_new-business_name")["value"] == FIRM
    assert send(client, who).status_code == 302
    assert len(made(twilio, wire.EndUser)) == 1


def test_a_lost_answer_never_doubles(client, twilio, draft, who):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/EndUsers", times=1))
    answer = send(client, who, **TYPED)
    assert answer["Location"] == url(draft)
    assert "Twilio's answer was lost" in Page.of(client, url(draft)).messages[0]

    page = Page(send(client, who))
    assert "has not ended yet" in page.one("[data-error-summary]").text
    settle()
    assert send(client, who).status_code == 302
    [one] = made(twilio, wire.EndUser)
    assert ItemAssignment.objects.present().get(bundle=draft).object_sid == one.sid


def settle():
    Operation.objects.open().update(started_at="2020-01-01T00:00Z", ended_at="2020-01-01T00:00Z")
    settle_compliance_operations()


def test_the_same_form_twice_makes_one_and_back_changes_it(client, twilio, draft, who):
    sent = {**Page.of(client, who).form("main form[method=post]"), **TYPED}
    assert client.post(who, sent).status_code == 302
    assert client.post(who, sent).status_code == 302
    assert client.post(who, {**sent, "new-business_name": f"{FIRM} Ltd"}).status_code == 302

    assert not made(twilio, wire.EndUser)
    assert len(made(twilio, wire.EndUser, f"{FIRM} Ltd")) == 1
    assert ItemAssignment.objects.present().filter(bundle=draft).count() == 1


def test_the_second_of_two_people_sees_both_versions(client, draft, who, person):
    add_end_user(draft, person)
    opened = Page.of(client, who).form("main form[method=post]")
    _, colleague = reviewer()
    assert send(colleague, who, **{"keep-business_name": "Theirs Ltd"}).status_code == 302

    answer = client.post(who, {**opened, "keep-business_name": "Mine Ltd"})
    assert answer.status_code == 422
    page = Page(answer)
    assert "Somebody else has changed this" in page.text
    row = page.one(".compare tbody tr").text
    assert "Theirs Ltd" in row
    assert "Mine Ltd" in row
    assert EndUser.objects.in_bundle(draft.pk).get().values["business_name"] == "Theirs Ltd"
    again = page.form("main form[method=post]")
    assert again["keep-business_name"] == ["Mine Ltd"]
    assert client.post(who, again).status_code == 302
    end_user = EndUser.objects.in_bundle(draft.pk).get()
    assert (end_user.values["business_name"], end_user.friendly_name) == ("Mine Ltd", "Mine Ltd")


def test_a_drafts_answer_of_somebody_else_is_not_overwritten_either(client, draft, who):
    opened = Page.of(client, who).form("main form[method=post]")
    _, colleague = reviewer()
    send(colleague, who, use="new", **{"new-business_name": "Theirs Ltd"}, later="1")

    page = Page(client.post(who, {**opened, **TYPED}))
    assert "Theirs Ltd" in page.one(".compare").text
    assert GuidedAnswer.objects.get(task="end-user").values["typed"]["new-business_name"] == ["Theirs Ltd"]


def test_who_says_the_same_is_offered_before_it_is_entered_again(client, twilio, draft, who, person):
    other = make_draft(draft.account, draft.regulation, person, friendly_name="Another")
    end_user = add_end_user(other, person)

    page = Page(send(client, who, use="new", **{"new-business_name": f" {FIRM.upper()} "}))
    assert "This may be there already" in page.text
    assert not ItemAssignment.objects.filter(bundle=draft).exists()
    sent = page.form("main form[method=post]")
    assert client.post(who, {**sent, "instead": end_user.pk}).status_code == 302
    assert ItemAssignment.objects.present().get(bundle=draft).object_sid == end_user.pk


def test_our_own_number_stops_a_customers_bundle(client, parent, person, draft):
    french = Regulation.objects.for_group("FR", "local").get(end_user_type="business")
    where = url(make_draft(parent, french, person), "tasks/end-user/")
    add_own_number(label="Register", value="552 100 554", actor=person)
    values = {"business_name": FIRM, "first_name": "Ada", "last_name": "Quine"}
    typed = {f"new-{name}": value for name, value in values.items()}
    number = {"new-business_registration_number": "552-100-554"}

    page = Page(send(client, where, use="new", **typed, **number))
    assert "This is our own number (Register)" in errors(page)[0]
    sent = page.form("main form[method=post]")
    assert client.post(where, {**sent, "our-own": "on"}).status_code == 302


def test_values_of_others_are_written_down_as_shown_and_ones_own_are_not(client, draft, who, person):
    add_end_user(draft, person)
    client.get(who)
    assert not Reveal.objects.exists()

    colleague, theirs = reviewer()
    theirs.get(who)
    theirs.get(who)
    shown = Reveal.objects.get()
    assert (shown.actor, shown.target) == (colleague, EndUser.objects.in_bundle(draft.pk).get().pk)
    assert FIRM not in shown.reason


# Documents


def test_a_file_survives_the_refusal_of_another_field(client, twilio, draft, proof, person):
    add_end_user(draft, person)
    prefix = f"new-{REGISTER}"
    typed = {
        f"{prefix}-the-file": scan(),
        f"{prefix}-issue_date_day": "31",
        f"{prefix}-issue_date_month": "2",
    }

    page = Page(send(client, proof, use=prefix, **typed, **{f"{prefix}-issue_date_year": "2026"}))
    assert errors(page) == ["Issue Date must be a real date"]
    assert "scan.pdf" in page.text
    again = Page.of(client, proof)
    assert "scan.pdf" in again.text, "also when the page is opened anew"
    answer = send(client, proof, **{f"{prefix}-issue_date_day": "3"})
    assert answer.status_code == 302, errors(Page(answer))
    document = SupportingDocument.objects.in_bundle(draft.pk).get()
    assert document.mime_type == "application/pdf"
    assert StoredFile.objects.get().owner_sid == document.pk


def test_a_file_is_kept_while_twilio_refuses(client, twilio, draft, proof, person):
    add_end_user(draft, person)
    prefix = f"new-{REGISTER}"
    twilio.faults.add(Fault(kind="status", status=429, method="POST", path="*/SupportingDocuments", times=9))
    page = Page(send(client, proof, use=prefix, **{f"{prefix}-the-file": scan()}))
    assert "What you typed is kept" in page.one("[data-error-summary]").text
    twilio.faults.clear()

    assert StoredFile.objects.get().owner_sid == draft.pk
    assert send(client, proof).status_code == 302
    assert StoredFile.objects.get().owner_sid == SupportingDocument.objects.in_bundle(draft.pk).get().pk


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [(b"", "scan.pdf", "is empty"), (b"<html>", "scan.pdf", "must be a JPG, PNG or PDF")],
)
def test_a_file_that_does_not_do_is_named(client, draft, proof, person, content, name, words):
    add_end_user(draft, person)
    prefix = f"new-{REGISTER}"

    page = Page(send(client, proof, use=prefix, **{f"{prefix}-the-file": scan(content, name)}))
    assert words in errors(page)[0]
    assert page.one(f"#id_{prefix}-business_name")["value"] == FIRM


def test_nothing_chosen_is_said_and_leads_to_the_choice(client, draft, proof):
    page = Page(send(client, proof))
    assert errors(page) == ["Choose the document, or enter a new one"]
    assert page.one("[data-error-summary] a")["href"] == "#id_use"


def test_a_document_that_is_another_ones_is_not_offered(client, draft, proof, person):
    other = make_draft(draft.account, draft.regulation, person, friendly_name="Another")
    document = fill(other, person)
    theirs = EndUser.objects.in_bundle(other.pk).get()
    add_end_user(draft, person, email="desk@example.com")
    EndUser.objects.filter(pk=theirs.pk).update(friendly_name="Somebody else")

    assert not Page.of(client, proof).all(f"#id_use_{document.pk}")
    EndUser.objects.filter(pk=theirs.pk).update(friendly_name=FIRM)
    assert Page.of(client, proof).all(f"#id_use_{document.pk}")


def test_one_document_takes_the_place_of_another(client, draft, proof, person):
    fill(draft, person)
    prefix = "new-trade_license"

    answer = send(client, proof, use=prefix, **{f"{prefix}-the-file": scan()})
    assert answer.status_code == 302, errors(Page(answer))
    assert [one.type for one in SupportingDocument.objects.in_bundle(draft.pk)] == ["trade_license"]


def test_an_approved_document_is_kept_as_it_is(client, draft, proof, person):
    document = fill(draft, person)
    SupportingDocument.objects.filter(pk=document.pk).update(status="approved")

    page = Page.of(client, proof)
    assert not page.all("#id_keep-business_name")
    assert send(client, proof).status_code == 302


def test_a_new_version_of_an_approved_document_repeats_what_it_said_and_its_file(
    client, twilio, draft, proof, person
):
    document = fill(draft, person)
    told = twilio.store.find(wire.SupportingDocument, document.pk)
    told.status = "approved"
    with twilio.changing() as (store, _):
        store.save(told)
    twilio.change_regulation(draft.regulation_id, RegulationChange(add="document_number", at=NAME))
    for resource in ("regulations", "documents"):
        complete(draft.account, resource)
    prefix = f"new-{REGISTER}"
    page = Page.of(client, proof)
    assert page.one(f"#id_{prefix}-business_name")["value"] == FIRM
    assert "register.pdf" in page.one(f".choice:has(#id_use_{prefix})").text

    answer = send(client, proof, use=prefix, **{f"{prefix}-document_number": "HRB 1"})
    assert answer.status_code == 302, errors(Page(answer))
    new = SupportingDocument.objects.in_bundle(draft.pk).exclude(pk=document.pk).get()
    assert new.values["document_number"] == "HRB 1"
    assert new.mime_type == "application/pdf"
    assert {stored.owner_sid for stored in StoredFile.objects.all()} == {document.pk, new.pk}


# The address


def test_an_address_is_chosen_once_and_cited_by_the_documents(client, draft, person):
    address = add_address(draft, person)
    where = url(draft, "tasks/address/")
    assert errors(Page(client.post(where, {}))) == ["Choose an address, or enter a new one"]
    assert send(client, where, use=address.pk).status_code == 302

    page = Page.of(client, url(draft, "tasks/documents/business_address_proof_info/"))
    [chosen] = page.all(f"input[name='new-{REGISTER}-address_sids'][checked]")
    assert chosen["value"] == address.pk


def test_two_people_who_choose_addresses_see_each_other(client, draft, person):
    address = add_address(draft, person)
    where = url(draft, "tasks/address/")
    opened = Page.of(client, where).form("main form[method=post]")
    _, colleague = reviewer()
    send(colleague, where, use=address.pk)

    answer = client.post(where, {**opened, "use": "new"})
    assert answer.status_code == 422
    page = Page(answer)
    assert str(address) in page.one(".compare").text
    again = page.form("main form[method=post]")
    assert client.post(where, {**again, "use": address.pk}).status_code == 302


def test_a_typed_address_survives_twilios_refusal(client, twilio, draft, person):
    complete(draft.account, "addresses")
    where = url(draft, "tasks/address/")
    typed = {"customer_name": FIRM, "street": "Musterstr. 1", "city": "Berlin", "region": "BE"}
    twilio.faults.add(Fault(kind="status", status=429, method="POST", path="*/Addresses.json", times=9))

    answer = send(client, where, use="new", **typed, postal_code="10117")
    assert answer.status_code == 422
    twilio.faults.clear()
    page = Page.of(client, where)
    assert page.one("#id_street")["value"] == "Musterstr. 1"
    assert send(client, where).status_code == 302
