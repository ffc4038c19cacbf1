from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F
from django.urls import reverse

from compliance.models.regulation import Regulation
from compliance.querysets import BundleQuerySet
from portal.models import AccountMirrored, MirroredQuerySet, SidField
from portal.secrets import EncryptedTextField


class Bundle(AccountMirrored):
    """A regulatory bundle (page 31): an end user and its documents, submitted under one regulation.

    Twilio's answer names the regulation and neither country nor type: those are the regulation's.
    """

    class Status(models.TextChoices):
        """The statuses page 31 names. Rows hold what Twilio wrote, whatever it is."""

        DRAFT = "draft", "Draft"
        PENDING_REVIEW = "pending-review", "Pending review"
        IN_REVIEW = "in-review", "In review"
        REJECTED = "twilio-rejected", "Rejected"
        APPROVED = "twilio-approved", "Approved"
        PROVISIONAL = "provisionally-approved", "Provisionally approved"

    EDITABLE = (Status.DRAFT, Status.REJECTED)
    UNDER_REVIEW = (Status.PENDING_REVIEW, Status.IN_REVIEW)
    # Error 21647: what is under review stays.
    DELETABLE = (Status.DRAFT, Status.REJECTED, Status.APPROVED)

    regulation = models.ForeignKey(
        Regulation,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="regulation_sid",
        db_index=False,
        null=True,
        related_name="bundles",
    )
    friendly_name = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=40, blank=True)
    valid_until = models.DateTimeField(null=True)
    email = EncryptedTextField(blank=True)
    status_callback = models.TextField(blank=True)

    # Ours
    status_seen = models.CharField(max_length=40, db_default="")  # the status that `status_since` is about
    status_since = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)  # when it last went to review
    review_reason = EncryptedTextField(db_default="")  # why it was rejected; only callbacks bring it
    is_test = models.BooleanField(db_default=False)  # Twilio does not tell it of a bundle that is there
    copy_of = SidField(db_default="")  # the bundle it is to replace the items of
    items_read_at = models.DateTimeField(null=True)
    copies_read_at = models.DateTimeField(null=True)

    objects = BundleQuerySet.as_manager()

    class Meta:
        ordering = ["-remote_created_at", "sid"]
        indexes = [
            models.Index(fields=["account", "status", "sid"], name="bundle_account"),
            models.Index(fields=["regulation", "status"], name="bundle_regulation"),
            models.Index(fields=["valid_until", "sid"], name="bundle_valid_until"),
            models.Index(fields=["status", "status_since"], name="bundle_status"),
            models.Index(F("remote_created_at").desc(), "sid", name="bundle_newest"),
            models.Index(fields=["copy_of"], name="bundle_copy_of", condition=~models.Q(copy_of="")),
        ]

    def __str__(self) -> str:
        return self.friendly_name or self.sid

    def get_absolute_url(self) -> str:
        return reverse("compliance:bundle-detail", args=[self.pk])

    @property
    def is_editable(self) -> bool:
        """Whether its items may change: a draft, or a rejected one that is being repaired (page 31)."""
        return self.status in self.EDITABLE and self.missing_since is None

    @property
    def is_under_review(self) -> bool:
        return self.status in self.UNDER_REVIEW

    @property
    def is_approved(self) -> bool:
        return self.status == self.Status.APPROVED


class ItemAssignment(AccountMirrored):
    """That an end user or a supporting document belongs to a bundle (page 36)."""

    bundle = models.ForeignKey(
        Bundle,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="bundle_sid",
        related_name="items",
    )
    object_sid = SidField(db_index=True)

    objects = MirroredQuerySet.as_manager()

    class Meta:
        ordering = ["remote_created_at", "sid"]

    def __str__(self) -> str:
        return f"{self.object_sid} in {self.bundle_id}"


class Evaluation(AccountMirrored):
    """Twilio's check of a bundle against its regulation at one moment (page 37).

    The results stand in the payload: names of fields and what is wrong with them, no values.
    """

    bundle = models.ForeignKey(
        Bundle,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="bundle_sid",
        related_name="evaluations",
    )
    regulation_sid = SidField(blank=True)
    status = models.CharField(max_length=40, blank=True)

    objects = MirroredQuerySet.as_manager()

    class Meta:
        ordering = ["-remote_created_at", "-sid"]

    def __str__(self) -> str:
        return f"{self.status} at {self.at}"

    @property
    def at(self) -> datetime:
        return self.remote_created_at or self.first_seen_at

    @property
    def is_compliant(self) -> bool:
        return self.status == "compliant"

    @property
    def results(self) -> list[dict[str, Any]]:
        found = self.payload.get("results")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
