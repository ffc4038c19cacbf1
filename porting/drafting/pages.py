"""What every page of a draft begins and ends with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from portal.access import Permission
from portal.http import Elsewhere, StaffRequest, page
from portal.reveal.views import private
from porting.drafting.progress import read_progress
from porting.models import PortInDraft
from porting.portin.actions import is_being_filed
from porting.portin.drafts import NotEditable


def draft_of(request: StaffRequest, pk: UUID, *, must_be_open: bool = True) -> PortInDraft:
    """The draft with the access check. One that is filed, or being filed, leads to what becomes of it."""
    rows = PortInDraft.objects.select_related("account", "bill", "saved_by")
    draft = get_object_or_404(request.access.visible(rows), pk=pk)
    request.access.require(Permission.MANAGE_PORTING, draft.account_id)
    if must_be_open and (draft.is_filed or is_being_filed(draft)):
        raise Elsewhere(_filed_url(draft))
    return draft


@contextmanager
def led_on() -> Iterator[None]:
    """Whoever changes a draft that was begun to be filed in this moment is led to what becomes of it."""
    try:
        yield
    except NotEditable as gone:
        raise Elsewhere(_filed_url(gone.draft)) from None


def _filed_url(draft: PortInDraft) -> str:
    return reverse("porting:draft-filed", args=[draft.pk])


def draft_page(
    request: StaffRequest,
    template: str,
    draft: PortInDraft,
    context: dict[str, Any],
    *,
    fragment: str = "task",
    status: int = 200,
) -> HttpResponse:
    """A page that may show personal values: no cache keeps it."""
    whole = {"draft": draft, "progress": read_progress(draft), **context}
    return private(
        page(request, f"porting/drafting/{template}.html", whole, fragment=fragment, status=status)
    )
