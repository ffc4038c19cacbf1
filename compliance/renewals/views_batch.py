"""Starting the updates of many bundles at once: frozen, looked over, confirmed, carried out by workers."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from compliance.renewals import actions
from compliance.renewals.deadlines import deadlines
from compliance.renewals.filters import DeadlineFilter
from portal.access import Permission, allowed
from portal.batches import asking
from portal.batches.asking import NotAllowed
from portal.batches.drafts import ITEM_SORTS, confirm_draft, keep_ticks, own_draft
from portal.batches.forms import ReasonForm
from portal.http import StaffRequest, go, page
from portal.listing import list_page
from portal.models import BatchItem
from portal.shell import visible_accounts


@require_POST
@allowed(Permission.MANAGE_BUNDLES)
def renewal_select(request: StaffRequest) -> HttpResponse:
    """Freeze the ticked bundles, or all that match the list, and go on to looking them over."""
    query = request.POST.get("query", "").removeprefix("?")
    rows = request.access.visible(deadlines(), permission=Permission.MANAGE_BUNDLES)
    if request.POST.get("all"):
        countries = rows.order_by().values_list("regulation__iso_country", flat=True).distinct()
        accounts = visible_accounts(request)
        rows = DeadlineFilter(QueryDict(query), rows, accounts=accounts, countries=countries).qs
    else:
        rows = rows.filter(pk__in=[sid for sid in request.POST.getlist("sid") if sid.isalnum()])
    try:
        batch = actions.draft_starts(rows, author=request.user)
    except NotAllowed as reason:
        messages.error(request, str(reason))
        return redirect(f"{reverse('compliance:deadline-list')}{'?' if query else ''}{query}")
    return redirect(batch)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def renewal_batch(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """What stands against each copy; rows can be left out; then the copies are made."""
    batch = own_draft(request, batch_id, actions.START_UPDATES)
    if request.method == "GET" and "page" not in request.GET:
        actions.check_starts_of(batch)
    form = ReasonForm(request.POST or None)
    if answer := keep_ticks(request, batch) or confirm_draft(request, batch, form):
        return answer
    items = batch.items.select_related("account")
    listing = list_page(request, items, sorts=ITEM_SORTS, default_sort="position")
    context: dict[str, Any] = {
        "batch": batch,
        "count": listing.count.number,
        "accounts": [account for account in visible_accounts(request) if account.pk in batch.account_sids],
        "list": listing,
        "form": form,
        "taking_part": batch.items.filter(state=BatchItem.State.WAITING).count(),
    }
    status = 422 if form.errors else 200
    return page(request, "compliance/renewals/renewal_batch.html", context, fragment="review", status=status)


@require_POST
@allowed(Permission.MANAGE_BUNDLES)
def renewal_discard(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    batch = own_draft(request, batch_id, actions.START_UPDATES)
    asking.discard(batch, actor=request.user)
    messages.success(request, "Nothing was changed.")
    return go(request, "compliance:deadline-list")
