import uuid
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Now
from django.urls import reverse

from portal.models import Operation, SidField
from portal.numbering import country_name, type_name
from portal.secrets import EncryptedJSONField

FILE_PORT_IN = "porting.file_port_in"  # the operation; its detail names the draft


class PortInDraftQuerySet(models.QuerySet["PortInDraft"]):
    def open(self) -> Self:
        """Those that are not filed yet."""
        return self.filter(port_in_sid="")

    def being_filed(self) -> Self:
        """Those of which nobody knows yet whether Twilio has them."""
        return self.open().filter(Exists(_open_filings()))

    def with_filing(self) -> Self:
        """Each with `is_being_filed`."""
        return self.annotate(is_being_filed=Exists(_open_filings()))

    def editable(self) -> Self:
        return self.open().exclude(Exists(_open_filings()))


def _open_filings() -> models.QuerySet[Operation]:
    filings = Operation.objects.open().filter(kind=FILE_PORT_IN).annotate(draft=KT("detail__draft"))
    return filings.filter(draft=Cast(OuterRef("pk"), TextField()))


class PortInDraft(models.Model):
    """A port-in request that is being prepared: its numbers, and all that was typed for it, encrypted.

    It outlives the browser, a refusal and Twilio being away. Once it is filed, `port_in_sid` names the
    request and what was typed is forgotten here: Twilio has it, and the mirror keeps it encrypted.
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
    numbers = ArrayField(models.CharField(max_length=20, db_collation="C"))
    # Those of them for which the losing carrier wants a PIN and an account number (page 13)
    pin_numbers = ArrayField(models.CharField(max_length=20, db_collation="C"), default=list)
    country = models.CharField(max_length=2, blank=True)
    number_type = models.CharField(max_length=30, blank=True)
    carrier = models.CharField(max_length=100, blank=True, db_default="")
    values = EncryptedJSONField(default=dict)
    # What Twilio said of a field when it refused the request: by the names of `values`, {} once it was filed
    refusals = EncryptedJSONField(default=dict)
    bill = models.ForeignKey("portal.StoredFile", on_delete=models.SET_NULL, null=True, related_name="+")
    document_sid = SidField(blank=True, db_default="")  # the bill, when Twilio has it
    replaces = SidField(blank=True, db_default="")  # the request whose rejected numbers are filed again
    port_in_sid = SidField(blank=True, db_default="")
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(db_default=Now())
    filed_at = models.DateTimeField(null=True)

    objects = PortInDraftQuerySet.as_manager()

    class Meta:
        ordering = ["-saved_at", "id"]
        indexes = [
            models.Index(fields=["account", "-saved_at"], name="port_in_draft_account"),
            models.Index(
                fields=["port_in_sid"], name="port_in_draft_filed", condition=~models.Q(port_in_sid="")
            ),
        ]

    def __str__(self) -> str:
        kind = type_name(self.number_type).lower() if self.number_type else ""
        words = " ".join(part for part in (f"{len(self.numbers):,}", kind, "number") if part)
        plural = "" if len(self.numbers) == 1 else "s"
        return f"{words}{plural}, {country_name(self.country)}" if self.country else f"{words}{plural}"

    def get_absolute_url(self) -> str:
        return reverse("porting:draft-tasks", args=[self.pk])

    @property
    def is_filed(self) -> bool:
        return bool(self.port_in_sid)

    @property
    def file_owner(self) -> str:
        """What the draft's stored files belong to until there is a request."""
        return self.pk.hex

    @property
    def said(self) -> dict[str, Any]:
        """All that was typed, in clear."""
        return self.values if isinstance(self.values, dict) else {}
