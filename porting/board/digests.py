"""The mails of reminders. They name SIDs and lead to pages; numbers, signers and customers stay out of them.

Whoever has nothing to do gets no mail. A worker that is killed after the mail server has taken a mail, and
before that is written down, sends it once more: a mail too many does less harm than a deadline unseen.
"""

from datetime import timedelta
from email.errors import MessageError

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone

from portal.access import Permission, access_of
from portal.models import User
from porting.board.entries import Entry, entries_of
from porting.models import Reminder

log = structlog.get_logger(__name__)

# After a mail server that is away a reminder rests, longer each time: in all for some four hours.
_REST, _LONGEST_REST, MOST_ATTEMPTS = timedelta(minutes=1), timedelta(minutes=30), 12
_SENT_AT_ONCE = 500
State = Reminder.State


def due() -> list[int]:
    """Reminders that are to be sent now: what was put off, and what was lost with a worker or the broker."""
    return list(Reminder.objects.due().order_by("pk").values_list("pk", flat=True)[:_SENT_AT_ONCE])


def send_reminder(reminder_id: int) -> bool:
    """Mail a reminder, unless that was done or is being done. False when no mail went out."""
    if not Reminder.objects.due().filter(pk=reminder_id).update(taken_at=Now(), attempts=F("attempts") + 1):
        return False
    reminder = Reminder.objects.select_related("person", "asked_by").get(pk=reminder_id)
    entries = _left_to_say(reminder)
    if not entries:
        _end(reminder, State.DROPPED)
        return False
    subject, message = _written(reminder, entries)
    try:
        send_mail(subject, message, settings.DEFAULT_FROM_EMAIL, [reminder.person.email])
    except (OSError, MessageError, ValueError) as error:
        log.warning("reminder.unsent", reminder=reminder.pk, error=type(error).__name__)
        _put_off(reminder, type(error).__name__)
        return False
    _end(reminder, State.SENT)
    return True


def _left_to_say(reminder: Reminder) -> list[Entry]:
    """What the mail names, as far as it is open still and of an account on which the person ports numbers."""
    person: User = reminder.person
    now = timezone.now()
    is_old = reminder.asked_by_id is None and timezone.localdate(reminder.noted_at) != timezone.localdate(now)
    if not person.is_active or is_old:
        return []
    sids = list(reminder.lines.values_list("target", flat=True))
    return entries_of(access_of(person), Permission.MANAGE_PORTING, sids, now)


def _written(reminder: Reminder, entries: list[Entry]) -> tuple[str, str]:
    context = {
        "person": reminder.person,
        "reminder": reminder,
        "entries": entries,
        "more": max(0, reminder.total - reminder.lines.count()),
        "installation": settings.PUBLIC_URL,
    }
    subject = render_to_string("porting/board/email/digest_subject.txt", context)
    message = render_to_string("porting/board/email/digest_message.txt", context)
    return settings.ACCOUNT_EMAIL_SUBJECT_PREFIX + " ".join(subject.split()), message.strip() + "\n"


def _put_off(reminder: Reminder, error: str) -> None:
    if reminder.attempts >= MOST_ATTEMPTS:
        _end(reminder, State.FAILED, error)
        return
    rest = min(_REST * 2 ** (reminder.attempts - 1), _LONGEST_REST)
    Reminder.objects.filter(pk=reminder.pk).update(taken_at=None, next_at=Now() + rest, error=error)


def _end(reminder: Reminder, state: Reminder.State, error: str = "") -> None:
    sent_at = Now() if state == State.SENT else None
    Reminder.objects.filter(pk=reminder.pk).update(state=state, taken_at=None, sent_at=sent_at, error=error)
