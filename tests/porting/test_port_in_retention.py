"""What was typed and the bills go when nobody needs them any more, and it is written down that they went."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import PurgeRecord, StoredFile
from porting.models import PortInDraft, PortInRequest
from porting.tasks import purge_port_in_drafts
from tests.porting.drafting import file_port_in, filled

pytestmark = pytest.mark.django_db


def days_ago(days: int):
    return timezone.now() - timedelta(days=days)


@pytest.mark.parametrize(("days", "goes"), [(91, True), (89, False)])
def test_a_draft_that_nobody_touches_goes_with_its_bill(parent, porter, days, goes):
    draft = filled(parent, porter)
    PortInDraft.objects.filter(pk=draft.pk).update(saved_at=days_ago(days))

    purge_port_in_drafts()

    assert PortInDraft.objects.exists() is not goes
    assert StoredFile.objects.there().exists() is not goes
    assert PurgeRecord.objects.filter(kind="port-in drafts", count=1).exists() is goes


@pytest.mark.parametrize(
    ("status", "days", "goes"),
    [("completed", 91, True), ("completed", 89, False), ("in_progress", 200, False)],
)
def test_a_bill_goes_when_its_request_has_been_over_long_enough(parent, porter, status, days, goes):
    port_in = file_port_in(draft=filled(parent, porter), actor=porter)
    PortInRequest.objects.filter(pk=port_in.pk).update(status=status, status_since=days_ago(days))

    purge_port_in_drafts()

    assert StoredFile.objects.there().exists() is not goes
    assert PortInDraft.objects.exists(), "a filed draft is what its confirmation page is about"
