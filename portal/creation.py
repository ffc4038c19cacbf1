"""Creating what Twilio knows no idempotency for: bundles, documents, hosted orders, letters.

The operation's target is a natural key of the wish, made of fingerprints, until the object has a sid. So two
people who ask for the same within minutes ask once, and a lost answer is settled by looking, never by
sending again.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from portal import operations
from portal.mirror.records import iso8601
from portal.models import AccountMirrored, Change, Operation, TwilioAccount, User
from portal.twilio.errors import TwilioFailure
from portal.twilio.snapshots import Snapshot

# The same wish again within this time is the same wish.
SAME_WITHIN = timedelta(minutes=10)
# Twilio dates objects by its own clock, which may be this far from ours.
_CLOCKS_DIFFER = timedelta(minutes=2)

M = TypeVar("M", bound=AccountMirrored)
Apply = Callable[..., None]
Keepable = Callable[[TwilioFailure], TwilioFailure]


def create_once(
    kind: str,
    *,
    model: type[M],
    account: TwilioAccount,
    natural_key: str,
    detail: Mapping[str, Any],
    send: Callable[[], Snapshot],
    apply: Apply,
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
    keepable: Keepable = lambda failure: failure,
) -> M:
    """Make one object at Twilio and return its row.

    `keepable` makes words of Twilio's that may be kept of a failure. Raises the four Twilio failures,
    AlreadyUnderWay, and AlreadySent with the operation that made it already.
    """
    operation = begin_creation(
        kind, model=model, account=account, natural_key=natural_key, detail=detail, actor=actor,
        form_key=form_key, reason=reason,
    )  # fmt: skip
    return carry_out_creation(operation, model=model, send=send, apply=apply, keepable=keepable)


def begin_creation(
    kind: str,
    *,
    model: type[M],
    account: TwilioAccount,
    natural_key: str,
    detail: Mapping[str, Any],
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> Operation:
    """Commit the wish, for a worker to carry out. Raises AlreadyUnderWay and AlreadySent."""
    operation = operations.start(
        kind,
        account=account,
        target=natural_key,
        actor=actor,
        detail={**detail, "natural_key": natural_key},
        reason=reason,
        form_key=form_key,
    )
    if twin := _just_made(kind, model, account, natural_key):
        operations.refuse(operation, "The same was made a moment ago.")
        raise operations.AlreadySent(twin)
    return operation


def carry_out_creation(
    operation: Operation,
    *,
    model: type[M],
    send: Callable[[], Snapshot],
    apply: Apply,
    keepable: Keepable = lambda failure: failure,
) -> M:
    """Send what was begun, once, and return the row of what was made. Raises the four Twilio failures."""
    try:
        snapshot = send()
    except TwilioFailure as failure:
        operations.end_as(operation, keepable(failure))
        raise
    return end_created(operation, snapshot, model=model, apply=apply)


def end_created(
    operation: Operation, snapshot: Snapshot, *, model: type[M], apply: Apply, words: str = ""
) -> M:
    """Copy the new object in and end the operation; its history hangs on the sid from here on."""
    with transaction.atomic(durable=True):
        apply(snapshot, source=Change.Source.OPERATION, operation=operation)
        operations.end(operation, words=words, request_id=snapshot.request_id)
        operation.target = snapshot.sid
        operation.save(update_fields=["target"])
    row: M = model._default_manager.select_related("account").get(pk=snapshot.sid)
    return row


def settle_creation(
    operation: Operation,
    *,
    model: type[M],
    listed: Iterable[Snapshot],
    is_it: Callable[[Mapping[str, Any]], bool],
    apply: Apply,
) -> None:
    """Look for what a lost answer may have made: new to us since, dated since, and nobody else's."""
    since = operation.started_at - _CLOCKS_DIFFER
    known = set(
        model._default_manager.filter(
            account=operation.account, first_seen_at__lt=operation.started_at
        ).values_list("pk", flat=True)
    )
    found = {}
    for snapshot in listed:
        made_at = iso8601(snapshot.payload.get("date_created"))
        if snapshot.sid not in known and made_at and made_at >= since and is_it(snapshot.payload):
            found[snapshot.sid] = snapshot
    claimed = Operation.objects.filter(kind=operation.kind, target__in=found)
    for sid in claimed.values_list("target", flat=True):
        del found[sid]
    if found:
        snapshot = next(iter(found.values()))
        end_created(
            operation, snapshot, model=model, apply=apply, words="Twilio's answer was lost; it is there."
        )
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the account does not have it.")


def _just_made(kind: str, model: type[M], account: TwilioAccount, natural_key: str) -> Operation | None:
    recent = model._default_manager.filter(
        account=account,
        first_seen_at__gt=Now() - SAME_WITHIN,
        missing_since=None,  # what was deleted since is wished for anew
    )
    made = Operation.objects.filter(kind=kind, state=Operation.State.DONE)
    return made.filter(target__in=recent.values("sid"), detail__natural_key=natural_key).first()
