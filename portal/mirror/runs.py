"""From the wish to read a resource to the result, once at a time.

A `SyncRun` row is the wish, the lease and the record. An advisory lock decides who reads; it dies
with its database connection, so a killed worker blocks nobody. A run that was interrupted keeps its
row and is begun again by whoever is sent to it next.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain

import structlog
from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Now
from kombu.exceptions import OperationalError as BrokerError

from portal.locks import advisory_lock
from portal.mirror.engine import Progress, Tally
from portal.models import SyncRun, TwilioAccount, User
from portal.twilio.errors import TwilioFailure

__all__ = ["LEASE", "Progress", "Read", "execute", "request_run", "send", "start_due"]

log = structlog.get_logger(__name__)

# A run that has not moved for this long has lost its worker.
LEASE = timedelta(seconds=60)
# A run that was sent and not begun for this long may have been lost with the broker.
_LOST_AFTER = timedelta(minutes=2)
# A run that its workers do not survive is given up after so many.
_MOST_BEGINNINGS = 5
# After a failure the resource rests for this long, and for twice as long after every further one.
_REST = timedelta(minutes=2)
_SECONDS_BETWEEN_HEARTBEATS = 1.0
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Read = Callable[[TwilioAccount, SyncRun, Progress], Tally]


def request_run(
    account: TwilioAccount, resource: str, *, trigger: SyncRun.Trigger, user: User | None = None
) -> SyncRun:
    """The unfinished run of this resource, or a new one in the queue."""
    unfinished = SyncRun.objects.unfinished().filter(account=account, resource=resource)
    run = unfinished.first()
    while run is None:
        try:
            with transaction.atomic():
                return SyncRun.objects.create(
                    account=account, resource=resource, trigger=trigger, requested_by=user
                )
        except IntegrityError as error:
            # Somebody asked in the same moment; what they asked for may even be over by now.
            if "sync_run_one_unfinished" not in str(error):
                raise
            run = unfinished.first()
    return run


def send(run: SyncRun) -> bool:
    """Give a run to the workers; False when the broker is down, and beat will send it later."""
    unfinished = SyncRun.objects.unfinished().filter(pk=run.pk)
    unfinished.update(state=SyncRun.State.QUEUED, heartbeat_at=Now())
    try:
        current_app.send_task(f"sync_{run.resource}", args=[run.pk])
    except (BrokerError, OSError) as error:
        log.warning("sync.broker_down", run=run.pk, error=type(error).__name__)
        unfinished.update(heartbeat_at=None)
        return False
    return True


def start_due() -> int:
    """Send every run that is due or was left lying; return how many. Harmless however often it runs."""
    sent = 0
    for run in chain(_left_lying(), _newly_due()):
        if not send(run):
            break
        sent += 1
    return sent


def _newly_due() -> Iterator[SyncRun]:
    for resource in settings.SYNC_INTERVALS:
        for account in _due(resource):
            yield request_run(account, resource, trigger=SyncRun.Trigger.SCHEDULE)


def _left_lying() -> QuerySet[SyncRun]:
    """Runs that no worker was told of, that one was told of and never began, or whose worker is gone."""
    queued, running = Q(state=SyncRun.State.QUEUED), Q(state=SyncRun.State.RUNNING)
    return SyncRun.objects.filter(
        queued & Q(heartbeat_at=None, queued_at__lt=Now() - timedelta(seconds=5))
        | queued & Q(heartbeat_at__lt=Now() - _LOST_AFTER)
        | running & Q(heartbeat_at__lt=Now() - LEASE)
    )


def _due(resource: str) -> list[TwilioAccount]:
    """Accounts whose resource is older than its interval, not under way, and not at rest after a failure."""
    interval = settings.SYNC_INTERVALS[resource]
    runs = SyncRun.objects.filter(account=OuterRef("pk"), resource=resource)
    complete = runs.filter(state=SyncRun.State.DONE).order_by("-finished_at")
    failed = runs.filter(
        state=SyncRun.State.FAILED, finished_at__gt=Coalesce(OuterRef("complete_at"), Value(_LONG_AGO))
    )
    accounts = TwilioAccount.objects.watched()
    if resource in settings.SYNC_BY_PARENTS:
        accounts = accounts.parents()
    old = accounts.annotate(complete_at=Subquery(complete.values("finished_at")[:1])).filter(
        Q(complete_at=None) | Q(complete_at__lte=Now() - interval),
        ~Exists(runs.filter(state__in=SyncRun.UNFINISHED_STATES)),
    )
    judged = old.annotate(
        failures=Coalesce(
            Subquery(failed.order_by().values("account").annotate(n=Count("pk")).values("n")), 0
        ),
        rested=Now() - Subquery(failed.order_by("-finished_at").values("finished_at")[:1]),
    )
    return [
        account
        for account in judged
        if account.failures == 0
        or account.rested >= min(interval, _REST * 2 ** min(account.failures - 1, 20))
    ]


def execute(run_id: int, read: Read) -> SyncRun | None:
    """Carry a run out, unless it is finished or somebody is at it. Twilio's failures end in the row."""
    run = SyncRun.objects.select_related("account").filter(pk=run_id).first()
    if run is None or run.is_finished:
        return run
    with advisory_lock(f"sync:{run.resource}:{run.account_id}") as held:
        if not held:
            # The holder may be about to end another run, and then nobody would be told of this one again.
            SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.QUEUED).update(heartbeat_at=None)
            return None
        if _begin(run):
            _read(run, read)
    log.info(
        "sync.run", run=run.pk, resource=run.resource, account=run.account_id, state=run.state,
        pages=run.pages, seen=run.seen, added=run.added, changed=run.changed, missing=run.missing,
    )  # fmt: skip
    return run


def _begin(run: SyncRun) -> bool:
    """Take a run; False if it ended meanwhile, or is given up because it outlived too many workers."""
    run.refresh_from_db(fields=["state", "begun"])
    if run.is_finished:
        return False
    if run.begun >= _MOST_BEGINNINGS:
        _finish(run, SyncRun.State.FAILED, error=f"Its worker was lost {run.begun} times.")
        return False
    SyncRun.objects.filter(pk=run.pk).update(begun=F("begun") + 1, started_at=Now(), **_standing(Tally()))
    run.refresh_from_db()
    return True


def _read(run: SyncRun, read: Read) -> None:
    try:
        tally = read(run.account, run, _progress(run))
    except TwilioFailure as failure:
        words = f"{failure.words} (Twilio error {failure.code})" if failure.code else failure.words
        _finish(run, SyncRun.State.FAILED, error=words, request_id=failure.request_id)
    except SoftTimeLimitExceeded:
        _finish(run, SyncRun.State.FAILED, error="It took too long and was stopped.")
    except Exception as error:
        try:
            _finish(run, SyncRun.State.FAILED, error=f"A fault in Numberdesk: {type(error).__name__}.")
        except DatabaseFault:
            # The row stays as it is; beat finds it with an old heartbeat and sends it again.
            log.warning("sync.database_lost", run=run.pk, resource=run.resource, account=run.account_id)
        raise
    else:
        SyncRun.objects.filter(pk=run.pk).update(**_standing(tally))
        words = ""
        if tally.unreadable:
            words = f"Left out, for they cannot be read: {tally.unreadable:,}."
        _finish(run, SyncRun.State.DONE, error=words)


def _progress(run: SyncRun) -> Progress:
    last = time.monotonic()

    def progress(tally: Tally) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_HEARTBEATS:
            last = time.monotonic()
            SyncRun.objects.filter(pk=run.pk).update(**_standing(tally))

    return progress


def _standing(tally: Tally) -> dict[str, object]:
    """What the row of a run says while it is being carried out."""
    counts = {name: getattr(tally, name) for name in Tally.__dataclass_fields__ if name != "unreadable"}
    return {**counts, "state": SyncRun.State.RUNNING, "heartbeat_at": Now()}


def _finish(run: SyncRun, state: SyncRun.State, *, error: str = "", request_id: str = "") -> None:
    SyncRun.objects.filter(pk=run.pk).update(
        state=state, finished_at=Now(), heartbeat_at=Now(), error=error, request_id=request_id
    )
    run.refresh_from_db()
