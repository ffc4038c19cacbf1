from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from compliance.querysets import RegulationQuerySet
from portal.models import Mirrored, MirroredQuerySet
from portal.numbering import country_name, type_name

GROUP = ("iso_country", "number_type", "end_user_type")


class Regulation(Mirrored):
    """What a country asks of those who hold a type of number (page 32), the same for every account.

    What it requires stands in the payload, constraints included; `compliance.requirements` reads it.
    """

    catalog = models.CharField(max_length=20, default="regulations")  # the one listing that all belong to
    friendly_name = models.CharField(max_length=255, blank=True)
    iso_country = models.CharField(max_length=2, blank=True)
    number_type = models.CharField(max_length=30, blank=True)
    end_user_type = models.CharField(max_length=30, blank=True)

    objects = RegulationQuerySet.as_manager()

    class Meta:
        ordering = ["iso_country", "number_type", "end_user_type", "sid"]
        indexes = [models.Index(fields=[*GROUP, "sid"], name="regulation_group")]

    def __str__(self) -> str:
        return f"{country_name(self.iso_country)}, {type_name(self.number_type)}, {self.end_user_type}"

    def get_absolute_url(self) -> str:
        return reverse("compliance:regulation-detail", args=[self.pk])


class RegulationVersion(models.Model):
    """The requirements of a country, number type and end-user type as they once stood. Never changed.

    `number` counts from 1 within the group, whichever sid the regulation had.
    """

    iso_country = models.CharField(max_length=2)
    number_type = models.CharField(max_length=30)
    end_user_type = models.CharField(max_length=30)
    number = models.PositiveSmallIntegerField()
    regulation = models.ForeignKey(
        Regulation,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_column="regulation_sid",
        related_name="versions",
    )
    requirements = models.JSONField()
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = [*GROUP, "-number"]
        constraints = [models.UniqueConstraint(fields=[*GROUP, "number"], name="regulation_version_once")]

    def __str__(self) -> str:
        return f"{self.regulation_id} version {self.number}"


class RegulatoryType(Mirrored):
    """A type of end user (page 35) or of supporting document (page 33), with the fields it can have."""

    class Kind(models.TextChoices):
        END_USER = "end_user", "End user"
        DOCUMENT = "document", "Supporting document"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    friendly_name = models.CharField(max_length=255, blank=True)
    machine_name = models.CharField(max_length=100, blank=True)

    objects = MirroredQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "machine_name", "sid"]
        indexes = [models.Index(fields=["kind", "machine_name"], name="regulatory_type_name")]

    def __str__(self) -> str:
        return self.friendly_name or self.machine_name
