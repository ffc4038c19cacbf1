from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.access import BATCH_PERMISSIONS, Permission, allowed, people_with
from portal.batches import asking
from portal.batches.asking import NotAllowed
from portal.batches.forms import ApprovalRuleForm, DecisionForm
from portal.csv_files import csv_response
from portal.http import StaffRequest, go, page, wants_fragment
from portal.labels import BATCH_KINDS, BATCH_STATES, ITEM_STATES, label_for
from portal.listing import Sort, list_page, list_url
from portal.models import ApprovalRule, Batch, BatchItem, TwilioAccount
from portal.shell import visible_accounts
from portal.templatetags.portal_ui import page_of

_NEWEST = (Sort("newest", "Newest", ("created_at", "id"), starts_descending=True),)
_POSITION = (Sort("position", "Position", ("position",)),)


@require_GET
@allowed(Permission.VIEW)
def batch_list(request: StaffRequest) -> HttpResponse:
    """What was asked for, the newest first; with ?show=approval the queue of those who approve."""
    batches = _visible(request).asked_for().select_related("author")
    show = request.GET.get("show", "")
    if show == "approval":
        batches = batches.waiting_for_approval()
    elif show == "mine":
        batches = batches.filter(author=request.user)
    listing = list_page(request, batches, sorts=_NEWEST, default_sort="-newest")
    context = {
        "list": listing,
        "show": show,
        "rows": [(batch, _title(batch), label_for(BATCH_STATES, batch.state)) for batch in listing.rows],
        "drafts": Batch.objects.filter(
            state=Batch.State.DRAFT, author=request.user, kind__in=list(BATCH_KINDS)
        )[:5],
    }
    return page(request, "portal/batch_list.html", context, fragment="batches")


@require_GET
@allowed(Permission.VIEW)
def batch_detail(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    batch = _batch(request, batch_id)
    if batch.state == Batch.State.DRAFT:
        return redirect(batch)
    if wants_fragment(request, "batch") and (made := _all_that_was_made(batch)):
        messages.success(request, f"{_title(batch)}: done.")
        return go(request, made)
    return _show(request, batch, DecisionForm())


def _all_that_was_made(batch: Batch) -> str:
    """The page of the one object that was asked for, once Twilio has made it; who looked on goes there."""
    items = list(batch.items.all()[:2]) if batch.state == Batch.State.DONE else []
    return page_of(items[0].result) if len(items) == 1 else ""


def _show(request: StaffRequest, batch: Batch, form: DecisionForm, *, status: int = 200) -> HttpResponse:
    tally = batch.tally()
    shown = request.GET.get("state", "")
    items = batch.items.select_related("account", "operation")
    if shown in BatchItem.State.values:
        items = items.filter(state=shown)
    listing = list_page(request, items, sorts=_POSITION, default_sort="position")
    taking_part = sum(tally.values()) - tally[BatchItem.State.LEFT_OUT]
    ended = taking_part - sum(tally[state] for state in BatchItem.UNENDED)
    may_decide = _may_decide(request, batch)
    context: dict[str, Any] = {
        "batch": batch,
        "title": _title(batch),
        "label": label_for(BATCH_STATES, batch.state),
        "accounts": TwilioAccount.objects.filter(pk__in=batch.account_sids).only("sid", "friendly_name"),
        "tally": [
            (
                label_for(ITEM_STATES, state), count, state == shown,
                list_url(request.GET, state=None if state == shown else state),
            )
            for state, count in tally.items()
            if count
        ],
        "shown": shown,
        "list": listing,
        "rows": [(item, label_for(ITEM_STATES, item.state)) for item in listing.rows],
        "taking_part": taking_part,
        "ended": ended,
        "share": ended / taking_part if taking_part else 1,
        "again": sum(tally[state] for state in BatchItem.AGAIN),
        "may_stop": _may_stop(request, batch),
        "may_retry": _may_retry(request, batch),
        "may_decide": may_decide,
        "can_export": request.access.can(Permission.EXPORT),
        "is_own": batch.author_id == request.user.pk,
        "approvers": people_with(Permission.APPROVE),
        "form": form,
    }  # fmt: skip
    is_polled = request.method == "GET" and request.htmx and not batch.is_at_work
    return page(
        request, "portal/batch_detail.html", context, fragment="batch", status=286 if is_polled else status
    )


@require_GET
@allowed(Permission.EXPORT)
def batch_export(request: StaffRequest, batch_id: UUID) -> HttpResponseBase:
    """What became of each item, as CSV."""
    batch = _batch(request, batch_id)
    header = [
        "Target (target)", "Name (name)", "Account (account_sid)", "Result (state)", "Why (words)",
        "Twilio error (code)", "Made (result)", "Twilio request (request_id)", "Ended (ended_at)",
    ]  # fmt: skip
    rows = (
        [
            item.target, item.name, item.account_id, item.state, item.words, item.code or "", item.result,
            item.operation.request_id if item.operation else "",
            item.ended_at.isoformat() if item.ended_at else "",
        ]
        for item in batch.items.select_related("operation").iterator(chunk_size=2000)
    )  # fmt: skip
    return csv_response("batch", header, rows)


@require_POST
@allowed(Permission.VIEW)
def batch_stop(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    batch = _batch(request, batch_id)
    if _may_stop(request, batch):
        asking.stop(batch)
        messages.success(request, "Nothing more is begun. What was under way is finished.")
    else:
        messages.error(request, f"Only {batch.author} and those who approve can do this.")
    return go(request, "batch-detail", batch_id)


@require_POST
@allowed(Permission.VIEW)
def batch_retry(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    batch = _batch(request, batch_id)
    if batch.author_id == request.user.pk and not _may_retry(request, batch):
        messages.error(request, "Your role does not allow this any more. Those who approve can try again.")
    elif _may_retry(request, batch):
        again = asking.retry(batch)
        messages.success(request, f"{again:,} tried again." if again else "There is nothing to try again.")
    else:
        messages.error(request, f"Only {batch.author} and those who approve can do this.")
    return go(request, "batch-detail", batch_id)


@require_POST
@allowed(Permission.APPROVE)
def batch_decide(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Approve or decline what somebody else has asked for."""
    batch = _batch(request, batch_id)
    form = DecisionForm(request.POST)
    if form.is_valid():
        decide = asking.approve if form.cleaned_data["decision"] == "approve" else asking.decline
        try:
            if not _may(request, batch, Permission.APPROVE):
                raise NotAllowed("You may not approve on all of its accounts.")
            decide(batch, actor=request.user, reason=form.cleaned_data["reason"])
        except NotAllowed as reason:
            messages.error(request, str(reason))
        return go(request, "batch-detail", batch_id)
    return _show(request, batch, form, status=422)


@require_POST
@allowed(Permission.VIEW)
def batch_withdraw(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    batch = _batch(request, batch_id)
    try:
        asking.withdraw(batch, actor=request.user)
        messages.success(request, "Withdrawn. Nothing was changed.")
    except NotAllowed as reason:
        messages.error(request, str(reason))
    return go(request, "batch-detail", batch_id)


@require_http_methods(["GET", "POST"])
@allowed(Permission.SET_APPROVAL)
def approval_rules(request: StaffRequest) -> HttpResponse:
    """What needs a second person."""
    accounts = [a for a in visible_accounts(request) if request.access.can(Permission.SET_APPROVAL, a.pk)]
    form = ApprovalRuleForm(request.POST or None, accounts=accounts)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            values = form.cleaned_data
            limits = {name: values[name] for name in ("over_count", "over_monthly_cost")}
            # Somebody else may add the same rule in the same moment: theirs stands then, and is shown.
            ApprovalRule.objects.get_or_create(
                kind=values["kind"], account_id=values["account"] or None, defaults=limits
            )
            messages.success(request, "Saved. It holds for what is asked for from now on.")
            return go(request, "approval-rules")
        status = 422
    rules = ApprovalRule.objects.select_related("account")
    context = {"form": form, "rules": [(rule, BATCH_KINDS.get(rule.kind, rule.kind)) for rule in rules]}
    return page(request, "portal/approval_rules.html", context, fragment="rules", status=status)


@require_POST
@allowed(Permission.SET_APPROVAL)
def approval_rule_delete(request: StaffRequest, rule_id: int) -> HttpResponse:
    ApprovalRule.objects.filter(pk=rule_id).delete()
    messages.success(request, "The rule is gone. What waits for approval goes on waiting.")
    return go(request, "approval-rules")


def _visible(request: StaffRequest) -> Any:
    return Batch.objects.visible_to(request.access.account_sids())


def _batch(request: StaffRequest, batch_id: UUID) -> Batch:
    visible = _visible(request).select_related("author", "approver")
    batch: Batch = get_object_or_404(visible, pk=batch_id)
    if batch.state == Batch.State.DRAFT and batch.author_id != request.user.pk:
        batch = get_object_or_404(visible.asked_for(), pk=batch_id)
    return batch


def _may_stop(request: StaffRequest, batch: Batch) -> bool:
    """Its author, and whoever approves on all of its accounts."""
    return batch.author_id == request.user.pk or _may(request, batch, Permission.APPROVE)


def _may_retry(request: StaffRequest, batch: Batch) -> bool:
    """The same people, but the author only for as long as the role has it that the batch was made with."""
    if batch.author_id == request.user.pk:
        return _may(request, batch, BATCH_PERMISSIONS[batch.kind])
    return _may(request, batch, Permission.APPROVE)


def _may_decide(request: StaffRequest, batch: Batch) -> bool:
    return batch.author_id != request.user.pk and _may(request, batch, Permission.APPROVE)


def _may(request: StaffRequest, batch: Batch, permission: Permission) -> bool:
    return all(request.access.can(permission, sid) for sid in batch.account_sids)


def _title(batch: Batch) -> str:
    return BATCH_KINDS.get(batch.kind, batch.kind)
