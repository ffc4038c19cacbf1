from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Count, Min, Q, Sum
from django.db.models.functions import Coalesce, Now

from portal.models.fields import SidField
from portal.secrets import EncryptedTextField


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> Self:
        return self.filter(state=Delivery.State.WAITING)

    def verified(self) -> Self:
        """Those that Twilio signed."""
        return self.filter(verdict=Delivery.Verdict.GOOD)

    def tally(self) -> "DeliveryTally":
        """What waits, what failed, and what was refused within a day; in one query."""
        state, day = Delivery.State, Q(received_at__gt=Now() - timedelta(days=1))
        recent = self.filter(Q(state__in=(state.WAITING, state.FAILED)) | day)
        return DeliveryTally(
            **recent.aggregate(
                waiting=Count("pk", filter=Q(state=state.WAITING)),
                waiting_since=Min("received_at", filter=Q(state=state.WAITING)),
                failed=Count("pk", filter=Q(state=state.FAILED)),
                refused=Coalesce(Sum("times", filter=day & ~Q(verdict=Delivery.Verdict.GOOD)), 0),
                received=Coalesce(Sum("times", filter=day & Q(verdict=Delivery.Verdict.GOOD)), 0),
            )
        )


@dataclass(frozen=True, slots=True)
class DeliveryTally:
    """How the intake is doing; `received` and `refused` count requests of the last 24 hours."""

    waiting: int
    waiting_since: datetime | None
    failed: int
    refused: int
    received: int


class Delivery(models.Model):
    """A callback that reached us: whose it was, whether Twilio sent it, and what came of it.

    The row is the queue: it survives a broker that is down and a worker that is killed. What a callback says
    is a hint; a task reads the object it names from Twilio. The same body within a minute is one row, counted
    in `times`. Callbacks that were refused are counted in one row a minute and keep no body, so that nobody
    fills the table from outside.
    """

    class Verdict(models.TextChoices):
        GOOD = "good", "Signed by Twilio"
        BAD_SIGNATURE = "bad-signature", "Signature does not match"
        UNKNOWN_ACCOUNT = "unknown-account", "Account not connected"
        NO_TOKEN = "no-token", "No auth token to check it with"
        UNREADABLE = "unreadable", "Cannot be read"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        IGNORED = "ignored", "Ignored"

    key = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20)
    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_column="account_sid",
        db_index=False,
        related_name="+",
    )
    target = SidField(blank=True)
    received_at = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())  # when it came the last time
    times = models.PositiveIntegerField(default=1)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    why = models.TextField(blank=True)  # why it was refused or ignored
    url = models.CharField(max_length=500)  # what its signature was checked against, without the query
    headers = models.JSONField(default=dict)
    token = models.CharField("idempotency token", max_length=100, blank=True)
    said = models.JSONField(default=dict)  # what it told that is nobody's secret
    body = EncryptedTextField(blank=True, db_default="")
    # What is done about it
    task = models.CharField(max_length=60, blank=True)  # reads the object from Twilio
    state = models.CharField(max_length=10, choices=State.choices)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)
    effect = models.CharField(max_length=200, blank=True)  # what the changes linked to it do not tell
    error = models.TextField(blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="delivery_newest"),
            models.Index(fields=["account", "-received_at", "-id"], name="delivery_of_account"),
            models.Index(fields=["target", "-received_at"], name="delivery_target"),
            models.Index(
                fields=["state", "-received_at", "-id"],
                name="delivery_open",
                condition=Q(state__in=("waiting", "failed")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target} ({self.verdict}, {self.state})"

    @property
    def is_replayable(self) -> bool:
        """Whether it named an object that can be read from Twilio once more."""
        return self.is_verified and bool(self.account_id and self.task)

    @property
    def is_verified(self) -> bool:
        return self.verdict == self.Verdict.GOOD
