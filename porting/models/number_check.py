from django.db import models
from django.db.models.functions import Now

from portal.models import SidField


class NumberCheck(models.Model):
    """What Twilio answered when it was asked whether a number can be ported (page 13).

    The item belongs to the batch that asks for many; that a number cannot be ported is an answer like any.
    """

    item = models.OneToOneField(
        "portal.BatchItem", on_delete=models.CASCADE, primary_key=True, related_name="number_check"
    )
    portable = models.BooleanField()
    needs_pin = models.BooleanField()  # and the number of the account at the losing carrier
    code = models.PositiveIntegerField(null=True)
    reason = models.CharField(max_length=255, blank=True)
    number_type = models.CharField(max_length=30, blank=True)
    country = models.CharField(max_length=2, blank=True)
    holder_sid = SidField(blank=True)  # whose number it is at Twilio, where that is one of our accounts
    checked_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["item"]

    def __str__(self) -> str:
        return "Portable" if self.portable else f"Not portable: {self.code or self.reason}"
