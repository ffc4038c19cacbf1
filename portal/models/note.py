from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from portal.models.fields import SidField
from portal.secrets import EncryptedJSONField


class Note(models.Model):
    """What somebody wrote down about an object. Ours alone; Twilio never sees it.

    It is internal, or for the customer; one for the customer stays here, too, until somebody mails it.
    """

    class Audience(models.TextChoices):
        INTERNAL = "internal", "Internal"
        CUSTOMER = "customer", "For the customer"

    target = SidField(max_length=80)
    also_on = SidField(max_length=80, db_default="")  # another object whose history tells it
    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        db_index=False,
        related_name="+",
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notes")
    audience = models.CharField(
        max_length=10, choices=Audience.choices, default=Audience.INTERNAL, db_default=Audience.INTERNAL
    )
    body = models.TextField(max_length=4000)
    file = models.OneToOneField(
        "portal.StoredFile", on_delete=models.SET_NULL, null=True, related_name="note"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["target", "-created_at"], name="note_target"),
            models.Index(fields=["also_on"], name="note_also_on", condition=~models.Q(also_on="")),
        ]

    def __str__(self) -> str:
        return f"Note on {self.target}"

    @property
    def file_owner(self) -> str:
        """What its attachment belongs to: not the object, whose own files are others."""
        return f"note{self.pk}"

    @property
    def is_for_customer(self) -> bool:
        return self.audience == self.Audience.CUSTOMER


class NoteMail(models.Model):
    """The one e-mail that a note for the customer becomes. Once it has left, none leaves again."""

    # The mail server is waited for no longer; a mail that took longer lost its process.
    PATIENCE = timedelta(minutes=2)

    note = models.OneToOneField(Note, on_delete=models.PROTECT, related_name="mail")
    addresses = EncryptedJSONField(default=list)
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True, db_default="")

    def __str__(self) -> str:
        return f"Mail of note {self.note_id}"

    @property
    def is_lost(self) -> bool:
        """Nobody knows whether it left."""
        return not (self.sent_at or self.failure) and timezone.now() - self.begun_at > self.PATIENCE

    @property
    def may_be_tried(self) -> bool:
        return bool(self.failure) or self.is_lost
