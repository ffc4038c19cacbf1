from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from portal.models import SidField

# A mail takes seconds; whoever took a reminder and has not ended it for this long has lost its worker.
_LEASE = timedelta(minutes=2)


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def waiting(self) -> Self:
        return self.filter(state=Reminder.State.WAITING)

    def due(self) -> Self:
        """Those to be sent now, also what a worker was killed over."""
        return self.waiting().filter(
            Q(next_at=None) | Q(next_at__lte=Now()), Q(taken_at=None) | Q(taken_at__lt=Now() - _LEASE)
        )


class Reminder(models.Model):
    """A mail to one of our people about deadlines of porting and hosting (M6).

    Noted before it is sent, and once for each person and `key`: the day it is of, or what somebody asked for
    and when. So nobody is told twice by a second run, and nobody is left out because a worker or the mail
    server died.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        DROPPED = "dropped", "Nothing was left to say"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    noted_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # How much there was to tell when it was noted, of which the first is named in `lines`
    total = models.PositiveIntegerField()
    late = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    taken_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=100, blank=True, default="")

    objects = ReminderQuerySet.as_manager()

    class Meta:
        ordering = ["-noted_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "key"], name="porting_reminder_once"),
        ]
        indexes = [
            models.Index(fields=["noted_at"], name="porting_reminder_noted"),
            models.Index(fields=["next_at"], name="porting_reminder_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.state})"


class ReminderLine(models.Model):
    """A request, an order or a letter that a reminder names."""

    reminder = models.ForeignKey(Reminder, on_delete=models.CASCADE, related_name="lines")
    target = SidField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["target", "reminder"], name="porting_reminder_line"),
        ]

    def __str__(self) -> str:
        return f"{self.target} in {self.reminder_id}"
