from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from portal.secrets import EncryptedTextField


class OwnNumber(models.Model):
    """A registration or tax number of the company that runs this portal.

    In a customer's bundle it is a mistake that reviewers reject: the bundle must be about whoever uses the
    numbers (page 41). The fingerprint finds it however it is spelled.
    """

    label = models.CharField(max_length=80)
    value = EncryptedTextField()
    fingerprint = models.CharField(max_length=16, unique=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["label", "pk"]

    def __str__(self) -> str:
        return self.label
