from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import Count as Counting
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory.bulk.actions import freeze_numbers
from inventory.bulk.kinds import TASKS, tasks_for
from inventory.models import ActivitySum, NumberActivity, NumberFacet, PhoneNumber, UsagePeriod
from inventory.usage import actions, activity, forms
from inventory.usage.columns import COLUMNS
from inventory.usage.filters import RiskFilter
from portal.access import Permission, allowed
from portal.batches.asking import NotAllowed
from portal.csv_files import csv_response
from portal.filtering import applied, chips_of
from portal.freshness import freshness
from portal.http import StaffRequest, go, page, way_back
from portal.listing import Count, Find, Order, Sort, list_page, read_order, seek
from portal.money import money_words
from portal.saved_views.menu import view_menu
from portal.shell import visible_accounts

RISK_SORTS = (
    Sort("risk", "Risk", ("urgency", "currency", "monthly_cost", "number_id"), starts_descending=True),
    Sort("cost", "A month", ("currency", "monthly_cost", "number_id"), starts_descending=True),
    Sort("number", "Number", ("phone_number", "number_id")),
    Sort("added", "Added", ("added_at", "number_id")),
)
DEFAULT_SORT = "-risk"
# So many rows are fetched and sorted in a few milliseconds.
FEW = 2_000
QUICK_FILTERS = ("activity", "country", "type", "account", "standing", "kept")


@require_GET
@allowed(Permission.VIEW)
def risk_list(request: StaffRequest) -> HttpResponse:
    filter_ = _filter(request, request.GET)
    count, idle, wasted = _sums(request, filter_)
    listing = list_page(
        request,
        _for_table(NumberActivity.objects.all()),
        sorts=RISK_SORTS,
        default_sort=DEFAULT_SORT,
        count=Count(count),
        find=_finder(filter_.qs, is_short=count <= FEW),
    )
    listing.chips = chips_of(filter_, request.GET)
    accounts = visible_accounts(request)
    context = {
        "list": listing,
        "views": view_menu(
            request, "inventory:risk-list", filter_=filter_, listing=listing, default_sort=DEFAULT_SORT
        ),
        "filter": filter_,
        "quick_filters": [
            (filter_.form[name], applied(filter_, request.GET, name)) for name in QUICK_FILTERS
        ],
        "idle": idle,
        "wasted": money_words(wasted),
        "periods": _periods(request),
        "freshness": freshness("usage", accounts),
        "today": timezone.now().date(),
        "can_export": request.access.can(Permission.EXPORT),
        "can_annotate": request.access.can(Permission.ANNOTATE),
        "tasks": tasks_for(request.access),
    }
    return page(request, "inventory/usage/risk_list.html", context, fragment="risk")


@require_GET
@allowed(Permission.EXPORT)
def risk_export(request: StaffRequest) -> HttpResponseBase:
    """The list as CSV, in its filter and sort."""
    order = read_order(request, RISK_SORTS, default=DEFAULT_SORT)
    rows = request.access.visible(_filter(request, request.GET).qs, permission=Permission.EXPORT)
    rows = seek(_for_table(rows), order, order.descending, key=())
    cells = ([cell(row) for _, cell in COLUMNS] for row in rows.iterator(chunk_size=2000))
    return csv_response("numbers-at-risk", [title for title, _ in COLUMNS], cells)


@require_POST
@allowed(Permission.VIEW)
def risk_select(request: StaffRequest) -> HttpResponse:
    """Freeze the ticked numbers, or all that match the list, and go on to what is to be done with them."""
    query = request.POST.get("query", "").removeprefix("?")
    back = f"{reverse('inventory:risk-list')}{'?' if query else ''}{query}"
    task = TASKS.get(request.POST.get("do", ""))
    if task is None:
        messages.error(request, "Choose what to do with the numbers.")
        return redirect(back)
    if request.POST.get("all"):
        wanted: Any = _filter(request, QueryDict(query)).qs.order_by().values("pk")
    else:
        wanted = [sid for sid in request.POST.getlist("sid") if sid.isalnum()]
    rows = PhoneNumber.objects.present().filter(pk__in=wanted)
    rows = request.access.visible(rows, permission=task.permission)
    try:
        batch = freeze_numbers(rows, kind=task.kind, author=request.user, draft_view=task.draft_view)
    except NotAllowed as reason:
        messages.error(request, str(reason))
        return redirect(back)
    return redirect(batch)


@require_http_methods(["GET", "POST"])
@allowed(Permission.ANNOTATE)
def number_keep(request: StaffRequest, sid: str) -> HttpResponse:
    """Until when a number is kept, and why."""
    number = _annotatable_number(request, sid)
    kept = getattr(number, "kept", None)
    initial = {"until": kept.until, "reason": kept.reason} if kept else {}
    form = forms.KeepForm(request.POST or None, initial=initial)
    back = _back(request, number)
    if request.method == "POST" and form.is_valid():
        actions.keep_number(number=number, actor=request.user, **form.cleaned_data)
        messages.success(request, f"Kept until {form.cleaned_data['until']:%-d %b %Y}.")
        return go(request, back)
    context = {"number": number, "kept": kept, "form": form, "back": back}
    status = 422 if form.is_bound else 200
    return page(request, "inventory/usage/number_keep.html", context, fragment="keep", status=status)


@require_POST
@allowed(Permission.ANNOTATE)
def number_keep_end(request: StaffRequest, sid: str) -> HttpResponse:
    number = _annotatable_number(request, sid)
    actions.stop_keeping_number(number=number, actor=request.user)
    messages.success(request, "Not kept any more.")
    return go(request, _back(request, number))


@require_GET
@allowed(Permission.VIEW)
def activity_rule(request: StaffRequest) -> HttpResponse:
    """How activity is worked out (UX-42)."""
    return page(request, "inventory/usage/activity_rule.html", {"rule": activity})


def _annotatable_number(request: StaffRequest, sid: str) -> PhoneNumber:
    rows = PhoneNumber.objects.select_related("account", "kept")
    number: PhoneNumber = get_object_or_404(request.access.visible(rows), pk=sid)
    request.access.require(Permission.ANNOTATE, number.account_id)
    return number


def _back(request: HttpRequest, number: PhoneNumber) -> str:
    """The list at risk, as it was seen, for who came from there; else the number."""
    return way_back(request, "inventory:risk-list") or number.get_absolute_url()


def _filter(request: StaffRequest, data: QueryDict) -> RiskFilter:
    rows = request.access.visible(NumberActivity.objects.all())
    facets = request.access.visible(NumberFacet.objects.filter(count__gt=0))
    countries = facets.order_by().values_list("country", flat=True).distinct()
    return RiskFilter(data, rows, accounts=visible_accounts(request), countries=countries)


def _for_table(rows: QuerySet[NumberActivity]) -> QuerySet[NumberActivity]:
    """What the list shows; never the payload."""
    return rows.select_related("account", "number__kept").only(
        "account_id", "phone_number", "country", "number_type", "added_at", "state", "calls",
        "counted_calls", "messages", "counted_messages", "urgency", "monthly_cost", "currency", "keep_until",
        "account__friendly_name", "account__status", "account__type", "number__friendly_name",
        "number__owner", "number__cost_centre", "number__kept__reason",
    )  # fmt: skip


def _finder(rows: QuerySet[NumberActivity], *, is_short: bool) -> Find:
    """Finds the sids of a page: of a long list through an index that holds all that is asked."""

    def find(order: Order, descending: bool, key: Sequence[str], limit: int) -> list[str]:
        found = seek(rows, order, descending, key, use_index=not is_short)
        return list(found.values_list("pk", flat=True)[:limit])

    return find


def _sums(request: StaffRequest, filter_: RiskFilter) -> tuple[int, int, dict[str, Decimal]]:
    """How many numbers there are, how many are idle, and what those cost a month, in one query."""
    is_idle = Q(state=NumberActivity.State.IDLE)
    cost = Sum("monthly_cost", filter=is_idle, default=Decimal(0))
    sums: Iterable[tuple[str, int, int, Decimal]]
    if filter_.is_about_rows:
        rows = filter_.qs.order_by().values_list("currency")
        sums = rows.annotate(every=Counting("pk"), idle=Counting("pk", filter=is_idle), cost=cost)
    else:
        known = request.access.visible(ActivitySum.objects.filter(filter_.facets))
        sums = known.order_by().values_list("currency").annotate(
            every=Sum("count"), idle=Sum("count", filter=is_idle, default=0), cost=cost
        )  # fmt: skip
    found = list(sums)
    wasted = {currency: cost for currency, _, _, cost in found if currency and cost}
    return sum(n for _, n, _, _ in found), sum(n for _, _, n, _ in found), wasted


def _periods(request: StaffRequest) -> Sequence[UsagePeriod]:
    """The months that the counts of the visible accounts are of, each once."""
    periods = request.access.visible(UsagePeriod.objects.order_by("first_day", "last_day"))
    return list({(period.first_day, period.last_day): period for period in periods}.values())
