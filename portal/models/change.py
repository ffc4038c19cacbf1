from django.db import models
from django.db.models.functions import Now

from portal.models.fields import SidField


class Change(models.Model):
    """Something about a mirrored object that turned out different, and how we learned of it.

    `fields` maps Twilio's own property names to [before, after]. The mirror writes these rows in the
    statement that changes the object, so there is none without the other.
    """

    class Kind(models.TextChoices):
        CHANGED = "changed", "Changed"
        MISSING = "missing", "No longer listed by Twilio"
        RETURNED = "returned", "Listed by Twilio again"

    class Source(models.TextChoices):
        SYNC = "sync", "Sync"
        WEBHOOK = "webhook", "Webhook"
        OPERATION = "operation", "Operation"
        READ = "read", "Read before a change"

    at = models.DateTimeField(db_default=Now())
    resource = models.CharField(max_length=40)
    target = SidField(max_length=80)
    account_sid = SidField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    source = models.CharField(max_length=10, choices=Source.choices)
    fields = models.JSONField(default=dict)
    operation = models.ForeignKey(
        "portal.Operation", on_delete=models.SET_NULL, null=True, related_name="changes", db_index=False
    )
    run = models.ForeignKey(
        "portal.SyncRun", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    delivery = models.ForeignKey(
        "portal.Delivery", on_delete=models.SET_NULL, null=True, related_name="changes", db_index=False
    )

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["target", "-at"], name="change_target"),
            models.Index(fields=["run"], name="change_run"),
            models.Index(
                fields=["operation"], name="change_operation", condition=models.Q(operation__isnull=False)
            ),
            models.Index(
                fields=["delivery"], name="change_delivery", condition=models.Q(delivery__isnull=False)
            ),
            # Few changes are of what is mapped to a number.
            models.Index(
                fields=["at", "target"],
                name="change_mapping",
                condition=models.Q(fields__has_key="bundle_sid") | models.Q(fields__has_key="address_sid"),
            ),
            # What webhooks should have told.
            models.Index(
                fields=["resource", "-at"],
                name="change_learned",
                condition=models.Q(source="sync", resource__in=("port_ins", "port_in_numbers")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.kind}"
