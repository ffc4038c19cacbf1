from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from compliance.mapping.card import card_of, with_rules
from compliance.mapping.kinds import ASSIGN_BUNDLE
from compliance.mapping.tally import reasons_of
from inventory import actions, columns, forms
from inventory.addresses.reports import fit_of_number
from inventory.bulk.kinds import tasks_for
from inventory.buying.actions import BUY_NUMBER
from inventory.configuration import PROPERTIES, configuration_of
from inventory.emergency.actions import SET_EMERGENCY_ADDRESS
from inventory.emergency.rules import why_no_address
from inventory.filters import NumberFilter, number_filter
from inventory.models import PhoneNumber
from inventory.moving.actions import RELEASE_NUMBER, TRANSFER_NUMBER
from inventory.pricing import PriceList
from inventory.refusals import field_of, sentence_of
from inventory.senders.register import default_sender_of
from inventory.usage.actions import KEEP_NUMBER
from inventory.walks import select
from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.filtering import applied, chips_of
from portal.freshness import freshness
from portal.http import StaffRequest, go, page
from portal.listing import ListPage, Sort, list_page, read_order, seek
from portal.models import Operation
from portal.object_pages import NoteForm, note_on, read_again
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.saved_views.menu import view_menu
from portal.shell import visible_accounts
from portal.timeline import timeline
from portal.twilio.errors import TwilioFailure, Unavailable, Uncertain

NUMBER_SORTS = (
    Sort("number", "Number", ("phone_number", "sid")),
    Sort("name", "Name", ("friendly_name", "sid")),
    Sort("added", "Added", ("remote_created_at", "sid"), starts_descending=True),
)
# So many rows of a file are read and judged at once.
_AT_ONCE = 2000
# The filters that stand above the list; the others are under "More filters".
QUICK_FILTERS = ("country", "type", "can", "account")
OPERATION_TITLES = {
    actions.UPDATE_NUMBER: "Configuration changed",
    BUY_NUMBER: "Bought",
    RELEASE_NUMBER: "Released",
    TRANSFER_NUMBER: "Moved to another account",
    SET_EMERGENCY_ADDRESS: "Emergency address changed",
    KEEP_NUMBER: "Keeping",
    ASSIGN_BUNDLE: "Bundle and address assigned",
}

_TOLD = {
    **PROPERTIES,
    "address_sid": "Address",
    "bundle_sid": "Bundle",
    "emergency_address_sid": "Emergency address",
    "keep_until": "Keep until",
}


@require_GET
@allowed(Permission.VIEW)
def number_list(request: StaffRequest) -> HttpResponse:
    filter_ = number_filter(request)
    listing = _list_numbers(request, filter_)
    listing.chips = chips_of(filter_, request.GET)
    accounts = visible_accounts(request)
    chosen = columns.chosen(request.GET.getlist("columns"), about_missing=filter_.is_about_missing)
    usual = columns.chosen((), about_missing=filter_.is_about_missing)
    more = [
        field for field in filter_.form if field.name not in ("q", *QUICK_FILTERS) and not field.is_hidden
    ]
    shown = {column.name: True for column in chosen}
    context = {
        "heading": "Numbers no longer listed" if request.GET.get("listed") == "no" else "Numbers",
        "list": listing,
        "views": view_menu(
            request,
            "inventory:number-list",
            filter_=filter_,
            listing=listing,
            default_sort="number",
            columns=[] if chosen == usual else [column.name for column in chosen],
        ),
        "filter": filter_,
        "quick_filters": [
            (filter_.form[name], applied(filter_, request.GET, name)) for name in QUICK_FILTERS
        ],
        "more_filters": more,
        "more_count": sum(applied(filter_, request.GET, field.name) for field in more),
        "columns": chosen,
        "shown": shown,
        "all_columns": columns.COLUMNS,
        "prices": PriceList(
            accounts if "price" in shown else (), {number.country for number in listing.rows}
        ),
        "reasons": reasons_of([row.pk for row in listing.rows]) if columns.COMPLIANCE in shown else {},
        "freshness": freshness("numbers", accounts),
        "can_export": request.access.can(Permission.EXPORT),
        "tasks": [] if filter_.is_about_missing else tasks_for(request.access),
    }
    return page(request, "inventory/number_list.html", context, fragment="numbers")


@require_GET
@allowed(Permission.EXPORT)
def number_export(request: StaffRequest) -> HttpResponseBase:
    """The list as CSV, in its filter, sort and columns."""
    filter_ = number_filter(request)
    chosen = columns.chosen(request.GET.getlist("columns"), about_missing=filter_.is_about_missing)
    prices = PriceList(visible_accounts(request))
    rows = request.access.visible(filter_.qs.filter(filter_.facets), permission=Permission.EXPORT).for_table()
    rows = rows.gone() if filter_.is_about_missing else rows.present()
    order = read_order(request, NUMBER_SORTS, default="number")
    rows = seek(rows, order, order.descending, key=())
    header = [f"{column.title} ({key})" for column in chosen for key in column.keys]
    return csv_response("numbers", header, _csv_lines(rows, chosen, prices))


def _csv_lines(
    rows: QuerySet[PhoneNumber], chosen: Sequence[columns.Column], prices: PriceList
) -> Iterator[Sequence[Any]]:
    is_judged = any(column.name == columns.COMPLIANCE for column in chosen)
    rest = rows.iterator(chunk_size=_AT_ONCE)
    while batch := list(islice(rest, _AT_ONCE)):
        beside = columns.Beside(prices, reasons_of([row.pk for row in batch]) if is_judged else {})
        for number in batch:
            yield [cell for column in chosen for cell in column.cells(number, beside)]


@require_GET
@allowed(Permission.VIEW)
def number_detail(request: StaffRequest, sid: str) -> HttpResponse:
    number = _visible_number(request, sid)
    return page(request, "inventory/number_detail.html", _number_context(request, number), fragment="number")


@require_http_methods(["GET", "POST"])
@allowed(Permission.UPDATE_NUMBER)
def number_configure(request: StaffRequest, sid: str) -> HttpResponse:
    number = _visible_number(request, sid)
    request.access.require(Permission.UPDATE_NUMBER, number.account_id)
    form = forms.NumberConfigurationForm(request.POST or None, number=number)
    context: dict[str, Any] = {"number": number, "form": form}
    status = 200
    if request.method == "POST":
        if form.is_valid():
            outcome = _update_number(request, number, form, context)
            if outcome is not None:
                return outcome
        status = 422
    return page(request, "inventory/number_configure.html", context, fragment="configuration", status=status)


def _update_number(
    request: StaffRequest, number: PhoneNumber, form: forms.NumberConfigurationForm, context: dict[str, Any]
) -> HttpResponse | None:
    """Carry the change out. None when the form is to be shown again, with the reason on it."""
    try:
        operation = actions.update_number(
            number=number,
            wanted=form.wanted(),
            opened_with=form.as_opened,
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
            reason=form.cleaned_data["reason"],
        )
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
        return go(request, "inventory:number-detail", number.sid)
    except actions.ChangedMeanwhile as conflict:
        context["conflict"] = conflict
        form.renew(conflict.number)
        return None
    except AlreadyUnderWay:
        form.add_error(None, "Another change of this number has not ended yet. Wait for it, then save again.")
        return None
    except Uncertain:
        messages.warning(
            request, "Twilio's answer was lost. We are looking at Twilio to find out what became of it."
        )
        return go(request, "inventory:number-detail", number.sid)
    except TwilioFailure as failure:
        context["failure"] = failure
        form.renew()
        if isinstance(failure, Unavailable):
            form.add_error(None, f"{sentence_of(failure)} Nothing was changed. Save again in a moment.")
        else:
            form.add_error(field_of(failure, set(form.fields)), sentence_of(failure))
        return None
    if operation is None:
        messages.info(request, "Nothing to change: Twilio already has it so.")
    else:
        messages.success(request, "Saved at Twilio.")
    return go(request, "inventory:number-detail", number.sid)


@require_http_methods(["GET", "POST"])
@allowed(Permission.ANNOTATE)
def number_annotate(request: StaffRequest, sid: str) -> HttpResponse:
    """Owner, cost centre and tags."""
    number = _visible_number(request, sid)
    request.access.require(Permission.ANNOTATE, number.account_id)
    initial = {"owner": number.owner, "cost_centre": number.cost_centre, "tags": ", ".join(number.tags)}
    form = forms.NumberAnnotationForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.annotate_number(number=number, **form.cleaned_data)
        messages.success(request, "Saved.")
        return go(request, "inventory:number-detail", number.sid)
    status = 422 if form.is_bound else 200
    return page(
        request,
        "inventory/number_annotate.html",
        {"number": number, "form": form},
        fragment="annotation",
        status=status,
    )


@require_POST
@allowed(Permission.ANNOTATE)
def number_note(request: StaffRequest, sid: str) -> HttpResponse:
    number = _visible_number(request, sid)

    def show(form: NoteForm) -> HttpResponse:
        context = {**_number_context(request, number), "note_form": form}
        return page(request, "inventory/number_detail.html", context, fragment="number", status=422)

    return note_on(request, number, show)


@require_POST
@allowed(Permission.REFRESH)
def number_refresh(request: StaffRequest, sid: str) -> HttpResponse:
    """Read this one number from Twilio now."""
    number = _visible_number(request, sid)
    return read_again(request, number, lambda: actions.read_number(number=number), sentence_of)


def _visible_number(request: StaffRequest, sid: str) -> PhoneNumber:
    rows = PhoneNumber.objects.select_related(
        "account__usage_period", "activity", "kept__by", "address", "emergency_address", "voice_application",
        "sms_application",
    )  # fmt: skip
    number: PhoneNumber = get_object_or_404(request.access.visible(with_rules(rows)), pk=sid)
    return number


def _list_numbers(request: StaffRequest, filter_: NumberFilter) -> ListPage:
    sids = request.access.account_sids()
    visible = Q() if sids is None else Q(account_id__in=sids)
    selection = select(
        filter_.qs,
        filter_.facets,
        visible,
        is_narrowed=filter_.is_about_rows,
        is_searched=filter_.is_about_text,
        counts=filter_.judged.counts if filter_.judged else None,
    )
    filter_.offer_countries(country.iso for country in selection.countries if country.visible)
    table = PhoneNumber.objects.for_table()
    if filter_.is_about_missing:
        gone = table.gone().filter(pk__in=filter_.qs.missing().filter(filter_.facets).values("pk"))
        return list_page(request, gone, sorts=NUMBER_SORTS, default_sort="number")
    return list_page(
        request,
        table,
        sorts=NUMBER_SORTS,
        default_sort="number",
        count=selection.count(),
        find=selection.find,
    )


def _number_context(request: StaffRequest, number: PhoneNumber) -> dict[str, Any]:
    prices = PriceList([number.account], {number.country})
    return {
        "number": number,
        "configuration": configuration_of(number.payload),
        "fit": fit_of_number(number),
        "card": card_of(number, request.access),
        "no_emergency_address": why_no_address(number),
        "price": prices.of(number.account_id, number.country, number.number_type),
        "base_price": prices.base_of(number.account_id, number.country, number.number_type),
        "can_update": request.access.can(Permission.UPDATE_NUMBER, number.account_id),
        "can_manage_addresses": request.access.can(Permission.MANAGE_ADDRESSES, number.account_id),
        "can_annotate": request.access.can(Permission.ANNOTATE, number.account_id),
        "default_senders": request.access.visible(default_sender_of(number)),
        "open_operation": Operation.objects.open().about(number.sid).select_related("actor").first(),
        "timeline": timeline(
            number.sid, kinds=OPERATION_TITLES, properties=_TOLD, made_as=number.phone_number
        ),
        "freshness": freshness("numbers", [number.account]).or_read_at(number.synced_at),
        "note_form": NoteForm(),
        "tasks": tasks_for(request.access, number.account_id),
    }
