"""Stored files, streamed to people who may see them now: who uploaded it just now, or who said why."""

from datetime import timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from portal import files
from portal.access import Permission, allowed
from portal.http import StaffRequest, page
from portal.models import StoredFile, User
from portal.reveal import reveals
from portal.reveal.views import private
from portal.secrets import CannotDecrypt
from portal.uploads.check import Refused, draw_page

# Whoever uploaded a file has seen it; so long after they may look whether it is the right one.
_UPLOADER_SEES_FOR = timedelta(hours=1)


@require_safe
@allowed(Permission.VIEW)
def file_download(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The file, byte for byte, to be saved."""
    stored = _file_to_see(request, pk)
    return _answer(stored, _contents(stored), stored.content_type, as_attachment=True)


@require_safe
@allowed(Permission.VIEW)
def file_preview(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The first pages of a file, one below the other, for a tab of its own."""
    return private(page(request, "portal/file_preview.html", {"stored": _file_to_see(request, pk)}))


@require_safe
@allowed(Permission.VIEW)
def file_page(request: StaffRequest, pk: UUID, number: int) -> HttpResponse:
    """A page, or a picture, drawn anew, so that nothing else of the file reaches the browser."""
    stored = _file_to_see(request, pk)
    if number not in stored.shown_pages:
        raise Http404
    try:
        drawn = draw_page(_contents(stored), number)
    except Refused:
        raise Http404 from None
    return _answer(stored, drawn, "image/jpeg", as_attachment=False)


def has_just_uploaded(user: User, stored: StoredFile) -> bool:
    return stored.uploaded_by_id == user.pk and timezone.now() - stored.created_at < _UPLOADER_SEES_FOR


def may_see(user: User, stored: StoredFile) -> bool:
    """Whether this person may see the contents at this moment; the access to the account aside."""
    if has_just_uploaded(user, stored):
        return True
    return bool(stored.owner_sid) and reveals.is_running(
        user, stored.owner_sid, reveals.file_field(stored.pk)
    )


def _file_to_see(request: StaffRequest, pk: UUID) -> StoredFile:
    rows = request.access.visible(StoredFile.objects.there().select_related("uploaded_by").defer("name"))
    stored = get_object_or_404(rows, pk=pk)
    if stored.uploaded_by_id != request.user.pk:
        request.access.require(Permission.REVEAL_PERSONAL, stored.account_id)
    if not may_see(request.user, stored):
        raise PermissionDenied(
            "Files hold personal data. Open the document's page, and say there why you need to see its file."
        )
    return stored


def _contents(stored: StoredFile) -> bytes:
    try:
        return files.open_file(stored)
    except (files.NotThere, CannotDecrypt):
        raise Http404 from None


def _answer(stored: StoredFile, content: bytes, content_type: str, *, as_attachment: bool) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    # The name in the browser says nothing about anybody: downloads lie in folders that others look into.
    name = f"document.{'jpg' if content_type == 'image/jpeg' else stored.content_type.rpartition('/')[2]}"
    response["Content-Disposition"] = content_disposition_header(as_attachment, name) or ""
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return private(response)
