from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from inventory.models.preset import ConfigurationPreset
from portal.models import SidField


class Cart(models.Model):
    """The numbers that somebody means to buy for an account, and how they are to be set up. Ours alone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="carts")
    account = models.ForeignKey(
        "portal.TwilioAccount", models.DO_NOTHING, db_constraint=False, db_column="account_sid",
        db_index=False, related_name="+",
    )  # fmt: skip
    name_pattern = models.CharField(max_length=64, blank=True)
    preset = models.ForeignKey(ConfigurationPreset, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="cart_once")]

    def __str__(self) -> str:
        return f"Cart of {self.user} for {self.account_id}"


class CartItem(models.Model):
    """One number in a cart. `offer` is what Twilio said of it when it was for sale."""

    cart = models.ForeignKey(Cart, models.CASCADE, related_name="items", db_index=False)
    phone_number = SidField(max_length=20)
    country = models.CharField(max_length=2)
    number_type = models.CharField(max_length=30)
    offer = models.JSONField(default=dict)
    found_with = models.TextField(blank=True)  # the query of the search page that showed it
    address_sid = SidField(blank=True)
    bundle_sid = SidField(blank=True)
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["country", "number_type", "phone_number"]
        constraints = [models.UniqueConstraint(fields=["cart", "phone_number"], name="cart_item_once")]

    def __str__(self) -> str:
        return f"{self.phone_number}"
