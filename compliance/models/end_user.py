from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.urls import reverse

from compliance.querysets import ItemQuerySet
from portal.models import AccountMirrored
from portal.secrets import EncryptedJSONField


class RegulatoryItem(AccountMirrored):
    """What can be assigned to a bundle. Its attributes are personal data and lie encrypted.

    `field_names` are those that have a value. `value_fingerprints` are of name and value together, case
    and spaces folded, so that the same value is found elsewhere without any being read.
    """

    friendly_name = models.CharField(max_length=255, blank=True)
    type = models.CharField(max_length=100, blank=True)
    attributes = EncryptedJSONField(default=dict)
    field_names = ArrayField(models.CharField(max_length=100), default=list)
    value_fingerprints = ArrayField(models.CharField(max_length=16), default=list)

    objects = ItemQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.friendly_name or self.sid

    @property
    def values(self) -> dict[str, Any]:
        """The attributes in clear, {} if there are none."""
        return self.attributes if isinstance(self.attributes, dict) else {}


class EndUser(RegulatoryItem):
    """The person or the business that holds the numbers (page 34)."""

    class Meta:
        ordering = ["friendly_name", "sid"]
        indexes = [
            models.Index(fields=["account", "type", "friendly_name", "sid"], name="end_user_account"),
            models.Index(fields=["friendly_name", "sid"], name="end_user_name"),
            GinIndex(fields=["value_fingerprints"], name="end_user_values"),
        ]

    def get_absolute_url(self) -> str:
        return reverse("compliance:end-user-detail", args=[self.pk])
