"""Port-in requests that are filed: the list, and one with who acts next and what became of each number."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.filtering import applied, chips_of
from portal.freshness import freshness
from portal.http import StaffRequest, page
from portal.labels import label_for
from portal.listing import Count, Sort, list_page, list_url, read_order, seek
from portal.object_pages import NoteForm, note_on, read_again
from portal.reveal.reveals import cell_of, running
from portal.reveal.views import private, reveal
from portal.saved_views.menu import view_menu
from portal.shell import visible_accounts
from portal.timeline import open_operation, timeline
from porting.accounts import kept_out
from porting.board.log import REMINDED, is_remindable, log_of, with_log
from porting.following import actions
from porting.following.filters import PortInFilter
from porting.following.fixing.groups import escalations_of
from porting.following.history import with_numbers
from porting.following.landing.checklist import TICKED, date_text, steps_for
from porting.following.lines import (
    CARRIER_FIELDS,
    FIELDS,
    ON_THE_WAY,
    Tally,
    line_of,
    number_lines,
    subject_of,
    tally_of,
    with_first_number,
    with_open_operation,
)
from porting.following.ticket.actions import SET_TICKET
from porting.following.tracker import CancelGuard, steps_of
from porting.hosting.refusals import sentence_of
from porting.models import AccountFeature, PortInDraft, PortInNumber, PortInRequest
from porting.models.port_in import HEAVY
from porting.models.port_in_draft import FILE_PORT_IN
from porting.statuses import PORT_IN_NUMBER_STATES

SORTS = (
    Sort("newest", "Newest", ("remote_created_at", "sid"), starts_descending=True),
    Sort("waiting", "Longest in its status", ("status_since", "sid")),
)
FILTERS = ("turn", "status", "account")
OPERATION_TITLES = {
    FILE_PORT_IN: "Filed",
    actions.CANCEL_PORT_IN: "Canceled",
    TICKED: "Seen to",
    SET_TICKET: "Changed here",
    REMINDED: "Team reminded",
}
PROPERTIES = {
    "port_in_request_status": "Status",
    "target_port_in_date": "Target date",
    "target_port_in_time_range_start": "Window from",
    "target_port_in_time_range_end": "Window to",
    "order_cancellation_reason": "Reason of the cancellation",
    "support_ticket_id": "Twilio ticket",
    "our_ticket": "Our ticket",
    "losing_carrier_information": "Customer at the losing carrier",
    "signature_request_url": "Signature page",
    **FIELDS,
}
PERSONAL = frozenset({"losing_carrier_information", "signature_request_url", *FIELDS})
_NUMBERS = (Sort("number", "Number", ("phone_number", "sid")),)
_CSV = {
    "sid": "SID", "account_sid": "Account SID", "account": "Account", "status": "Status",
    "since": "Since", "next": "Who acts next", "until": "Until", "requested": "Numbers",
    "ported": "Ported", "target_date": "Target date", "suggested_action": "Suggested action",
    "ticket": "Ticket", "created": "Filed",
}  # fmt: skip


@require_GET
@allowed(Permission.VIEW)
def port_in_list(request: StaffRequest) -> HttpResponse:
    filter_ = _filter(request)
    rows = with_first_number(filter_.qs.select_related("account").defer(*HEAVY))
    listing = list_page(request, rows, sorts=SORTS, default_sort="-newest")
    listing.chips = chips_of(filter_, request.GET)
    now = timezone.now()
    context = {
        "list": listing,
        "views": view_menu(
            request, "porting:port-in-list", filter_=filter_, listing=listing, default_sort="-newest"
        ),
        "filter": filter_,
        "quick_filters": [(filter_.form[name], applied(filter_, request.GET, name)) for name in FILTERS],
        "lines": [line_of(row, now) for row in listing.rows],
        "freshness": freshness("port_ins", visible_accounts(request)),
        "kept_out": kept_out(request, AccountFeature.Feature.PORTING),
        "can_manage": request.access.can(Permission.MANAGE_PORTING),
        "can_export": request.access.can(Permission.EXPORT),
    }
    return page(request, "porting/following/port_in_list.html", context, fragment="port-ins")


@require_GET
@allowed(Permission.EXPORT)
def port_in_export(request: StaffRequest) -> HttpResponseBase:
    """The list as CSV, in its filter and sort, without what is personal."""
    order = read_order(request, SORTS, default="-newest")
    rows = request.access.visible(_filter(request).qs, permission=Permission.EXPORT)
    ordered = seek(rows.select_related("account").defer(*HEAVY), order, order.descending, key=())
    header = [f"{title} ({key})" for key, title in _CSV.items()]
    return csv_response("port-in-requests", header, _csv_lines(ordered))


@require_GET
@allowed(Permission.VIEW)
def port_in_detail(request: StaffRequest, sid: str) -> HttpResponse:
    return show(request, visible_port_in(request, sid))


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def port_in_reveal(request: StaffRequest, sid: str, field: str) -> HttpResponse:
    """Show one value, for a reason. Whoever has the signature page's address can sign, so few see it."""
    permission = Permission.MANAGE_PORTING if field == "signature_url" else Permission.VIEW
    port_in = visible_port_in(request, sid, permission)
    if field not in FIELDS or not subject_of(port_in, field).read():
        raise Http404
    return reveal(request, subject_of(port_in, field))


@require_POST
@allowed(Permission.REFRESH)
def port_in_refresh(request: StaffRequest, sid: str) -> HttpResponse:
    """Read this one request from Twilio now."""
    port_in = visible_port_in(request, sid, Permission.REFRESH)
    return read_again(request, port_in, lambda: actions.read_port_in(request=port_in), sentence_of)


@require_POST
@allowed(Permission.ANNOTATE)
def port_in_note(request: StaffRequest, sid: str) -> HttpResponse:
    port_in = visible_port_in(request, sid, Permission.ANNOTATE)
    return note_on(request, port_in, lambda form: show(request, port_in, status=422, note_form=form))


def visible_port_in(
    request: StaffRequest, sid: str, permission: Permission = Permission.VIEW
) -> PortInRequest:
    """The request, if the person may see it; one that they may not work on is refused (403)."""
    rows = with_log(request.access.visible(PortInRequest.objects.select_related("account", "reader")))
    port_in: PortInRequest = get_object_or_404(rows, pk=sid)
    request.access.require(permission, port_in.account_id)
    return port_in


def show(request: StaffRequest, port_in: PortInRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page of a request, with more in its context where something is to be said on it."""
    account_sid = port_in.account_id
    can_manage = request.access.can(Permission.MANAGE_PORTING, account_sid)
    can_reveal = request.access.can(Permission.REVEAL_PERSONAL, account_sid)
    seen = running(request.user, port_in.pk) if can_reveal else {}
    numbers = PortInNumber.objects.filter(request=port_in).defer("payload")
    tally = tally_of(port_in)
    shown = request.GET.get("show", "")
    if shown in tally.counts:
        numbers = numbers.filter(status=shown)
    length = Count(tally.counts.get(shown) or tally.total)
    listing = list_page(
        request, with_open_operation(numbers), sorts=_NUMBERS, default_sort="number", count=length
    )
    cells = {
        field: cell_of(subject_of(port_in, field), can_reveal=can_reveal, running=seen) for field in FIELDS
    }
    line = line_of(port_in)
    told = timeline(
        port_in.pk,
        kinds=OPERATION_TITLES,
        properties=PROPERTIES,
        personal=PERSONAL,
        with_reveals=can_reveal,
    )
    context: dict[str, Any] = {
        "port_in": port_in,
        "line": line,
        "steps": steps_of(port_in.status),
        "guard": CancelGuard(port_in.status, tally.first_date, timezone.now()),
        "list": listing,
        "numbers": number_lines(listing.rows, account_sid),
        "tally": [
            (label_for(PORT_IN_NUMBER_STATES, name), count, name == shown,
             list_url(request.GET, show=None if name == shown else name))
            for name, count in sorted(tally.counts.items())
        ],
        "rejected": tally.counts.get("port_rejected", 0),
        "escalations": escalations_of(port_in) if tally.counts.get("port_rejected") else (),
        "carrier_cells": [cells[field] for field in CARRIER_FIELDS],
        "mails_cell": cells["notification_emails"],
        "signature_cell": cells["signature_url"] if can_manage and port_in.signature_url else None,
        **_filed_again(port_in, tally, can_manage=can_manage),
        "ported": tally.counts.get("completed", 0),
        "steps_after": steps_for(port_in) if "completed" in tally.counts else (),
        "date_text": date_text(port_in),
        "can_configure": request.access.can(Permission.UPDATE_NUMBER, account_sid),
        "can_manage": can_manage,
        "can_annotate": request.access.can(Permission.ANNOTATE, account_sid),
        "reminders": log_of(port_in),
        "can_remind": can_manage and is_remindable(line),
        "open_operation": open_operation(told),
        "timeline": with_numbers(told, port_in),
        "freshness": freshness("port_ins", [port_in.account]).or_read_at(
            port_in.details_read_at or port_in.synced_at
        ),
        "note_form": NoteForm(),
        **more,
    }  # fmt: skip
    response = page(
        request, "porting/following/port_in_detail.html", context, fragment="port-in", status=status
    )
    return private(response) if seen else response


def _filed_again(port_in: PortInRequest, tally: Tally, *, can_manage: bool) -> dict[str, Any]:
    """Which requests and drafts file its numbers again, or it theirs: in one query where some left the way.

    Two with the drafts, which are for those who may file.
    """
    left = bool(tally.counts.keys() - ON_THE_WAY)
    if not left and not port_in.replaces:
        return {}
    linked = PortInRequest.objects.filter(Q(pk=port_in.replaces or "-") | Q(replaces=port_in.pk))
    found = list(linked.order_by("-remote_created_at", "sid").defer(*HEAVY))
    return {
        "replaced": [one for one in found if one.pk == port_in.replaces],
        "successors": [one for one in found if one.replaces == port_in.pk],
        "drafts": PortInDraft.objects.open().filter(replaces=port_in.pk) if left and can_manage else (),
    }


def _filter(request: StaffRequest) -> PortInFilter:
    rows = request.access.visible(PortInRequest.objects.present())
    return PortInFilter(request.GET, rows, accounts=visible_accounts(request))


def _csv_lines(rows: Any) -> Iterator[Sequence[Any]]:
    now = timezone.now()
    for port_in in rows.iterator(chunk_size=2000):
        line = line_of(port_in, now)
        yield [
            port_in.pk, port_in.account_id, port_in.account.friendly_name, port_in.status,
            port_in.status_since.isoformat() if port_in.status_since else "", line.stage.who,
            line.deadline.until.isoformat() if line.deadline else "", port_in.numbers_requested,
            port_in.numbers_ported, port_in.target_date.isoformat() if port_in.target_date else "",
            port_in.suggested_action, port_in.ticket,
            port_in.remote_created_at.isoformat() if port_in.remote_created_at else "",
        ]  # fmt: skip
