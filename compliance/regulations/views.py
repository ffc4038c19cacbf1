"""What countries ask for: the same for every account, so whoever may see anything may see it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET

from compliance.labels import BUNDLE_STATES
from compliance.models import Bundle, Regulation, RegulationVersion
from compliance.models.regulation import GROUP
from compliance.regulation_diff import Difference, diff
from compliance.regulations.filters import RegulationFilter
from compliance.regulations.versions import group_of, latest_versions, versions_of
from compliance.regulations.words import documents_of, rules_of, summary_of
from compliance.requirements import read_requirements
from portal.access import Permission, allowed
from portal.filtering import applied, chips_of
from portal.freshness import freshness
from portal.http import StaffRequest, page
from portal.labels import Label, label_for
from portal.listing import Sort, list_page
from portal.shell import visible_accounts

REGULATION_SORTS = (
    Sort("country", "Country code", (*GROUP, "sid")),
    Sort("type", "Type", ("number_type", "iso_country", "end_user_type", "sid")),
)
FILTERS = ("country", "type", "end_user", "changed", "listed")


@require_GET
@allowed(Permission.VIEW)
def regulation_list(request: StaffRequest) -> HttpResponse:
    groups = list(Regulation.objects.order_by().values_list(*GROUP).distinct())
    filter_ = RegulationFilter(request.GET, Regulation.objects.all(), groups=groups)
    listing = list_page(request, filter_.listed_rows, sorts=REGULATION_SORTS, default_sort="country")
    listing.chips = chips_of(filter_, request.GET)
    versions, bundles = latest_versions(listing.rows), _bundle_counts(request, listing.rows)
    context = {
        "list": listing,
        "filter": filter_,
        "quick_filters": [(filter_.form[name], applied(filter_, request.GET, name)) for name in FILTERS],
        "lines": [
            (
                regulation,
                summary_of(_requirements(regulation)),
                versions.get(group_of(regulation)),
                bundles[regulation.pk],
            )
            for regulation in listing.rows
        ],
        "freshness": freshness("regulations", visible_accounts(request)),
    }
    return page(request, "compliance/regulations/regulation_list.html", context, fragment="regulations")


@require_GET
@allowed(Permission.VIEW)
def regulation_detail(request: StaffRequest, sid: str) -> HttpResponse:
    regulation = _regulation(sid)
    requirements = _requirements(regulation)
    versions = versions_of(regulation)
    context = {
        "regulation": regulation,
        "end_users": [
            (need, [(field, rules_of(field)) for field in need.fields]) for need in requirements.end_users
        ],
        "documents": documents_of(requirements),
        "versions": versions,
        "changes": diff(versions[1].requirements, versions[0].requirements) if len(versions) > 1 else [],
        "successor": _successor(regulation),
        "bundles": _bundles_by_status(request, regulation),
        "start_url": start_url(request, regulation),
        "freshness": freshness("regulations", visible_accounts(request)),
    }
    return page(request, "compliance/regulations/regulation_detail.html", context)


@require_GET
@allowed(Permission.VIEW)
def regulation_versions(request: StaffRequest, sid: str) -> HttpResponse:
    """Any two versions side by side; the two newest where the URL names none."""
    regulation = _regulation(sid)
    versions = versions_of(regulation)
    older = _named(versions, request.GET.get("from", ""), versions[1:])
    newer = _named(versions, request.GET.get("to", ""), versions)
    context: dict[str, Any] = {"regulation": regulation, "versions": versions, "older": older, "newer": newer}
    if older and newer:
        differences = diff(older.requirements, newer.requirements)
        context["parts"] = _by_part(differences)
        context["more_count"] = sum(one.asks_for_more for one in differences)
    return page(request, "compliance/regulations/regulation_versions.html", context, fragment="comparison")


@require_GET
@allowed(Permission.VIEW)
def regulation_checklist(request: StaffRequest, sid: str) -> HttpResponse:
    """What a customer has to send, to be printed: nothing in it is about us or about Twilio's machinery."""
    regulation = _regulation(sid)
    requirements = _requirements(regulation)
    context = {
        "regulation": regulation,
        "end_users": [
            (need, [(field, rules_of(field)) for field in need.fields if field.kind != "addresses"])
            for need in requirements.end_users
        ],
        "documents": documents_of(requirements),
        "version": next(iter(versions_of(regulation)), None),
    }
    return page(request, "compliance/regulations/regulation_checklist.html", context)


def start_url(request: StaffRequest, regulation: Regulation) -> str:
    """Where a bundle for it is started; "" for those who may not, and for one that is not in force."""
    if regulation.missing_since or not request.access.can(Permission.MANAGE_BUNDLES):
        return ""
    try:
        url = reverse("compliance:bundle-create")
    except NoReverseMatch:
        return ""
    group = {
        "country": regulation.iso_country,
        "type": regulation.number_type,
        "end_user": regulation.end_user_type,
    }
    return f"{url}?{urlencode(group)}"


def _regulation(sid: str) -> Regulation:
    regulation: Regulation = get_object_or_404(Regulation, pk=sid)
    return regulation


def _requirements(regulation: Regulation) -> Any:
    return read_requirements(regulation.payload.get("requirements"))


def _named(
    versions: Sequence[RegulationVersion], number: str, otherwise: Sequence[RegulationVersion]
) -> RegulationVersion | None:
    named = (version for version in versions if str(version.number) == number)
    return next(named, next(iter(otherwise), None))


def _by_part(differences: Iterable[Difference]) -> list[tuple[str, list[Difference]]]:
    parts: dict[str, list[Difference]] = {}
    for difference in differences:
        parts.setdefault(difference.part, []).append(difference)
    return list(parts.items())


def _successor(regulation: Regulation) -> Regulation | None:
    """The one in force in place of one that is not."""
    if not regulation.missing_since:
        return None
    group = dict(zip(GROUP, group_of(regulation), strict=True))
    found: Regulation | None = Regulation.objects.in_force().filter(**group).first()
    return found


def _bundle_counts(request: StaffRequest, regulations: Sequence[Regulation]) -> Counter[str]:
    rows = request.access.visible(Bundle.objects.present().filter(regulation__in=regulations))
    return Counter(dict(rows.order_by().values_list("regulation").annotate(Count("sid"))))


def _bundles_by_status(request: StaffRequest, regulation: Regulation) -> list[tuple[Label, str, int]]:
    """How many of our bundles stand under it in each status."""
    rows = request.access.visible(Bundle.objects.present().filter(regulation=regulation)).order_by()
    counts = dict(rows.values_list("status").annotate(Count("sid")))
    order = [*BUNDLE_STATES, *(status for status in counts if status not in BUNDLE_STATES)]
    return [(label_for(BUNDLE_STATES, one), one, counts[one]) for one in order if one in counts]
