"""A note for the customer leaves: who gets it, and the one button that mails it. And what is attached."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.models import Note, StoredFile
from portal.notes.actions import AlreadyMailed, NotMailed, mail_note
from portal.notes.forms import MailForm
from portal.reveal.reveals import Subject, file_field, running
from portal.reveal.views import private, reveal
from portal.reveal.views_files import may_see
from portal.search import find


@require_http_methods(["GET", "POST"])
@allowed(Permission.ANNOTATE)
def note_mail(request: StaffRequest, pk: int) -> HttpResponse:
    """Mail a note to addresses that are typed."""
    return mail_page(request, note_to_mail(request, pk))


def note_to_mail(request: StaffRequest, pk: int) -> Note:
    """A note for the customer, on an account where the person may write notes."""
    notes = Note.objects.filter(audience=Note.Audience.CUSTOMER).select_related("author", "account", "mail")
    note: Note = get_object_or_404(request.access.visible(notes), pk=pk)
    request.access.require(Permission.ANNOTATE, note.account_id)
    return note


def mail_page(request: StaffRequest, note: Note, *, known: Sequence[str] = ()) -> HttpResponse:
    """Ask where a note goes, with the addresses that the area knows, and mail it there. Once."""
    back = _page_of(request, note)
    mail = getattr(note, "mail", None)
    form = MailForm(request.POST if request.method == "POST" else None, known=known)
    if request.method == "POST" and form.is_valid():
        try:
            mail_note(note=note, addresses=form.addresses(), actor=request.user)
        except AlreadyMailed:
            messages.info(request, "The note was e-mailed before, or is on its way. It is not sent twice.")
            return go(request, back)
        except NotMailed as failure:
            form.add_error(None, f"{failure}")
        else:
            messages.success(request, "The note is e-mailed.")
            return go(request, back)
    elif mail and not mail.may_be_tried:
        messages.info(request, "The note was e-mailed before, or is on its way. It is not sent twice.")
        return go(request, back)
    context = {"note": note, "mail": mail, "form": form, "back": back}
    status = 422 if form.errors else 200
    return private(page(request, "portal/notes/note_mail.html", context, fragment="note-mail", status=status))


@require_GET
@allowed(Permission.VIEW)
def note_file(request: StaffRequest, pk: int) -> HttpResponse:
    """What is attached to a note, to whoever may see it now; others say why first."""
    note, stored = _with_file(request, pk)
    context = {
        "note": note,
        "stored": stored,
        "is_open": may_see(request.user, stored),
        "until": running(request.user, note.file_owner).get(file_field(stored.pk)),
        "can_reveal": request.access.can(Permission.REVEAL_PERSONAL, note.account_id),
        "back": _page_of(request, note),
    }
    return private(page(request, "portal/notes/note_file.html", context))


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def note_file_reveal(request: StaffRequest, pk: int) -> HttpResponse:
    """Let what is attached be seen, for a reason."""
    note, stored = _with_file(request, pk)
    subject = Subject(
        account=note.account,
        target=note.file_owner,
        field=file_field(stored.pk),
        label="Attachment",
        url=reverse("note-file-reveal", args=[note.pk]),
        page_url=reverse("note-file", args=[note.pk]),
        read=lambda: stored.name,
        hint=stored.kind,
    )
    return reveal(request, subject)


def _with_file(request: StaffRequest, pk: int) -> tuple[Note, StoredFile]:
    notes = Note.objects.filter(file__purged_at=None).select_related("account", "file")
    note: Note = get_object_or_404(request.access.visible(notes), pk=pk)
    if note.file is None:
        raise Http404
    return note, note.file


def _page_of(request: StaffRequest, note: Note) -> str:
    return find(note.target, request.access).exact_url or reverse("home")
