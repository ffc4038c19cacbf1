from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class ConfigurationPreset(models.Model):
    """Settings with a name, to give to many numbers. Ours alone; Twilio knows nothing of presets.

    `change` is what `inventory.bulk.change.Change` reads. A preset of one account is offered for
    numbers of that account only: applications belong to accounts.
    """

    name = models.CharField(max_length=80)
    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        null=True,
        blank=True,
        related_name="+",
    )
    change = models.JSONField(default=dict)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="preset_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return self.name
