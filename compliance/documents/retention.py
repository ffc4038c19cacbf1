"""Our copies of files go once nobody needs them: Twilio keeps its own."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from compliance.models import Bundle, ItemAssignment, SupportingDocument
from portal import files
from portal.models import PurgeRecord, StoredFile
from portal.retention import AT_ONCE

# Statuses of bundles that were decided upon.
DECIDED = (Bundle.Status.APPROVED, Bundle.Status.REJECTED)


def purge_decided() -> PurgeRecord | None:
    """Delete the files of documents whose bundles have all been decided long enough, and there is one.

    A rejected bundle that is worked on gets a new status, and counts from then on. A file younger than the
    rule's days stays, whatever its document is in.
    """
    days = settings.FILE_RETENTION_DAYS
    limit = Now() - timedelta(days=days)
    items = ItemAssignment.objects.present().filter(object_sid=OuterRef("owner_sid"))
    bundle = Bundle.objects.present().filter(pk=OuterRef("bundle_id"))
    is_open = ~Q(status__in=DECIDED) | Q(status_since__gte=limit) | Q(status_since__isnull=True)
    decided = items.filter(Exists(bundle))
    undecided = items.filter(Exists(bundle.filter(is_open)))
    documents = SupportingDocument.objects.filter(pk=OuterRef("owner_sid"))
    rows = StoredFile.objects.there().filter(
        Exists(documents), Exists(decided), ~Exists(undecided), created_at__lt=limit
    )
    rule = f"All bundles of the document were decided more than {days} days ago"
    return files.purge(rows.order_by("created_at")[:AT_ONCE], rule=rule)


def purge_gone() -> PurgeRecord | None:
    """Delete the files of documents that Twilio no longer has."""
    gone = SupportingDocument.objects.filter(pk=OuterRef("owner_sid"), missing_since__isnull=False)
    rows = StoredFile.objects.there().filter(Exists(gone))
    return files.purge(rows.order_by("created_at")[:AT_ONCE], rule="Twilio no longer has the document")
