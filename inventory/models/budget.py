from django.conf import settings
from django.db import models


class Budget(models.Model):
    """What the numbers of an account may cost a month. Ours: Twilio knows of no limit."""

    account = models.OneToOneField(
        "portal.TwilioAccount", models.DO_NOTHING, db_constraint=False, db_column="account_sid",
        primary_key=True, related_name="budget",
    )  # fmt: skip
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} a month"
