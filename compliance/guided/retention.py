"""What was typed goes once Twilio has it, or nobody goes on with it."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from compliance.models import Bundle, GuidedAnswer
from portal import files
from portal.models import PurgeRecord, StoredFile
from portal.retention import AT_ONCE

RULE = "Typed for a bundle that is no draft any more, or that nobody went on with for {days} days"


def purge_answers() -> PurgeRecord | None:
    """Delete answers, and files kept with them, of bundles that are decided, gone, or left lying."""
    days = settings.FILE_RETENTION_DAYS
    limit, rule = Now() - timedelta(days=days), RULE.format(days=days)
    kept = StoredFile.objects.there().filter(owner_sid__startswith="BU")
    files.purge(kept.filter(_is_over("owner_sid") | Q(created_at__lt=limit))[:AT_ONCE], rule=rule)
    with transaction.atomic():
        rows = GuidedAnswer.objects.filter(_is_over("bundle_sid") | Q(saved_at__lt=limit))
        over = list(rows.values_list("pk", "bundle_sid")[:AT_ONCE])
        if not over:
            return None
        GuidedAnswer.objects.filter(pk__in=[pk for pk, _ in over]).delete()
        sids = sorted({sid for _, sid in over})
        return PurgeRecord.objects.create(kind="answers", rule=rule, count=len(over), ids=sids)


def _is_over(field: str) -> Q:
    drafts = Bundle.objects.present().filter(pk=OuterRef(field), status__in=Bundle.EDITABLE)
    return Q(~Exists(drafts))
