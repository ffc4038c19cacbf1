"""Uploading, changing and deleting documents: once, with our copy first, and always settled."""

import json
import logging
import uuid
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from compliance.documents import actions
from compliance.documents.words import mark_of
from compliance.models import SupportingDocument
from portal import files, operations
from portal.models import Change, Operation, PurgeRecord, Purpose, Role, StoredFile
from portal.sandbox.faults import Fault
from portal.twilio.errors import Absent, Rejected, Unavailable, Uncertain
from portal.uploads.check import check
from tests import uploads
from tests.answers import Answer, answering
from tests.factories import make_user
from tests.mirroring import complete

pytestmark = pytest.mark.django_db

State = Operation.State
UPLOAD = "*/RegulatoryCompliance/SupportingDocuments*"
VALUES = {"business_name": "Thornlea Dental", "document_number": "HRB 55501"}


@pytest.fixture
def compliance(db):
    return make_user(Role.COMPLIANCE)


@pytest.fixture
def bill():
    return check("Bill of Thornlea.pdf", uploads.pdf(), Purpose.COMPLIANCE)


def upload(account, actor, file, **options):
    wanted = {
        "type": "business_registration",
        "friendly_name": "Registration",
        "attributes": VALUES,
        **options,
    }
    return actions.upload_document(account=account, file=file, actor=actor, **wanted)


def documents_at(twilio, account):
    return [json.loads(line) for line in twilio.dump("documents", account.pk)]


def grow_old():
    operations_ = Operation.objects.filter(state__in=Operation.OPEN_STATES)
    operations_.update(started_at=Now() - timedelta(minutes=5), ended_at=Now() - timedelta(minutes=5))


def posts(twilio):
    return [entry for entry in twilio.journal.entries(method="POST") if "Documents" in entry.path]


def test_it_is_at_twilio_in_the_mirror_and_in_our_files_byte_for_byte(twilio, parent, compliance, bill):
    document = upload(parent, compliance, bill)

    assert (document.status, document.mime_type) == ("draft", "application/pdf")
    assert document.values == VALUES
    [(name, kind, content)] = twilio.store.db.execute(
        "SELECT name, type, content FROM file WHERE sid = ?", (document.pk,)
    ).fetchall()
    assert (name, kind, content) == ("document.pdf", "application/pdf", bill.content)
    stored = StoredFile.objects.get(owner_sid=document.pk)
    assert files.open_file(stored) == bill.content
    assert (stored.name, stored.size) == ("Bill of Thornlea.pdf", len(bill.content))
    operation = Operation.objects.get()
    assert (operation.state, operation.target, operation.actor) == (State.DONE, document.pk, compliance)


def test_nothing_personal_stands_in_the_operation_or_in_the_clear(twilio, parent, compliance, bill):
    document = upload(parent, compliance, bill)

    operation = Operation.objects.get()
    kept = json.dumps(operation.detail) + operation.words + operation.target
    for text in ("Thornlea", "55501", "Bill"):
        assert text not in kept
    assert b"%PDF" not in files._read(StoredFile.objects.get(owner_sid=document.pk).pk)


def test_nothing_personal_is_logged(twilio, parent, compliance, bill, caplog):
    caplog.set_level(logging.DEBUG)
    document = upload(parent, compliance, bill)
    actions.replace_file(document=document, file=bill, actor=compliance)
    with answering(Answer(400, {"message": "Thornlea Dental is wrong"})), pytest.raises(Rejected):
        actions.replace_file(document=document, file=bill, actor=compliance)

    assert "twilio.exchange" in caplog.text
    for text in ("Thornlea", "55501", "Bill of", "%PDF"):
        assert text not in caplog.text


def test_a_change_of_what_it_says_is_told_without_values(twilio, parent, compliance, bill):
    document = upload(parent, compliance, bill)
    actions.compliance_gateway.update_document(
        parent.require_own_login(), document.pk, {"attributes": {"business_name": "Wickerby"}}
    )
    complete(parent, "documents")

    told = json.dumps(list(Change.objects.filter(target=document.pk).values_list("fields", flat=True)))
    assert "attributes" in told
    assert "Wickerby" not in told
    assert "Thornlea" not in told


def test_a_sync_afterwards_has_no_news(twilio, parent, compliance, bill):
    complete(parent, "documents")
    document = upload(parent, compliance, bill)
    complete(parent, "documents")

    assert not Change.objects.filter(target=document.pk).exists()


def test_the_same_form_and_the_same_document_are_sent_once(twilio, parent, compliance, manager, bill):
    key = uuid.uuid4()
    document = upload(parent, compliance, bill, form_key=key)

    for actor, form_key in ((compliance, key), (manager, uuid.uuid4())):
        with pytest.raises(operations.AlreadySent) as refused:
            upload(parent, actor, bill, form_key=form_key)
        assert refused.value.operation.target == document.pk
    assert len(posts(twilio)) == 1
    assert StoredFile.objects.count() == 1


def test_a_refusal_keeps_neither_an_operation_open_nor_a_copy(twilio, parent, compliance, bill, settings):
    with pytest.raises(Rejected) as refused:
        upload(parent, compliance, bill, type="moon_phase")

    assert refused.value.code == 22210
    assert Operation.objects.get().state == State.REFUSED
    assert not StoredFile.objects.exists()
    assert not list(settings.FILES_DIR.glob("*/*"))


def test_what_twilio_repeats_of_the_values_is_not_kept(twilio, parent, compliance, bill):
    body = {"message": "Thornlea Dental is not a name", "code": 70009, "http_status_code": 400}
    with answering(Answer(400, body)), pytest.raises(Rejected) as refused:
        upload(parent, compliance, bill)

    assert "Thornlea" in refused.value.words
    assert Operation.objects.get().words == "… is not a name"


def test_a_lost_answer_is_settled_by_looking(twilio, parent, compliance, bill):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path=UPLOAD, times=1))
    with pytest.raises(Uncertain):
        upload(parent, compliance, bill)
    with pytest.raises(operations.AlreadyUnderWay):
        upload(parent, compliance, bill)
    grow_old()

    actions.settle_document_operations()

    assert len(posts(twilio)) == 1
    operation = Operation.objects.get()
    assert operation.state == State.DONE
    document = SupportingDocument.objects.get(pk=operation.target)
    assert files.open_file(StoredFile.objects.get(owner_sid=document.pk)) == bill.content


def test_a_document_that_was_there_before_is_not_taken_for_the_lost_one(twilio, parent, compliance, bill):
    upload(parent, compliance, bill)
    other = check("b.png", uploads.png(), Purpose.COMPLIANCE)
    twilio.faults.add(Fault(kind="reset", method="POST", path=UPLOAD, times=1))
    with pytest.raises(Uncertain):
        upload(parent, compliance, other)
    grow_old()

    actions.settle_document_operations()

    lost = Operation.objects.exclude(state=State.DONE).get()
    assert (lost.state, lost.words) == (
        State.REFUSED,
        "Twilio's answer was lost, and the account does not have it.",
    )
    assert StoredFile.objects.unclaimed().count() == 1, "kept for whoever sends it again"


def test_an_upload_that_arrived_without_its_file_says_so_and_can_be_mended(twilio, parent, compliance, bill):
    twilio.faults.add(Fault(kind="empty-file", times=1))
    document = upload(parent, compliance, bill)
    assert document.mime_type == ""

    document = actions.replace_file(document=document, file=bill, actor=compliance)

    assert document.mime_type == "application/pdf"
    assert StoredFile.objects.of(document.pk).count() == 2


def test_renaming_and_changing_attributes(twilio, parent, compliance, bill):
    document = upload(parent, compliance, bill)
    mark = mark_of("Registration", VALUES)

    operation = actions.update_document(
        document=document,
        friendly_name="Registration 2026",
        attributes={**VALUES, "document_number": "HRB 55502"},
        opened_with=mark,
        actor=compliance,
    )

    document.refresh_from_db()
    assert document.friendly_name == "Registration 2026"
    assert document.values["document_number"] == "HRB 55502"
    assert operation.detail["changed"] == ["friendly_name", "document_number"]
    assert "5550" not in json.dumps(operation.detail)
    with pytest.raises(actions.ChangedMeanwhile):
        actions.update_document(
            document=document, friendly_name="Other", attributes=None, opened_with=mark, actor=compliance
        )


def test_what_was_approved_keeps_its_content_and_takes_a_name(twilio, parent, compliance):
    complete(parent, "documents")
    document = SupportingDocument.objects.select_related("account").filter(status="approved").first()
    mark = mark_of(document.friendly_name, document.values)
    picture = check("b.png", uploads.png(), Purpose.COMPLIANCE)

    with pytest.raises(actions.KeptAsItIs):
        actions.replace_file(document=document, file=picture, actor=compliance)
    with pytest.raises(actions.KeptAsItIs):
        actions.update_document(
            document=document, friendly_name="New", attributes={}, opened_with=mark, actor=compliance
        )
    actions.update_document(
        document=document, friendly_name="New", attributes=None, opened_with=mark, actor=compliance
    )
    document.refresh_from_db()
    assert document.friendly_name == "New"


@pytest.mark.parametrize("kind", ["lost-answer", "reset"])
def test_a_change_whose_answer_was_lost_is_settled(twilio, parent, compliance, bill, kind):
    document = upload(parent, compliance, bill)
    twilio.faults.add(Fault(kind=kind, method="POST", path=UPLOAD, times=1))
    with pytest.raises(Uncertain):
        actions.update_document(
            document=document, friendly_name="New", attributes=None,
            opened_with=mark_of("Registration", VALUES), actor=compliance,
        )  # fmt: skip
    grow_old()

    actions.settle_document_operations()

    document.refresh_from_db()
    ended = Operation.objects.get(kind=actions.UPDATE_DOCUMENT)
    expected = ("New", State.DONE) if kind == "lost-answer" else ("Registration", State.REFUSED)
    assert (document.friendly_name, ended.state) == expected


@pytest.mark.parametrize("kind", ["lost-answer", "reset"])
def test_a_file_whose_answer_was_lost_is_settled(twilio, parent, compliance, bill, kind):
    document = upload(parent, compliance, bill)
    twilio.clock.advance(timedelta(minutes=1))
    twilio.faults.add(Fault(kind=kind, method="POST", path=UPLOAD, times=1))
    picture = check("b.png", uploads.png(), Purpose.COMPLIANCE)
    with pytest.raises(Uncertain):
        actions.replace_file(document=document, file=picture, actor=compliance)
    Operation.objects.filter(state="uncertain").update(ended_at=Now() - timedelta(minutes=5))

    actions.settle_document_operations()

    ended = Operation.objects.get(kind=actions.REPLACE_FILE)
    assert ended.state == (State.DONE if kind == "lost-answer" else State.REFUSED)
    assert StoredFile.objects.of(document.pk).count() == (2 if kind == "lost-answer" else 1)


def test_deleting_takes_our_copies_with_it_and_writes_that_down(twilio, parent, compliance, bill):
    document = upload(parent, compliance, bill)
    stored = StoredFile.objects.get()

    actions.delete_document(document=document, actor=compliance)

    document.refresh_from_db()
    assert document.missing_since
    stored.refresh_from_db()
    assert stored.purged_at
    with pytest.raises(files.NotThere):
        files.open_file(stored)
    assert PurgeRecord.objects.get().ids == [str(stored.pk)]


def test_deleting_what_a_bundle_holds_is_refused(twilio, parent, compliance):
    complete(parent, "documents")
    complete(parent, "bundles")
    document = SupportingDocument.objects.select_related("account").assigned().exclude(
        status="pending-review"
    )[0]  # fmt: skip

    with pytest.raises(Rejected) as refused:
        actions.delete_document(document=document, actor=compliance)

    assert refused.value.code == 21645


def test_deleting_what_is_gone_is_noted(twilio, parent, compliance, bill):
    document = upload(parent, compliance, bill)
    actions.compliance_gateway.delete_document(parent.require_own_login(), document.pk)

    with pytest.raises(Absent):
        actions.delete_document(document=document, actor=compliance)

    document.refresh_from_db()
    assert document.missing_since


def test_twilio_out_of_reach_changes_nothing(twilio, parent, compliance, bill):
    twilio.faults.add(Fault(kind="status", status=429, path=UPLOAD))

    with pytest.raises(Unavailable):
        upload(parent, compliance, bill)

    assert Operation.objects.get().state == State.REFUSED
    assert not StoredFile.objects.exists()
