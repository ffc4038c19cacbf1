"""What the pages of every draft do: find it, say what it is about, keep its ticks, confirm it."""

from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from portal.access import BATCH_PERMISSIONS
from portal.batches import asking
from portal.batches.asking import NotAllowed
from portal.http import Elsewhere, StaffRequest, go
from portal.listing import Sort
from portal.models import Batch, BatchItem, TwilioAccount

ITEM_SORTS = (Sort("position", "Position", ("position",)),)


def own_draft(request: StaffRequest, batch_id: UUID, kind: str) -> Batch:
    """The draft, if it is the asker's; 404 otherwise, also when accounts were taken away.

    Once it was confirmed, by a double click or before Back and a reload, it leads on to its progress.
    """
    drafts = Batch.objects.filter(author=request.user, kind=kind)
    allowed_on = request.access.account_sids(BATCH_PERMISSIONS[kind])
    batch = get_object_or_404(drafts.visible_to(allowed_on), pk=batch_id)
    if batch.state != Batch.State.DRAFT:
        raise Elsewhere(batch)
    return batch


def draft_context(batch: Batch) -> dict[str, Any]:
    """What every page about a draft says of it: how many, where, and the first five (UX-14)."""
    return {
        "batch": batch,
        "count": batch.items.count(),
        "first_items": list(batch.items.all()[:5]),
        "accounts": list(
            TwilioAccount.objects.filter(pk__in=batch.account_sids).only("sid", "friendly_name")
        ),
    }


def keep_ticks(request: StaffRequest, batch: Batch) -> HttpResponse | None:
    """Untick the items of a page that were shown and not kept; tick those again that were.

    Leads on to another page of the review, if that was pressed.
    """
    if request.method != "POST":
        return None
    items = batch.items.filter(pk__in=filter(_is_uuid, request.POST.getlist("shown")))
    kept = list(filter(_is_uuid, request.POST.getlist("keep")))
    items.exclude(pk__in=kept).filter(state=BatchItem.State.WAITING).update(state=BatchItem.State.LEFT_OUT)
    items.filter(pk__in=kept, state=BatchItem.State.LEFT_OUT, detail__possible=True).update(
        state=BatchItem.State.WAITING
    )
    if "next" in request.POST:
        return redirect(f"{request.path}{request.POST['next']}")
    return None


def confirm_draft(request: StaffRequest, batch: Batch, form: Form) -> HttpResponse | None:
    """Confirm what a valid form gives a reason for, and lead on; None when the review is shown again."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        asking.confirm(batch, actor=request.user, reason=form.cleaned_data["reason"])
    except NotAllowed as reason:
        form.add_error(None, str(reason))
        return None
    return go(request, "batch-detail", batch.pk)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
