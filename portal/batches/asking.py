"""Many changes asked for together: frozen as a draft, confirmed, and approved where a rule says so."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import transaction
from django.db.models.functions import Now

from portal.batches import runner
from portal.models import ApprovalRule, Batch, BatchItem, User

# More than this is another batch.
MOST_ITEMS = 10_000


class NotAllowed(Exception):
    """The state of a batch, or whose it is, does not allow this; the words say why."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """One object of a batch, as it is when the batch is made."""

    account_id: str
    target: str
    name: str = ""
    seen: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


def draft(
    kind: str,
    *,
    author: User,
    draft_view: str,
    items: Iterable[Frozen],
    detail: dict[str, Any] | None = None,
) -> Batch:
    """Freeze what a batch is about. Raises NotAllowed for more than `MOST_ITEMS`."""
    frozen = list(items)
    if len(frozen) > MOST_ITEMS:
        raise NotAllowed(f"These are more than {MOST_ITEMS:,}. Narrow the list and do it in parts.")
    with transaction.atomic():
        batch = Batch.objects.create(
            kind=kind,
            author=author,
            draft_view=draft_view,
            detail=detail or {},
            account_sids=sorted({item.account_id for item in frozen}),
        )
        BatchItem.objects.bulk_create(
            (
                BatchItem(
                    batch=batch, position=position, account_id=item.account_id, target=item.target,
                    name=item.name, seen=item.seen, detail=item.detail,
                )
                for position, item in enumerate(frozen, start=1)
            ),
            batch_size=1000,
        )  # fmt: skip
    return batch


def rule_for(kind: str, *, account_sids: Iterable[str], count: int, cost: Decimal | None) -> bool:
    """Whether four eyes are asked for. An account's own rule stands before the one for all accounts."""
    rules = {rule.account_id: rule for rule in ApprovalRule.objects.filter(kind=kind)}
    applying = (rules.get(sid) or rules.get(None) for sid in account_sids)
    return any(rule.applies_to(count=count, monthly_cost=cost) for rule in applying if rule)


def needs_approval(batch: Batch) -> bool:
    if not ApprovalRule.objects.filter(kind=batch.kind).exists():
        return False
    taking_part = batch.items.taking_part()
    accounts = taking_part.order_by().values_list("account_id", flat=True).distinct()
    return rule_for(batch.kind, account_sids=accounts, count=taking_part.count(), cost=batch.monthly_cost)


def confirm(batch: Batch, *, actor: User, reason: str = "") -> None:
    """Start a draft, or ask for its approval. Doing so twice is harmless: the second time finds it done."""
    if batch.author_id != actor.pk:
        raise NotAllowed(f"Only {batch.author} can go on with this draft.")
    if batch.state != Batch.State.DRAFT:
        return
    if not batch.items.filter(state=BatchItem.State.WAITING).exists():
        raise NotAllowed("Nothing is left to do in this batch.")
    state = Batch.State.REQUESTED if needs_approval(batch) else Batch.State.RUNNING
    confirmed = Batch.objects.filter(pk=batch.pk, state=Batch.State.DRAFT).update(
        state=state,
        reason=reason,
        monthly_cost=batch.monthly_cost,
        currency=batch.currency,
        confirmed_at=Now(),
    )
    batch.refresh_from_db()
    if confirmed and batch.state == Batch.State.RUNNING:
        runner.send(batch)


def discard(batch: Batch, *, actor: User) -> None:
    """Throw a draft away. What was confirmed stays for ever."""
    Batch.objects.filter(pk=batch.pk, state=Batch.State.DRAFT, author=actor).delete()


def approve(batch: Batch, *, actor: User, reason: str = "") -> None:
    """Let a batch be carried out as it was asked for. Raises NotAllowed for its author."""
    if _decide(batch, Batch.State.RUNNING, actor=actor, reason=reason):
        runner.send(batch)


def decline(batch: Batch, *, actor: User, reason: str) -> None:
    """Refuse a batch. Raises NotAllowed for its author, who can withdraw it instead."""
    _decide(batch, Batch.State.DECLINED, actor=actor, reason=reason)


def withdraw(batch: Batch, *, actor: User) -> None:
    """Take back what one has asked for oneself."""
    if batch.author_id != actor.pk:
        raise NotAllowed(f"Only {batch.author} can withdraw this.")
    Batch.objects.filter(pk=batch.pk, state=Batch.State.REQUESTED).update(
        state=Batch.State.LAPSED, decision_reason="Withdrawn", ended_at=Now()
    )


def _decide(batch: Batch, state: Batch.State, *, actor: User, reason: str) -> bool:
    if batch.author_id == actor.pk:
        raise NotAllowed("You asked for this yourself. Somebody else has to decide.")
    decided = Batch.objects.filter(pk=batch.pk, state=Batch.State.REQUESTED).update(
        state=state, approver=actor, decided_at=Now(), decision_reason=reason
    )
    batch.refresh_from_db()
    if not decided:
        raise NotAllowed(f"This was decided meanwhile: {batch.get_state_display().lower()}.")
    return True


def stop(batch: Batch) -> None:
    """Begin no further items. Those under way are finished."""
    if Batch.objects.filter(pk=batch.pk, state=Batch.State.RUNNING).update(state=Batch.State.STOPPING):
        runner.stop_waiting(batch)
    batch.refresh_from_db()


def retry(batch: Batch) -> int:
    """Try again what was refused or not begun; returns how many that is. What is done is left alone."""
    with transaction.atomic():
        ended = Batch.objects.select_for_update().filter(pk=batch.pk, state__in=Batch.ENDED)
        again = 0
        if ended.exists():
            items = batch.items.filter(state__in=BatchItem.AGAIN)
            again = items.update(
                state=BatchItem.State.WAITING,
                key=RandomUUID(),
                attempts=0,
                operation=None,
                code=None,
                words="",
                ended_at=None,
            )
        if again:
            ended.update(state=Batch.State.RUNNING, ended_at=None, heartbeat_at=None)
    batch.refresh_from_db()
    if again:
        runner.send(batch)
    return again
