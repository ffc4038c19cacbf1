from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from portal.models import SidField
from portal.secrets import EncryptedJSONField


class GuidedAnswer(models.Model):
    """What was typed at one task of a bundle, kept until it is at Twilio, and how often it was saved.

    It outlives the browser, a refusal and Twilio being away. Values are personal data and lie encrypted;
    once an item at Twilio holds them, nothing but its sid stays here.
    """

    bundle_sid = SidField()
    task = models.CharField(max_length=200)
    values = EncryptedJSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["bundle_sid", "task"]
        constraints = [models.UniqueConstraint(fields=["bundle_sid", "task"], name="guided_answer_once")]

    def __str__(self) -> str:
        return f"{self.task} of {self.bundle_sid}"
