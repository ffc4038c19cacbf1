from datetime import date, timedelta

from django.db import models
from django.utils import timezone

from portal.models import SidField


class ReleasedNumber(models.Model):
    """A number that was given back through Numberdesk (pages 2, 11).

    Twilio has no list of released numbers. A bought one can be bought back in Twilio Console for ten
    days; a hosted one retires within three, and only Twilio's support can stop that.
    """

    RESTORABLE_FOR = timedelta(days=10)
    HOSTED_RETIRES_AFTER = timedelta(days=3)

    sid = SidField()
    phone_number = SidField(max_length=20)
    friendly_name = models.CharField(max_length=255, blank=True)
    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        db_index=False,
        related_name="+",
    )
    country = models.CharField(max_length=2, blank=True)
    number_type = models.CharField(max_length=30, blank=True)
    is_hosted = models.BooleanField(default=False)
    # What it cost a month, as far as a price was known
    monthly_cost = models.DecimalField(max_digits=12, decimal_places=5, null=True)
    currency = models.CharField(max_length=3, blank=True)
    operation = models.OneToOneField(
        "portal.Operation", on_delete=models.PROTECT, related_name="released_number"
    )
    released_at = models.DateTimeField()

    class Meta:
        ordering = ["-released_at", "-id"]
        indexes = [
            models.Index(fields=["released_at", "id"], name="released_newest"),
            models.Index(fields=["account", "released_at"], name="released_account"),
        ]

    def __str__(self) -> str:
        return f"{self.phone_number}"

    @property
    def _window(self) -> timedelta:
        return self.HOSTED_RETIRES_AFTER if self.is_hosted else self.RESTORABLE_FOR

    @property
    def restorable_until(self) -> date:
        """The last day on which it can be had back."""
        return (self.released_at + self._window).date()

    @property
    def day(self) -> int:
        """Which day after the release it is; the day of release is day 0."""
        return (timezone.now() - self.released_at).days

    @property
    def last_day(self) -> int:
        return self._window.days

    @property
    def is_restorable(self) -> bool:
        return timezone.now() < self.released_at + self._window
