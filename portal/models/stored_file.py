import uuid
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from portal.models.fields import SidField
from portal.secrets import EncryptedTextField

_MEGABYTE = 1024 * 1024


class Purpose(models.TextChoices):
    """What a file is for, which says how large it may be."""

    COMPLIANCE = "compliance", "Compliance document"
    UTILITY_BILL = "utility_bill", "Utility bill"
    NOTE = "note", "Attachment of a note"

    @property
    def most_bytes(self) -> int:
        """5 MB (changelog of 2019-04-17, doc page 40); 10 MB for the bill of a port-in (doc page 12)."""
        return (10 if self == Purpose.UTILITY_BILL else 5) * _MEGABYTE


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def there(self) -> Self:
        """Those whose contents we still have."""
        return self.filter(purged_at__isnull=True)

    def of(self, owner_sid: str) -> Self:
        return self.filter(owner_sid=owner_sid)

    def unclaimed(self) -> Self:
        """Kept for a form that was not finished."""
        return self.there().filter(owner_sid="")


class StoredFile(models.Model):
    """Our copy of a file that staff uploaded. Its contents lie encrypted below FILES_DIR.

    `owner_sid` is the object at Twilio that it belongs to, empty until there is one. The row outlives the
    contents: `purged_at` and `purge_reason` say when and by which rule they were deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        db_index=False,
        related_name="+",
    )
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    name = EncryptedTextField()
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    # A picture is one page. `drawn` of the first ones can be shown.
    pages = models.PositiveIntegerField(db_default=1)
    drawn = models.PositiveSmallIntegerField(db_default=1)
    owner_sid = SidField(blank=True, db_default="")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    purged_at = models.DateTimeField(null=True)
    purge_reason = models.CharField(max_length=200, blank=True, db_default="")

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["owner_sid", "-created_at"], name="stored_file_owner"),
            models.Index(fields=["account", "digest"], name="stored_file_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.pk}"

    @property
    def shown_pages(self) -> range:
        """Numbers of the pages that are shown as pictures."""
        return range(1, self.drawn + 1)

    @property
    def left_out(self) -> str:
        """`Page 6`, `Pages 6 to 47`; "" when all are shown."""
        first = self.drawn + 1
        if first >= self.pages:
            return f"Page {first}" if first == self.pages else ""
        return f"Pages {first:,} to {self.pages:,}"

    @property
    def kind(self) -> str:
        """`PDF`, `JPEG`, `PNG`."""
        return self.content_type.rpartition("/")[2].upper()


class PurgeRecord(models.Model):
    """That personal data was deleted here: which rule, of what, how many. Never changed."""

    kind = models.CharField(max_length=60)
    rule = models.CharField(max_length=200)
    count = models.PositiveIntegerField()
    ids = ArrayField(models.CharField(max_length=40))
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.count} × {self.kind}"
