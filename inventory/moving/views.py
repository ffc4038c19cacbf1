from typing import Any
from uuid import UUID

import django_filters
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from compliance.mapping.card import url_of
from compliance.mapping.groups import Group
from inventory.bulk.kinds import RELEASE_NUMBERS, TRANSFER_NUMBERS
from inventory.models import ReleasedNumber
from inventory.moving import actions
from inventory.moving.forms import ReleaseForm, TransferForm, TransferReasonForm
from inventory.moving.kinds import kinds_to_move
from portal.access import Permission, allowed
from portal.batches import asking
from portal.batches.drafts import ITEM_SORTS, confirm_draft, draft_context, keep_ticks, own_draft
from portal.csv_files import csv_response
from portal.http import StaffRequest, go, page
from portal.listing import Sort, list_page
from portal.models import Batch, BatchItem, TwilioAccount
from portal.money import Money
from portal.shell import visible_accounts

_RELEASED_SORTS = (Sort("released", "Released", ("released_at", "id"), starts_descending=True),)


@require_http_methods(["GET", "POST"])
@allowed(Permission.RELEASE_NUMBERS)
def bulk_release(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """What stands against each release, what is lost and saved; then why, and how many, typed in."""
    batch = own_draft(request, batch_id, RELEASE_NUMBERS)
    if request.method == "GET" and "page" not in request.GET:
        actions.check_release_of(batch)
    if turned := keep_ticks(request, batch):
        return turned
    actions.sum_up_release(batch)
    taking_part = batch.items.filter(state=BatchItem.State.WAITING)
    numbers = list(taking_part.values_list("name", flat=True))
    form = ReleaseForm(request.POST or None, numbers=numbers)
    if confirmed := confirm_draft(request, batch, form):
        return confirmed
    context = {
        **_review(request, batch, form, len(numbers)),
        "restorable_until": timezone.now() + ReleasedNumber.RESTORABLE_FOR,
        "saved": Money(-batch.monthly_cost, batch.currency) if batch.monthly_cost is not None else None,
    }
    status = 422 if form.errors else 200
    return page(request, "inventory/bulk_release.html", context, fragment="release", status=status)


@require_http_methods(["GET", "POST"])
@allowed(Permission.TRANSFER_NUMBERS)
def bulk_transfer(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Where the numbers go, and which of that account's addresses and approved bundles each kind gets."""
    batch = own_draft(request, batch_id, TRANSFER_NUMBERS)
    accounts = [
        account
        for account in visible_accounts(request)
        if request.access.can(Permission.TRANSFER_NUMBERS, account.pk)
    ]
    sid = request.POST.get("account") or request.GET.get("account") or batch.detail.get("to", "")
    target = next((account for account in accounts if account.pk == sid), None)
    text = request.GET.get("q", "").strip()
    kinds = kinds_to_move(batch, target, text) if target else []
    is_sent = request.method == "POST" and (target is None or "review" in request.POST)
    form = TransferForm(
        request.POST if is_sent else None,
        accounts=accounts,
        kinds=kinds,
        target=target.pk if target else "",
        chosen=batch.detail if target and batch.detail.get("to") == target.pk else {},
    )
    status = 200
    if is_sent:
        if form.is_valid() and target:
            actions.set_transfer(
                batch,
                account=target,
                address_sids=form.addresses(),
                bundle_sids=form.bundles(),
                lines=form.lines(),
            )
            return go(request, "inventory:bulk-transfer-review", batch.pk)
        status = 422
    context = {
        **draft_context(batch),
        "form": form,
        "target": target,
        "lines": [_line(form, kind) for kind in kinds],
        "has_more": any(kind.has_more for kind in kinds),
        "text": text,
        "can_create_bundle": target is not None and request.access.can(Permission.MANAGE_BUNDLES, target.pk),
    }
    return page(request, "inventory/bulk_transfer.html", context, fragment="transfer", status=status)


def _line(form: TransferForm, kind: Group) -> dict[str, Any]:
    """A kind of number with its own fields, and where a bundle for it is made."""
    return {
        "group": kind,
        "bundle": form[kind.bundle_field] if kind.bundle_field in form.fields else None,
        "address": form[kind.address_field] if kind.address_field in form.fields else None,
        "create_url": url_of(
            "compliance:bundle-create", account=kind.account_sid, country=kind.country, type=kind.number_type
        ),
    }


@require_http_methods(["GET", "POST"])
@allowed(Permission.TRANSFER_NUMBERS)
def bulk_transfer_review(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """What stands against each move, and what stays behind; then they are moved."""
    batch = own_draft(request, batch_id, TRANSFER_NUMBERS)
    if "to" not in batch.detail:
        return redirect("inventory:bulk-transfer", batch.pk)
    if request.method == "GET" and "page" not in request.GET:
        actions.check_transfer_of(batch)
    form = TransferReasonForm(request.POST or None)
    if answer := keep_ticks(request, batch) or confirm_draft(request, batch, form):
        return answer
    count = batch.items.filter(state=BatchItem.State.WAITING).count()
    context = {
        **_review(request, batch, form, count),
        "to": TwilioAccount.objects.get(pk=batch.detail["to"]),
    }
    status = 422 if form.errors else 200
    return page(request, "inventory/bulk_transfer_review.html", context, fragment="review", status=status)


def _review(request: StaffRequest, batch: Batch, form: Any, taking_part: int) -> dict[str, Any]:
    items = batch.items.select_related("account")
    return {
        **draft_context(batch),
        "list": list_page(request, items, sorts=ITEM_SORTS, default_sort="position"),
        "form": form,
        "taking_part": taking_part,
        "tally": batch.tally(),
        "needs_approval": bool(taking_part) and asking.needs_approval(batch),
    }


class ReleasedFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label="Number", method="by_digits")
    account = django_filters.CharFilter(label="Account", field_name="account_id")

    class Meta:
        model = ReleasedNumber
        fields: list[str] = []

    def by_digits(self, rows: Any, name: str, value: str) -> Any:
        digits = "".join(character for character in value if character.isdigit())
        return rows.filter(phone_number__contains=digits) if digits else rows.none()


@require_GET
@allowed(Permission.VIEW)
def released_list(request: StaffRequest) -> HttpResponse:
    """Numbers that were given back, and until when they can be had back."""
    filter_, rows = _released(request)
    context = {
        "list": list_page(request, rows, sorts=_RELEASED_SORTS, default_sort="-released"),
        "filter": filter_,
        "accounts": visible_accounts(request),
        "can_export": request.access.can(Permission.EXPORT),
    }
    return page(request, "inventory/released_list.html", context, fragment="released")


@require_GET
@allowed(Permission.EXPORT)
def released_export(request: StaffRequest) -> HttpResponseBase:
    _, rows = _released(request)
    header = [
        "Number (phone_number)", "Name (friendly_name)", "Account (account_sid)", "Country (country)",
        "Type (number_type)", "Monthly (monthly_cost)", "Currency (currency)", "Released (released_at)",
        "Restorable until (restorable_until)", "By (actor)", "Reason (reason)",
    ]  # fmt: skip
    cells = (
        [
            row.phone_number, row.friendly_name, row.account_id, row.country, row.number_type,
            row.monthly_cost if row.monthly_cost is not None else "", row.currency,
            row.released_at.isoformat(), row.restorable_until.isoformat(),
            str(row.operation.actor or ""), row.operation.reason,
        ]
        for row in rows.order_by("-released_at", "-id").iterator(chunk_size=2000)
    )  # fmt: skip
    return csv_response("released-numbers", header, cells)


def _released(request: StaffRequest) -> tuple[ReleasedFilter, Any]:
    rows = request.access.visible(ReleasedNumber.objects.select_related("account", "operation__actor"))
    filter_ = ReleasedFilter(request.GET, rows)
    return filter_, filter_.qs
