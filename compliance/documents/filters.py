from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import django_filters
from django.utils import timezone

from compliance.documents.querysets import lacking_file, too_old_before
from compliance.documents.words import type_words
from compliance.labels import DOCUMENT_STATES
from compliance.models import SupportingDocument
from portal.filtering import AccountsFilter, AnyOf, MirroredFilter, OneOf
from portal.models import MirroredQuerySet


class DocumentFilter(AccountsFilter, MirroredFilter):
    """What documents can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    status = AnyOf(
        "Status",
        choices=[(value, label.word) for value, label in DOCUMENT_STATES.items()],
    )
    type = AnyOf("Type")
    too_old = OneOf(
        "Too old",
        choices=[
            ("0", "Already"),
            ("14", "Within 14 days"),
            ("30", "Within 30 days"),
            ("90", "Within 90 days"),
        ],
        method="by_age",
    )
    used = OneOf("Used", choices=[("yes", "By a bundle"), ("no", "By no bundle")], method="by_use")
    file = OneOf("File", choices=[("no", "Twilio has none")], method="by_file")

    class Meta:
        model = SupportingDocument
        fields: list[str] = []

    def __init__(self, *args: Any, types: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("type", sorted(((one, type_words(one)) for one in types), key=lambda choice: choice[1]))

    def by_text(self, rows: MirroredQuerySet, name: str, value: str) -> MirroredQuerySet:
        """By friendly name, or by SID, whole."""
        value = value.strip()
        if value[:2] == "RD" and len(value) == 34:
            return rows.filter(pk=value)
        return rows.filter(friendly_name__icontains=value)

    def by_age(self, rows: MirroredQuerySet, name: str, value: str) -> MirroredQuerySet:
        return too_old_before(rows, timezone.now().date() + timedelta(days=int(value)))

    def by_use(self, rows: Any, name: str, value: str) -> MirroredQuerySet:
        found: MirroredQuerySet = rows.assigned() if value == "yes" else rows.unassigned()
        return found

    def by_file(self, rows: MirroredQuerySet, name: str, value: str) -> MirroredQuerySet:
        return lacking_file(rows)
