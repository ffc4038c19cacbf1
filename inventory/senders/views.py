from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods

from inventory.models import PhoneNumber, SenderId, SenderIdQuerySet
from inventory.senders import actions, forms, labels
from inventory.senders.filters import SenderFilter
from inventory.senders.rules import Kind, kind_of, sent_as
from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.filtering import applied, chips_of
from portal.http import StaffRequest, go, page
from portal.listing import Sort, list_page, read_order, seek
from portal.models import TwilioAccount
from portal.numbering import country_name
from portal.saved_views.menu import view_menu
from portal.shell import visible_accounts
from portal.timeline import timeline

SENDER_SORTS = (
    Sort("country", "Country", ("country", "sender", "account_id")),
    Sort("sender", "Sender ID", ("sender", "country", "account_id")),
)
FILTERS = ("country", "kind", "default", "account")
# The CSV file's columns.
_HEADER = (
    "Sender ID (sender)",
    "Kind (kind)",
    "Country (country)",
    "Default (is_default)",
    "Account (account_sid)",
    "Account (account)",
)


@require_GET
@allowed(Permission.VIEW)
def sender_list(request: StaffRequest) -> HttpResponse:
    filter_ = _filter(request)
    rows = (
        filter_.qs.with_country_default()
        .select_related("account")
        .only("country", "sender", "is_default", "account__friendly_name")
    )
    listing = list_page(request, rows, sorts=SENDER_SORTS, default_sort="country")
    listing.chips = chips_of(filter_, request.GET)
    context = {
        "list": listing,
        "views": view_menu(
            request, "inventory:sender-list", filter_=filter_, listing=listing, default_sort="country"
        ),
        "filter": filter_,
        "quick_filters": [(filter_.form[name], applied(filter_, request.GET, name)) for name in FILTERS],
        "lines": _lines(request, listing.rows),
        "can_manage": request.access.can(Permission.MANAGE_SENDERS),
        "can_export": request.access.can(Permission.EXPORT),
    }
    return page(request, "inventory/senders/sender_list.html", context, fragment="senders")


@require_GET
@allowed(Permission.EXPORT)
def sender_export(request: StaffRequest) -> HttpResponseBase:
    """The list as CSV, in its filter and sort."""
    order = read_order(request, SENDER_SORTS, default="country")
    rows = request.access.visible(_filter(request).qs, permission=Permission.EXPORT)
    rows = seek(rows.select_related("account"), order, order.descending, key=())
    cells = (
        (
            row.sender,
            labels.KINDS[kind_of(row.sender)],
            row.country,
            "yes" if row.is_default else "no",
            row.account_id,
            row.account.friendly_name,
        )
        for row in rows.iterator(chunk_size=2000)
    )
    return csv_response("senders", _HEADER, cells)


@require_GET
@allowed(Permission.VIEW)
def sender_country(request: StaffRequest, account_sid: str, country: str) -> HttpResponse:
    """What one account may send as to one country, what is the default, and who changed it."""
    account, rows = _country(request, account_sid, country)
    history = timeline(
        actions.target_of(account.pk, country), kinds=labels.OPERATIONS, properties=labels.PROPERTIES
    )
    if not rows and not history:
        raise Http404
    context = {
        **_country_context(account, country, rows),
        "lines": _lines(request, rows),
        "timeline": history,
        "can_manage": request.access.can(Permission.MANAGE_SENDERS, account.pk),
    }
    return page(request, "inventory/senders/sender_country.html", context)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_SENDERS)
def sender_add(request: StaffRequest) -> HttpResponse:
    accounts = _manageable_accounts(request)
    initial = {name: request.GET.get(name, "") for name in ("account", "country", "sender")}
    form = forms.SenderAddForm(_sent(request), accounts=accounts, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = form.cleaned_data
            account = form.accounts[typed["account"]]
            try:
                row = actions.add_sender(
                    account=account,
                    country=typed["country"],
                    sender=typed["sender"],
                    is_default=typed["is_default"],
                    actor=request.user,
                    reason=typed["reason"],
                )
            except actions.AlreadyRegistered:
                where = country_name(typed["country"])
                form.add_error("sender", f"{account} has this sender ID for {where} in the register already")
            else:
                messages.success(request, f"{row} was added for {country_name(row.country)}.")
                return go(request, row)
    return page(
        request, "inventory/senders/sender_add.html", {"form": form}, fragment="sender", status=status
    )


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_SENDERS)
def sender_default(request: StaffRequest, account_sid: str, country: str) -> HttpResponse:
    """Set, replace or remove the default of one country."""
    account, rows = _country(request, account_sid, country)
    request.access.require(Permission.MANAGE_SENDERS, account.pk)
    if not rows:
        raise Http404
    context: dict[str, Any] = _country_context(account, country, rows)
    form = forms.SenderDefaultForm(
        _sent(request),
        account=account,
        country=country,
        registered=[row.sender for row in rows],
        default=context["default"],
        initial={"sender": request.GET["sender"]} if "sender" in request.GET else {},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = form.cleaned_data
            try:
                is_new = actions.set_default(
                    account=account,
                    country=country,
                    sender=typed["sender"],
                    opened_with=typed["opened_with"],
                    actor=request.user,
                    reason=typed["reason"],
                )
            except actions.ChangedMeanwhile:
                form.renew(context["default"])
                context["is_stale"], status = True, 409
            else:
                messages.success(request, "Saved." if is_new else "Nothing was changed.")
                return go(request, "inventory:sender-country", account.pk, country)
    return page(
        request,
        "inventory/senders/sender_default.html",
        {**context, "form": form},
        fragment="default",
        status=status,
    )


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_SENDERS)
def sender_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a sender ID off the register."""
    row = get_object_or_404(request.access.visible(SenderId.objects.select_related("account")), pk=pk)
    request.access.require(Permission.MANAGE_SENDERS, row.account_id)
    form = forms.SenderRemoveForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        actions.remove_sender(row=row, actor=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, f"{row} was removed from the register for {country_name(row.country)}.")
        return go(request, row)
    status = 422 if request.method == "POST" else 200
    context = {"row": row, "account": row.account, "country": row.country, "form": form}
    return page(request, "inventory/senders/sender_remove.html", context, fragment="removal", status=status)


@require_GET
@allowed(Permission.VIEW)
def sender_test(request: StaffRequest) -> HttpResponse:
    """What will Twilio send as?"""
    accounts = visible_accounts(request)
    is_asked = "sender" in request.GET
    form = forms.SenderTestForm(
        request.GET if is_asked else None,
        accounts=accounts,
        initial={name: request.GET.get(name, "") for name in ("account", "country")},
    )
    context: dict[str, Any] = {"form": form}
    if is_asked and form.is_valid():
        typed = form.cleaned_data
        account, rows = _country(request, typed["account"], typed["country"])
        context |= _country_context(account, typed["country"], rows)
        context["from"] = typed["sender"]
        context["sending"] = sent_as(
            typed["sender"], {row.sender for row in rows}, context["default"] or None
        )
        context["can_manage"] = request.access.can(Permission.MANAGE_SENDERS, account.pk)
    return page(request, "inventory/senders/sender_test.html", context, fragment="test")


def _sent(request: StaffRequest) -> QueryDict | None:
    """What was sent, which may be nothing; None for a page that is only opened."""
    return request.POST if request.method == "POST" else None


def _filter(request: StaffRequest) -> SenderFilter:
    rows = request.access.visible(SenderId.objects.all())
    countries = rows.order_by().values_list("country", flat=True).distinct()
    return SenderFilter(request.GET, rows, accounts=visible_accounts(request), countries=countries)


def _country(request: StaffRequest, account_sid: str, country: str) -> tuple[TwilioAccount, list[SenderId]]:
    """A visible account, and what it has registered in a country."""
    account = next((account for account in visible_accounts(request) if account.pk == account_sid), None)
    if account is None:
        raise Http404
    rows: SenderIdQuerySet = SenderId.objects.of(account.pk, country).order_by("sender")
    return account, list(rows)


def _country_context(account: TwilioAccount, country: str, rows: list[SenderId]) -> dict[str, Any]:
    default = next((row.sender for row in rows if row.is_default), "")
    return {"account": account, "country": country, "senders": rows, "default": default}


def _lines(
    request: StaffRequest, rows: list[SenderId]
) -> list[tuple[SenderId, str, PhoneNumber | None, bool]]:
    """Each sender ID with its kind, the number of ours that it is, and whether it ought to be one."""
    kinds = {row.sender: kind_of(row.sender) for row in rows}
    texts = [sender for sender, kind in kinds.items() if kind == Kind.NUMBER]
    ours: dict[str, PhoneNumber] = {}
    if texts:
        numbers = request.access.visible(PhoneNumber.objects.present().filter(phone_number__in=texts))
        ours = {number.phone_number: number for number in numbers.only("phone_number", "account_id")}
    return [
        (row, labels.KINDS[kinds[row.sender]], ours.get(row.sender), kinds[row.sender] == Kind.NUMBER)
        for row in rows
    ]


def _manageable_accounts(request: StaffRequest) -> list[TwilioAccount]:
    return [
        account
        for account in visible_accounts(request)
        if request.access.can(Permission.MANAGE_SENDERS, account.pk)
    ]
