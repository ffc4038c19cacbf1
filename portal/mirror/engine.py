"""The set-based mirror: read a whole listing, or copy in a single answer.

A listing is read page by page. Each page is hashed record by record; one statement finds what
differs, a second writes only that and tells the changes. Memory is bounded by two pages, because
the next one is fetched while this one is written. Rows that a complete listing lacks are marked
missing, after Twilio has confirmed it sid by sid; a listing with a failed page never gets there.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, connections
from django.utils import timezone

from portal.mirror import statements
from portal.mirror.records import fingerprint, identify, row
from portal.mirror.resource import Resource
from portal.models import Change, Operation, SyncRun
from portal.twilio.errors import Absent, Unavailable
from portal.twilio.pages import Page
from portal.twilio.snapshots import Snapshot

# So many rows that a listing lacks are asked for one by one; of more, this many stand for all.
CONFIRMATIONS = 100

Fetch = Callable[[str], Snapshot]


@dataclass(slots=True)
class Tally:
    """What a listing brought."""

    pages: int = 0
    seen: int = 0
    added: int = 0
    changed: int = 0
    missing: int = 0
    requests: int = 0
    retries: int = 0
    waited: float = 0.0


class IncompleteListing(Unavailable):
    """Twilio's list left out objects that Twilio still has, so nothing may be concluded from it."""


def read_listing(
    resource: Resource,
    scope: str,
    pages: Iterable[Page],
    *,
    fetch: Fetch | None,
    run: SyncRun,
    progress: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Bring the mirror of one scope to what the listing says, and return what that took.

    `fetch` reads one object, to confirm that what the listing lacks is gone; None for a listing that
    is itself made of single reads. Raises what the pages raise. Every page before that stays
    applied, and nothing is marked missing.
    """
    tally = Tally()
    with connection.cursor() as cursor:
        cursor.execute(statements.DROP_SEEN)
        cursor.execute(statements.CREATE_SEEN)
        cursor.execute("SELECT now()")
        started: datetime = cursor.fetchone()[0]
    for page in _ahead(iter(pages)):
        _apply_page(resource, scope, page, tally, run)
        progress(tally)
    tally.missing = _mark_missing(resource, scope, started, fetch, run)
    with connection.cursor() as cursor:
        cursor.execute(statements.DROP_SEEN)
    return tally


def apply_snapshots(
    resource: Resource,
    snapshots: Iterable[Snapshot],
    *,
    source: Change.Source,
    operation: Operation | None = None,
    run: SyncRun | None = None,
) -> int:
    """Copy single answers in; return how many rows were written.

    An answer to an older question never overwrites what was applied since.
    """
    written = 0
    for snapshot in snapshots:
        rows = [row(resource, snapshot.body, fingerprint(snapshot.body))]
        added, changed, _ = _merge(resource, rows, snapshot.requested_at, source, run, operation)
        written += added + changed
    return written


def mark_absent(resource: Resource, sid: str, *, source: Change.Source, asked_at: datetime) -> bool:
    """Mark one object that Twilio says it does not have; False when something newer was applied."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() - make_interval(secs => %s)", [_age(asked_at)])
        started = cursor.fetchone()[0]
        return bool(_mark(cursor, resource, [sid], started, source, None))


def _apply_page(resource: Resource, scope: str, page: Page, tally: Tally, run: SyncRun) -> None:
    records = identify(page.records)
    tally.pages += 1
    tally.seen += len(records)
    tally.requests += page.effort.requests
    tally.retries += page.effort.retries
    tally.waited += page.effort.waited
    if not records:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            statements.differing(resource),
            {"sids": list(records), "hashes": [hash_ for hash_, _ in records.values()], "scope": scope},
        )
        different = [sid for (sid,) in cursor.fetchall()]
    if different:
        rows = [row(resource, records[sid][1], records[sid][0]) for sid in different]
        added, changed, _ = _merge(resource, rows, page.requested_at, Change.Source.SYNC, run, None)
        tally.added += added
        tally.changed += changed


def _merge(
    resource: Resource,
    rows: list[dict[str, Any]],
    requested_at: datetime,
    source: Change.Source,
    run: SyncRun | None,
    operation: Operation | None,
) -> tuple[int, int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            statements.merge(resource),
            {
                "rows": msgspec.json.encode(rows).decode(),
                "age": _age(requested_at),
                "source": source,
                "resource": resource.name,
                "run": run.pk if run else None,
                "operation": operation.pk if operation else None,
                "quiet": list(resource.quiet),
            },
        )
        added, changed, told = cursor.fetchone()
    return added, changed, told


def _mark_missing(
    resource: Resource, scope: str, started: datetime, fetch: Fetch | None, run: SyncRun
) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statements.ANALYZE_SEEN)
        cursor.execute(statements.unseen(resource), {"scope": scope, "started": started})
        candidates = [sid for (sid,) in cursor.fetchall()]
    if not candidates:
        return 0
    gone = _confirmed(resource, candidates, fetch, run) if fetch else candidates
    with connection.cursor() as cursor:
        return _mark(cursor, resource, gone, started, Change.Source.SYNC, run)


def _mark(
    cursor: Any,
    resource: Resource,
    sids: list[str],
    started: datetime,
    source: Change.Source,
    run: SyncRun | None,
) -> int:
    cursor.execute(
        statements.mark_missing(resource),
        {
            "sids": sids,
            "started": started,
            "source": source,
            "resource": resource.name,
            "run": run.pk if run else None,
        },
    )
    return int(cursor.fetchone()[0])


def _age(moment: datetime) -> float:
    """Seconds since. The database gets ages, so that nothing depends on two machines' clocks agreeing."""
    return max(0.0, (timezone.now() - moment).total_seconds())


def _confirmed(resource: Resource, candidates: list[str], fetch: Fetch, run: SyncRun) -> list[str]:
    """Those of the candidates that Twilio really no longer has. The others are copied in."""
    gone, still_there = [], []
    for sid in candidates[:CONFIRMATIONS]:
        try:
            still_there.append(fetch(sid))
        except Absent:
            gone.append(sid)
    apply_snapshots(resource, still_there, source=Change.Source.SYNC, run=run)
    if len(candidates) <= CONFIRMATIONS:
        return gone
    if still_there:
        raise IncompleteListing(
            f"The list left out {len(candidates)} objects, and of the first {CONFIRMATIONS} Twilio "
            f"still has {len(still_there)}. Nothing was marked as missing."
        )
    return candidates


def _ahead(pages: Iterator[Page]) -> Iterator[Page]:
    """The same pages, each fetched while the one before is worked on."""

    def take() -> Page | None:
        try:
            return next(pages, None)
        finally:
            connections.close_all()  # this thread's, should anything have opened one

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="mirror-ahead") as pool:
        upcoming = pool.submit(take)
        while (page := upcoming.result()) is not None:
            upcoming = pool.submit(take)
            yield page
