"""Budgets. Ours alone: Twilio is not told."""

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from inventory.models import Budget
from portal import operations
from portal.models import TwilioAccount, User

SET_BUDGET = "inventory.set_budget"


def set_budget(*, account: TwilioAccount, amount: Decimal, currency: str, actor: User) -> None:
    with transaction.atomic(durable=True):
        before = Budget.objects.select_for_update().filter(account=account).first()
        after, _ = Budget.objects.update_or_create(
            account=account,
            defaults={"amount": amount, "currency": currency, "set_by": actor, "set_at": timezone.now()},
        )
        _record(account, before, after, actor)


def remove_budget(*, account: TwilioAccount, actor: User) -> None:
    with transaction.atomic(durable=True):
        before = Budget.objects.select_for_update().filter(account=account).first()
        if before:
            Budget.objects.filter(pk=account.pk).delete()
            _record(account, before, None, actor)


def _record(account: TwilioAccount, before: Budget | None, after: Budget | None, actor: User) -> None:
    operations.record(
        SET_BUDGET,
        account=account,
        target=account.pk,
        actor=actor,
        detail={"fields": {"budget": [before and str(before), after and str(after)]}},
    )
