"""Which bundles hold an end user or a document."""

from collections.abc import Iterable
from typing import Any

from compliance.models import Bundle, ItemAssignment


def bundles_holding(sids: Iterable[str], visible: Any) -> dict[str, list[Bundle]]:
    """For each item the bundles that hold it, of those that `visible` lets a person see. Two queries."""
    found: dict[str, list[Bundle]] = {sid: [] for sid in sids}
    items = ItemAssignment.objects.present().filter(object_sid__in=list(found))
    pairs = list(items.values_list("object_sid", "bundle_id"))
    rows = visible(Bundle.objects.present().filter(pk__in={bundle for _, bundle in pairs}))
    bundles = {bundle.pk: bundle for bundle in _light(rows)}
    for sid, bundle_sid in pairs:
        if bundle_sid in bundles:
            found[sid].append(bundles[bundle_sid])
    return found


def bundles_of(sid: str, visible: Any) -> list[Bundle]:
    """The same for one item, in one query, the newest first."""
    return list(_light(visible(Bundle.objects.present().holding(sid))))


def _light(bundles: Any) -> Any:
    left_out = ("payload", "regulation__payload", "email", "review_reason")
    return bundles.select_related("regulation").defer(*left_out)
