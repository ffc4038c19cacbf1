from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from portal.models.fields import SidField


class Note(models.Model):
    """What somebody wrote down about an object. Ours alone; Twilio never sees it."""

    target = SidField(max_length=80)
    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        db_index=False,
        related_name="+",
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notes")
    body = models.TextField(max_length=4000)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["target", "-created_at"], name="note_target")]

    def __str__(self) -> str:
        return f"Note on {self.target}"
