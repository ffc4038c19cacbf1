from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F
from django.urls import reverse

from portal.models import AccountMirrored, MirroredQuerySet, SidField
from portal.secrets import EncryptedJSONField, EncryptedTextField
from porting.statuses import PORT_IN_OVER

# Columns of a request that lists leave alone: encrypted, or large.
HEAVY = ("payload", "losing_carrier", "notification_emails", "signature_url")


class PortInQuerySet(MirroredQuerySet):
    def open(self) -> Self:
        """Those that something still happens to."""
        return self.exclude(status__in=PORT_IN_OVER)

    def over(self) -> Self:
        return self.filter(status__in=PORT_IN_OVER)

    def with_request(self) -> Self:
        """Numbers, each with its request as a list shows it."""
        return self.select_related("request").defer("payload", *(f"request__{name}" for name in HEAVY))

    def waiting_for_signature(self) -> Self:
        return self.filter(status="waiting_for_signature")


class PortInRequest(AccountMirrored):
    """A request to port numbers in (page 15). What the losing carrier knows of its customer lies encrypted.

    `account` is where the numbers go, `reader` the account whose credentials filed it and can read it.
    """

    reader = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="reader_sid",
        related_name="+",
    )
    status = models.CharField(max_length=60, blank=True)
    suggested_action = models.TextField(blank=True, db_default="")
    numbers_requested = models.PositiveIntegerField(db_default=0)
    numbers_ported = models.PositiveIntegerField(db_default=0)
    target_date = models.DateField(null=True)
    window_start = models.CharField(max_length=20, blank=True)
    window_end = models.CharField(max_length=20, blank=True)
    cancellation_reason = models.TextField(blank=True)
    ticket = models.CharField(max_length=40, blank=True)
    bundle_sid = SidField(blank=True)
    document_sids = ArrayField(models.CharField(max_length=34), default=list)
    losing_carrier = EncryptedJSONField(default=dict)
    notification_emails = EncryptedJSONField(default=list)
    signature_url = EncryptedTextField(blank=True)  # whoever has it can sign

    # Ours
    status_seen = models.CharField(max_length=60, db_default="")
    status_since = models.DateTimeField(null=True)
    replaces = SidField(db_default="")  # the request whose rejected numbers this one files again
    our_ticket = models.CharField(max_length=300, db_default="")  # an https address, or a reference
    details_read_at = models.DateTimeField(null=True)

    objects = PortInQuerySet.as_manager()

    class Meta:
        ordering = ["-remote_created_at", "sid"]
        indexes = [
            models.Index(fields=["account", "status", "sid"], name="port_in_account"),
            models.Index(fields=["status", "status_since"], name="port_in_status"),
            models.Index(fields=["target_date", "sid"], name="port_in_date"),
            models.Index(F("remote_created_at").desc(), "sid", name="port_in_newest"),
            models.Index(fields=["ticket"], name="port_in_ticket", condition=~models.Q(ticket="")),
            models.Index(fields=["replaces"], name="port_in_replaces", condition=~models.Q(replaces="")),
            models.Index(
                fields=["our_ticket"], name="port_in_our_ticket", condition=~models.Q(our_ticket="")
            ),
        ]

    def __str__(self) -> str:
        return f"Port-in {self.sid[:6]}…{self.sid[-4:]}"

    def get_absolute_url(self) -> str:
        return reverse("porting:port-in-detail", args=[self.pk])

    @property
    def is_over(self) -> bool:
        return self.status in PORT_IN_OVER

    @property
    def carrier(self) -> dict[str, Any]:
        """The losing carrier's customer in clear, {} if there is none."""
        return self.losing_carrier if isinstance(self.losing_carrier, dict) else {}


class PortInNumber(AccountMirrored):
    """One number of a request, with a status of its own (page 16)."""

    request = models.ForeignKey(
        PortInRequest,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="port_in_request_sid",
        related_name="numbers",
    )
    phone_number = models.CharField(max_length=20, blank=True, db_collation="C")
    country = models.CharField(max_length=2, blank=True)
    number_type = models.CharField(max_length=30, blank=True)
    status = models.CharField(max_length=60, blank=True)
    portable = models.BooleanField(null=True)
    not_portable_code = models.PositiveIntegerField(null=True)
    not_portable_reason = models.CharField(max_length=255, blank=True)
    rejection_code = models.PositiveIntegerField(null=True)
    rejection_reason = models.TextField(blank=True)
    port_date = models.DateTimeField(null=True)

    # Ours
    status_seen = models.CharField(max_length=60, db_default="")
    status_since = models.DateTimeField(null=True)

    objects = PortInQuerySet.as_manager()

    class Meta:
        ordering = ["phone_number", "sid"]
        indexes = [
            models.Index(fields=["phone_number"], name="port_in_number_e164"),
            GinIndex(OpClass(F("phone_number"), "gin_trgm_ops"), name="port_in_number_search"),
            models.Index(fields=["status", "rejection_code"], name="port_in_number_status"),
            models.Index(fields=["port_date", "sid"], name="port_in_number_date"),
        ]

    def __str__(self) -> str:
        return self.phone_number

    @property
    def is_over(self) -> bool:
        return self.status in PORT_IN_OVER


def has_ticket(text: str) -> models.Q:
    """Whether a request has this ticket, Twilio's or ours, with or without the # that people write."""
    bare = text.strip().removeprefix("#").strip()
    spellings = {text.strip(), bare, bare.upper()}
    return models.Q(ticket=bare) & ~models.Q(ticket="") | models.Q(our_ticket__in=spellings - {""})


def requests_about(numbers: models.Q, text: str) -> models.QuerySet[Any]:
    """The sids of requests with such numbers, or of which the text is a ticket."""
    having = PortInNumber.objects.filter(numbers).values("request")
    return having.union(PortInRequest.objects.filter(has_ticket(text)).values("pk"))
