"""What happens to a draft besides its answers: its bill is kept, and who is shown it is written down."""

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from portal import files
from portal.models import Reveal, StoredFile, User
from portal.reveal import reveals
from portal.reveal.views_files import may_see
from portal.uploads.check import CheckedFile
from porting.models import PortInDraft, PortInRequest
from porting.portin.drafts import fetch_draft, lock_draft

# What a reveal of all answers of a draft is written down as.
ALL_ANSWERS = "all answers"
_REASON = "Opened to fill in a port-in request"
_TAKEN_OVER = "Taken over to file rejected numbers again"


def keep_bill(*, draft: PortInDraft, file: CheckedFile | None, actor: User) -> PortInDraft:
    """Keep the file with the draft, encrypted, instead of the one before; the same one changes nothing.

    Raises NotEditable.
    """
    if file is None or (draft.bill and file.stored_id == str(draft.bill_id)):
        return draft
    stored = files.store(file, account=draft.account, uploaded_by=actor)
    with transaction.atomic():
        older = lock_draft(draft).bill_id
        files.give(stored.pk, draft.file_owner)
        PortInDraft.objects.filter(pk=draft.pk).update(bill=stored, document_sid="", saved_at=Now())
    if older:
        StoredFile.objects.filter(pk=older).update(owner_sid="")
        files.discard(older)
    return fetch_draft(draft)


def note_taken_over(*, request: PortInRequest, actor: User) -> None:
    """Somebody goes on with all that a request was filed with, and sees it: written down before."""
    Reveal.objects.create(
        actor=actor, account_id=request.account_id, target=request.pk, field=ALL_ANSWERS,
        reason=_TAKEN_OVER, expires_at=timezone.now() + reveals.SHOWN_FOR,
    )  # fmt: skip


def note_shown(*, draft: PortInDraft, actor: User) -> None:
    """Somebody is shown what another has typed, or a bill from a while ago: written down before."""
    fields = [ALL_ANSWERS] if draft.saved_by_id != actor.pk and draft.said else []
    if draft.bill and not may_see(actor, draft.bill):
        fields.append(reveals.file_field(draft.bill.pk))
    for field in fields:
        if not reveals.is_running(actor, draft.file_owner, field):
            Reveal.objects.create(
                actor=actor, account_id=draft.account_id, target=draft.file_owner, field=field,
                reason=_REASON, expires_at=timezone.now() + reveals.SHOWN_FOR,
            )  # fmt: skip
