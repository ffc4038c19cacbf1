"""Letters of authorization: the list, and one with the orders that hang on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Min
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory.models import Address
from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.filtering import applied, chips_of
from portal.freshness import freshness
from portal.http import StaffRequest, page
from portal.labels import Label, label_for
from portal.listing import Sort, list_page, read_order, seek
from portal.object_pages import NoteForm, note_on, read_again
from portal.reveal.reveals import cell_of
from portal.reveal.views import private, reveal
from portal.saved_views.menu import view_menu
from portal.shell import visible_accounts
from portal.timeline import open_operation, running_reveals, timeline
from porting.accounts import kept_out
from porting.board.log import REMINDED, log_of, with_log
from porting.deadlines import Deadline, count_days
from porting.hosting.letters import actions
from porting.hosting.letters.filters import LetterFilter
from porting.hosting.orders.lines import LETTER_FIELDS, line_of, subject_of
from porting.hosting.orders.tracker import LOA_DAYS
from porting.hosting.refusals import sentence_of
from porting.models import AccountFeature, AuthorizationDocument, HostedOrder
from porting.statuses import AUTHORIZATION_STATES

LETTER_SORTS = (
    Sort("newest", "Newest", ("remote_created_at", "sid"), starts_descending=True),
    Sort("waiting", "Longest in its status", ("status_since", "sid")),
)
FILTERS = ("status", "account", "listed")
OPERATION_TITLES = {
    actions.CREATE_LETTER: "Sent to its signer",
    actions.RESEND_LETTER: "Changed and sent again",
    actions.REVOKE_LETTER: "Revoked",
    REMINDED: "Team reminded",
}
PROPERTIES = {"status": "Status", "address_sid": "Address", **LETTER_FIELDS}
_LIGHT = ("payload", "email", "cc_emails")
# So many orders stand on the page of a letter; the list has the rest.
_ORDERS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class LetterLine:
    letter: AuthorizationDocument
    label: Label
    orders: int
    first_number: str
    deadline: Deadline | None

    @property
    def others(self) -> int:
        return max(0, self.orders - 1)


@require_GET
@allowed(Permission.VIEW)
def authorization_list(request: StaffRequest) -> HttpResponse:
    filter_ = _filter(request)
    rows = filter_.listed_rows.select_related("account").defer(*_LIGHT)
    listing = list_page(request, rows, sorts=LETTER_SORTS, default_sort="-newest")
    listing.chips = chips_of(filter_, request.GET)
    context = {
        "list": listing,
        "views": view_menu(
            request, "porting:authorization-list", filter_=filter_, listing=listing, default_sort="-newest"
        ),
        "filter": filter_,
        "quick_filters": [(filter_.form[name], applied(filter_, request.GET, name)) for name in FILTERS],
        "lines": _lines(listing.rows),
        "freshness": freshness("authorizations", visible_accounts(request)),
        "kept_out": kept_out(request, AccountFeature.Feature.HOSTING),
        "can_export": request.access.can(Permission.EXPORT),
        "can_manage": request.access.can(Permission.MANAGE_PORTING),
        "to_sign": request.access.visible(HostedOrder.objects.without_loa()).count(),
    }
    return page(request, "porting/hosting/authorization_list.html", context, fragment="letters")


@require_GET
@allowed(Permission.EXPORT)
def authorization_export(request: StaffRequest) -> HttpResponseBase:
    """The list as CSV, in its filter and sort, without who signs."""
    order = read_order(request, LETTER_SORTS, default="-newest")
    rows = request.access.visible(_filter(request).listed_rows, permission=Permission.EXPORT)
    ordered = seek(rows.select_related("account").defer(*_LIGHT), order, order.descending, key=())
    header = [
        "SID (sid)", "Account (account_sid)", "Account (account)", "Status (status)", "Since (since)",
        "Orders (orders)", "Sign until (until)", "Created (created)",
    ]  # fmt: skip
    return csv_response("letters", header, _csv_lines(ordered))


@require_GET
@allowed(Permission.VIEW)
def authorization_detail(request: StaffRequest, sid: str) -> HttpResponse:
    return show(request, visible_letter(request, sid))


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def authorization_reveal(request: StaffRequest, sid: str, field: str) -> HttpResponse:
    """Show one value, for a reason."""
    letter = visible_letter(request, sid)
    if field not in LETTER_FIELDS or not getattr(letter, field):
        raise Http404
    return reveal(request, subject_of(letter, field))


@require_POST
@allowed(Permission.REFRESH)
def authorization_refresh(request: StaffRequest, sid: str) -> HttpResponse:
    """Read this letter from Twilio now, and the orders that hang on it."""
    letter = visible_letter(request, sid)

    def read() -> None:
        actions.read_letter(document=letter)
        actions.read_orders(letter.account, actions.order_sids(letter))

    return read_again(request, letter, read, sentence_of)


@require_POST
@allowed(Permission.ANNOTATE)
def authorization_note(request: StaffRequest, sid: str) -> HttpResponse:
    letter = visible_letter(request, sid)
    return note_on(request, letter, lambda form: show(request, letter, status=422, note_form=form))


def visible_letter(
    request: StaffRequest, sid: str, permission: Permission = Permission.VIEW
) -> AuthorizationDocument:
    """The letter, if the person may see it; one that they may not work on is refused (403)."""
    rows = with_log(request.access.visible(AuthorizationDocument.objects.select_related("account")))
    letter: AuthorizationDocument = get_object_or_404(rows, pk=sid)
    request.access.require(permission, letter.account_id)
    return letter


def deadline_of_letter(letter: AuthorizationDocument) -> Deadline | None:
    """Until when it has to be signed: seven days after it was sent, the last time (page 11)."""
    since = letter.status_since or letter.remote_created_at
    if letter.status != "signing" or letter.missing_since or since is None:
        return None
    return count_days(since, LOA_DAYS, timezone.now())


def may_write_again(letter: AuthorizationDocument) -> bool:
    """Whether another letter may go in its place: taken back, declined, or not signed in time."""
    return letter.missing_since is not None or letter.status in ("opened", "canceled", "failed")


def _may_revoke(letter: AuthorizationDocument) -> bool:
    """The preview takes letters back from their signers; v2 deletes those as well that are with nobody."""
    statuses = ("signing",) if settings.HOSTING_API == "preview" else ("opened", "signing")
    return letter.missing_since is None and letter.status in statuses


def show(
    request: StaffRequest, letter: AuthorizationDocument, *, status: int = 200, **more: Any
) -> HttpResponse:
    can_reveal = request.access.can(Permission.REVEAL_PERSONAL, letter.account_id)
    events = timeline(
        letter.pk,
        kinds=OPERATION_TITLES,
        properties=PROPERTIES,
        personal=frozenset(LETTER_FIELDS),
        with_reveals=can_reveal,
    )
    seen = running_reveals(events, request.user) if can_reveal else {}
    orders = HostedOrder.objects.present().filter(signing_document_sid=letter.pk).defer(*_ORDER_LIGHT)
    shown = list(orders.order_by("phone_number", "sid")[:_ORDERS_SHOWN])
    now = timezone.now()
    can_manage = request.access.can(Permission.MANAGE_PORTING, letter.account_id)
    context: dict[str, Any] = {
        "letter": letter,
        "label": label_for(AUTHORIZATION_STATES, letter.status),
        "deadline": deadline_of_letter(letter),
        "orders": [line_of(order, now) for order in shown],
        "order_count": orders.count() if len(shown) == _ORDERS_SHOWN else len(shown),
        "address": Address.objects.filter(pk=letter.address_sid or "-", account=letter.account).first(),
        "cells": [
            cell_of(subject_of(letter, field), can_reveal=can_reveal, running=seen) for field in LETTER_FIELDS
        ],
        "can_manage": can_manage,
        "can_revoke": can_manage and _may_revoke(letter),
        "can_write_again": can_manage and may_write_again(letter),
        "can_annotate": request.access.can(Permission.ANNOTATE, letter.account_id),
        "reminders": log_of(letter),
        "can_remind": can_manage and letter.missing_since is None and letter.status in ("opened", "signing"),
        "open_operation": open_operation(events),
        "timeline": events,
        "freshness": freshness("authorizations", [letter.account]).or_read_at(letter.synced_at),
        "note_form": NoteForm(),
        **more,
    }
    template = "porting/hosting/authorization_detail.html"
    response = page(request, template, context, fragment="letter", status=status)
    return private(response) if seen else response


_ORDER_LIGHT = (
    "payload", "email", "cc_emails", "contact_phone_number", "contact_title", "verification_code",
)  # fmt: skip


def _filter(request: StaffRequest) -> LetterFilter:
    rows = request.access.visible(AuthorizationDocument.objects.all())
    return LetterFilter(request.GET, rows, accounts=visible_accounts(request))


def _lines(letters: Sequence[AuthorizationDocument]) -> list[LetterLine]:
    """In one query for all of them."""
    orders = HostedOrder.objects.present().filter(signing_document_sid__in=[letter.pk for letter in letters])
    rows = orders.order_by().values_list("signing_document_sid")
    found = {
        sid: (count, first) for sid, count, first in rows.annotate(n=Count("pk"), first=Min("phone_number"))
    }
    return [
        LetterLine(
            letter,
            label_for(AUTHORIZATION_STATES, letter.status),
            *found.get(letter.pk, (0, "")),
            deadline_of_letter(letter),
        )
        for letter in letters
    ]


def _csv_lines(letters: Any) -> Iterator[Sequence[Any]]:
    chunk: list[AuthorizationDocument] = []
    for letter in letters.iterator(chunk_size=1000):
        chunk.append(letter)
        if len(chunk) == 1000:
            yield from map(_cells, _lines(chunk))
            chunk = []
    yield from map(_cells, _lines(chunk))


def _cells(line: LetterLine) -> Sequence[Any]:
    letter = line.letter
    return [
        letter.pk, letter.account_id, letter.account.friendly_name, letter.status,
        letter.status_since.isoformat() if letter.status_since else "", line.orders,
        line.deadline.until.isoformat() if line.deadline else "",
        letter.remote_created_at.isoformat() if letter.remote_created_at else "",
    ]  # fmt: skip
