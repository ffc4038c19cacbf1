"""Notes are added, and those for customers leave by e-mail, each once and only because somebody asked for it.

The row of the mail is written before the mail leaves, under the lock of its note, so a second press finds it.
What the mail server refused may be tried again, and so may a mail whose process died on the way.
"""

import smtplib
from collections.abc import Sequence
from email.errors import MessageError

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models.functions import Now

from portal import files
from portal.models import Note, NoteMail, TwilioAccount, User
from portal.uploads.check import CheckedFile

log = structlog.get_logger(__name__)

SUBJECT = "About your phone numbers"


class AlreadyMailed(Exception):
    """The note was mailed, or is being mailed at this moment."""

    def __init__(self, mail: NoteMail) -> None:
        super().__init__("The note was e-mailed before.")
        self.mail = mail


class NotMailed(Exception):
    """The mail did not leave, or nobody knows; the words say which."""


def add_note(
    *,
    target: str,
    account: TwilioAccount,
    author: User,
    body: str,
    audience: str,
    file: CheckedFile | None = None,
) -> Note:
    """Write a note down, with a file where one is attached.

    Of two that were sent at once with the same kept file, the first has it.
    """
    stored_id = None
    if file:
        stored_id = file.stored_id or files.store(file, account=account, uploaded_by=author).pk
    with transaction.atomic():
        note = Note.objects.create(
            target=target, account=account, author=author, body=body, audience=audience
        )
        if stored_id and files.give(stored_id, note.file_owner):
            note.file_id = stored_id
            note.save(update_fields=["file"])
    return note


def mail_note(*, note: Note, addresses: Sequence[str], actor: User) -> NoteMail:
    """Mail a note for the customer to all of these addresses. Raises AlreadyMailed and NotMailed."""
    mail = _begin(note, list(dict.fromkeys(addresses)), actor)
    message = EmailMessage(
        SUBJECT, note.body.strip() + "\n", settings.DEFAULT_FROM_EMAIL, mail.addresses, reply_to=[actor.email]
    )
    try:
        message.send()
    except (OSError, MessageError, ValueError) as error:
        log.warning("note.not_mailed", note=note.pk, error=type(error).__name__)
        words = _words_of(error)
        NoteMail.objects.filter(pk=mail.pk, sent_at=None).update(failure=words)
        raise NotMailed(words) from None
    NoteMail.objects.filter(pk=mail.pk).update(sent_at=Now(), failure="")
    mail.refresh_from_db()
    return mail


def _begin(note: Note, addresses: list[str], actor: User) -> NoteMail:
    with transaction.atomic(durable=True):
        Note.objects.select_for_update().get(pk=note.pk, audience=Note.Audience.CUSTOMER)
        mail = NoteMail.objects.filter(note=note).first()
        if mail is None:
            return NoteMail.objects.create(note=note, addresses=addresses, sender=actor)  # type: ignore[misc]
        if not mail.may_be_tried:
            raise AlreadyMailed(mail)
        mail.addresses, mail.sender, mail.failure = addresses, actor, ""
        mail.save(update_fields=["addresses", "sender", "failure"])
        NoteMail.objects.filter(pk=mail.pk).update(begun_at=Now())
        return mail


def _words_of(error: Exception) -> str:
    """What happened, without what the server said: it repeats addresses."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return "The mail server refused every address."
        case smtplib.SMTPServerDisconnected() | TimeoutError():
            return "The mail server's answer was lost. The mail may have left all the same."
        case smtplib.SMTPException():
            return "The mail server refused the mail."
        case OSError():
            return "The mail server cannot be reached. Nothing was sent."
    return "The mail could not be written. Nothing was sent."
