from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F
from django.urls import reverse

from inventory.querysets import AddressQuerySet
from portal.models import AccountMirrored


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

    objects = AddressQuerySet.as_manager()

    class Meta:
        ordering = ["customer_name", "sid"]
        verbose_name_plural = "addresses"
        indexes = [
            models.Index(fields=["account", "customer_name", "sid"], name="address_account"),
            models.Index(fields=["customer_name", "sid"], name="address_name"),
            models.Index(fields=["iso_country", "customer_name", "sid"], name="address_country"),
            GinIndex(
                *(
                    OpClass(F(name), "gin_trgm_ops")
                    for name in ("friendly_name", "customer_name", "street", "city", "postal_code")
                ),
                name="address_search",
            ),
        ]

    def __str__(self) -> str:
        return self.friendly_name or self.customer_name or self.sid

    def get_absolute_url(self) -> str:
        return reverse("inventory:address-detail", args=[self.pk])

    @property
    def lines(self) -> list[str]:
        """The address as one writes it on an envelope, without the name."""
        place = " ".join(part for part in (self.postal_code, self.city) if part)
        parts = [self.street, self.street_secondary, place, self.region, self.iso_country]
        return [part for part in parts if part]
