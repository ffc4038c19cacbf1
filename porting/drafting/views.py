from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_POST

from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.listing import Sort, list_page
from porting.drafting.pages import draft_of, draft_page, led_on
from porting.drafting.progress import read_progress
from porting.models import PortInDraft, PortInRequest
from porting.portin import drafts

_SORTS = (Sort("saved", "Saved", ("saved_at", "id"), starts_descending=True),)


@require_GET
@allowed(Permission.MANAGE_PORTING)
def draft_tasks(request: StaffRequest, pk: UUID) -> HttpResponse:
    """All tasks of a request, and how far each is."""
    draft = draft_of(request, pk)
    replaced = PortInRequest.objects.filter(pk=draft.replaces).first() if draft.replaces else None
    return draft_page(request, "draft_tasks", draft, {"replaced": replaced})


@require_GET
@allowed(Permission.MANAGE_PORTING)
def draft_list(request: StaffRequest) -> HttpResponse:
    """Requests that are being prepared, the last touched first."""
    rows = PortInDraft.objects.open().with_filing().select_related("account", "saved_by")
    rows = request.access.visible(rows, permission=Permission.MANAGE_PORTING)
    listing = list_page(request, rows, sorts=_SORTS, default_sort="-saved")
    context = {"list": listing, "rows": [(draft, read_progress(draft)) for draft in listing.rows]}
    return page(request, "porting/drafting/draft_list.html", context, fragment="drafts")


@require_POST
@allowed(Permission.MANAGE_PORTING)
def draft_leave_out(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Take the ticked numbers out of the request."""
    draft = draft_of(request, pk)
    ticked = set(request.POST.getlist("out")) & set(draft.numbers)
    if not ticked:
        messages.error(request, "Tick the numbers to take out.")
        return go(request, draft)
    with led_on():
        is_done = drafts.leave_out(draft=draft, numbers=ticked)
    if is_done:
        messages.success(request, f"{len(ticked):,} taken out of the request.")
    else:
        messages.error(request, "No number would be left. Throw the draft away instead.")
    return go(request, draft)


@require_POST
@allowed(Permission.MANAGE_PORTING)
def draft_delete(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Throw the draft away, with all that was typed. Nothing was filed."""
    draft = draft_of(request, pk)
    with led_on():
        drafts.delete_draft(draft=draft)
    messages.success(request, "The draft is thrown away. Nothing was filed.")
    return go(request, "porting:draft-list")
