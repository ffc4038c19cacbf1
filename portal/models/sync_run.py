from collections.abc import Iterable
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    def latest_complete(self, resources: Iterable[str]) -> Self:
        """The last complete run of each account and resource."""
        return (
            self.filter(state=SyncRun.State.DONE, resource__in=list(resources))
            .order_by("account_id", "resource", "-finished_at")
            .distinct("account_id", "resource")
        )

    def unfinished(self) -> Self:
        return self.filter(state__in=SyncRun.UNFINISHED_STATES)


class SyncRun(models.Model):
    """One reading of one resource of one account, from the wish to the result.

    The row is the queue: a wish survives a broker that is down, and a run whose `heartbeat_at` stands
    still is begun again by whoever comes next.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Complete"
        FAILED = "failed", "Failed"

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", "Schedule"
        PERSON = "person", "Refresh now"
        COMMAND = "command", "Command line"

    UNFINISHED_STATES = (State.QUEUED, State.RUNNING)

    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        db_index=False,
        related_name="+",
    )
    resource = models.CharField(max_length=40)
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    queued_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)  # sent to the workers, or moved, at this moment
    finished_at = models.DateTimeField(null=True)
    begun = models.PositiveSmallIntegerField("times begun", default=0, db_default=0)
    pages = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    retries = models.PositiveIntegerField(default=0)
    waited = models.FloatField("seconds waited for Twilio's rate limit", default=0)
    error = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        ordering = ["-queued_at"]
        indexes = [
            models.Index(
                fields=["account", "resource", "-finished_at"],
                name="sync_run_complete",
                condition=Q(state="done"),
            ),
            models.Index(fields=["account", "resource", "-queued_at"], name="sync_run_history"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "resource"],
                condition=Q(state__in=("queued", "running")),
                name="sync_run_one_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} of {self.account_id} ({self.state})"

    @property
    def is_finished(self) -> bool:
        return self.state not in self.UNFINISHED_STATES

    @property
    def seconds(self) -> int | None:
        """How long it ran; None while it has not ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return round((self.finished_at - self.started_at).total_seconds())

    @property
    def news(self) -> int:
        return self.added + self.changed + self.missing
