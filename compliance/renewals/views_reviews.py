"""Bundles under review: how long they have been, and what to write to Twilio when that is too long."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from compliance.models import Bundle
from compliance.querysets import BundleQuerySet
from compliance.renewals import actions
from compliance.renewals.filters import ReviewFilter
from compliance.renewals.forms import TicketForm
from compliance.renewals.reviews import (
    FEWEST_DECISIONS,
    escalation_text,
    lines_of,
    observed_medians,
    reviews,
)
from compliance.renewals.rules import escalation_after, office_hours
from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.filtering import applied, chips_of
from portal.freshness import freshness
from portal.http import StaffRequest, go, page
from portal.listing import Sort, list_page, read_order, seek
from portal.shell import visible_accounts

REVIEW_SORTS = (
    Sort("waiting", "Time of submission", ("submitted_at", "sid")),
    Sort("name", "Name", ("friendly_name", "sid")),
)
FILTERS = ("late", "country", "account")
# So many bundles go into one text.
_MOST_IN_A_TEXT = 100
_CSV = (
    "Bundle (sid)", "Name (friendly_name)", "Account (account_sid)", "Account", "Country", "Type",
    "Status (status)", "Submitted", "Hours", "Business hours", "Expected by", "Ticket",
)  # fmt: skip


@require_GET
@allowed(Permission.VIEW)
def review_list(request: StaffRequest) -> HttpResponse:
    rows = request.access.visible(reviews())
    medians = observed_medians(request.access.visible(Bundle.objects.all()))
    filter_ = _filter(request, rows)
    listing = list_page(request, _shown(filter_.qs), sorts=REVIEW_SORTS, default_sort="waiting")
    listing.chips = chips_of(filter_, request.GET)
    context = {
        "list": listing,
        "lines": lines_of(listing.rows, medians),
        "filter": filter_,
        "quick_filters": [(filter_.form[name], applied(filter_, request.GET, name)) for name in FILTERS],
        "late_count": rows.filter(submitted_at__lt=timezone.now() - escalation_after()).count(),
        "medians": list(medians.values()),
        "fewest": FEWEST_DECISIONS,
        "expected_hours": settings.REVIEW_EXPECTED_HOURS,
        "escalation_hours": settings.REVIEW_ESCALATION_HOURS,
        "office_hours": office_hours(),
        "freshness": freshness("bundles", visible_accounts(request)),
        "can_export": request.access.can(Permission.EXPORT),
    }
    return page(request, "compliance/renewals/review_list.html", context, fragment="reviews")


@require_GET
@allowed(Permission.EXPORT)
def review_export(request: StaffRequest) -> HttpResponseBase:
    """The list as CSV, in its filter and sort."""
    filter_ = _filter(request, request.access.visible(reviews(), permission=Permission.EXPORT))
    order = read_order(request, REVIEW_SORTS, default="waiting")
    lines = lines_of(list(seek(_shown(filter_.qs), order, order.descending, key=())), {})
    cells = (
        [
            line.bundle.pk, line.bundle.friendly_name, line.bundle.account_id,
            line.bundle.account.friendly_name,
            line.bundle.regulation.iso_country if line.bundle.regulation else "",
            line.bundle.regulation.number_type if line.bundle.regulation else "",
            line.bundle.status, line.submitted_at.isoformat(), line.hours, line.business_hours,
            line.expected_by.isoformat(), line.escalation.detail["ticket"] if line.escalation else "",
        ]
        for line in lines
    )  # fmt: skip
    return csv_response("reviews", _CSV, cells)


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def review_escalation(request: StaffRequest) -> HttpResponse:
    """A text for Twilio Support about the chosen bundles, or about all that wait too long."""
    sids = [sid for sid in request.GET.getlist("sid") if sid.isalnum()]
    which = {"pk__in": sids} if sids else {"submitted_at__lt": timezone.now() - escalation_after()}
    rows = request.access.visible(reviews()).filter(**which)
    bundles = list(_shown(rows).order_by("submitted_at", "sid")[:_MOST_IN_A_TEXT])
    form = TicketForm(request.POST or None)
    if request.method == "POST":
        for bundle in bundles:
            request.access.require(Permission.MANAGE_BUNDLES, bundle.account_id)
        if form.is_valid() and bundles:
            ticket = form.cleaned_data["ticket"]
            actions.escalate(bundles=bundles, ticket=ticket, actor=request.user)
            messages.success(request, f"Written down: Twilio was told, ticket {ticket}.")
            return go(request, "compliance:review-list")
    lines = lines_of(bundles, {})
    context: dict[str, Any] = {
        "lines": lines,
        "letter": escalation_text(lines) if lines else "",
        "form": form,
        "escalation_hours": settings.REVIEW_ESCALATION_HOURS,
        "can_manage": all(
            request.access.can(Permission.MANAGE_BUNDLES, bundle.account_id) for bundle in bundles
        ),
    }
    status = 422 if form.errors else 200
    return page(
        request, "compliance/renewals/review_escalation.html", context, fragment="escalation", status=status
    )


def _filter(request: StaffRequest, rows: BundleQuerySet) -> ReviewFilter:
    countries = rows.order_by().values_list("regulation__iso_country", flat=True).distinct()
    return ReviewFilter(request.GET, rows, accounts=visible_accounts(request), countries=countries)


def _shown(rows: Any) -> Any:
    return rows.select_related("account", "regulation").defer("payload", "regulation__payload")
