import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from portal.models import SidField
from portal.secrets import EncryptedJSONField, EncryptedTextField


class OrderTerms(models.Model):
    """What the orders of one batch have in common: whom Twilio asks, and how messages are answered.

    Personal, so it does not stand in the batch. `key` is the form's, so that a form that is sent twice makes
    one batch.
    """

    key = models.UUIDField(unique=True)
    batch = models.OneToOneField("portal.Batch", on_delete=models.CASCADE, related_name="+")
    address_sid = SidField()
    email = EncryptedTextField()
    cc_emails = EncryptedJSONField(default=list)
    contact_phone_number = EncryptedTextField()
    contact_title = EncryptedTextField(blank=True)
    setup = models.JSONField(default=dict)  # how the numbers answer messages, by Twilio's property names
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "order terms"

    def __str__(self) -> str:
        return f"Terms of {self.batch_id}"


class VerificationCall(models.Model):
    """A call in which the owner of a number is asked for the code (pages 1 and 8).

    Twilio does not say when a code began to be good, so it is noted with the call that first asked for it.
    """

    order = models.ForeignKey(
        "porting.HostedOrder",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        db_column="order_sid",
        related_name="+",
    )
    attempt = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(db_default=Now())
    code_until = models.DateTimeField()
    delay = models.PositiveSmallIntegerField(default=0)  # seconds
    extension = EncryptedTextField(blank=True)

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["order", "-started_at"], name="verification_call_order")]

    def __str__(self) -> str:
        return f"Call {self.attempt} of {self.order_id}"


class LetterDraft(models.Model):
    """Orders that one authorization document is to name, frozen, and who is to sign it.

    Kept once the document is made: Twilio tells neither the signer's title nor their number, and a letter
    that is issued again goes to the same person.
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
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    order_sids = ArrayField(SidField(), default=list)
    address_sid = SidField(blank=True)
    email = EncryptedTextField(blank=True)
    cc_emails = EncryptedJSONField(default=list)
    contact_title = EncryptedTextField(blank=True)
    contact_phone_number = EncryptedTextField(blank=True)
    replaces = SidField(blank=True)  # the revoked document in whose place this one goes
    document_sid = SidField(blank=True, db_index=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Letter for {len(self.order_sids)} orders"
