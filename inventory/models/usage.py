"""How much numbers are used: what was read of calls and messages, and what follows from it (page 2)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from inventory.models.number import PhoneNumber
from portal.models import SidField


class UsageWindow(models.Model):
    """One reading of an account's calls or messages of one day in UTC.

    What it counts counts once `read_at` says that its last page was read. Until then `next_url` is
    where to go on. A day that is read again has a second window, which replaces the first at its end.
    """

    class Kind(models.TextChoices):
        CALLS = "calls", "Calls"
        MESSAGES = "messages", "Messages"

    account = models.ForeignKey(
        "portal.TwilioAccount", models.DO_NOTHING, db_constraint=False, db_column="account_sid",
        db_index=False, related_name="+",
    )  # fmt: skip
    kind = models.CharField(max_length=8, choices=Kind.choices)
    day = models.DateField()
    begun_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    next_url = models.TextField(blank=True)
    pages = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "day"],
                condition=Q(read_at__isnull=False),
                name="usage_window_read",
            ),
            models.UniqueConstraint(
                fields=["account", "kind", "day"],
                condition=Q(read_at__isnull=True),
                name="usage_window_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.account_id} on {self.day}"


class NumberUsage(models.Model):
    """How many calls or messages one of our numbers had in one window. Nobody else's number is kept."""

    pk = models.CompositePrimaryKey("phone_number", "window_id")
    phone_number = SidField(max_length=20)
    window = models.ForeignKey(
        UsageWindow, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="usage"
    )
    total = models.PositiveIntegerField()
    counted = models.PositiveIntegerField()  # those that count by the rule of page 2

    class Meta:
        indexes = [models.Index(fields=["window"], name="number_usage_window")]

    def __str__(self) -> str:
        return f"{self.phone_number}: {self.counted} of {self.total}"


class UsagePeriod(models.Model):
    """The last month of an account as far as it was read; what `NumberActivity` of its numbers is about."""

    account = models.OneToOneField(
        "portal.TwilioAccount", models.DO_NOTHING, db_constraint=False, db_column="account_sid",
        primary_key=True, related_name="usage_period",
    )  # fmt: skip
    first_day = models.DateField()
    last_day = models.DateField()
    is_complete = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day}"


class NumberActivity(models.Model):
    """What the last month's calls and messages make of a number. `inventory.usage.standing` derives it.

    There is a row for every present number, with what the list of numbers at risk is filtered and
    sorted by, so that it is read from one index.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        NEW = "new", "Too new"
        HOSTED = "hosted", "Hosted"
        UNKNOWN = "unknown", "Not known"
        IDLE = "idle", "Idle"

    AT_RISK = (State.IDLE, State.UNKNOWN)

    number = models.OneToOneField(
        PhoneNumber, models.DO_NOTHING, db_constraint=False, db_column="sid", primary_key=True,
        related_name="activity",
    )  # fmt: skip
    account = models.ForeignKey(
        "portal.TwilioAccount", models.DO_NOTHING, db_constraint=False, db_column="account_sid",
        db_index=False, related_name="+",
    )  # fmt: skip
    phone_number = SidField(max_length=20)
    country = models.CharField(max_length=2)
    number_type = models.CharField(max_length=30)
    added_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices)
    calls = models.PositiveIntegerField()
    counted_calls = models.PositiveIntegerField()
    messages = models.PositiveIntegerField()
    counted_messages = models.PositiveIntegerField()
    urgency = models.PositiveSmallIntegerField()  # 1 in trial and suspended accounts
    monthly_cost = models.DecimalField(max_digits=12, decimal_places=5)  # 0 in currency "" when not known
    currency = models.CharField(max_length=3)
    keep_until = models.DateField(null=True)

    class Meta:
        verbose_name_plural = "number activities"
        indexes = [
            models.Index(
                fields=["urgency", "currency", "monthly_cost", "number"],
                include=["state", "account", "country", "number_type", "keep_until"],
                name="activity_risk",
            ),
            models.Index(
                fields=["currency", "monthly_cost", "number"],
                include=["state", "account", "country", "number_type", "urgency", "keep_until"],
                name="activity_cost",
            ),
            models.Index(
                fields=["phone_number", "number"],
                include=["state", "account", "country", "number_type", "urgency", "keep_until"],
                name="activity_number",
            ),
            models.Index(
                fields=["added_at", "number"],
                include=["state", "account", "country", "number_type", "urgency", "keep_until"],
                name="activity_added",
            ),
            models.Index(fields=["account"], name="activity_account"),
            models.Index(fields=["country", "number_type", "state"], name="activity_kind"),
            models.Index(fields=["keep_until"], name="activity_kept", condition=Q(keep_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.phone_number}: {self.state}"

    @property
    def kept_reason(self) -> str:
        """Why it is kept; the number and its `kept` should be joined in."""
        return self.number.kept.reason if self.keep_until and hasattr(self.number, "kept") else ""


class ActivitySum(models.Model):
    """How many numbers are the same in all that `NumberActivity` is filtered by, and what they cost a month.

    Kept with the rows, in the statement that writes them; so a list knows its length and sum at once.
    """

    account = models.ForeignKey(
        "portal.TwilioAccount", models.DO_NOTHING, db_constraint=False, db_column="account_sid",
        db_index=False, related_name="+",
    )  # fmt: skip
    country = models.CharField(max_length=2)
    number_type = models.CharField(max_length=30)
    state = models.CharField(max_length=8)
    urgency = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=3)
    count = models.IntegerField()
    monthly_cost = models.DecimalField(max_digits=16, decimal_places=5)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "country", "number_type", "state", "urgency", "currency"],
                name="activity_sum_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.state} of {self.country} {self.number_type}"


class KeptNumber(models.Model):
    """Somebody's word that a number is kept until a day, used or not. Ours: Twilio is not told."""

    number = models.OneToOneField(
        PhoneNumber, models.DO_NOTHING, db_constraint=False, db_column="sid", primary_key=True,
        related_name="kept",
    )  # fmt: skip
    until = models.DateField()
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.number_id} until {self.until}"
