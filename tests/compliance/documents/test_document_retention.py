"""When our copies of documents' files are deleted, and when they stay."""

from datetime import timedelta

import pytest
from django.utils import timezone

from compliance.documents.tasks import purge_document_files
from compliance.models import Bundle, SupportingDocument
from portal import files
from portal.models import PurgeRecord, Purpose, StoredFile
from portal.uploads.check import CheckedFile
from tests.factories import assign, make_account, make_bundle, make_document, make_regulation
from tests.pages import Page

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG"


@pytest.fixture
def account(db):
    return make_account()


@pytest.fixture(autouse=True)
def _ninety_days(settings):
    settings.FILE_RETENTION_DAYS = 90


def ago(days):
    return timezone.now() - timedelta(days=days)


def make_held(account, user, *bundles, uploaded=100):
    """A document with a file of that age, in bundles given as status and days since."""
    document = make_document(account)
    regulation = make_regulation()
    for status, days in bundles:
        bundle = make_bundle(account, regulation, status=status)
        Bundle.objects.filter(pk=bundle.pk).update(status_since=ago(days))
        assign(bundle, document)
    checked = CheckedFile(Purpose.COMPLIANCE, "x.png", "image/png", PNG)
    stored = files.store(checked, account=account, uploaded_by=user, owner_sid=document.pk)
    StoredFile.objects.filter(pk=stored.pk).update(created_at=ago(uploaded))
    return stored


@pytest.mark.parametrize(
    ("bundles", "uploaded", "goes"),
    [
        ([("twilio-approved", 91)], 100, True),
        ([("twilio-rejected", 91)], 100, True),
        ([("twilio-approved", 91), ("twilio-rejected", 200)], 100, True),
        ([("twilio-approved", 89)], 100, False),
        ([("twilio-approved", 91), ("draft", 200)], 300, False),
        ([("twilio-approved", 91), ("pending-review", 100)], 300, False),
        ([("twilio-approved", 91), ("provisionally-approved", 100)], 300, False),
        ([("twilio-approved", 200)], 10, False),  # another file since
        ([], 400, False),  # not used yet
    ],
)
def test_a_file_goes_when_all_its_bundles_were_decided_long_enough(account, support, bundles, uploaded, goes):
    stored = make_held(account, support, *bundles, uploaded=uploaded)

    purge_document_files()

    stored.refresh_from_db()
    assert bool(stored.purged_at) is goes
    if goes:
        record = PurgeRecord.objects.get()
        assert record.ids == [str(stored.pk)]
        assert record.rule == "All bundles of the document were decided more than 90 days ago"
        with pytest.raises(files.NotThere):
            files.open_file(stored)
    else:
        assert files.open_file(stored) == PNG
        assert not PurgeRecord.objects.exists()


def test_the_days_are_a_setting(account, support, settings):
    stored = make_held(account, support, ("twilio-approved", 20), uploaded=25)
    settings.FILE_RETENTION_DAYS = 14

    purge_document_files()

    stored.refresh_from_db()
    assert stored.purged_at


def test_a_file_goes_with_its_document(account, support):
    stored = make_held(account, support, uploaded=0)
    SupportingDocument.objects.filter(pk=stored.owner_sid).update(missing_since=timezone.now())

    purge_document_files()

    stored.refresh_from_db()
    assert stored.purge_reason == "Twilio no longer has the document"


def test_what_was_deleted_is_listed(as_manager, account, support):
    make_held(account, support, ("twilio-approved", 91))
    purge_document_files()
    page = Page.of(as_manager, "/purges/")
    assert "All bundles of the document were decided more than 90 days ago" in page.one("tbody tr").text
