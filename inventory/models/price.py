from django.db import models

from portal.models import AccountMirrored, MirroredQuerySet, SidField


class NumberPrice(AccountMirrored):
    """What one kind of number costs an account a month in one country (page 42)."""

    # Prices have no sid at Twilio; ours is made of account, country and type.
    sid = SidField(primary_key=True, max_length=80)
    iso_country = models.CharField(max_length=2)
    country = models.CharField(max_length=100, blank=True)
    number_type = models.CharField(max_length=30)
    base_price = models.DecimalField(max_digits=12, decimal_places=5, null=True)
    current_price = models.DecimalField(max_digits=12, decimal_places=5, null=True)
    currency = models.CharField(max_length=3, blank=True)

    objects = MirroredQuerySet.as_manager()

    class Meta:
        ordering = ["iso_country", "number_type"]
        indexes = [models.Index(fields=["account", "iso_country", "number_type"], name="price_account")]

    def __str__(self) -> str:
        return f"{self.iso_country} {self.number_type}: {self.current_price} {self.currency}"
