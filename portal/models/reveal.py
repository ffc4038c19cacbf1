from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from portal.models.fields import SidField


class RevealQuerySet(models.QuerySet["Reveal"]):
    def running(self) -> Self:
        """Those whose five minutes have not passed."""
        return self.filter(expires_at__gt=Now())


class Reveal(models.Model):
    """That somebody was shown one masked value. Written before the value is read, and never deleted.

    Only its end may come sooner: whoever has seen enough hides the value.
    """

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reveals")
    account = models.ForeignKey(
        "portal.TwilioAccount",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="account_sid",
        db_index=False,
        related_name="+",
    )
    target = SidField()
    field = models.CharField(max_length=100)
    reason = models.TextField(max_length=500)
    at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    objects = RevealQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="reveal_newest"),
            models.Index(fields=["target", "-at"], name="reveal_target"),
            models.Index(fields=["actor", "-at"], name="reveal_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.target}"
