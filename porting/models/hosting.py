from typing import Self

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F
from django.urls import reverse

from portal.models import AccountMirrored, MirroredQuerySet, SidField
from portal.secrets import EncryptedJSONField, EncryptedTextField
from porting.statuses import HOSTED_DELETABLE, HOSTED_OVER, HOSTED_TO_VERIFY


class HostedOrderQuerySet(MirroredQuerySet):
    def open(self) -> Self:
        return self.present().exclude(status__in=HOSTED_OVER)

    def to_verify(self) -> Self:
        """Orders whose owner has to prove that the number is theirs."""
        return self.present().filter(status__in=HOSTED_TO_VERIFY)

    def without_loa(self) -> Self:
        """Verified orders that no authorization document names yet."""
        return self.present().filter(status="verified", signing_document_sid="")


class AuthorizationQuerySet(MirroredQuerySet):
    def waiting(self) -> Self:
        return self.present().filter(status__in=("opened", "signing"))


class HostedOrder(AccountMirrored):
    """An order to host the messages of a number that stays with its carrier (page 8)."""

    phone_number = models.CharField(max_length=20, blank=True, db_collation="C")
    country = models.CharField(max_length=2, blank=True)
    friendly_name = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=60, blank=True)
    failure_reason = models.TextField(blank=True)
    number_sid = SidField(blank=True)  # its IncomingPhoneNumber, which is there before it is completed
    address_sid = SidField(blank=True)
    signing_document_sid = SidField(blank=True)
    bulk_sid = SidField(blank=True)
    next_step = models.CharField(max_length=120, blank=True)
    verification_attempts = models.PositiveSmallIntegerField(default=0)
    email = EncryptedTextField(blank=True)
    cc_emails = EncryptedJSONField(default=list)
    contact_phone_number = EncryptedTextField(blank=True)
    contact_title = EncryptedTextField(blank=True)
    verification_code = EncryptedTextField(blank=True)

    # Ours
    status_seen = models.CharField(max_length=60, db_default="")
    status_since = models.DateTimeField(null=True)

    objects = HostedOrderQuerySet.as_manager()

    class Meta:
        ordering = ["-remote_created_at", "sid"]
        indexes = [
            models.Index(fields=["account", "status", "sid"], name="hosted_account"),
            models.Index(fields=["phone_number", "sid"], name="hosted_number"),
            GinIndex(OpClass(F("phone_number"), "gin_trgm_ops"), name="hosted_search"),
            models.Index(fields=["status", "status_since"], name="hosted_status"),
            models.Index(fields=["signing_document_sid"], name="hosted_document"),
            models.Index(F("remote_created_at").desc(), "sid", name="hosted_newest"),
        ]

    def __str__(self) -> str:
        return self.phone_number

    def get_absolute_url(self) -> str:
        return reverse("porting:hosted-order-detail", args=[self.pk])

    @property
    def is_over(self) -> bool:
        return self.status in HOSTED_OVER

    @property
    def is_deletable(self) -> bool:
        return self.status in HOSTED_DELETABLE and self.missing_since is None


class AuthorizationDocument(AccountMirrored):
    """A letter of authorization for hosted numbers (page 9). Its orders name it in `signing_document_sid`."""

    status = models.CharField(max_length=60, blank=True)
    address_sid = SidField(blank=True)
    email = EncryptedTextField(blank=True)
    cc_emails = EncryptedJSONField(default=list)

    # Ours
    status_seen = models.CharField(max_length=60, db_default="")
    status_since = models.DateTimeField(null=True)

    objects = AuthorizationQuerySet.as_manager()

    class Meta:
        ordering = ["-remote_created_at", "sid"]
        indexes = [
            models.Index(fields=["account", "status", "sid"], name="authorization_account"),
            models.Index(F("remote_created_at").desc(), "sid", name="authorization_newest"),
        ]

    def __str__(self) -> str:
        return f"LOA {self.sid[:6]}…{self.sid[-4:]}"

    def get_absolute_url(self) -> str:
        return reverse("porting:authorization-detail", args=[self.pk])
