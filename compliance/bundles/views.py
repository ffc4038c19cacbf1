"""Bundles: the list, and one with everything that hangs on it."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from compliance.bundles import actions
from compliance.bundles.contents import contents_of
from compliance.bundles.filters import BundleFilter
from compliance.bundles.lines import deadline_of, for_list, lines_of
from compliance.bundles.progress import next_of, steps_of
from compliance.evaluations import compare, read_faults
from compliance.labels import BUNDLE_STATES, EVALUATION_STATES
from compliance.models import Bundle, Evaluation, ItemAssignment, RegulationVersion
from compliance.models.regulation import GROUP
from compliance.regulation_diff import Difference
from compliance.regulations.versions import changes_since, group_of
from compliance.renewals.rules import Stage, expected_by, renewal_of
from inventory.models import PhoneNumber
from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.filtering import applied, chips_of
from portal.freshness import freshness
from portal.http import StaffRequest, page
from portal.labels import label_for
from portal.listing import Sort, list_page, read_order, seek
from portal.object_pages import NoteForm
from portal.reveal.reveals import Subject, cell_of
from portal.reveal.views import private, reveal
from portal.saved_views.menu import view_menu
from portal.shell import visible_accounts
from portal.timeline import open_operation, running_reveals, timeline

BUNDLE_SORTS = (
    Sort("since", "Last change of status", ("since", "sid"), starts_descending=True),
    Sort("name", "Name", ("friendly_name", "sid")),
    Sort("status", "Status", ("status", "sid")),
    Sort("until", "Valid until", ("until", "sid")),
    Sort("created", "Created", ("remote_created_at", "sid"), starts_descending=True),
)
DEFAULT_SORT = "-since"
# The filters that stand above the list; the others are under "More filters".
QUICK_FILTERS = ("status", "next", "country", "account")
MORE_FILTERS = (
    "type", "end_user", "deadline", "valid_from", "valid_to", "test", "listed", "regulation", "holds",
)  # fmt: skip
OPERATION_TITLES = {
    actions.CREATE_BUNDLE: "Created",
    actions.UPDATE_BUNDLE: "Name, contact or callback changed",
    actions.SUBMIT_BUNDLE: "Submitted for review",
    actions.REOPEN_BUNDLE: "Taken back to draft",
    actions.CHANGE_ITEMS: "Items changed",
    actions.DELETE_BUNDLE: "Deleted",
    "compliance.start_update": "Update started",
    "compliance.replace_items": "Items replaced",
    "compliance.escalate_review": "Review escalated",
}
# The labels of Twilio's properties in the history; the e-mail address is told as changed, never told.
_TOLD = {
    **actions.PROPERTIES,
    "valid_until": "Valid until",
    "regulation_sid": "Regulation",
    "status": "Status",
}
_PERSONAL = frozenset({"email", "friendly_name"})
_CSV = {
    "sid": "SID", "account_sid": "Account", "account": "Account", "friendly_name": "Name", "status": "Status",
    "status_since": "Since", "iso_country": "Country", "number_type": "Type", "end_user_type": "End user",
    "regulation_sid": "Regulation", "valid_until": "Valid until", "submitted_at": "Submitted",
    "date_created": "Created", "is_test": "Test bundle", "numbers": "Numbers",
}  # fmt: skip
_EVALUATIONS_SHOWN = 30


@require_GET
@allowed(Permission.VIEW)
def bundle_list(request: StaffRequest) -> HttpResponse:
    filter_ = bundle_filter(request)
    listing = list_page(request, for_list(filter_.listed_rows), sorts=BUNDLE_SORTS, default_sort=DEFAULT_SORT)
    listing.chips = chips_of(filter_, request.GET)
    more = [filter_.form[name] for name in MORE_FILTERS]
    context = {
        "list": listing,
        "views": view_menu(
            request, "compliance:bundle-list", filter_=filter_, listing=listing, default_sort=DEFAULT_SORT
        ),
        "filter": filter_,
        "quick_filters": [
            (filter_.form[name], applied(filter_, request.GET, name)) for name in QUICK_FILTERS
        ],
        "more_filters": more,
        "more_count": sum(applied(filter_, request.GET, field.name) for field in more),
        "lines": lines_of(listing.rows, request.access.visible),
        "freshness": freshness("bundles", visible_accounts(request)),
        "can_manage": request.access.can(Permission.MANAGE_BUNDLES),
        "can_export": request.access.can(Permission.EXPORT),
    }
    return page(request, "compliance/bundles/bundle_list.html", context, fragment="bundles")


@require_GET
@allowed(Permission.EXPORT)
def bundle_export(request: StaffRequest) -> HttpResponseBase:
    """The list as CSV, in its filter and sort, without contacts."""
    order = read_order(request, BUNDLE_SORTS, default=DEFAULT_SORT)
    rows = request.access.visible(bundle_filter(request).listed_rows, permission=Permission.EXPORT)
    ordered = seek(for_list(rows), order, order.descending, key=())
    header = [f"{title} ({key})" for key, title in _CSV.items()]
    return csv_response("bundles", header, _csv_lines(request, ordered.iterator(chunk_size=1000)))


@require_GET
@allowed(Permission.VIEW)
def bundle_detail(request: StaffRequest, sid: str) -> HttpResponse:
    return show(request, visible_bundle(request, sid))


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def bundle_reveal(request: StaffRequest, sid: str) -> HttpResponse:
    """Show the contact e-mail, for a reason."""
    bundle = visible_bundle(request, sid)
    return reveal(request, _contact(bundle))


def bundle_filter(request: StaffRequest) -> BundleFilter:
    """The list's filter over what a person may see; it offers what their bundles are about."""
    rows = request.access.visible(Bundle.objects.all())
    groups = rows.filter(regulation__isnull=False).order_by()
    return BundleFilter(
        request.GET,
        rows,
        accounts=visible_accounts(request),
        groups=groups.values_list(*(f"regulation__{name}" for name in GROUP)).distinct(),
    )


def visible_bundle(request: StaffRequest, sid: str) -> Bundle:
    """A bundle with what is counted about it: its items, its numbers, the last change of its regulation."""
    versions = RegulationVersion.objects.filter(
        **{name: OuterRef(f"regulation__{name}") for name in GROUP}
    ).order_by("-number")
    items = ItemAssignment.objects.present().filter(bundle=OuterRef("pk"))
    numbers = PhoneNumber.objects.present().filter(bundle_sid=OuterRef("pk")).order_by()
    rows = Bundle.objects.select_related("account", "regulation").defer("payload", "regulation__payload")
    rows = rows.annotate(
        regulation_version=Subquery(versions.values("number")[:1]),
        regulation_changed_at=Subquery(versions.filter(number__gt=1).values("seen_at")[:1]),
        item_sids=ArraySubquery(items.values("object_sid")),
        number_count=Coalesce(
            Subquery(numbers.values("bundle_sid").annotate(Count("pk")).values("pk__count")), 0
        ),
    )
    bundle: Bundle = get_object_or_404(request.access.visible(rows), pk=sid)
    return bundle


def show(request: StaffRequest, bundle: Any, *, status: int = 200, **context: Any) -> HttpResponse:
    """The page of a bundle, with more in its context where something is to be said on it."""
    can_reveal = request.access.can(Permission.REVEAL_PERSONAL, bundle.account_id)
    deadline, renewal = deadline_of(bundle), renewal_of(bundle)
    expected = expected_by(bundle.submitted_at) if bundle.is_under_review and bundle.submitted_at else None
    events = timeline(
        bundle.pk, kinds=OPERATION_TITLES, properties=_TOLD, personal=_PERSONAL, with_reveals=True
    )
    seen = running_reveals(events, request.user) if can_reveal else {}
    context = {
        "bundle": bundle,
        "label": label_for(BUNDLE_STATES, bundle.status),
        "steps": steps_of(bundle),
        "next": next_of(
            bundle,
            expected,
            deadline.words if deadline else "",
            is_being_updated=renewal is not None and renewal.stage == Stage.REVIEW,
        ),
        "deadline": deadline,
        "contact": cell_of(_contact(bundle), can_reveal=can_reveal, running=seen),
        "contents": contents_of(bundle.item_sids, request.access.visible),
        **_evaluations(request, bundle),
        "regulation_changes": _regulation_changes(bundle),
        "renewal": renewal,
        "can_manage": request.access.can(Permission.MANAGE_BUNDLES, bundle.account_id),
        "can_annotate": request.access.can(Permission.ANNOTATE, bundle.account_id),
        "open_operation": open_operation(events),
        "timeline": events,
        "freshness": freshness("bundles", [bundle.account]).or_read_at(bundle.synced_at),
        "note_form": NoteForm(),
        **context,
    }
    fragment = "evaluations" if "from" in request.GET or "to" in request.GET else "bundle"
    template = "compliance/bundles/bundle_detail.html"
    return private(page(request, template, context, fragment=fragment, status=status))


def _contact(bundle: Bundle) -> Subject:
    return Subject(
        account=bundle.account,
        target=bundle.pk,
        field="email",
        label=actions.PROPERTIES["email"],
        url=reverse("compliance:bundle-reveal", args=[bundle.pk]),
        page_url=bundle.get_absolute_url(),
        read=lambda: bundle.email,
    )


def _evaluations(request: StaffRequest, bundle: Bundle) -> dict[str, Any]:
    """The newest evaluations, and what differs between the two that the URL names, else the last two."""
    evaluations = list(Evaluation.objects.filter(bundle=bundle)[:_EVALUATIONS_SHOWN])
    older = _named(evaluations, request.GET.get("from", ""), evaluations[1:])
    newer = _named(evaluations, request.GET.get("to", ""), evaluations)
    return {
        "evaluations": [(one, label_for(EVALUATION_STATES, one.status)) for one in evaluations],
        "older": older,
        "newer": newer,
        "comparison": compare(older.results, newer.results) if older and newer else None,
        "faults": read_faults(newer.results) if newer and not older else [],
    }


def _named(found: Sequence[Evaluation], sid: str, otherwise: Sequence[Evaluation]) -> Evaluation | None:
    return next((one for one in found if one.pk == sid), next(iter(otherwise), None))


def _regulation_changes(bundle: Any) -> Sequence[Difference]:
    """What the regulation asks for otherwise since the bundle was last submitted, or else made."""
    changed_at = bundle.regulation_changed_at
    since = bundle.submitted_at or bundle.remote_created_at
    if not (bundle.regulation and changed_at and since and since < changed_at):
        return ()
    return changes_since(bundle.regulation, since)


def _csv_lines(request: StaffRequest, bundles: Iterable[Bundle]) -> Iterator[Sequence[Any]]:
    visible = partial(request.access.visible, permission=Permission.EXPORT)
    rest = iter(bundles)
    while batch := list(islice(rest, 1000)):
        for line in lines_of(batch, visible):
            bundle = line.bundle
            group = group_of(bundle.regulation) if bundle.regulation else ("", "", "")
            yield [
                bundle.pk, bundle.account_id, bundle.account.friendly_name, bundle.friendly_name,
                bundle.status, bundle.status_since, *group, bundle.regulation_id, bundle.valid_until,
                bundle.submitted_at, bundle.remote_created_at, bundle.is_test, line.numbers,
            ]  # fmt: skip
