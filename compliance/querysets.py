from typing import Self

from django.apps import apps
from django.db.models import Exists, OuterRef, Q

from portal.models import MirroredQuerySet


def _assignments() -> MirroredQuerySet:
    rows: MirroredQuerySet = MirroredQuerySet(apps.get_model("compliance", "ItemAssignment"))
    return rows.present()


class RegulationQuerySet(MirroredQuerySet):
    def in_force(self) -> Self:
        """Those that Twilio lists; a bundle may still cite one that was retired."""
        return self.present()

    def for_group(self, country: str, number_type: str) -> Self:
        """Those for a country's numbers of a type, one per type of end user."""
        return self.in_force().filter(iso_country=country, number_type=number_type)


class BundleQuerySet(MirroredQuerySet):
    def under_review(self) -> Self:
        return self.filter(status__in=self.model.UNDER_REVIEW)

    def approved(self) -> Self:
        """Those that numbers may be mapped to (page 24)."""
        return self.present().filter(status=self.model.Status.APPROVED)

    def holding(self, object_sid: str) -> Self:
        """Bundles that an end user or a document is assigned to."""
        items = _assignments()
        return self.filter(Exists(items.filter(bundle=OuterRef("pk"), object_sid=object_sid)))

    def with_deadline(self) -> Self:
        """Approved bundles that a change of regulation has given a last day."""
        return self.present().filter(status=self.model.Status.APPROVED, valid_until__isnull=False)


class ItemQuerySet(MirroredQuerySet):
    def assigned(self) -> Self:
        """Those that some bundle holds."""
        return self.filter(self._is_assigned())

    def unassigned(self) -> Self:
        return self.exclude(self._is_assigned())

    def in_bundle(self, bundle_sid: str) -> Self:
        items = _assignments().filter(bundle=bundle_sid)
        return self.filter(pk__in=items.values("object_sid"))

    def sharing(self, fingerprints: list[str]) -> Self:
        """Those that have at least one of these values."""
        return self.filter(value_fingerprints__overlap=fingerprints)

    def _is_assigned(self) -> Q:
        items = _assignments()
        return Q(Exists(items.filter(object_sid=OuterRef("pk"))))
