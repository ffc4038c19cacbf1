from typing import Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.urls import reverse

from portal.numbering import spaced


class SenderIdQuerySet(models.QuerySet["SenderId"]):
    def of(self, account_sid: str, country: str) -> Self:
        """What an account may send as to one country."""
        return self.filter(account=account_sid, country=country)

    def defaults(self) -> Self:
        return self.filter(is_default=True)

    def with_country_default(self) -> Self:
        """Each with `country_default`, the default of its account and country; None where there is none."""
        beside = SenderId.objects.defaults().filter(account=OuterRef("account"), country=OuterRef("country"))
        return self.annotate(country_default=Subquery(beside.values("sender")[:1]))


class SenderId(models.Model):
    """A sender ID that an account has registered in a country, and whether it is the default there (page 3).

    Ours alone: Twilio has no API for it, so people write down here what is set in the Console.
    """

    account = models.ForeignKey(
        "portal.TwilioAccount", models.DO_NOTHING, db_constraint=False, db_column="account_sid",
        db_index=False, related_name="+",
    )  # fmt: skip
    country = models.CharField(max_length=2)
    # Compared byte by byte: Twilio's match is case-sensitive.
    sender = models.CharField(max_length=16, db_collation="C")
    is_default = models.BooleanField(default=False, db_default=False)
    added_at = models.DateTimeField(db_default=Now())

    objects = SenderIdQuerySet.as_manager()

    class Meta:
        ordering = ["country", "sender", "account"]
        verbose_name = "sender ID"
        verbose_name_plural = "sender IDs"
        constraints = [
            models.UniqueConstraint(fields=["country", "sender", "account"], name="sender_once"),
            models.UniqueConstraint(
                fields=["account", "country"], condition=Q(is_default=True), name="sender_one_default"
            ),
        ]
        indexes = [models.Index(fields=["sender", "country", "account"], name="sender_sender")]

    def __str__(self) -> str:
        return spaced(self.sender)

    def get_absolute_url(self) -> str:
        return reverse("inventory:sender-country", args=[self.account_id, self.country])
