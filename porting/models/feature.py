from django.db import models
from django.db.models.functions import Now


class AccountFeature(models.Model):
    """Whether an account may use a part of the API that not every account has (T2).

    Asked at each sync; where Twilio says no, pages say so instead of offering what cannot work.
    """

    class Feature(models.TextChoices):
        PORTING = "porting", "Porting API"
        HOSTING = "hosting", "Hosted numbers"

    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        related_name="+",
    )
    feature = models.CharField(max_length=20, choices=Feature.choices)
    is_available = models.BooleanField()
    words = models.TextField(blank=True)  # Twilio's, when it said no
    checked_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["account", "feature"]
        constraints = [models.UniqueConstraint(fields=["account", "feature"], name="account_feature_once")]

    def __str__(self) -> str:
        return f"{self.feature} of {self.account_id}: {self.is_available}"
