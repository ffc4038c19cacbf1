"""What is there already and fits: told apart, each once, and nothing that proves somebody else's."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from compliance.guided.draft import Draft
from compliance.models import Bundle, EndUser, ItemAssignment, SupportingDocument
from compliance.requirements import Field
from portal.models import Operation, User
from portal.numbering import country_name
from portal.reveal.reveals import mask

_FACTS = 4
Item = EndUser | SupportingDocument


def uses_of(bundle: Bundle, sids: Sequence[str]) -> dict[str, str]:
    """For which countries items are in use, which tells those of one name apart."""
    items = ItemAssignment.objects.present().filter(object_sid__in=sids).exclude(bundle=bundle.pk)
    places: dict[str, set[str]] = {}
    for sid, iso in items.values_list("object_sid", "bundle__regulation__iso_country"):
        if iso:
            places.setdefault(sid, set()).add(country_name(iso))
    return {sid: f"In bundles for {', '.join(sorted(names))}." for sid, names in places.items()}


def once(rows: Sequence[EndUser], fields: Sequence[Field], held: EndUser | None) -> list[EndUser]:
    """Of entries that say the same in all that is asked for, the first; never the one that is held."""
    found: dict[Any, EndUser] = {}
    for row in rows:
        if held is None or row.pk != held.pk:
            said = (row.friendly_name, *(str(row.values.get(one.name) or "") for one in fields))
            found.setdefault(said, row)
    return list(found.values())


def most_alike(rows: Sequence[EndUser], name: str, country: str, uses: Mapping[str, str]) -> list[EndUser]:
    """Those called like the bundle first, which often bears the customer's name; then the country's own."""
    words = set(name.casefold().split())

    def distance(row: EndUser) -> tuple[int, bool]:
        shared = len(words & set(str(row).casefold().split()))
        return -shared, country_name(country) not in uses.get(row.pk, "")

    return sorted(rows, key=distance)


def not_of_others(draft: Draft, rows: Sequence[SupportingDocument]) -> list[SupportingDocument]:
    """Without those that stand in bundles of other end users, and in none of ours: they prove another's."""
    if draft.end_user is None or not rows:
        return list(rows)
    present = ItemAssignment.objects.present()
    called = EndUser.objects.filter(pk=OuterRef("object_sid")).values("friendly_name")
    beside = present.filter(bundle=OuterRef("bundle"), object_sid__startswith="IT").values(
        holder=JSONObject(sid="object_sid", name=Subquery(called))
    )
    placed = present.filter(object_sid__in=[row.pk for row in rows])
    holders: dict[str, list[dict[str, str | None]]] = {}
    for sid, found in placed.values_list("object_sid", ArraySubquery(beside)):
        holders.setdefault(sid, []).extend(found)
    own = draft.end_user
    return [
        row
        for row in rows
        if not holders.get(row.pk)
        or any(one["sid"] == own.pk or one["name"] == own.friendly_name for one in holders[row.pk])
    ]


def facts_of(item: Item, fields: Sequence[Field]) -> list[tuple[str, str]]:
    """What an item says, masked: enough to tell one from another."""
    said = [
        (one.label, mask(item.values.get(one.name)))
        for one in fields
        if one.kind != "addresses" and item.values.get(one.name)
    ]
    return said[:_FACTS]


def other_bundles(item: Item, bundle: Bundle) -> int:
    """How many other bundles hold the item: what is changed here changes there."""
    return Bundle.objects.present().holding(item.pk).exclude(pk=bundle.pk).count()


def entered_by(user: User, sids: Sequence[str]) -> set[str]:
    """Objects that this person has typed in lately, so that nothing in them is news."""
    kinds = (
        "compliance.create_bundle", "compliance.update_bundle",
        "compliance.create_end_user", "compliance.update_end_user", "compliance.create_data_document",
        "compliance.upload_document", "compliance.update_document",
    )  # fmt: skip
    recent = Operation.objects.filter(
        actor=user, target__in=sids, kind__in=kinds, started_at__gt=timezone.now() - timedelta(days=1)
    )
    return set(recent.values_list("target", flat=True))
