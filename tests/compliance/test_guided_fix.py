"""A rejected bundle is repaired and submitted again: the same bundle, what was wrong in words."""

import pytest

from compliance.models import Bundle, ItemAssignment, Regulation, SupportingDocument
from compliance.rejections import REJECTIONS, code_of_words, explain
from compliance.sync import refetch_bundle
from portal.models import Change
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory.reasons import REASONS
from portal.sandbox.regulatory.verdicts import Verdict
from tests.compliance.guided import (
    FIRM,
    NAME,
    PLACE,
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


@pytest.fixture
def person_client(db):
    return reviewer()


@pytest.fixture
def client(person_client):
    return person_client[1]


@pytest.fixture
def bundle(parent, person_client):
    """A German local bundle with all it takes."""
    complete(parent, "regulations")
    german = Regulation.objects.for_group("DE", "local").get(end_user_type="business")
    bundle = make_draft(parent, german, person_client[0])
    fill(bundle, person_client[0])
    return bundle


def reject(twilio, client, bundle, code, *, of_document=True, reason=""):
    """Submitted, and sent back by Twilio's reviewers."""
    assert send(client, url(bundle, "check/"))["Location"] == url(bundle, "submitted/")
    document = SupportingDocument.objects.in_bundle(bundle.pk).get()
    sids = [document.pk] if of_document else ["RD0"]
    twilio.judge(bundle.pk, Verdict(status="twilio-rejected", code=code, documents=sids, reason=reason))
    refetch_bundle(bundle.account, bundle.pk, source=Change.Source.WEBHOOK)
    return document


def test_it_opens_at_the_problem_in_words_with_a_link_to_the_input(client, twilio, bundle):
    reject(twilio, client, bundle, 18002)

    page = Page.of(client, url(bundle))
    summary = page.one("[data-error-summary]")
    assert "The document cannot be read." in summary.text
    assert page.title.startswith("Error: ")
    assert task_states(client, bundle)["Prove: Business Name"] == "There is a problem"
    where, _, anchor = summary.all("a")[0]["href"].partition("#")
    task = Page.of(client, where)
    assert task.one(f"#{anchor}")["type"] == "file"
    assert "Upload a sharp scan or photo of all of it." in task.text
    assert task.one("#id_keep-business_name")["value"] == FIRM


def test_a_file_is_replaced_in_one_step_and_the_same_bundle_is_submitted_again(client, twilio, bundle):
    old = reject(twilio, client, bundle, 18002)
    client.get(url(bundle))

    answer = send(client, url(bundle, f"tasks/documents/{NAME}/"))
    assert "Select the" in errors(Page(answer))[0], "the rejected file does not do"
    answer = send(client, url(bundle, f"tasks/documents/{NAME}/"), **{"keep-the-file": scan()})
    assert answer["Location"] == url(bundle, "check/")

    [held] = ItemAssignment.objects.present().filter(bundle=bundle, object_sid__startswith="RD")
    assert held.object_sid != old.pk
    new = SupportingDocument.objects.get(pk=held.object_sid)
    assert (new.status, new.values) == ("draft", old.values), "nothing is typed again"
    page = Page.of(client, answer["Location"])
    since = page.one(".since")
    assert "The document cannot be read." in since.text
    assert str(new) in since.one("ins").text
    assert "Complied" in since.text

    assert send(client, url(bundle, "check/"))["Location"] == url(bundle, "submitted/")
    bundle.refresh_from_db()
    assert bundle.status == Bundle.Status.PENDING_REVIEW


def test_a_value_is_corrected_in_place(client, twilio, bundle):
    document = reject(twilio, client, bundle, 18016)
    client.get(url(bundle))

    page = Page.of(client, url(bundle, f"tasks/documents/{NAME}/"))
    assert "Choose the address that the document shows." in page.text
    answer = send(client, url(bundle, f"tasks/documents/{NAME}/"), **{"keep-issue_date_day": "1",
        "keep-issue_date_month": "11", "keep-issue_date_year": "2026"})  # fmt: skip
    assert answer.status_code == 302, errors(Page(answer))
    assert SupportingDocument.objects.get(pk=document.pk).status == "draft"
    assert task_states(client, bundle)["Prove: Business Name"] == "Completed"


@pytest.mark.parametrize(
    ("code", "where"),
    [
        (18055, "tasks/contact/#id_email"),
        (18018, f"tasks/documents/{PLACE}/#id_keep-address_sids"),
        (18051, "tasks/end-user/#id_use"),
        (18001, f"tasks/documents/{NAME}/#id_keep-the-file"),
        (18011, f"tasks/documents/{NAME}/#id_keep-business_name"),
    ],
)
def test_each_reason_leads_to_what_it_is_about(client, twilio, bundle, code, where):
    reject(twilio, client, bundle, code)

    links = {link["href"] for link in Page.of(client, url(bundle)).all("[data-error-summary] a")}
    assert links == {url(bundle, where)}
    assert Page.of(client, url(bundle, where)).all(f"#{where.partition('#')[2]}")


def test_twilios_own_words_stand_for_a_reason_nobody_knows(client, twilio, bundle):
    reject(twilio, client, bundle, 18050, reason="Wrong shade of blue")
    client.get(url(bundle))
    document = SupportingDocument.objects.in_bundle(bundle.pk).get()
    SupportingDocument.objects.filter(pk=document.pk).update(error_codes=["19999"])

    assert "Wrong shade of blue" in Page.of(client, url(bundle, f"tasks/documents/{NAME}/")).text


def test_every_code_of_a_review_has_a_sentence_and_a_fix():
    assert {code: reason.title for code, reason in REJECTIONS.items()} == REASONS
    assert code_of_words("Outdated Proof of Address document.") == 18022
    for reason in REJECTIONS.values():
        assert reason.words.endswith(".")
        assert reason.fix.endswith(".")
    assert explain("70000", "So it is").words == "So it is"
    assert explain("gibberish").words == "Twilio gave no reason."


def test_while_twilio_is_away_the_reason_still_leads_somewhere(client, twilio, bundle):
    reject(twilio, client, bundle, 18002)
    Bundle.objects.filter(pk=bundle.pk).update(review_reason="Illegible or blurry document submission")
    twilio.faults.add(Fault(kind="status", status=503, retry_after=600, times=99))

    page = Page.of(client, url(bundle))
    [link] = page.all("[data-error-summary] a")
    assert link["href"] == url(bundle, f"tasks/documents/{NAME}/#id_keep-the-file")
