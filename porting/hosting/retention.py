"""What was typed to host numbers goes once nobody needs it: Twilio keeps its own (page 11: for 90 days)."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from portal.models import PurgeRecord
from portal.retention import AT_ONCE
from porting.models import (
    AuthorizationDocument,
    EligibilityCheck,
    LetterDraft,
    OrderTerms,
    VerificationCall,
)


def purge_hosting() -> list[PurgeRecord]:
    """Delete terms of batches that have ended, checks, calls, and drafts of letters nobody has to sign."""
    days = settings.FILE_RETENTION_DAYS
    old = Now() - timedelta(days=days)
    waiting = AuthorizationDocument.objects.waiting().filter(pk=OuterRef("document_sid"))
    rules: tuple[tuple[str, QuerySet[Any], str], ...] = (
        ("order terms", OrderTerms.objects.filter(batch__ended_at__lt=old), "The batch ended"),
        ("eligibility checks", EligibilityCheck.objects.filter(ended_at__lt=old), "The check ended"),
        ("verification calls", VerificationCall.objects.filter(started_at__lt=old), "The call was made"),
        (
            "letter drafts",
            LetterDraft.objects.filter(~Exists(waiting), created_at__lt=old),
            "Nobody has to sign the letter, and it was written",
        ),
    )
    records = (_purge(kind, rows, f"{words} more than {days} days ago") for kind, rows, words in rules)
    return [record for record in records if record]


def _purge(kind: str, rows: QuerySet[Any], rule: str) -> PurgeRecord | None:
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    if not keys:
        return None
    rows.model._default_manager.filter(pk__in=keys).delete()
    return PurgeRecord.objects.create(kind=kind, rule=rule, count=len(keys), ids=[str(key) for key in keys])
