"""The set-based mirror: read a whole listing, or copy in a single answer.

A listing is read page by page. Each page is hashed record by record; one statement finds what
differs, a second writes only that and tells the changes. Memory is bounded by two pages, because
the next one is fetched while this one is written. Rows that a complete listing lacks are marked
missing, after Twilio has confirmed it sid by sid; a listing with a failed page never gets there.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import DataError, IntegrityError, connection, connections, transaction
from django.utils import timezone

from portal.mirror import statements
from portal.mirror.records import Hashed, Row, fingerprint, identify, row, unreadable
from portal.mirror.resource import Resource
from portal.models import Change, Operation, SyncRun
from portal.twilio.errors import Absent, Unavailable
from portal.twilio.pages import Page
from portal.twilio.snapshots import Snapshot

# So many rows that a listing lacks are asked for one by one; of more, this many stand for all.
CONFIRMATIONS = 100
# After a first listing of so many, lists are not left to guess at plans until autovacuum comes round.
WORTH_ANALYSING = 10_000
# A page that takes longer than this is reported as still awaited.
_SECONDS_BETWEEN_SIGNS_OF_LIFE = 5.0

Fetch = Callable[[str], Snapshot]


@dataclass(slots=True)
class Tally:
    """What a listing brought. `unreadable` records were left as they are in the mirror."""

    pages: int = 0
    seen: int = 0
    unreadable: int = 0
    added: int = 0
    changed: int = 0
    missing: int = 0
    requests: int = 0
    retries: int = 0
    waited: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


class IncompleteListing(Unavailable):
    """Twilio's list left out objects that Twilio still has, so nothing may be concluded from it."""


Progress = Callable[[Tally], None]


def read_listing(
    resource: Resource,
    scope: str,
    pages: Iterable[Page],
    *,
    fetch: Fetch | None,
    run: SyncRun,
    progress: Progress = lambda tally: None,
) -> Tally:
    """Bring the mirror of one scope to what the listing says, and return what that took.

    `fetch` reads one object, to confirm that what the listing lacks is gone; None for a listing that
    is itself made of single reads. `progress` is called after every page and while waiting for one.
    Raises what the pages raise. Every page before that stays applied, and nothing is marked missing.
    """
    tally = Tally()
    with connection.cursor() as cursor:
        cursor.execute(statements.DROP_SEEN)
        cursor.execute(statements.CREATE_SEEN)
        cursor.execute(statements.DROP_STAGE)
        cursor.execute(statements.create_stage(resource))
        cursor.execute("SELECT statement_timestamp()")
        started: datetime = cursor.fetchone()[0]
    is_first = not resource.model._default_manager.filter(**{resource.scope: scope}).exists()

    def read(page: Page) -> _Work:
        return _Work.on(resource, page, expect_news=is_first)

    for work in _ahead(map(read, pages), lambda: progress(tally)):
        _apply_page(resource, work, tally, run)
        progress(tally)
        del work  # or three pages would be held: this one, the next, and the one after that
    absent = _absent_from_listing(resource, scope, started)
    if absent and fetch:
        absent = _confirmed(resource, absent, fetch, run, lambda: progress(tally))
    tally.missing = _mark(resource, absent, started, Change.Source.SYNC, run)
    with connection.cursor() as cursor:
        cursor.execute(statements.DROP_SEEN)
        cursor.execute(statements.DROP_STAGE)
        if is_first and tally.added >= WORTH_ANALYSING:
            cursor.execute(statements.analyze(resource))
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
        hash_ = fingerprint(snapshot.body, resource.edition)
        if incoming := row(resource, snapshot.sid, snapshot.body, hash_):
            merged = _merge(resource, [incoming], snapshot.requested_at, source, run, operation)
            written += merged.added + merged.changed
    return written


def replace_scopes(
    resource: Resource,
    scopes: Collection[str],
    snapshots: Iterable[Snapshot],
    *,
    asked_at: datetime,
    source: Change.Source,
    run: SyncRun | None = None,
) -> Tally:
    """Bring several small scopes to what was listed of them whole: for listings of a few rows each.

    `asked_at` is when the first of them was asked for; what was applied since is left alone.
    """
    listed = {snapshot.sid: snapshot for snapshot in snapshots}
    read = (
        row(resource, sid, snapshot.body, fingerprint(snapshot.body, resource.edition))
        for sid, snapshot in listed.items()
    )
    rows = [incoming for incoming in read if incoming]
    known = resource.model._default_manager.filter(**{f"{resource.scope}__in": scopes}, missing_since=None)
    hashes = dict(known.filter(pk__in=listed).values_list("pk", "payload_hash"))
    gone = list(known.exclude(pk__in=listed).values_list("pk", flat=True))
    news = [one for one in rows if hashes.get(one.sid) != one.hash]
    merged = _merge(resource, news, asked_at, source, run, None)
    return Tally(
        seen=len(listed),
        unreadable=len(listed) - len(rows) + merged.refused,
        added=merged.added,
        changed=merged.changed,
        missing=_mark(resource, gone, _by_the_databases_clock(asked_at), source, run),
    )


def mark_absent(resource: Resource, sid: str, *, source: Change.Source, asked_at: datetime) -> bool:
    """Mark one object that Twilio says it does not have; False when something newer was applied."""
    return bool(_mark(resource, [sid], _by_the_databases_clock(asked_at), source, None))


def recount_facets(resource: Resource) -> None:
    """Count all rows anew. The counts are right without it; it sweeps out facets that are empty."""
    assert resource.facets
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.lock_facets(resource.facets))
        cursor.execute(statements.forget_facets(resource.facets))
        cursor.execute(statements.recount(resource))


@dataclass(slots=True)
class _Work:
    """A page, read as far as can be without the database."""

    page: Page
    records: dict[str, Hashed]
    unusable: int
    rows: dict[str, Row | None]

    @classmethod
    def on(cls, resource: Resource, page: Page, *, expect_news: bool) -> "_Work":
        records, unusable = identify(resource, page.records)
        work = cls(page, records, unusable, {})
        if expect_news:
            for row in work.rows_of(resource, records):
                if row:
                    row.line  # noqa: B018  # worked out now, while the database is busy with another page
        return work

    def rows_of(self, resource: Resource, sids: Iterable[str]) -> list[Row | None]:
        for sid in sids:
            if sid not in self.rows:
                hash_, record = self.records[sid]
                self.rows[sid] = row(resource, sid, record, hash_)
        return [self.rows[sid] for sid in sids]


def _apply_page(resource: Resource, work: _Work, tally: Tally, run: SyncRun) -> None:
    tally.pages += 1
    tally.seen += len(work.records)
    tally.unreadable += work.unusable
    tally.requests += work.page.effort.requests
    tally.retries += work.page.effort.retries
    tally.waited += work.page.effort.waited
    if not work.records:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            statements.differing(resource),
            {"sids": list(work.records), "hashes": [hash_ for hash_, _ in work.records.values()]},
        )
        different = [sid for (sid,) in cursor.fetchall()]
    if different:
        rows = work.rows_of(resource, different)
        readable = [incoming for incoming in rows if incoming]
        merged = _merge(
            resource, readable, work.page.requested_at, Change.Source.SYNC, run, None, staged=True
        )
        tally.added += merged.added
        tally.changed += merged.changed
        tally.unreadable += len(rows) - len(readable) + merged.refused


@dataclass(frozen=True, slots=True)
class _Merged:
    added: int = 0
    changed: int = 0
    refused: int = 0


class _Overtaken(Exception):
    """Somebody added a row between our look at it and our own attempt."""


def _merge(
    resource: Resource,
    rows: list[Row],
    requested_at: datetime,
    source: Change.Source,
    run: SyncRun | None,
    operation: Operation | None,
    *,
    staged: bool = False,
) -> _Merged:
    """Write rows. One that Postgres does not take is left out, found by halving, and the others go in."""
    if not rows:
        return _Merged()
    parameters: dict[str, Any] = {
        "sids": [incoming.sid for incoming in rows],
        "source": source,
        "resource": resource.name,
        "run": run.pk if run else None,
        "operation": operation.pk if operation else None,
        "quiet": list(resource.quiet),
    }
    if not staged:
        columns = statements.incoming_columns(resource)
        parameters["rows"] = msgspec.json.encode([incoming.as_json(columns) for incoming in rows]).decode()
    try:
        while True:
            with suppress(_Overtaken), transaction.atomic(), connection.cursor() as cursor:
                if staged:
                    cursor.execute(statements.EMPTY_STAGE)
                    with (
                        connection.wrap_database_errors,
                        cursor.copy(statements.fill_stage(resource)) as copy,
                    ):
                        copy.write(b"\n".join(incoming.line for incoming in rows))
                cursor.execute(statements.lock(resource), parameters)
                parameters["age"] = _age(requested_at)
                cursor.execute(statements.merge(resource, staged=staged), parameters)
                added, changed, overtaken = cursor.fetchone()
                if overtaken:
                    raise _Overtaken
                return _Merged(added, changed)
    except (DataError, IntegrityError) as error:
        if len(rows) == 1:
            unreadable(resource, rows[0].sid, error)
            return _Merged(refused=1)
    middle = len(rows) // 2
    halves = [
        _merge(resource, half, requested_at, source, run, operation, staged=staged)
        for half in (rows[:middle], rows[middle:])
    ]
    return _Merged(
        sum(half.added for half in halves),
        sum(half.changed for half in halves),
        sum(half.refused for half in halves),
    )


def _absent_from_listing(resource: Resource, scope: str, started: datetime) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statements.ANALYZE_SEEN)
        cursor.execute(statements.unseen(resource), {"scope": scope, "started": started})
        return [sid for (sid,) in cursor.fetchall()]


def _mark(
    resource: Resource, sids: list[str], started: datetime, source: Change.Source, run: SyncRun | None
) -> int:
    if not sids:
        return 0
    with connection.cursor() as cursor:
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


def _by_the_databases_clock(moment: datetime) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp() - make_interval(secs => %s)", [_age(moment)])
        asked: datetime = cursor.fetchone()[0]
        return asked


def _age(moment: datetime) -> float:
    """Seconds since. The database gets ages, so that nothing depends on two machines' clocks agreeing."""
    return max(0.0, (timezone.now() - moment).total_seconds())


def _confirmed(
    resource: Resource,
    candidates: list[str],
    fetch: Fetch,
    run: SyncRun,
    sign_of_life: Callable[[], None],
) -> list[str]:
    """Those of the candidates that Twilio really no longer has. The others are copied in."""
    gone, still_there = [], []
    for sid in candidates[:CONFIRMATIONS]:
        sign_of_life()
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


def _ahead(pages: Iterator[_Work], sign_of_life: Callable[[], None]) -> Iterator[_Work]:
    """The same pages, each fetched and read while the one before is written."""

    def take() -> _Work | None:
        try:
            return next(pages, None)
        finally:
            connections.close_all()  # this thread's, should anything have opened one

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="mirror-ahead") as pool:
        upcoming = pool.submit(take)
        while True:
            while not wait([upcoming], _SECONDS_BETWEEN_SIGNS_OF_LIFE).done:
                sign_of_life()
            page = upcoming.result()
            if page is None:
                return
            upcoming = pool.submit(take)
            yield page
            del page
