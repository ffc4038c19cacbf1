from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Reverse
from django.urls import reverse

from inventory import labels
from inventory.configuration import Route, call_route, message_route
from inventory.models.address import Address
from inventory.models.application import Application
from inventory.querysets import PhoneNumberQuerySet
from portal.labels import Label, label_for
from portal.models import AccountMirrored, SidField
from portal.numbering import spaced


class NumberFacet(models.Model):
    """How many present numbers have the same values in every column that lists are filtered by.

    A million numbers have a few thousand facets. The mirror keeps the counts with the numbers.
    """

    id = models.BigIntegerField(primary_key=True)
    account = models.ForeignKey(
        "portal.TwilioAccount", models.DO_NOTHING, db_constraint=False, db_column="account_sid",
        db_index=False, related_name="+",
    )  # fmt: skip
    country = models.CharField(max_length=2)
    number_type = models.CharField(max_length=30)
    voice = models.BooleanField()
    sms = models.BooleanField()
    mms = models.BooleanField()
    fax = models.BooleanField()
    beta = models.BooleanField()
    origin = models.CharField(max_length=30)
    status = models.CharField(max_length=30)
    address_requirements = models.CharField(max_length=20)
    has_address = models.BooleanField()
    has_bundle = models.BooleanField()
    emergency_address_status = models.CharField(max_length=40)
    call_route = models.CharField(max_length=12)
    message_route = models.CharField(max_length=12)
    count = models.IntegerField()

    # What two facets differ in, in the order that makes their ids
    NAMES = (
        "account_id", "country", "number_type", "voice", "sms", "mms", "fax", "beta", "origin", "status",
        "address_requirements", "has_address", "has_bundle", "emergency_address_status", "call_route",
        "message_route",
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.count} of {self.country} {self.number_type}"


class PhoneNumber(AccountMirrored):
    """A phone number on one of our accounts: bought, ported in or hosted (page 23)."""

    phone_number = SidField(max_length=20)  # E.164
    friendly_name = models.CharField(max_length=255, blank=True)
    country = models.CharField(max_length=2, blank=True)
    number_type = models.CharField(max_length=30, blank=True)
    voice = models.BooleanField(default=False)
    sms = models.BooleanField(default=False)
    mms = models.BooleanField(default=False)
    fax = models.BooleanField(default=False)
    beta = models.BooleanField(default=False)
    origin = models.CharField(max_length=30, blank=True)
    status = models.CharField(max_length=30, blank=True)
    address_requirements = models.CharField(max_length=20, blank=True)
    address = models.ForeignKey(
        Address, models.DO_NOTHING, null=True, db_constraint=False, db_column="address_sid",
        db_index=False, related_name="numbers",
    )  # fmt: skip
    emergency_address = models.ForeignKey(
        Address, models.DO_NOTHING, null=True, db_constraint=False, db_column="emergency_address_sid",
        db_index=False, related_name="emergency_numbers",
    )  # fmt: skip
    emergency_status = models.CharField(max_length=20, blank=True)
    emergency_address_status = models.CharField(max_length=40, blank=True)
    bundle_sid = SidField(null=True)
    voice_application = models.ForeignKey(
        Application, models.DO_NOTHING, null=True, db_constraint=False, db_column="voice_application_sid",
        db_index=False, related_name="+",
    )  # fmt: skip
    sms_application = models.ForeignKey(
        Application, models.DO_NOTHING, null=True, db_constraint=False, db_column="sms_application_sid",
        db_index=False, related_name="+",
    )  # fmt: skip
    trunk_sid = SidField(null=True)
    voice_url = models.TextField(blank=True)
    sms_url = models.TextField(blank=True)
    # Worked out from the above, for the facets
    has_address = models.BooleanField(default=False)
    has_bundle = models.BooleanField(default=False)
    call_route = models.CharField(max_length=12, blank=True)
    message_route = models.CharField(max_length=12, blank=True)
    facet_id = models.BigIntegerField(null=True)  # NumberFacet; none for a number that is missing

    # Ours
    owner = models.CharField(max_length=100, blank=True, db_default="")
    cost_centre = models.CharField(max_length=60, blank=True, db_default="")
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True, db_default=[])

    objects = PhoneNumberQuerySet.as_manager()

    class Meta:
        ordering = ["phone_number", "sid"]
        indexes = [
            # Lists are walked in these orders, and filtered by facet without a look at the rows.
            models.Index(fields=["phone_number", "sid"], include=["facet_id"], name="number_e164"),
            models.Index(fields=["friendly_name", "sid"], include=["facet_id"], name="number_name"),
            models.Index(fields=["remote_created_at", "sid"], include=["facet_id"], name="number_added"),
            models.Index(
                fields=["country", "friendly_name", "sid"], include=["facet_id"], name="number_country_name"
            ),
            models.Index(fields=["facet_id"], name="number_facet"),
            # How many numbers of a facet have the same papers, and whose mapping has changed.
            models.Index(
                fields=["facet_id", "bundle_sid", "address"],
                include=["sid"],
                name="number_papers",
                condition=Q(facet_id__isnull=False),
            ),
            models.Index(
                OpClass(Reverse("phone_number"), "text_pattern_ops"), F("sid"), name="number_last_digits"
            ),
            GinIndex(
                OpClass(F("phone_number"), "gin_trgm_ops"),
                OpClass(F("friendly_name"), "gin_trgm_ops"),
                name="number_search",
            ),
            # Few numbers have these, or few have the same
            GinIndex(fields=["tags"], name="number_tags", condition=~Q(tags=[])),
            models.Index(fields=["owner"], name="number_owner", condition=~Q(owner="")),
            models.Index(fields=["cost_centre"], name="number_cost_centre", condition=~Q(cost_centre="")),
            models.Index(fields=["address"], name="number_address", condition=Q(address__isnull=False)),
            models.Index(
                fields=["emergency_address"],
                name="number_emergency_address",
                condition=Q(emergency_address__isnull=False),
            ),
            models.Index(fields=["bundle_sid"], name="number_bundle", condition=Q(bundle_sid__isnull=False)),
            models.Index(fields=["trunk_sid"], name="number_trunk", condition=Q(trunk_sid__isnull=False)),
            models.Index(
                fields=["voice_application"],
                name="number_voice_application",
                condition=Q(voice_application__isnull=False),
            ),
            models.Index(
                fields=["sms_application"],
                name="number_sms_application",
                condition=Q(sms_application__isnull=False),
            ),
            models.Index(
                fields=["phone_number", "sid"],
                name="number_missing",
                condition=Q(missing_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return spaced(self.phone_number)

    def get_absolute_url(self) -> str:
        return reverse("inventory:number-detail", args=[self.pk])

    @property
    def added_at(self) -> datetime:
        """When Twilio gave us the number. Never empty in the mirror: lists are sorted by it."""
        assert self.remote_created_at is not None
        return self.remote_created_at

    @property
    def status_label(self) -> Label:
        return label_for(labels.STATUSES, self.status)

    @property
    def emergency_label(self) -> Label:
        return label_for(labels.EMERGENCY_STATUSES, self.emergency_status)

    @property
    def emergency_address_label(self) -> Label:
        return label_for(labels.EMERGENCY_ADDRESS_STATUSES, self.emergency_address_status)

    @property
    def origin_name(self) -> str:
        return labels.ORIGINS.get(self.origin, self.origin) or "–"

    @property
    def address_requirement_name(self) -> str:
        requirement = self.address_requirements
        return labels.ADDRESS_REQUIREMENTS.get(requirement, requirement) or "–"

    @property
    def calls_go_to(self) -> Route:
        return call_route(
            trunk_sid=self.trunk_sid, application=self._application("voice"), url=self.voice_url
        )

    @property
    def messages_go_to(self) -> Route:
        return message_route(application=self._application("sms"), url=self.sms_url)

    def _application(self, kind: str) -> object | None:
        """The application, or its SID while it is not mirrored."""
        sid = getattr(self, f"{kind}_application_id")
        cached = getattr(self, f"{kind}_application", None) if sid else None
        answerer: object | None = cached or sid
        return answerer
