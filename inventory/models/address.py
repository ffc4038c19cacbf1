from django.db import models

from portal.models import AccountMirrored, MirroredQuerySet


class Address(AccountMirrored):
    """An address that numbers can be registered at."""

    friendly_name = models.CharField(max_length=255, blank=True)
    customer_name = models.CharField(max_length=255, blank=True)
    street = models.CharField(max_length=255, blank=True)
    street_secondary = models.CharField(max_length=255, blank=True)
    city = models.CharField(max_length=255, blank=True)
    region = models.CharField(max_length=255, blank=True)
    postal_code = models.CharField(max_length=50, blank=True)
    iso_country = models.CharField(max_length=2, blank=True)
    emergency_enabled = models.BooleanField(default=False)
    validated = models.BooleanField(default=False)
    verified = models.BooleanField(default=False)

    objects = MirroredQuerySet.as_manager()

    class Meta:
        ordering = ["customer_name", "sid"]
        verbose_name_plural = "addresses"
        indexes = [
            models.Index(fields=["account", "customer_name", "sid"], name="address_account"),
            models.Index(fields=["customer_name", "sid"], name="address_name"),
        ]

    def __str__(self) -> str:
        return self.friendly_name or self.customer_name or self.sid

    @property
    def lines(self) -> list[str]:
        """The address as one writes it on an envelope, without the name."""
        place = " ".join(part for part in (self.postal_code, self.city) if part)
        parts = [self.street, self.street_secondary, place, self.region, self.iso_country]
        return [part for part in parts if part]
