from typing import Any, Self

from django.db import models
from django.db.models.functions import Now

from portal.models.fields import SidField


class MirroredQuerySet(models.QuerySet[Any]):
    def present(self) -> Self:
        """Rows that Twilio listed the last time it was asked."""
        return self.filter(missing_since=None)


class Mirrored(models.Model):
    """An object as Twilio last described it. `portal.mirror` is the only writer of these columns.

    `payload_hash` is a hash of the record's bytes, so a sync can tell what has not changed without
    decoding it. `synced_at` moves only when something was written: the age of an unchanged row is
    that of the last complete run (`SyncRun`).
    """

    sid = SidField(primary_key=True)
    payload = models.JSONField(default=dict)
    payload_hash = models.BigIntegerField()
    remote_created_at = models.DateTimeField(null=True)
    remote_updated_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField(db_default=Now())
    synced_at = models.DateTimeField(db_default=Now())
    missing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class AccountMirrored(Mirrored):
    """A mirrored object that belongs to an account."""

    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        db_index=False,
        related_name="+",
    )

    class Meta:
        abstract = True
