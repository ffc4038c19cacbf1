from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from compliance.mapping.actions import Papers
from compliance.mapping.bulk import groups_of, plan_assignment
from compliance.mapping.card import url_of
from compliance.mapping.forms import GroupForm
from compliance.mapping.groups import Group, Key
from compliance.mapping.kinds import ASSIGN_BUNDLES
from compliance.standing import REVIEW_DAYS
from portal.access import Permission, allowed
from portal.batches.drafts import ITEM_SORTS, confirm_draft, draft_context, keep_ticks, own_draft
from portal.batches.forms import ReasonForm
from portal.http import StaffRequest, go, page
from portal.listing import list_page
from portal.models import Batch, BatchItem
from portal.shell import visible_accounts


@require_http_methods(["GET", "POST"])
@allowed(Permission.ASSIGN_BUNDLES)
def bulk_assign(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """A bundle and an address for each account, country and type among the numbers of a draft."""
    batch = own_draft(request, batch_id, ASSIGN_BUNDLES)
    text = request.GET.get("q", "").strip()
    names = {account.pk: str(account) for account in visible_accounts(request)}
    groups = groups_of(batch, names, text)
    form = GroupForm(request.POST or None, groups=groups)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            chosen = _chosen(form, groups)
            if any(any(papers.pair) for papers in chosen.values()):
                plan_assignment(batch, groups, chosen)
                return go(request, "compliance:bulk-assign-review", batch.pk)
            form.add_error(None, "Choose a bundle or an address for at least one of the groups.")
        status = 422
    context = {
        **draft_context(batch),
        "form": form,
        "lines": [_line(form, group) for group in groups],
        "can_choose": any(group.bundles or group.addresses for group in groups),
        "has_more": any(group.has_more for group in groups),
        "text": text,
        "can_create_bundle": request.access.can(Permission.MANAGE_BUNDLES),
    }
    return page(request, "compliance/mapping/bulk_assign.html", context, fragment="assign", status=status)


def _chosen(form: GroupForm, groups: list[Group]) -> dict[Key, Papers]:
    return {
        group.key: Papers(form.chosen(group.bundle_field), form.chosen(group.address_field))
        for group in groups
    }


def _line(form: GroupForm, group: Group) -> dict[str, Any]:
    """A group with its own fields, and where a bundle for it is made."""
    return {
        "group": group,
        "bundle": form[group.bundle_field] if group.bundle_field in form.fields else None,
        "address": form[group.address_field] if group.address_field in form.fields else None,
        "create_url": url_of(
            "compliance:bundle-create",
            account=group.account_sid,
            country=group.country,
            type=group.number_type,
        ),
    }


@require_http_methods(["GET", "POST"])
@allowed(Permission.ASSIGN_BUNDLES)
def bulk_assign_review(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Before and after of every number, and why some are unticked or left out; then it is done."""
    batch = own_draft(request, batch_id, ASSIGN_BUNDLES)
    if "chosen" not in batch.detail:
        return redirect("compliance:bulk-assign", batch.pk)
    form = ReasonForm(request.POST or None)
    if answer := keep_ticks(request, batch) or confirm_draft(request, batch, form):
        return answer
    items = batch.items.select_related("account")
    context = {
        **draft_context(batch),
        "list": list_page(request, items, sorts=ITEM_SORTS, default_sort="position"),
        "form": form,
        "taking_part": items.filter(state=BatchItem.State.WAITING).count(),
        **_left_out(batch),
        "review_days": REVIEW_DAYS,
    }
    template = "compliance/mapping/bulk_assign_review.html"
    return page(request, template, context, fragment="review", status=422 if form.errors else 200)


def _left_out(batch: Batch) -> dict[str, int]:
    rows = batch.items.filter(state=BatchItem.State.LEFT_OUT)
    restarting = rows.filter(detail__restarts=True).count()
    return {"restarting": restarting, "left_out": rows.count() - restarting}
