"""What is deleted by itself. Areas have rules of their own, and delete with `portal.files.purge`."""

from datetime import timedelta

from django.db.models.functions import Now

from portal import files
from portal.models import PurgeRecord, StoredFile

UNCLAIMED_FOR = timedelta(days=1)
AT_ONCE = 1000


def purge_unclaimed() -> PurgeRecord | None:
    """Delete what was kept for a form that was not finished within a day."""
    rows = StoredFile.objects.unclaimed().filter(created_at__lt=Now() - UNCLAIMED_FOR)
    return files.purge(rows[:AT_ONCE], rule="Uploaded to a form that was not finished within a day")
