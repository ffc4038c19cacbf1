"""Carrying out what a batch has to do, item by item, each once.

A batch is a queue of its own in Postgres. Whoever runs it holds an advisory lock, which dies with its
connection, so a killed worker blocks nobody; what it had begun is looked up by the key of its
operation, and nothing is ever sent twice.
"""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

import structlog
from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as BrokerError

from portal.locks import advisory_lock
from portal.models import Batch, BatchItem, Operation
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.twilio.errors import TwilioFailure, Unavailable, Uncertain

log = structlog.get_logger(__name__)

# What was asked for and not decided lapses: the world it was asked in is gone.
LAPSES_AFTER = timedelta(days=7)
# A batch that has not moved for this long has lost its worker.
_LEASE = timedelta(seconds=60)
# A worker goes on for so many seconds, and then lets others have their turn.
_TURN = 10 * 60.0
_SECONDS_BETWEEN_HEARTBEATS = 1.0
# An item that Twilio had no time for is tried so often in all.
_MOST_ATTEMPTS = 3


class Refused(Exception):
    """An item cannot be carried out, for a reason of ours; the words say which, and what to do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item that was carried out; `operation` is None when nothing had to be changed."""

    operation: Operation | None = None
    result: str = ""  # the sid of what was made
    words: str = ""


# Carries out one item. Raises Refused, Twilio's four failures, AlreadySent and AlreadyUnderWay.
CarryOut = Callable[[BatchItem], Outcome]


def send(batch: Batch) -> bool:
    """Give a batch to the workers; False when the broker is down, and `look_after` will send it later."""
    area = batch.kind.partition(".")[0]
    Batch.objects.filter(pk=batch.pk).update(heartbeat_at=Now())
    try:
        current_app.send_task(f"run_{area}_batch", args=[str(batch.pk)])
    except (BrokerError, OSError) as error:
        log.warning("batch.broker_down", batch=str(batch.pk), error=type(error).__name__)
        Batch.objects.filter(pk=batch.pk).update(heartbeat_at=None)
        return False
    return True


def look_after() -> None:
    """Send again what lost its worker, take over what was settled, let lapse what nobody decided."""
    for item in BatchItem.objects.filter(
        state=BatchItem.State.UNCERTAIN, operation__state__in=(Operation.State.DONE, Operation.State.REFUSED)
    ).select_related("operation", "batch"):
        assert item.operation
        _take_over(item, item.operation)
        _end_if_over(item.batch)
    still = Q(heartbeat_at=None) | Q(heartbeat_at__lt=Now() - _LEASE)
    for batch in Batch.objects.filter(still, state__in=Batch.AT_WORK):
        if batch.items.filter(state__in=(BatchItem.State.WAITING, BatchItem.State.RUNNING)).exists():
            send(batch)
        else:
            _end_if_over(batch)
    Batch.objects.filter(state=Batch.State.REQUESTED, confirmed_at__lt=Now() - LAPSES_AFTER).update(
        state=Batch.State.LAPSED, ended_at=Now()
    )
    Batch.objects.filter(state=Batch.State.DRAFT, created_at__lt=Now() - LAPSES_AFTER).delete()


def run(batch_id: uuid.UUID | str, carry_out: CarryOut) -> None:
    """Carry out what a batch still has to do, several items at once, unless somebody is at it."""
    batch = Batch.objects.select_related("author").filter(pk=batch_id, state__in=Batch.AT_WORK).first()
    if batch is None:
        return
    with advisory_lock(f"batch:{batch.pk}") as held:
        if not held:
            return
        Batch.objects.filter(pk=batch.pk, begun_at=None).update(begun_at=Now())
        _look_up_begun(batch)
        if batch.state == Batch.State.STOPPING:
            stop_waiting(batch)
        _work_through(batch, carry_out)
        _end_if_over(batch)
    batch.refresh_from_db()
    if batch.is_at_work and batch.items.filter(state=BatchItem.State.WAITING).exists():
        send(batch)


def _work_through(batch: Batch, carry_out: CarryOut) -> None:
    """Some threads at once claim items and carry them out, until none waits or the turn is over."""
    deadline = time.monotonic() + _TURN
    if settings.BATCH_ITEMS_AT_ONCE == 1:
        _work(batch, carry_out, deadline)
        return
    with ThreadPoolExecutor(settings.BATCH_ITEMS_AT_ONCE, "batch") as pool:
        working = {
            pool.submit(_work_in_thread, batch, carry_out, deadline)
            for _ in range(settings.BATCH_ITEMS_AT_ONCE)
        }
        while working:
            ended, working = wait(working, timeout=_SECONDS_BETWEEN_HEARTBEATS)
            Batch.objects.filter(pk=batch.pk).update(heartbeat_at=Now())
            for work in ended:
                work.result()


def _work_in_thread(batch: Batch, carry_out: CarryOut, deadline: float) -> None:
    try:
        _work(batch, carry_out, deadline)
    finally:
        connection.close()


def _work(batch: Batch, carry_out: CarryOut, deadline: float) -> None:
    while time.monotonic() < deadline and (item := _claim(batch)):
        _carry_out(item, carry_out)


_CLAIM = """
    UPDATE portal_batchitem SET state = 'running', attempts = attempts + 1
    WHERE id = (
        SELECT id FROM portal_batchitem WHERE batch_id = %(batch)s AND state = 'waiting'
        ORDER BY attempts, position LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING *
"""


def _claim(batch: Batch) -> BatchItem | None:
    for item in BatchItem.objects.raw(_CLAIM, {"batch": batch.pk}):
        item.batch = batch
        return item
    return None


def _carry_out(item: BatchItem, carry_out: CarryOut) -> None:
    try:
        outcome = carry_out(item)
    except AlreadySent as sent:
        _take_over(item, sent.operation)
    except AlreadyUnderWay:
        _again_or_fail(item, "Another change of it has not ended yet.")
    except Unavailable as failure:
        _again_or_fail(item, f"{failure.words} Nothing was changed.", failure.code)
    except Uncertain as failure:
        operation = Operation.objects.filter(form_key=item.key).first()
        _set(item, BatchItem.State.UNCERTAIN, operation=operation, words=failure.words)
    except TwilioFailure as failure:
        operation = Operation.objects.filter(form_key=item.key).first()
        _set(item, BatchItem.State.FAILED, operation=operation, code=failure.code, words=failure.words)
    except Refused as refusal:
        _set(item, BatchItem.State.FAILED, words=str(refusal))
    except Exception as error:
        log.exception("batch.item_failed", batch=str(item.batch_id), item=str(item.pk))
        operation = Operation.objects.filter(form_key=item.key).first()
        if operation and operation.is_open:
            _set(item, BatchItem.State.UNCERTAIN, operation=operation)
        else:
            _set(item, BatchItem.State.FAILED, words=f"A fault in Numberdesk: {type(error).__name__}.")
    else:
        _set(
            item,
            BatchItem.State.DONE,
            operation=outcome.operation,
            result=outcome.result,
            words=outcome.words,
        )


def _again_or_fail(item: BatchItem, words: str, code: int | None = None) -> None:
    """Put an item back that nothing has happened to, or give it up."""
    if item.attempts >= _MOST_ATTEMPTS:
        _set(item, BatchItem.State.FAILED, code=code, words=words)
    else:
        BatchItem.objects.filter(pk=item.pk, state=BatchItem.State.RUNNING).update(
            state=BatchItem.State.WAITING, key=uuid.uuid4(), words=words, code=code
        )


def _look_up_begun(batch: Batch) -> None:
    """What a lost worker had begun: its operation says whether, and how it ended."""
    for item in batch.items.filter(state=BatchItem.State.RUNNING):
        operation = Operation.objects.filter(form_key=item.key).first()
        if operation is None:
            BatchItem.objects.filter(pk=item.pk).update(state=BatchItem.State.WAITING)
        else:
            _take_over(item, operation)


def _take_over(item: BatchItem, operation: Operation) -> None:
    """Let the item end as its operation did, or wait for that."""
    match operation.state:
        case Operation.State.DONE:
            result = operation.detail.get("sid", "")
            _set(item, BatchItem.State.DONE, operation=operation, result=result, words=operation.words)
        case Operation.State.REFUSED:
            _set(
                item, BatchItem.State.FAILED, operation=operation, code=operation.code, words=operation.words
            )
        case _:
            _set(item, BatchItem.State.UNCERTAIN, operation=operation, words=operation.words)


def _set(
    item: BatchItem,
    state: BatchItem.State,
    *,
    operation: Operation | None = None,
    result: str = "",
    code: int | None = None,
    words: str = "",
) -> None:
    begun = (BatchItem.State.RUNNING, BatchItem.State.UNCERTAIN)
    BatchItem.objects.filter(pk=item.pk, state__in=begun).update(
        state=state, operation=operation, result=result, code=code, words=words, ended_at=Now()
    )


def stop_waiting(batch: Batch) -> None:
    """Let nothing more of a batch begin."""
    batch.items.filter(state=BatchItem.State.WAITING).update(state=BatchItem.State.STOPPED, ended_at=Now())
    _end_if_over(batch)


def _end_if_over(batch: Batch) -> None:
    if batch.items.filter(state__in=BatchItem.UNENDED).exists():
        return
    for before, after in (
        (Batch.State.RUNNING, Batch.State.DONE),
        (Batch.State.STOPPING, Batch.State.STOPPED),
    ):
        Batch.objects.filter(pk=batch.pk, state=before).update(state=after, ended_at=Now())
