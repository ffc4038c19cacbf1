import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from portal.models.fields import SidField


class OperationQuerySet(models.QuerySet["Operation"]):
    def open(self) -> Self:
        """Operations whose effect at Twilio is not known yet."""
        return self.filter(state__in=Operation.OPEN_STATES)

    def about(self, target: str) -> Self:
        return self.filter(target=target)


class Operation(models.Model):
    """One change that somebody asked of Twilio, written down before the first byte leaves.

    `target` is the sid of the object, or a natural key for one that has none yet. While an operation
    on a target is open there can be no second one: that is the double-click guard. `form_key` is
    minted with the form, so the same form sent twice finds the operation it already started.
    `detail` never holds personal data.
    """

    class State(models.TextChoices):
        STARTED = "started", "Under way"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        UNCERTAIN = "uncertain", "Not known yet"

    OPEN_STATES = (State.STARTED, State.UNCERTAIN)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        db_index=False,
        related_name="+",
    )
    target = SidField(max_length=80)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="operations"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.STARTED)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)
    form_key = models.UUIDField(null=True, editable=False)
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    # Twilio's answer
    code = models.PositiveIntegerField(null=True)
    words = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["target", "-started_at"], name="operation_target")]
        constraints = [
            models.UniqueConstraint(
                fields=["target"], condition=Q(state__in=("started", "uncertain")), name="operation_one_open"
            ),
            models.UniqueConstraint(fields=["form_key"], name="operation_form_once"),
            models.CheckConstraint(
                condition=Q(state__in=("started", "done", "refused", "uncertain")),
                name="operation_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target} ({self.state})"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN_STATES
