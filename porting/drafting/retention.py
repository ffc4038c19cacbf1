"""What was typed for port-in requests, and their bills, go once nobody needs them: Twilio keeps its own."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from portal import files
from portal.models import PurgeRecord, StoredFile
from portal.retention import AT_ONCE
from porting.models import PortInDraft, PortInRequest


def purge_bills() -> PurgeRecord | None:
    """Delete the bills of requests that have been over for the days of the rule."""
    days = settings.FILE_RETENTION_DAYS
    over = PortInRequest.objects.over().filter(
        pk=OuterRef("owner_sid"), status_since__lt=Now() - timedelta(days=days)
    )
    rows = StoredFile.objects.there().filter(Exists(over)).order_by("created_at")
    return files.purge(rows[:AT_ONCE], rule=f"The port-in request was over more than {days} days ago")


def purge_drafts() -> PurgeRecord | None:
    """Delete drafts that nobody has touched for the days of the rule, with their answers and bills."""
    days = settings.FILE_RETENTION_DAYS
    old = list(PortInDraft.objects.open().filter(saved_at__lt=Now() - timedelta(days=days))[:AT_ONCE])
    if not old:
        return None
    rule = f"The draft was not touched for {days} days"
    files.purge(
        StoredFile.objects.there().filter(owner_sid__in=[draft.file_owner for draft in old]), rule=rule
    )
    PortInDraft.objects.open().filter(pk__in=[draft.pk for draft in old]).delete()
    return PurgeRecord.objects.create(
        kind="port-in drafts", rule=rule, count=len(old), ids=[draft.file_owner for draft in old]
    )
