from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_POST

from portal.access import Permission, allowed
from portal.http import StaffRequest, go
from porting.drafting.pages import draft_of, draft_page
from porting.models import PortInRequest
from porting.portin import drafts


@require_GET
@allowed(Permission.MANAGE_PORTING)
def draft_tasks(request: StaffRequest, pk: UUID) -> HttpResponse:
    """All tasks of a request, and how far each is."""
    draft = draft_of(request, pk)
    replaced = PortInRequest.objects.filter(pk=draft.replaces).first() if draft.replaces else None
    return draft_page(request, "draft_tasks", draft, {"replaced": replaced})


@require_POST
@allowed(Permission.MANAGE_PORTING)
def draft_delete(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Throw the draft away, with all that was typed. Nothing was filed."""
    draft = draft_of(request, pk)
    drafts.delete_draft(draft=draft)
    messages.success(request, "The draft is thrown away. Nothing was filed.")
    return go(request, "home")
