from collections.abc import Iterable
from typing import Any

import django_filters

from compliance.labels import end_user_type_name
from compliance.models import EndUser
from compliance.querysets import ItemQuerySet
from portal.filtering import AccountsFilter, AnyOf, MirroredFilter, OneOf


class EndUserFilter(AccountsFilter, MirroredFilter):
    """What end users can be narrowed by. What they say of themselves is searched nowhere: it is encrypted."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    type = AnyOf("Type")
    used = OneOf("Used", choices=[("yes", "By a bundle"), ("no", "By no bundle")], method="by_use")

    class Meta:
        model = EndUser
        fields: list[str] = []

    def __init__(self, *args: Any, types: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("type", ((one, end_user_type_name(one)) for one in sorted(types)))

    def by_text(self, rows: ItemQuerySet, name: str, value: str) -> ItemQuerySet:
        """By friendly name, or by SID, whole."""
        value = value.strip()
        if value[:2] == "IT" and len(value) == 34:
            return rows.filter(pk=value)
        return rows.filter(friendly_name__icontains=value)

    def by_use(self, rows: ItemQuerySet, name: str, value: str) -> ItemQuerySet:
        return rows.assigned() if value == "yes" else rows.unassigned()
