from django.db import models

from portal.models import AccountMirrored, MirroredQuerySet


class Application(AccountMirrored):
    """A TwiML application that can answer a number's calls and messages."""

    friendly_name = models.CharField(max_length=255, blank=True)

    objects = MirroredQuerySet.as_manager()

    class Meta:
        ordering = ["friendly_name", "sid"]
        indexes = [models.Index(fields=["account", "friendly_name", "sid"], name="application_account")]

    def __str__(self) -> str:
        return self.friendly_name or self.sid
