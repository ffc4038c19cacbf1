from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import Exists, F, OuterRef, Q, Value

from inventory.models import SenderId, SenderIdQuerySet
from inventory.querysets import ILike, like_escape
from inventory.senders.labels import KINDS
from inventory.senders.rules import Kind
from portal.filtering import AccountsFilter, AnyOf, OneOf

_KIND_PATTERNS = {
    Kind.ALPHANUMERIC: Q(sender__regex="[A-Za-z]"),
    Kind.SHORT_CODE: Q(sender__regex="^[0-9]+$"),
    Kind.NUMBER: Q(sender__regex=r"^\+[0-9]+$"),
}


class SenderFilter(AccountsFilter):
    """What the register can be narrowed by. Names are the URL's parameters."""

    q = django_filters.CharFilter(label="Search", method="by_text")
    country = AnyOf("Country")
    kind = OneOf(
        "Kind",
        choices=list(KINDS.items()),
        method="by_kind",
    )
    default = OneOf(
        "Default",
        choices=[
            ("yes", "Is the default"),
            ("no", "Another one is the default"),
            ("none", "Its country has no default"),
        ],
        method="by_default",
    )

    class Meta:
        model = SenderId
        fields: list[str] = []

    def __init__(self, *args: Any, countries: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_countries(countries)

    def by_text(self, rows: SenderIdQuerySet, name: str, value: str) -> SenderIdQuerySet:
        return rows.filter(ILike(F("sender"), Value(f"%{like_escape(value.strip())}%")))

    def by_kind(self, rows: SenderIdQuerySet, name: str, value: str) -> SenderIdQuerySet:
        return rows.filter(_KIND_PATTERNS[Kind(value)])

    def by_default(self, rows: SenderIdQuerySet, name: str, value: str) -> SenderIdQuerySet:
        if value == "yes":
            return rows.defaults()
        beside = SenderId.objects.defaults().filter(account=OuterRef("account"), country=OuterRef("country"))
        return (
            rows.filter(Exists(beside), is_default=False) if value == "no" else rows.filter(~Exists(beside))
        )
