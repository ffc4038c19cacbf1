import uuid
from collections.abc import Sequence
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from portal.models import SidField
from portal.secrets import EncryptedJSONField


class EligibilityCheckQuerySet(models.QuerySet["EligibilityCheck"]):
    def visible_to(self, account_sids: Sequence[str] | None) -> Self:
        """Checks for accounts that a person may see; None means all accounts."""
        return self if account_sids is None else self.filter(account__in=account_sids)

    def unended(self) -> Self:
        return self.filter(state__in=EligibilityCheck.UNENDED)


class EligibilityCheck(models.Model):
    """Numbers that somebody asked Twilio about: whether it can host their messages (page 10).

    Twilio answers a bulk check later, so a task asks for it until it is there. `key` is the form's, so that
    a form that is sent twice asks once.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "At Twilio"
        DONE = "done", "Checked"
        FAILED = "failed", "Failed"

    UNENDED = (State.WAITING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.UUIDField(unique=True)
    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        db_index=False,
        related_name="+",
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=128)
    request_sid = SidField(blank=True)  # of a bulk check that Twilio has taken
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    count = models.PositiveIntegerField()
    report = EncryptedJSONField(default=dict)  # the lines that are not used: anything may stand in them
    code = models.PositiveIntegerField(null=True)
    words = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    asked_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = EligibilityCheckQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="eligibility_newest"),
            models.Index(
                fields=["asked_at"], name="eligibility_unended", condition=Q(state__in=("waiting", "running"))
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("porting:eligibility-detail", args=[self.pk])

    @property
    def is_unended(self) -> bool:
        return self.state in self.UNENDED


class EligibilityResult(models.Model):
    """One number of a check, and what Twilio says of it. Values are in one spelling, in kebab case."""

    check_of = models.ForeignKey(
        EligibilityCheck, on_delete=models.CASCADE, related_name="results", db_index=False
    )
    position = models.PositiveIntegerField()
    phone_number = models.CharField(max_length=20, db_collation="C")
    status = models.CharField(max_length=20, blank=True)  # "" until Twilio has answered
    sub_status = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=120, blank=True)
    next_step = models.CharField(max_length=120, blank=True)
    number_type = models.CharField(max_length=30, blank=True)
    is_caller_id = models.BooleanField(default=False)  # Twilio called it before, and deletes that record

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["check_of", "phone_number"], name="eligibility_number_once"),
        ]
        indexes = [models.Index(fields=["check_of", "next_step", "position"], name="eligibility_step")]

    def __str__(self) -> str:
        return f"{self.phone_number}: {self.next_step or 'not known yet'}"
