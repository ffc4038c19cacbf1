"""What the page of every object offers: to write a note on it, and to read it from Twilio now."""

from collections.abc import Callable
from typing import Any, Protocol

from django.contrib import messages
from django.http import HttpResponse

from portal.access import Permission
from portal.http import StaffRequest, go
from portal.models import Note
from portal.notes.actions import add_note
from portal.notes.forms import NoteForm
from portal.twilio.errors import TwilioFailure
from portal.uploads.fields import bind_files, keep_files

__all__ = ["NoteForm", "note_on", "read_again"]


class Shown(Protocol):
    """A row of an account, with a page."""

    pk: Any
    account_id: str
    account: Any

    def get_absolute_url(self) -> str: ...


def note_on(request: StaffRequest, row: Shown, show: Callable[[NoteForm], HttpResponse]) -> HttpResponse:
    """Add the note that was typed, or `show` the page again with what is wrong with it."""
    request.access.require(Permission.ANNOTATE, row.account_id)
    form = NoteForm(request.POST, request.FILES)
    bind_files(form, account=row.account, user=request.user)
    if not form.is_valid():
        keep_files(form)
        return show(form)
    add_note(
        target=row.pk,
        account=row.account,
        author=request.user,
        body=form.cleaned_data["body"],
        audience=form.cleaned_data["audience"] or Note.Audience.INTERNAL,
        file=form.cleaned_data["file"],
    )
    messages.success(request, "Note added.")
    return go(request, row)


def read_again(
    request: StaffRequest,
    row: Shown,
    read: Callable[[], object],
    sentence_of: Callable[[TwilioFailure], str],
) -> HttpResponse:
    """Read one object from Twilio, and go to its page whatever came of it."""
    request.access.require(Permission.REFRESH, row.account_id)
    try:
        read()
    except TwilioFailure as failure:
        messages.error(request, sentence_of(failure))
    else:
        messages.success(request, "Read from Twilio just now.")
    return go(request, row)
