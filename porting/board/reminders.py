"""Reminding our people, never customers, of what waits for us or runs out (M6): who is told of what and when.

A reminder is a row before it is a mail, one for each person and day, so neither a second run nor a flushed
cache tells anybody twice. What each was told of stays with it: the log of reminders.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from portal import operations
from portal.access import ROLES, Access, Permission, access_of
from portal.locks import advisory_lock
from portal.models import User
from porting.board.entries import Entry, urgent_entries
from porting.board.log import REMINDED, Told, log_of, with_log
from porting.models import Reminder, ReminderLine

log = structlog.get_logger(__name__)

TASK = "send_porting_reminder"
# A mail names so many, the nearest end first.
MOST = 50
# Asked for again by hand, people are told of one thing no more often than this.
AGAIN_AFTER = timedelta(hours=1)
KEPT = timedelta(days=400)
State = Reminder.State


class JustTold(Exception):
    """People were reminded of it within the hour."""

    def __init__(self, told: Told | None) -> None:
        super().__init__("People were reminded of it just now.")
        self.told = told


def note_day() -> list[int]:
    """Note the reminders of today for whoever has none yet and has something to do; return those to send."""
    now = timezone.now()
    key = f"{timezone.localdate(now)}"
    Reminder.objects.filter(noted_at__lt=now - KEPT).delete()
    told = set(Reminder.objects.filter(key=key).values_list("person", flat=True))
    found: dict[tuple[str, ...] | None, tuple[list[Entry], int, int]] = {}
    for person in people():
        if person.pk in told:
            continue
        access = access_of(person)
        accounts = _accounts(access)
        if accounts not in found:
            found[accounts] = urgent_entries(access, now, MOST)
        entries, total, late = found[accounts]
        if entries:
            _note([person], key, now, [entry.row.pk for entry in entries], total=total, late=late)
    return list(Reminder.objects.due().order_by("pk").values_list("pk", flat=True))


def remind_again(entry: Entry, *, actor: User) -> int:
    """Remind everybody else who ports numbers on its account of one thing; return how many they are.

    Raises JustTold when that was done within the hour.
    """
    sid, account = entry.row.pk, entry.row.account
    others = [
        person
        for person in people()
        if person.pk != actor.pk and access_of(person).can(Permission.MANAGE_PORTING, account.pk)
    ]
    with advisory_lock(f"porting-reminder:{sid}") as held:
        now = timezone.now()
        last = next(iter(log_of(with_log(type(entry.row)._default_manager.filter(pk=sid)).get())), None)
        if not held or (last and last.at > now - AGAIN_AFTER):
            raise JustTold(last)
        if not others:
            return 0
        late = int(bool(entry.deadline and entry.deadline.is_late))
        with transaction.atomic():
            noted = _note(others, f"asked:{uuid4()}", now, [sid], total=1, late=late, asked_by=actor)
            operations.record(
                REMINDED, account=account, target=sid, actor=actor, detail={"people": len(noted)}
            )
    send_out(noted)
    return len(noted)


def send_out(reminder_ids: Iterable[int]) -> None:
    """Give reminders to the workers. Without a broker they wait for beat."""
    for pk in reminder_ids:
        try:
            current_app.send_task(TASK, args=[pk])
        except (BrokerError, OSError) as error:
            log.warning("reminder.broker_down", reminder=pk, error=type(error).__name__)
            return


def people() -> list[User]:
    """Who ports numbers on some account."""
    roles = [role for role, permissions in ROLES.items() if Permission.MANAGE_PORTING in permissions]
    able = Q(is_superuser=True) | Q(memberships__role__in=roles)
    return list(User.objects.filter(able, is_active=True).distinct().order_by("pk"))


def _note(
    persons: Iterable[User],
    key: str,
    now: datetime,
    sids: Sequence[str],
    *,
    total: int,
    late: int,
    asked_by: User | None = None,
) -> list[int]:
    """Write reminders down, with what they name; those that another run has noted are left out."""
    noted = []
    for person in persons:
        facts = {"noted_at": now, "total": total, "late": late, "asked_by": asked_by}
        with transaction.atomic():
            reminder, is_new = Reminder.objects.get_or_create(person=person, key=key, defaults=facts)
            if is_new:
                lines = [ReminderLine(reminder=reminder, target=sid) for sid in sids]
                ReminderLine.objects.bulk_create(lines)
                noted.append(reminder.pk)
    return noted


def _accounts(access: Access) -> tuple[str, ...] | None:
    sids = access.account_sids(Permission.MANAGE_PORTING)
    return None if sids is None else tuple(sids)
