from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from compliance.labels import end_user_type_name
from compliance.models import Regulation, RegulationVersion
from compliance.models.regulation import GROUP
from compliance.querysets import RegulationQuerySet
from portal.filtering import AnyOf, MirroredFilter, OneOf
from portal.numbering import country_name, type_name


class RegulationFilter(MirroredFilter):
    """What regulations can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    country = AnyOf("Country", field_name="iso_country")
    type = AnyOf("Type", field_name="number_type")
    end_user = AnyOf("End user", field_name="end_user_type")
    changed = OneOf(
        "Changed",
        choices=[("7", "In the last 7 days"), ("30", "In the last 30 days"), ("90", "In the last 90 days")],
        method="by_change",
    )
    listed = OneOf(
        "At Twilio", choices=[("no", "No longer in force")], empty_label="In force", method="by_listing"
    )

    class Meta:
        model = Regulation
        fields: list[str] = []

    def __init__(self, *args: Any, groups: Iterable[tuple[str, str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        countries, types, end_users = (
            ({*values} for values in zip(*groups, strict=True)) if groups else [()] * 3
        )
        self._names = {iso: country_name(iso) for iso in countries}
        self.offer("country", sorted(self._names.items(), key=lambda item: item[1]))
        self.offer("type", ((one, type_name(one)) for one in sorted(types)))
        self.offer("end_user", ((one, end_user_type_name(one)) for one in sorted(end_users)))

    @property
    def listed_rows(self) -> RegulationQuerySet:
        """The rows asked for: those in force, unless the others were."""
        rows: RegulationQuerySet = self.qs
        return rows if self.applied.get("listed") else rows.in_force()

    def by_text(self, rows: RegulationQuerySet, name: str, value: str) -> RegulationQuerySet:
        """Every word stands in Twilio's name of it or is part of the name of its country."""
        for word in value.split():
            countries = [iso for iso, name in self._names.items() if word.casefold() in name.casefold()]
            rows = rows.filter(Q(iso_country__in=countries) | Q(friendly_name__icontains=word))
        return rows

    def by_change(self, rows: RegulationQuerySet, name: str, value: str) -> RegulationQuerySet:
        since = timezone.now() - timedelta(days=int(value))
        same_group = {name: OuterRef(name) for name in GROUP}
        return rows.filter(
            Exists(RegulationVersion.objects.filter(**same_group, number__gt=1, seen_at__gte=since))
        )
