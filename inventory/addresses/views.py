from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from inventory.addresses import actions, lookups
from inventory.addresses.filters import AddressFilter, FitFilter
from inventory.addresses.fit import TROUBLES
from inventory.addresses.formats import EMERGENCY_COUNTRIES, format_of
from inventory.addresses.lookups import Dependent
from inventory.addresses.refusals import sentence_of
from inventory.addresses.reports import Troubles, fit_of_number, numbers_in_trouble, use_counts
from inventory.addresses.rules import is_box
from inventory.models import Address, PhoneNumber
from inventory.querysets import PhoneNumberQuerySet
from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.filtering import applied, chips_of
from portal.freshness import freshness
from portal.http import StaffRequest, page
from portal.listing import Sort, list_page, list_url, read_order, seek
from portal.models import Operation
from portal.object_pages import NoteForm, note_on, read_again
from portal.shell import visible_accounts
from portal.timeline import timeline
from portal.twilio.errors import TwilioFailure

ADDRESS_SORTS = (
    Sort("name", "Company or person", ("customer_name", "sid")),
    Sort("country", "Country", ("iso_country", "customer_name", "sid")),
)
FIT_SORTS = (Sort("number", "Number", ("phone_number", "sid")),)
FILTERS = ("country", "used", "emergency", "listed", "account")
FIT_FILTERS = ("trouble", "country", "account")
OPERATION_TITLES = {
    actions.CREATE_ADDRESS: "Created",
    actions.UPDATE_ADDRESS: "Changed",
    actions.DELETE_ADDRESS: "Deleted",
}
# So many numbers stand on the page of an address; the list has the rest.
_NUMBERS_SHOWN = 20
# The columns of the CSV files, by key.
_CSV = {
    "sid": "SID", "account_sid": "Account", "account": "Account", "friendly_name": "Name",
    "customer_name": "Company or person", "street": "Street", "street_secondary": "Floor, suite or building",
    "city": "City", "region": "State or region", "postal_code": "Postal code", "iso_country": "Country",
    "emergency_enabled": "For emergency calls", "validated": "Checked by Twilio",
    "verified": "Verified document", "numbers": "Numbers", "emergency_numbers": "Emergency numbers",
}  # fmt: skip
_FIT_CSV = {
    "phone_number": "Number", "sid": "SID", "account_sid": "Account", "account": "Account",
    "country": "Country", "address_requirements": "Twilio asks for", "address_sid": "Address",
    "trouble": "Trouble", "trouble_words": "Trouble",
}  # fmt: skip


@require_GET
@allowed(Permission.VIEW)
def address_list(request: StaffRequest) -> HttpResponse:
    filter_ = _filter(request)
    rows = filter_.listed_rows.select_related("account").defer("payload")
    listing = list_page(request, rows, sorts=ADDRESS_SORTS, default_sort="name")
    listing.chips = chips_of(filter_, request.GET)
    uses = use_counts(listing.rows)
    unsettled = Operation.objects.open().filter(kind=actions.CREATE_ADDRESS)
    context = {
        "list": listing,
        "filter": filter_,
        "quick_filters": [(filter_.form[name], applied(filter_, request.GET, name)) for name in FILTERS],
        "lines": [(address, *uses[address.pk]) for address in listing.rows],
        "unsettled": list(request.access.visible(unsettled).select_related("account", "actor")[:5]),
        "freshness": freshness("addresses", visible_accounts(request)),
        "can_manage": request.access.can(Permission.MANAGE_ADDRESSES),
        "can_export": request.access.can(Permission.EXPORT),
    }
    return page(request, "inventory/addresses/address_list.html", context, fragment="addresses")


@require_GET
@allowed(Permission.EXPORT)
def address_export(request: StaffRequest) -> HttpResponseBase:
    """The list as CSV, in its filter and sort."""
    order = read_order(request, ADDRESS_SORTS, default="name")
    rows = request.access.visible(_filter(request).listed_rows, permission=Permission.EXPORT)
    ordered = seek(rows.select_related("account").defer("payload"), order, order.descending, key=())

    return csv_response("addresses", _header(_CSV), _csv_lines(ordered))


@require_GET
@allowed(Permission.VIEW)
def address_detail(request: StaffRequest, sid: str) -> HttpResponse:
    context = _context(request, visible_address(request, sid))
    return page(request, "inventory/addresses/address_detail.html", context, fragment="address")


@require_GET
@allowed(Permission.REFRESH)
def address_numbers(request: StaffRequest, sid: str) -> HttpResponse:
    """The page with the numbers that Twilio says depend on the address, asked for now."""
    address = visible_address(request, sid)
    request.access.require(Permission.REFRESH, address.account_id)
    context = _context(request, address)
    try:
        context["dependents"] = known(request, lookups.dependent_numbers(address))
    except TwilioFailure as failure:
        context["lookup_failure"] = sentence_of(failure)
    return page(request, "inventory/addresses/address_detail.html", context, fragment="dependents")


@require_POST
@allowed(Permission.ANNOTATE)
def address_note(request: StaffRequest, sid: str) -> HttpResponse:
    address = visible_address(request, sid)

    def show(form: NoteForm) -> HttpResponse:
        context = {**_context(request, address), "note_form": form}
        return page(
            request, "inventory/addresses/address_detail.html", context, fragment="address", status=422
        )

    return note_on(request, address, show)


@require_POST
@allowed(Permission.REFRESH)
def address_refresh(request: StaffRequest, sid: str) -> HttpResponse:
    """Read this one address from Twilio now."""
    address = visible_address(request, sid)
    return read_again(request, address, lambda: actions.read_address(address=address), sentence_of)


@require_GET
@allowed(Permission.VIEW)
def address_fit(request: StaffRequest) -> HttpResponse:
    """Numbers whose address is missing or is not what Twilio asks for."""
    troubles, filter_ = _troubled(request)
    listing = list_page(
        request,
        filter_.qs.select_related("account", "address").defer("payload", "address__payload"),
        sorts=FIT_SORTS,
        default_sort="number",
        count=troubles.count(filter_.applied),
    )
    listing.chips = chips_of(filter_, request.GET)
    context = {
        "list": listing,
        "filter": filter_,
        "quick_filters": [(filter_.form[name], applied(filter_, request.GET, name)) for name in FIT_FILTERS],
        "figures": [
            (TROUBLES[trouble], count, list_url(request.GET, trouble=trouble))
            for trouble, count in troubles.counts.items()
        ],
        "lines": [(number, fit_of_number(number)) for number in listing.rows],
        "freshness": freshness("numbers", visible_accounts(request)),
        "can_export": request.access.can(Permission.EXPORT),
    }
    return page(request, "inventory/addresses/address_fit.html", context, fragment="troubles")


@require_GET
@allowed(Permission.EXPORT)
def address_fit_export(request: StaffRequest) -> HttpResponseBase:
    _, filter_ = _troubled(request, permission=Permission.EXPORT)
    rows = filter_.qs.select_related("account", "address").defer("payload", "address__payload")
    cells = (
        (
            number.phone_number, number.sid, number.account_id, number.account.friendly_name, number.country,
            number.address_requirements, number.address_id, number.trouble, TROUBLES[number.trouble],
        )
        for number in rows.order_by("phone_number", "sid").iterator(chunk_size=2000)
    )  # fmt: skip
    return csv_response("address-fit", _header(_FIT_CSV), cells)


@dataclass(frozen=True, slots=True)
class KnownDependent:
    """A number that Twilio names, and its page where the person may see it."""

    dependent: Dependent
    url: str


def visible_address(request: StaffRequest, sid: str) -> Address:
    address: Address = get_object_or_404(
        request.access.visible(Address.objects.select_related("account")), pk=sid
    )
    return address


def numbers_of(request: StaffRequest, address: Address) -> tuple[PhoneNumberQuerySet, PhoneNumberQuerySet]:
    """The numbers that are registered at an address, and those whose emergency address it is."""
    numbers = request.access.visible(PhoneNumber.objects.present()).order_by("phone_number")
    return numbers.filter(address=address), numbers.filter(emergency_address=address)


def known(request: StaffRequest, dependents: Sequence[Dependent]) -> list[KnownDependent]:
    sids = [dependent.sid for dependent in dependents]
    ours = set(request.access.visible(PhoneNumber.objects.filter(pk__in=sids)).values_list("pk", flat=True))
    return [
        KnownDependent(
            found, reverse("inventory:number-detail", args=[found.sid]) if found.sid in ours else ""
        )
        for found in dependents
    ]


def _filter(request: StaffRequest) -> AddressFilter:
    rows = request.access.visible(Address.objects.all())
    countries = rows.order_by().values_list("iso_country", flat=True).distinct()
    return AddressFilter(request.GET, rows, accounts=visible_accounts(request), countries=countries)


def _troubled(request: StaffRequest, permission: Permission = Permission.VIEW) -> tuple[Troubles, FitFilter]:
    """What the person may see, counted, and the numbers of it that were asked for."""
    rows = request.access.visible(numbers_in_trouble(), permission=permission)
    troubles = Troubles.of(rows)
    accounts = visible_accounts(request)
    return troubles, FitFilter(request.GET, rows, accounts=accounts, countries=troubles.countries)


def _context(request: StaffRequest, address: Address) -> dict[str, Any]:
    registered, emergency = numbers_of(request, address)
    numbers = list(registered[:_NUMBERS_SHOWN])
    for number in numbers:
        number.address = address
    return {
        "address": address,
        "labels": format_of(address.iso_country).labels,
        "numbers": [(number, fit_of_number(number)) for number in numbers],
        "emergency_numbers": list(emergency[:_NUMBERS_SHOWN]),
        "is_box": is_box(address.iso_country, address.street, address.street_secondary),
        "takes_emergencies": address.iso_country in EMERGENCY_COUNTRIES,
        "can_manage": request.access.can(Permission.MANAGE_ADDRESSES, address.account_id),
        "can_annotate": request.access.can(Permission.ANNOTATE, address.account_id),
        "can_refresh": request.access.can(Permission.REFRESH, address.account_id),
        "open_operation": Operation.objects.open().about(address.sid).select_related("actor").first(),
        "timeline": timeline(
            address.sid,
            kinds=OPERATION_TITLES,
            properties=actions.PROPERTIES,
            personal=frozenset(actions.PROPERTIES) - {"emergency_enabled"},
        ),
        "freshness": freshness("addresses", [address.account]).or_read_at(address.synced_at),
        "note_form": NoteForm(),
    }


def _header(columns: Mapping[str, str]) -> list[str]:
    return [f"{title} ({key})" for key, title in columns.items()]


def _csv_lines(rows: Any) -> Iterator[Sequence[Any]]:
    for batch in _batches(rows.iterator(chunk_size=1000)):
        uses = use_counts(batch)
        for address in batch:
            values = [getattr(address, name) for name in list(_CSV)[3:-2]]
            yield [address.sid, address.account_id, address.account.friendly_name, *values, *uses[address.pk]]


def _batches(rows: Iterable[Address]) -> Iterator[list[Address]]:
    batch: list[Address] = []
    for row in rows:
        batch.append(row)
        if len(batch) == 1000:
            yield batch
            batch = []
    yield batch
