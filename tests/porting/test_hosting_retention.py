"""What was typed to host numbers is deleted by rule, and the deletion is written down."""

from uuid import uuid4

import pytest
from celery import current_app
from django.db.models.functions import Now

from portal.models import Batch, PurgeRecord
from porting.models import EligibilityCheck, LetterDraft, OrderTerms, VerificationCall
from tests.factories import make_account, make_sid
from tests.porting import hosting  # noqa: F401 (registers tasks)

pytestmark = pytest.mark.django_db
LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture
def kept(porter):
    """One of everything, made just now."""
    account = make_account()
    batch = Batch.objects.create(kind="porting.order_numbers", author=porter, draft_view="x", ended_at=Now())
    OrderTerms.objects.create(key=uuid4(), batch=batch, address_sid=make_sid("AD"), email="a@example.com")
    EligibilityCheck.objects.create(
        key=uuid4(), account=account, author=porter, name="A", count=0, ended_at=Now()
    )
    VerificationCall.objects.create(order_id=make_sid("HR"), attempt=1, code_until=Now())
    LetterDraft.objects.create(account=account, author=porter)


def counts():
    return [model.objects.count() for model in (OrderTerms, EligibilityCheck, VerificationCall, LetterDraft)]


def test_what_is_new_stays(kept):
    current_app.tasks["purge_hosting"]()

    assert counts() == [1, 1, 1, 1]
    assert not PurgeRecord.objects.exists()


def test_what_is_old_goes_and_that_is_written_down(kept):
    Batch.objects.update(ended_at=LONG_AGO)
    EligibilityCheck.objects.update(ended_at=LONG_AGO)
    VerificationCall.objects.update(started_at=LONG_AGO)
    LetterDraft.objects.update(created_at=LONG_AGO)

    current_app.tasks["purge_hosting"]()

    assert counts() == [0, 0, 0, 0]
    assert PurgeRecord.objects.count() == 4
    assert Batch.objects.count() == 1, "the batch itself stays for ever"
