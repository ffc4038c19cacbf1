"""Keeping numbers that nobody uses."""

from datetime import date

from django.db import transaction

from inventory.models import KeptNumber, PhoneNumber
from inventory.usage import standing
from portal import operations
from portal.models import User

KEEP_NUMBER = "inventory.keep_number"


def keep_number(*, number: PhoneNumber, until: date, reason: str, actor: User) -> None:
    """Write down that a number is kept until a day, whether or not it is used."""
    with transaction.atomic(durable=True):
        before = KeptNumber.objects.select_for_update().filter(pk=number.pk).first()
        KeptNumber.objects.update_or_create(
            number=number, defaults={"until": until, "reason": reason, "by": actor}
        )
        _record(number, before.until if before else None, until, actor, reason)


def stop_keeping_number(*, number: PhoneNumber, actor: User) -> None:
    with transaction.atomic(durable=True):
        before = KeptNumber.objects.select_for_update().filter(pk=number.pk).first()
        if before:
            before.delete()
            _record(number, before.until, None, actor, "")


def _record(number: PhoneNumber, before: date | None, after: date | None, actor: User, reason: str) -> None:
    standing.refresh_numbers([number.pk])
    operations.record(
        KEEP_NUMBER,
        account=number.account,
        target=number.pk,
        actor=actor,
        detail={"fields": {"keep_until": [before and before.isoformat(), after and after.isoformat()]}},
        reason=reason,
    )
