"""End users: the list, and one with what it says, masked, and the bundles that hold it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from compliance.bundles.holders import bundles_holding, bundles_of
from compliance.end_users.fields import fields_of
from compliance.end_users.filters import EndUserFilter
from compliance.items import actions
from compliance.matching import twins_of
from compliance.models import EndUser
from compliance.requirements import Field, is_blank
from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.filtering import applied, chips_of
from portal.freshness import freshness
from portal.http import StaffRequest, page
from portal.listing import Sort, list_page, read_order, seek
from portal.object_pages import NoteForm
from portal.reveal.reveals import MaskedCell, Subject, cell_of, mask
from portal.reveal.views import private, reveal
from portal.shell import visible_accounts
from portal.timeline import open_operation, running_reveals, timeline

END_USER_SORTS = (
    Sort("name", "Name", ("friendly_name", "sid")),
    Sort("newest", "Newest", ("first_seen_at", "sid"), starts_descending=True),
)
FILTERS = ("type", "used", "account", "listed")
OPERATION_TITLES = {
    actions.CREATE_END_USER: "Created",
    actions.UPDATE_END_USER: "Changed",
    actions.DELETE_END_USER: "Deleted",
}
_CSV = {
    "sid": "SID", "account_sid": "Account", "account": "Account", "friendly_name": "Name", "type": "Type",
    "date_created": "Created", "bundles": "Bundles", "attributes": "Attributes (masked)",
}  # fmt: skip
_LIGHT = ("payload", "attributes", "value_fingerprints", "field_names")


@require_GET
@allowed(Permission.VIEW)
def end_user_list(request: StaffRequest) -> HttpResponse:
    filter_ = _filter(request)
    rows = filter_.listed_rows.select_related("account").defer(*_LIGHT)
    listing = list_page(request, rows, sorts=END_USER_SORTS, default_sort="name")
    listing.chips = chips_of(filter_, request.GET)
    held = bundles_holding([end_user.pk for end_user in listing.rows], request.access.visible)
    context = {
        "list": listing,
        "filter": filter_,
        "quick_filters": [(filter_.form[name], applied(filter_, request.GET, name)) for name in FILTERS],
        "lines": [(end_user, held[end_user.pk]) for end_user in listing.rows],
        "freshness": freshness("end_users", visible_accounts(request)),
        "can_export": request.access.can(Permission.EXPORT),
    }
    return page(request, "compliance/end_users/end_user_list.html", context, fragment="end-users")


@require_GET
@allowed(Permission.EXPORT)
def end_user_export(request: StaffRequest) -> HttpResponseBase:
    """The list as CSV, in its filter and sort; what they say stays masked."""
    order = read_order(request, END_USER_SORTS, default="name")
    rows = request.access.visible(_filter(request).listed_rows, permission=Permission.EXPORT)
    ordered = seek(rows.select_related("account").defer("payload"), order, order.descending, key=())
    header = [f"{title} ({key})" for key, title in _CSV.items()]
    return csv_response("end-users", header, _csv_lines(request, ordered.iterator(chunk_size=1000)))


@require_GET
@allowed(Permission.VIEW)
def end_user_detail(request: StaffRequest, sid: str) -> HttpResponse:
    return show(request, visible_end_user(request, sid))


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def end_user_reveal(request: StaffRequest, sid: str, field: str) -> HttpResponse:
    """Show one value, for a reason."""
    end_user = visible_end_user(request, sid)
    known = next((one for one in fields_of(end_user) if one.name == field), None)
    if known is None or is_blank(end_user.values.get(field)):
        raise Http404
    return reveal(request, _subject(end_user, known))


def visible_end_user(request: StaffRequest, sid: str) -> EndUser:
    rows = EndUser.objects.select_related("account").defer("payload")
    end_user: EndUser = get_object_or_404(request.access.visible(rows), pk=sid)
    return end_user


def show(request: StaffRequest, end_user: EndUser, *, status: int = 200, **context: Any) -> HttpResponse:
    """The page of an end user, with more in its context where something is to be said on it."""
    can_reveal = request.access.can(Permission.REVEAL_PERSONAL, end_user.account_id)
    fields = fields_of(end_user)
    events = timeline(
        end_user.pk,
        kinds=OPERATION_TITLES,
        properties={**{one.name: one.label for one in fields}, "friendly_name": "Name"},
        personal=frozenset({"attributes", "friendly_name"}),
        with_reveals=True,
    )
    seen = running_reveals(events, request.user) if can_reveal else {}
    context = {
        "end_user": end_user,
        "cells": _cells(end_user, fields, can_reveal, seen),
        "bundles": bundles_of(end_user.pk, request.access.visible),
        "twins": twins_of(
            EndUser,
            account=end_user.account,
            type=end_user.type,
            values=end_user.values,
            besides=end_user.pk,
        ),
        "can_manage": request.access.can(Permission.MANAGE_BUNDLES, end_user.account_id),
        "can_annotate": request.access.can(Permission.ANNOTATE, end_user.account_id),
        "open_operation": open_operation(events),
        "timeline": events,
        "freshness": freshness("end_users", [end_user.account]).or_read_at(end_user.synced_at),
        "note_form": NoteForm(),
        **context,
    }
    template = "compliance/end_users/end_user_detail.html"
    return private(page(request, template, context, fragment="end-user", status=status))


def _cells(
    end_user: EndUser, fields: Sequence[Field], can_reveal: bool, seen: Mapping[str, Any]
) -> list[tuple[str, MaskedCell]]:
    """What it says, field by field, with a label each."""
    return [
        (one.label, cell_of(_subject(end_user, one), can_reveal=can_reveal, running=seen))
        for one in fields
        if not is_blank(end_user.values.get(one.name))
    ]


def _subject(end_user: EndUser, field: Field) -> Subject:
    return Subject(
        account=end_user.account,
        target=end_user.pk,
        field=field.name,
        label=field.label,
        url=reverse("compliance:end-user-reveal", args=[end_user.pk, field.name]),
        page_url=end_user.get_absolute_url(),
        read=lambda: end_user.values.get(field.name),
    )


def _filter(request: StaffRequest) -> EndUserFilter:
    rows = request.access.visible(EndUser.objects.all())
    types = rows.order_by().values_list("type", flat=True).distinct()
    return EndUserFilter(request.GET, rows, accounts=visible_accounts(request), types=types)


def _csv_lines(request: StaffRequest, end_users: Iterable[EndUser]) -> Iterator[Sequence[Any]]:
    visible = partial(request.access.visible, permission=Permission.EXPORT)
    rest = iter(end_users)
    while batch := list(islice(rest, 1000)):
        held = bundles_holding([end_user.pk for end_user in batch], visible)
        for end_user in batch:
            yield [
                end_user.pk, end_user.account_id, end_user.account.friendly_name, end_user.friendly_name,
                end_user.type, end_user.remote_created_at,
                " ".join(bundle.pk for bundle in held[end_user.pk]),
                "; ".join(f"{name} {mask(value)}" for name, value in end_user.values.items()),
            ]  # fmt: skip
