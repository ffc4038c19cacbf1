"""The daily reminder of porting and hosting: to our own people, never to customers.

It names SIDs and leads to pages; numbers, signers and customers stay out of mails. Whoever has nothing to do
gets no mail, and nobody gets two of a day.
"""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.core.mail import send_mail
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from portal.access import ROLES, Permission, access_of
from portal.models import User
from porting.board.entries import urgent_entries

_MOST = 50
_A_DAY = timedelta(hours=20)


def recipients() -> list[int]:
    """Who ports numbers on some account."""
    roles = [role for role, permissions in ROLES.items() if Permission.MANAGE_PORTING in permissions]
    people = User.objects.filter(Q(is_superuser=True) | Q(memberships__role__in=roles), is_active=True)
    return sorted(set(people.values_list("pk", flat=True)))


def send_digest(person_pk: int) -> bool:
    """Mail a person what is theirs to do or runs out; False when nothing is, or today's is sent."""
    person = User.objects.filter(pk=person_pk, is_active=True).first()
    if person is None:
        return False
    entries = urgent_entries(access_of(person), Permission.MANAGE_PORTING, timezone.now())
    today = f"porting-digest:{person.pk}"
    if not entries or not cache.add(today, "1", int(_A_DAY.total_seconds())):
        return False
    late = [entry for entry in entries if entry.deadline and entry.deadline.is_late]
    context = {
        "person": person,
        "late": late,
        "entries": entries[:_MOST],
        "more": max(0, len(entries) - _MOST),
        "installation": settings.PUBLIC_URL,
    }
    subject = render_to_string("porting/board/email/digest_subject.txt", {**context, "count": len(entries)})
    message = render_to_string("porting/board/email/digest_message.txt", context)
    try:
        send_mail(
            settings.ACCOUNT_EMAIL_SUBJECT_PREFIX + " ".join(subject.split()),
            message.strip() + "\n",
            settings.DEFAULT_FROM_EMAIL,
            [person.email],
        )
    except OSError:
        cache.delete(today)
        raise
    return True
