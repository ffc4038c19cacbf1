"""From the wish to read a resource to the result, once at a time.

A `SyncRun` row is the wish, the lease and the record. An advisory lock decides who reads; it dies
with its database connection, so a killed worker blocks nobody. A run that was interrupted keeps its
row and is begun again by whoever is sent to it next.
"""

import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Max, Q
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from portal.mirror.engine import Tally
from portal.models import SyncRun, TwilioAccount, User
from portal.twilio.errors import TwilioFailure

log = structlog.get_logger(__name__)

# A run that has not moved for this long has lost its worker.
LEASE = timedelta(seconds=60)
_SECONDS_BETWEEN_HEARTBEATS = 1.0

Progress = Callable[[Tally], None]
Read = Callable[[TwilioAccount, SyncRun, Progress], Tally]


def request_run(
    account: TwilioAccount, resource: str, *, trigger: SyncRun.Trigger, user: User | None = None
) -> SyncRun:
    """The unfinished run of this resource, or a new one in the queue."""
    unfinished = SyncRun.objects.unfinished().filter(account=account, resource=resource)
    try:
        with transaction.atomic():
            return unfinished.first() or SyncRun.objects.create(
                account=account, resource=resource, trigger=trigger, requested_by=user
            )
    except IntegrityError:  # somebody asked in the same moment
        return unfinished.get()


def send(run: SyncRun) -> bool:
    """Give a run to the workers; False when the broker is down, and beat will send it later."""
    try:
        current_app.send_task(f"sync_{run.resource}", args=[run.pk])
    except (BrokerError, OSError) as error:
        log.warning("sync.broker_down", run=run.pk, error=type(error).__name__)
        return False
    return True


def start_due() -> int:
    """Send every run that is due or was left lying; return how many. Harmless however often it runs."""
    sent = 0
    now = timezone.now()
    abandoned = Q(heartbeat_at=None, queued_at__lt=now - LEASE) | Q(heartbeat_at__lt=now - LEASE)
    for run in SyncRun.objects.unfinished().filter(abandoned):
        sent += send(run)
    for account in TwilioAccount.objects.watched():
        for resource in due_resources(account):
            run = request_run(account, resource, trigger=SyncRun.Trigger.SCHEDULE)
            if run.state == SyncRun.State.QUEUED:
                sent += send(run)
    return sent


def due_resources(account: TwilioAccount) -> list[str]:
    """Resources older than their interval, none of them under way or failed a moment ago."""
    now = timezone.now()
    runs = (
        SyncRun.objects.filter(account=account)
        .values("resource")
        .annotate(
            complete=Max("finished_at", filter=Q(state=SyncRun.State.DONE)),
            failed=Max("finished_at", filter=Q(state=SyncRun.State.FAILED)),
            unfinished=Max("queued_at", filter=Q(state__in=SyncRun.UNFINISHED_STATES)),
        )
    )
    last = {run["resource"]: run for run in runs}
    due = []
    for resource, interval in settings.SYNC_INTERVALS.items():
        if resource == "accounts" and account.is_subaccount:
            continue
        run = last.get(resource)
        if run is None:
            due.append(resource)
        elif not run["unfinished"]:
            is_old = run["complete"] is None or run["complete"] <= now - interval
            failed_just_now = run["failed"] and run["failed"] > now - min(interval, timedelta(minutes=2))
            if is_old and not failed_just_now:
                due.append(resource)
    return due


def execute(run_id: int, read: Read) -> SyncRun | None:
    """Carry a run out, unless it is finished or somebody is at it. Twilio's failures end in the row."""
    run = SyncRun.objects.select_related("account").filter(pk=run_id).first()
    if run is None or run.is_finished:
        return run
    lock = f"sync:{run.resource}:{run.account_id}"
    if not _lock(lock):
        return None
    try:
        _begin(run)
        try:
            tally = read(run.account, run, _progress(run))
        except TwilioFailure as failure:
            words = f"{failure.words} (Twilio error {failure.code})" if failure.code else failure.words
            _finish(run, SyncRun.State.FAILED, error=words, request_id=failure.request_id)
        except DatabaseError:
            # The row stays as it is; beat finds it with an old heartbeat and sends it again.
            log.exception("sync.database_lost", run=run.pk, resource=run.resource)
            raise
        except Exception as error:
            _finish(run, SyncRun.State.FAILED, error=f"A fault in Numberdesk: {type(error).__name__}.")
            raise
        else:
            _record(run, tally)
            _finish(run, SyncRun.State.DONE)
    finally:
        _unlock(lock)
    log.info(
        "sync.run", run=run.pk, resource=run.resource, account=run.account_id, state=run.state,
        pages=run.pages, seen=run.seen, added=run.added, changed=run.changed, missing=run.missing,
    )  # fmt: skip
    return run


def _begin(run: SyncRun) -> None:
    run.state = SyncRun.State.RUNNING
    _record(run, Tally())
    SyncRun.objects.filter(pk=run.pk).update(
        state=run.state, started_at=Now(), heartbeat_at=Now(), finished_at=None, error=""
    )
    run.refresh_from_db(fields=["started_at", "heartbeat_at", "error"])


def _progress(run: SyncRun) -> Progress:
    last = time.monotonic()

    def progress(tally: Tally) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_HEARTBEATS:
            last = time.monotonic()
            _record(run, tally)

    return progress


def _record(run: SyncRun, tally: Tally) -> None:
    counts = {name: getattr(tally, name) for name in Tally.__dataclass_fields__}
    for name, value in counts.items():
        setattr(run, name, value)
    SyncRun.objects.filter(pk=run.pk).update(heartbeat_at=Now(), **counts)


def _finish(run: SyncRun, state: SyncRun.State, *, error: str = "", request_id: str = "") -> None:
    SyncRun.objects.filter(pk=run.pk).update(
        state=state, finished_at=Now(), heartbeat_at=Now(), error=error, request_id=request_id
    )
    run.refresh_from_db()


def _lock(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])


def _unlock(name: str) -> None:
    """Give the lock back. Without a usable connection there is none to give back."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
    except DatabaseError:
        connection.close()
