from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.urls import reverse

from compliance.models.end_user import RegulatoryItem
from portal.secrets import EncryptedTextField


class SupportingDocument(RegulatoryItem):
    """A document that proves what an end user says, with a file or as data alone (pages 27, 33).

    An empty `mime_type` on a document that should have a file means that Twilio has none: its upload failed.
    """

    class Status(models.TextChoices):
        """The statuses of the specification. Rows hold what Twilio wrote, whatever it is."""

        DRAFT = "draft", "Draft"
        PENDING_REVIEW = "pending-review", "Pending review"
        REJECTED = "rejected", "Rejected"
        APPROVED = "approved", "Approved"
        EXPIRED = "expired", "Expired"
        PROVISIONAL = "provisionally-approved", "Provisionally approved"

    status = models.CharField(max_length=40, blank=True)
    mime_type = models.CharField(max_length=100, blank=True)
    failure_reason = EncryptedTextField(blank=True)  # a reviewer's own words may name people
    error_codes = ArrayField(models.CharField(max_length=10), default=list)
    address_sids = ArrayField(models.CharField(max_length=34), default=list)
    issued_on = models.DateField(null=True)
    expires_on = models.DateField(null=True)

    class Meta:
        ordering = ["friendly_name", "sid"]
        indexes = [
            models.Index(fields=["account", "type", "status", "sid"], name="document_account"),
            models.Index(fields=["friendly_name", "sid"], name="document_name"),
            models.Index(fields=["expires_on", "sid"], name="document_expires"),
            models.Index(fields=["issued_on", "sid"], name="document_issued"),
            GinIndex(fields=["value_fingerprints"], name="document_values"),
            GinIndex(fields=["address_sids"], name="document_addresses"),
        ]

    # What was decided upon, or is being decided upon, keeps its attributes and its file (page 31, 21646).
    CLOSED = (Status.PENDING_REVIEW, Status.APPROVED, Status.PROVISIONAL)

    def get_absolute_url(self) -> str:
        return reverse("compliance:document-detail", args=[self.pk])

    @property
    def is_content_open(self) -> bool:
        """Whether its attributes and its file may change."""
        return self.status not in self.CLOSED and self.missing_since is None
