"""Reminding people of last days, and of stalled updates: noted once each, then mailed as one digest.

A reminder is noted in the database before anybody is mailed, so a second run of the same day mails nothing
twice. Names of bundles may be people's, and stay out of mails.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone

from compliance.models import Bundle, Reminder
from compliance.renewals.deadlines import deadlines, lines_of
from compliance.renewals.filters import standing
from compliance.renewals.rules import (
    distance_words,
    occasion_of,
    since_of,
    stage_of,
)
from portal.access import ROLES, Permission, access_of
from portal.models import User


@dataclass(frozen=True, slots=True)
class Entry:
    """What a digest says of one bundle."""

    bundle: Bundle
    standing: str
    numbers: int
    url: str
    reason: str  # why it is told today

    @property
    def day(self) -> datetime | None:
        return self.bundle.valid_until

    @property
    def distance(self) -> str:
        return distance_words(self.bundle.valid_until, timezone.now()) if self.bundle.valid_until else ""


def note_reminders() -> None:
    """Write down what there is to be reminded of now and was not told yet."""
    now = timezone.now()
    due = []
    for sid, until in deadlines().order_by().values_list("sid", "valid_until"):
        if occasion := occasion_of(until, now):
            due.append(Reminder(bundle_id=sid, occasion=occasion, moment=until))
    due += [
        Reminder(bundle_id=original.pk, occasion=Reminder.Occasion.STALLED, moment=since)
        for original, since in _stalled()
    ]
    Reminder.objects.bulk_create(due, ignore_conflicts=True)


def waiting() -> list[int]:
    """Reminders that nobody was mailed yet."""
    return list(Reminder.objects.filter(posted_at=None).order_by("pk").values_list("pk", flat=True))


def mark_posted(reminder_ids: Sequence[int]) -> None:
    Reminder.objects.filter(pk__in=reminder_ids).update(posted_at=Now())


def recipients() -> list[int]:
    """Who manages bundles on some account."""
    roles = [role for role, permissions in ROLES.items() if Permission.MANAGE_BUNDLES in permissions]
    people = User.objects.filter(Q(is_superuser=True) | Q(memberships__role__in=roles), is_active=True)
    return sorted(set(people.values_list("pk", flat=True)))


def send_digest(person_pk: int, reminder_ids: Sequence[int]) -> bool:
    """Mail a person what these reminders are about, as far as it is theirs; False when nothing is."""
    person = User.objects.filter(pk=person_pk, is_active=True).first()
    if person is None:
        return False
    entries = _entries(person, reminder_ids)
    if not entries:
        return False
    context = {"person": person, "entries": entries, "installation": settings.PUBLIC_URL}
    subject = render_to_string("compliance/renewals/email/digest_subject.txt", context)
    message = render_to_string("compliance/renewals/email/digest_message.txt", context)
    send_mail(
        settings.ACCOUNT_EMAIL_SUBJECT_PREFIX + " ".join(subject.split()),
        message.strip() + "\n",
        settings.DEFAULT_FROM_EMAIL,
        [person.email],
    )
    return True


def _entries(person: User, reminder_ids: Sequence[int]) -> list[Entry]:
    """One entry for each bundle, the nearest last day first; of two reminders the later counts."""
    reminders = Reminder.objects.filter(pk__in=reminder_ids).order_by("pk")
    told = {reminder.bundle_id: reminder for reminder in reminders}
    rows = Bundle.objects.select_related("account", "regulation").defer("payload", "regulation__payload")
    theirs = access_of(person).visible(
        rows.present().filter(pk__in=told, valid_until__isnull=False), permission=Permission.MANAGE_BUNDLES
    )
    return [
        Entry(
            line.bundle,
            line.renewal.label.word,
            line.numbers,
            settings.PUBLIC_URL + line.renewal.url,
            told[line.bundle.pk].get_occasion_display(),
        )
        for line in lines_of(list(theirs.order_by("valid_until", "sid")))
    ]


def _stalled() -> list[tuple[Bundle, datetime]]:
    """Bundles whose update is stalled, and since when."""
    copies = Bundle.objects.present().exclude(copy_of="").filter(standing("stalled")).defer("payload")
    newest = {copy.copy_of: copy for copy in copies.order_by("remote_created_at", "sid")}
    found = []
    for original in deadlines().filter(pk__in=newest).defer("payload"):
        copy = newest[original.pk]
        if since := since_of(stage_of(original, copy), original, copy):
            found.append((original, since))
    return found
