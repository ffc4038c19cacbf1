"""Hosted orders: the list, and one with what is next."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory.bulk.actions import freeze_numbers
from inventory.bulk.kinds import TASKS
from inventory.models import Address, PhoneNumber
from portal.access import Permission, allowed
from portal.batches.asking import NotAllowed
from portal.csv_files import csv_response
from portal.filtering import applied, chips_of
from portal.freshness import freshness
from portal.http import StaffRequest, go, page
from portal.listing import Sort, list_page, read_order, seek
from portal.object_pages import NoteForm, note_on, read_again
from portal.reveal.reveals import cell_of
from portal.reveal.views import private, reveal
from portal.saved_views.menu import view_menu
from portal.shell import visible_accounts
from portal.timeline import open_operation, running_reveals, timeline
from porting.accounts import kept_out
from porting.board.log import REMINDED, is_remindable, log_of, with_log
from porting.hosting.calls.actions import CALL_OWNER, SEND_BILL, SEND_CODE
from porting.hosting.letters.actions import NothingToSign, draft_letters
from porting.hosting.ordering.actions import CREATE_ORDER
from porting.hosting.orders import actions
from porting.hosting.orders.failures import remedy_of, support_text
from porting.hosting.orders.filters import HostedOrderFilter
from porting.hosting.orders.lines import ORDER_FIELDS, line_of, subject_of
from porting.hosting.orders.tracker import MOST_CALLS, steps_of
from porting.hosting.refusals import sentence_of
from porting.models import AccountFeature, HostedOrder
from porting.models.hosting import HostedOrderQuerySet

ORDER_SORTS = (
    Sort("newest", "Newest", ("remote_created_at", "sid"), starts_descending=True),
    Sort("number", "Number", ("phone_number", "sid")),
    Sort("waiting", "Longest in its status", ("status_since", "sid")),
)
FILTERS = ("turn", "status", "account", "listed")
OPERATION_TITLES = {
    CREATE_ORDER: "Ordered",
    actions.DELETE_ORDER: "Deleted",
    CALL_OWNER: "Owner called",
    SEND_BILL: "Phone bill sent",
    SEND_CODE: "Code sent",
    REMINDED: "Team reminded",
}
PROPERTIES = {
    "status": "Status",
    "failure_reason": "Failure reason",
    "signing_document_sid": "Letter of authorization",
    "verification_attempts": "Calls made",
    "verification_call_sids": "Calls",
    "incoming_phone_number_sid": "Number",
    **ORDER_FIELDS,
}
PERSONAL = frozenset(
    {
        *ORDER_FIELDS, "verification_code", "verification_call_extension", "extension", "friendly_name",
        "unique_name",
    }
)  # fmt: skip
_LIGHT = ("payload", "email", "cc_emails", "contact_phone_number", "contact_title", "verification_code")
_CSV = {
    "phone_number": "Number", "sid": "SID", "account_sid": "Account", "account": "Account",
    "status": "Status", "since": "Since", "next": "Who acts next", "attempts": "Calls made",
    "failure_reason": "Failure reason", "letter": "Letter", "number_sid": "Number SID", "created": "Created",
}  # fmt: skip


@require_GET
@allowed(Permission.VIEW)
def hosted_order_list(request: StaffRequest) -> HttpResponse:
    filter_ = _filter(request)
    rows = filter_.listed_rows.select_related("account").defer(*_LIGHT)
    listing = list_page(request, rows, sorts=ORDER_SORTS, default_sort="-newest")
    listing.chips = chips_of(filter_, request.GET)
    now = timezone.now()
    can_manage = request.access.can(Permission.MANAGE_PORTING)
    context = {
        "list": listing,
        "views": view_menu(
            request, "porting:hosted-order-list", filter_=filter_, listing=listing, default_sort="-newest"
        ),
        "filter": filter_,
        "quick_filters": [(filter_.form[name], applied(filter_, request.GET, name)) for name in FILTERS],
        "lines": [line_of(order, now) for order in listing.rows],
        "most_calls": MOST_CALLS,
        "freshness": freshness("hosted_orders", visible_accounts(request)),
        "kept_out": kept_out(request, AccountFeature.Feature.HOSTING),
        "can_manage": can_manage,
        "can_export": request.access.can(Permission.EXPORT),
        "tasks": _tasks(request) if can_manage else [],
        "select_url": reverse("porting:hosted-order-select"),
    }
    return page(request, "porting/hosting/hosted_order_list.html", context, fragment="hosted-orders")


@require_GET
@allowed(Permission.EXPORT)
def hosted_order_export(request: StaffRequest) -> HttpResponseBase:
    """The list as CSV, in its filter and sort, without what is personal."""
    order = read_order(request, ORDER_SORTS, default="-newest")
    rows = request.access.visible(_filter(request).listed_rows, permission=Permission.EXPORT)
    ordered = seek(rows.select_related("account").defer(*_LIGHT), order, order.descending, key=())
    header = [f"{title} ({key})" for key, title in _CSV.items()]
    return csv_response("hosted-orders", header, _csv_lines(ordered))


@require_POST
@allowed(Permission.MANAGE_PORTING)
def hosted_order_select(request: StaffRequest) -> HttpResponse:
    """Take the ticked orders, or all that match the list, on to a letter or to the setup of their numbers."""
    query = request.POST.get("query", "").removeprefix("?")
    back = f"{reverse('porting:hosted-order-list')}{'?' if query else ''}{query}"
    rows = request.access.visible(_selected(request, query), permission=Permission.MANAGE_PORTING)
    if request.POST.get("do") == "setup":
        return _set_up(request, rows, back)
    try:
        drafts = draft_letters(rows.without_loa().only("sid", "account_id"), actor=request.user)
    except NothingToSign:
        words = (
            "None of these orders can be put on a letter: they have to be verified, and on no other letter."
        )
        messages.error(request, words)
        return redirect(back)
    except ValueError as fault:
        messages.error(request, f"{fault} Narrow the list and do it in parts.")
        return redirect(back)
    if len(drafts) > 1:
        names = ", ".join(str(draft.account) for draft in drafts[1:])
        first = drafts[0].account
        words = f"A letter belongs to one account. This one is of {first}. Tick those of {names} after it."
        messages.info(request, words)
    return go(request, "porting:authorization-create", drafts[0].pk)


@require_GET
@allowed(Permission.VIEW)
def hosted_order_detail(request: StaffRequest, sid: str) -> HttpResponse:
    return show(request, visible_order(request, sid))


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def hosted_order_reveal(request: StaffRequest, sid: str, field: str) -> HttpResponse:
    """Show one value, for a reason."""
    order = visible_order(request, sid)
    if field not in ORDER_FIELDS or not getattr(order, field):
        raise Http404
    return reveal(request, subject_of(order, field))


@require_POST
@allowed(Permission.REFRESH)
def hosted_order_refresh(request: StaffRequest, sid: str) -> HttpResponse:
    """Read this one order from Twilio now."""
    order = visible_order(request, sid)
    return read_again(request, order, lambda: actions.read_order(order=order), sentence_of)


@require_POST
@allowed(Permission.ANNOTATE)
def hosted_order_note(request: StaffRequest, sid: str) -> HttpResponse:
    order = visible_order(request, sid)
    return note_on(request, order, lambda form: show(request, order, status=422, note_form=form))


def visible_order(request: StaffRequest, sid: str, permission: Permission = Permission.VIEW) -> HostedOrder:
    """The order, if the person may see it; one that they may not work on is refused (403)."""
    rows = with_log(request.access.visible(HostedOrder.objects.select_related("account")))
    order: HostedOrder = get_object_or_404(rows, pk=sid)
    request.access.require(permission, order.account_id)
    return order


def show(request: StaffRequest, order: HostedOrder, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page of an order, with more in its context where something is to be said on it."""
    can_reveal = request.access.can(Permission.REVEAL_PERSONAL, order.account_id)
    can_manage = request.access.can(Permission.MANAGE_PORTING, order.account_id)
    line = line_of(order)
    remedy = remedy_of(order.failure_reason) if order.status in ("action_required", "failed") else None
    number = PhoneNumber.objects.present().filter(pk=order.number_sid or "-").first()
    events = timeline(
        order.pk, kinds=OPERATION_TITLES, properties=PROPERTIES, personal=PERSONAL, with_reveals=can_reveal
    )
    seen = running_reveals(events, request.user) if can_reveal else {}
    context: dict[str, Any] = {
        "order": order,
        "line": line,
        "steps": steps_of(order.status),
        "remedy": remedy,
        "support": (
            support_text(order.pk, order.account_id, order.failure_reason, remedy)
            if remedy and remedy.ask
            else ""
        ),
        "most_calls": MOST_CALLS,
        "number": number,
        "address": Address.objects.filter(pk=order.address_sid or "-", account=order.account).first(),
        "cells": [
            cell_of(subject_of(order, field), can_reveal=can_reveal, running=seen) for field in ORDER_FIELDS
        ],
        "can_manage": can_manage,
        "can_configure": request.access.can(Permission.UPDATE_NUMBER, order.account_id),
        "can_release": request.access.can(Permission.RELEASE_NUMBERS, order.account_id),
        "can_annotate": request.access.can(Permission.ANNOTATE, order.account_id),
        "reminders": log_of(order),
        "can_remind": can_manage and is_remindable(line) and order.missing_since is None,
        "open_operation": open_operation(events),
        "timeline": events,
        "freshness": freshness("hosted_orders", [order.account]).or_read_at(order.synced_at),
        "note_form": NoteForm(),
        **more,
    }
    response = page(
        request, "porting/hosting/hosted_order_detail.html", context, fragment="hosted-order", status=status
    )
    return private(response) if seen else response


def _filter(request: StaffRequest, params: QueryDict | None = None) -> HostedOrderFilter:
    rows = request.access.visible(HostedOrder.objects.all())
    given = request.GET if params is None else params
    return HostedOrderFilter(given, rows, accounts=visible_accounts(request))


def _selected(request: StaffRequest, query: str) -> HostedOrderQuerySet:
    if request.POST.get("all"):
        rows: HostedOrderQuerySet = _filter(request, QueryDict(query)).listed_rows
        return rows
    sids = [sid for sid in request.POST.getlist("sid") if sid.isalnum()]
    return HostedOrder.objects.present().filter(pk__in=sids)


def _tasks(request: StaffRequest) -> Sequence[tuple[str, Mapping[str, str]]]:
    tasks = [("letter", {"label": "Letter of authorization"})]
    if request.access.can(Permission.UPDATE_NUMBER):
        tasks.append(("setup", {"label": "Set up messages"}))
    return tasks


def _set_up(request: StaffRequest, orders: HostedOrderQuerySet, back: str) -> HttpResponse:
    """Go on to the configuration of the orders' numbers, which are there before they are hosted (M7)."""
    sids = orders.exclude(number_sid="").values("number_sid")
    numbers = request.access.visible(
        PhoneNumber.objects.present().filter(pk__in=sids), permission=Permission.UPDATE_NUMBER
    )
    task = TASKS["change"]
    try:
        batch = freeze_numbers(numbers, kind=task.kind, author=request.user, draft_view=task.draft_view)
    except NotAllowed:
        words = "Numberdesk has not read the numbers of these orders yet. They come with the next reading."
        messages.error(request, words)
        return redirect(back)
    return redirect(batch)


def _csv_lines(orders: Any) -> Iterator[Sequence[Any]]:
    now = timezone.now()
    for order in orders.iterator(chunk_size=2000):
        line = line_of(order, now)
        yield [
            order.phone_number, order.pk, order.account_id, order.account.friendly_name, order.status,
            order.status_since.isoformat() if order.status_since else "", line.stage.who,
            order.verification_attempts, order.failure_reason, order.signing_document_sid, order.number_sid,
            order.remote_created_at.isoformat() if order.remote_created_at else "",
        ]  # fmt: skip
