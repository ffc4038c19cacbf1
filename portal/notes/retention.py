"""What is attached to notes holds personal data, and goes after the days of the rule."""

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from portal import files
from portal.models import PurgeRecord, Purpose, StoredFile
from portal.retention import AT_ONCE


def purge_attachments() -> PurgeRecord | None:
    days = settings.FILE_RETENTION_DAYS
    old = StoredFile.objects.there().filter(purpose=Purpose.NOTE, created_at__lt=Now() - timedelta(days=days))
    return files.purge(old[:AT_ONCE], rule=f"Attached to a note more than {days} days ago")
