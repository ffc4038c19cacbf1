"""Changes to Twilio: the intent is committed before the first byte leaves, the outcome after.

An action starts an operation, makes its call with no transaction open, and in one transaction copies
the answer into the mirror and ends the operation. What ended neither way is settled later by looking
at Twilio, never by sending it again.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from portal.models import Operation, OperationQuerySet, TwilioAccount, User
from portal.twilio.errors import TwilioFailure, Uncertain

log = structlog.get_logger(__name__)

# Of each kind, so many operations are looked into in one round.
_SETTLED_AT_ONCE = 50
# A lost answer is looked into so long after it was given up: Twilio may still be working on it.
SETTLE_AFTER = timedelta(seconds=10)
# An operation that says "under way" for this long has lost its process.
ORPHANED_AFTER = timedelta(minutes=2)


class AlreadyUnderWay(Exception):
    """Another change of this object has not ended yet."""

    def __init__(self, operation: Operation) -> None:
        super().__init__("Another change of this object has not ended yet.")
        self.operation = operation


class Overtaken(Exception):
    """Another change of this object was made since it was looked at: look again before changing it."""


class AlreadySent(Exception):
    """This very form was sent before: a double click, Back, or a reload."""

    def __init__(self, operation: Operation) -> None:
        super().__init__("This form was sent before.")
        self.operation = operation

    @property
    def outcome(self) -> str:
        """What became of it, in words."""
        match self.operation.state:
            case Operation.State.DONE:
                return "This form was already sent, and Twilio did what it asked for."
            case Operation.State.REFUSED:
                return f"This form was already sent, and Twilio refused it: {self.operation.words}"
            case _:
                return "This form was already sent; its result is not known yet."


def start(
    kind: str,
    *,
    account: TwilioAccount,
    target: str,
    actor: User | None,
    detail: dict[str, Any],
    reason: str = "",
    form_key: UUID | None = None,
    earlier: int | None = None,
) -> Operation:
    """Commit the intent. Raise AlreadySent or AlreadyUnderWay instead of starting a second one.

    `earlier` is what `check_may_start` answered before the object was read; if its count has grown since,
    what was read is old, and Overtaken is raised.
    """
    while True:
        try:
            with transaction.atomic(durable=True):
                operation = Operation.objects.create(
                    kind=kind, account=account, target=target, actor=actor, detail=detail, reason=reason,
                    form_key=form_key,
                )  # fmt: skip
                # The object is ours now, so this count stands still.
                if earlier is not None and Operation.objects.about(target).count() != earlier + 1:
                    raise Overtaken
                return operation
        except IntegrityError as error:
            check_may_start(target, form_key)
            if "operation_one_open" not in str(error):
                raise
            # The other one has ended since.


def record(
    kind: str,
    *,
    account: TwilioAccount,
    target: str,
    actor: User,
    detail: dict[str, Any],
    reason: str = "",
) -> Operation:
    """Write down a change of what is ours alone, in the transaction that makes it. Twilio is not asked."""
    return Operation.objects.create(
        kind=kind, account=account, target=target, actor=actor, detail=detail, reason=reason,
        state=Operation.State.DONE, ended_at=Now(),
    )  # fmt: skip


def check_may_start(target: str, form_key: UUID | None = None) -> int:
    """Raise AlreadySent or AlreadyUnderWay where `start` would, before Twilio is asked anything.

    Returns how many operations the object has had.
    """
    earlier = Operation.objects.about(target).count()
    is_ours = Q(form_key=form_key) if form_key else Q()
    is_open = Q(target=target, state__in=Operation.OPEN_STATES)
    found = list(Operation.objects.filter(is_open | is_ours))
    for operation in found:
        if form_key and operation.form_key == form_key:
            raise AlreadySent(operation)
    if found:
        raise AlreadyUnderWay(found[0])
    return earlier


def end(operation: Operation, *, words: str = "", request_id: str = "") -> None:
    """It is done. Called in the transaction that copies Twilio's answer in."""
    _end(operation, Operation.State.DONE, words=words, request_id=request_id)


def end_as(operation: Operation, failure: TwilioFailure) -> None:
    """It failed: refused when nothing changed, uncertain when nobody knows."""
    state = Operation.State.UNCERTAIN if isinstance(failure, Uncertain) else Operation.State.REFUSED
    _end(operation, state, words=failure.words, code=failure.code, request_id=failure.request_id)


def refuse(operation: Operation, words: str) -> None:
    """It turned out that nothing changed at Twilio."""
    _end(operation, Operation.State.REFUSED, words=words)


def settle_each(kind: str, settle: Callable[[Operation], None]) -> None:
    """Look into operations of a kind that are not known yet; `settle` looks at Twilio and ends one.

    What cannot be settled now keeps no other waiting, and is looked into again in the next round.
    """
    for operation in unsettled(kind).select_related("account")[:_SETTLED_AT_ONCE]:
        try:
            settle(operation)
        except TwilioFailure as failure:
            log.info("operation.unsettled", operation=str(operation.pk), failure=type(failure).__name__)
        except Exception:
            log.exception("operation.unsettled", operation=str(operation.pk))


def unsettled(kind: str) -> OperationQuerySet:
    """Open operations of a kind that are old enough to look into, oldest first."""
    started, uncertain = Operation.State.STARTED, Operation.State.UNCERTAIN
    return Operation.objects.filter(
        Q(state=uncertain, ended_at__lt=Now() - SETTLE_AFTER)
        | Q(state=started, started_at__lt=Now() - ORPHANED_AFTER),
        kind=kind,
    ).order_by("started_at")


def _end(
    operation: Operation,
    state: Operation.State,
    *,
    words: str = "",
    code: int | None = None,
    request_id: str = "",
) -> None:
    operation.state = state
    operation.words = words
    operation.code = code
    operation.request_id = request_id
    Operation.objects.filter(pk=operation.pk, state__in=Operation.OPEN_STATES).update(
        state=state, words=words, code=code, request_id=request_id, ended_at=Now()
    )
