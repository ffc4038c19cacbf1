from django.db import models
from django.db.models.functions import Now

from compliance.models.bundle import Bundle


class Reminder(models.Model):
    """That people were told of a bundle's last day, or of an update of it that is stalled. Each is told once.

    `moment` is the last day it was about, or since when the update is stalled: a bundle that gets
    another last day years later is reminded of anew.
    """

    class Occasion(models.TextChoices):
        SIXTY = "60", "60 days before"
        THIRTY = "30", "30 days before"
        FOURTEEN = "14", "14 days before"
        SEVEN = "7", "7 days before"
        ONE = "1", "1 day before"
        OVERDUE = "overdue", "after the last day"
        STALLED = "stalled", "because its update is stalled"

    bundle = models.ForeignKey(
        Bundle,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="bundle_sid",
        db_index=False,
        related_name="reminders",
    )
    occasion = models.CharField(max_length=10, choices=Occasion.choices)
    moment = models.DateTimeField()
    noted_at = models.DateTimeField(db_default=Now())
    posted_at = models.DateTimeField(null=True)  # given to the workers that send mails

    class Meta:
        ordering = ["-noted_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "occasion", "moment"], name="reminder_once"),
        ]

    def __str__(self) -> str:
        return f"{self.bundle_id} {self.get_occasion_display()}"
