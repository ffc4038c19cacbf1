"""What will be too old when, and which bundles that hits."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from compliance.ages import months_after
from compliance.documents.querysets import with_age
from compliance.documents.views import lines_of
from compliance.documents.words import today
from compliance.models import ItemAssignment, SupportingDocument
from portal.access import Permission, allowed
from portal.freshness import freshness
from portal.http import StaffRequest, page
from portal.shell import visible_accounts

_MONTHS = 12
# So many documents stand under a month; the list of documents has them all.
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Bucket:
    """The documents that get too old in one stretch of time."""

    key: str
    title: str
    documents: int
    used: int
    share: float
    is_current: bool


@require_GET
@allowed(Permission.VIEW)
def document_radar(request: StaffRequest) -> HttpResponse:
    """Documents by the month in which they get too old. Derived: `compliance.ages` has the rules."""
    day = today()
    dated = with_age(request.access.visible(SupportingDocument.objects.present())).filter(
        too_old_on__isnull=False
    )
    if request.GET.get("used") != "all":
        dated = dated.assigned()  # type: ignore[attr-defined]
    wanted = request.GET.get("month", "")
    months = _months(day)
    if wanted not in ("past", *months):
        wanted = "past"
    buckets = _buckets(dated, day, wanted)
    rows = _rows_of(dated, day, wanted).select_related("account").defer(
        "payload", "attributes", "value_fingerprints", "field_names"
    )  # fmt: skip
    shown = list(rows.order_by("too_old_on", "sid")[: SHOWN + 1])
    context = {
        "buckets": buckets,
        "bucket": next(bucket for bucket in buckets if bucket.is_current),
        "lines": lines_of(request, shown[:SHOWN]),
        "has_more": len(shown) > SHOWN,
        "shown": SHOWN,
        "month": wanted,
        "with_unused": request.GET.get("used") == "all",
        "freshness": freshness("documents", visible_accounts(request)),
    }
    return page(request, "compliance/documents/document_radar.html", context, fragment="radar")


def _months(day: date) -> list[str]:
    """This month and those after it."""
    first = day.replace(day=1)
    return [f"{months_after(first, number):%Y-%m}" for number in range(_MONTHS)]


def _rows_of(rows: Any, day: date, key: str) -> Any:
    if key == "past":
        return rows.filter(too_old_on__lte=day)
    first = date.fromisoformat(f"{key}-01")
    return rows.filter(too_old_on__gt=day, too_old_on__gte=first, too_old_on__lt=months_after(first, 1))


def _buckets(rows: Any, day: date, wanted: str) -> list[Bucket]:
    """Counts of all stretches in one query."""
    months = _months(day)
    last = months_after(date.fromisoformat(f"{months[-1]}-01"), 1)
    items = ItemAssignment.objects.present().values("object_sid")
    counted = (
        rows.filter(too_old_on__lt=last)
        .order_by()
        .values(month=TruncMonth("too_old_on"), is_past=Q(too_old_on__lte=day))
        .annotate(documents=Count("pk"), used=Count("pk", filter=Q(pk__in=items)))
    )
    found: dict[str, tuple[int, int]] = {}
    for row in counted:
        key = "past" if row["is_past"] else f"{row['month']:%Y-%m}"
        documents, used = found.get(key, (0, 0))
        found[key] = documents + row["documents"], used + row["used"]
    most = max((documents for documents, _ in found.values()), default=0) or 1
    titles = {"past": "Too old already"}
    return [
        Bucket(
            key,
            titles.get(key) or f"{date.fromisoformat(key + '-01'):%B %Y}",
            *found.get(key, (0, 0)),
            share=found.get(key, (0, 0))[0] / most,
            is_current=key == wanted,
        )
        for key in ("past", *months)
    ]
