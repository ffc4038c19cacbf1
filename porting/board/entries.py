"""Everything of porting and hosting that is not over, in the order in which its time runs out (M6)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any

from django.db.models import Count as Counted
from django.db.models import (
    DateTimeField,
    Exists,
    OuterRef,
    QuerySet,
    Value,
)
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from portal.access import Access, Permission
from portal.labels import Label, label_for
from portal.listing import (
    DEFAULT_PAGE_SIZE,
    PAGE_SIZES,
    Count,
    Cursor,
    ListPage,
    Order,
    Sort,
    list_url,
    seek,
)
from portal.models import TwilioAccount
from porting.board.log import Told, log_of
from porting.board.sources import SOURCES, Source
from porting.deadlines import Deadline, Stage, deadline_in
from porting.models import PortInRequest

_ORDER = Order(Sort("until", "Time left", ("until", "sid")), descending=False)
_CHUNK = 1000
# What belongs to an account that is not in the mirror yet has no page, so it is not counted either.
_IS_CONNECTED = Exists(TwilioAccount.objects.filter(pk=OuterRef("account_id")))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the board."""

    source: Source
    row: Any
    label: Label
    stage: Stage
    deadline: Deadline | None

    @property
    def title(self) -> str:
        return self.source.title(self.row)

    @property
    def told(self) -> Told | None:
        """When people were reminded of it last."""
        return next(iter(log_of(self.row)), None)


@dataclass(frozen=True, slots=True)
class Figures:
    """How many of each kind there are, how many wait for us, and how many are in their last fifth."""

    by_kind: Mapping[str, int]
    late: int
    ours: int

    def of(self, shown: str) -> int:
        """How many the board has when it shows this."""
        return {"late": self.late, "ours": self.ours, "": self.total, **self.by_kind}[shown]

    @property
    def total(self) -> int:
        return sum(self.by_kind.values())


def entry_of(source: Source, row: Any, now: datetime) -> Entry:
    stage = source.stages.get(row.status) or Stage("Twilio", "Numberdesk does not know this status.")
    label = label_for(source.labels, row.status)
    return Entry(source, row, label, stage, deadline_in(stage, row.status_since, now))


def rows_of(
    source: Source,
    access: Access,
    shown: str,
    now: datetime,
    *,
    permission: Permission = Permission.VIEW,
) -> QuerySet[Any]:
    """The rows of a source that belong to what is shown: a kind, `late`, `ours`, or everything."""
    rows = source.own_lines(access.visible(source.open_rows(), permission=permission))
    match shown:
        case "late":
            return rows.filter(source.is_late(now))
        case "ours":
            return rows.filter(source.is_ours())
        case source.kind | "":
            return rows
    return rows.none()


def figures_of(access: Access, now: datetime) -> Figures:
    """One query."""
    parts = figure_parts(access, now)
    return figures_from(parts[0].union(*parts[1:], all=True))


def figure_parts(access: Access, now: datetime) -> list[QuerySet[Any, Any]]:
    """The queries that `figures_from` wants the rows of: kind, status, how many, how many late."""
    return [
        source.own_lines(access.visible(source.rows()))
        .filter(_IS_CONNECTED)
        .order_by()
        .annotate(kind=Value(source.kind))
        .values_list("kind", "status")
        .annotate(n=Counted("sid"), late=Counted("sid", filter=source.is_late(now)))
        for source in SOURCES
    ]


def figures_from(rows: Iterable[tuple[str, str, int, int]]) -> Figures:
    sources = {source.kind: source for source in SOURCES}
    by_kind, late, ours = dict.fromkeys(sources, 0), 0, 0
    for kind, status, count, in_last_fifth in rows:
        by_kind[kind] += count
        late += in_last_fifth
        if (stage := sources[kind].stages.get(status)) and stage.is_ours:
            ours += count
    return Figures(by_kind, late, ours)


def board_page(request: HttpRequest, access: Access, shown: str, length: int) -> tuple[ListPage, list[Entry]]:
    """One page of the board, the nearest end first, by key as any list: rows of each kind, merged.

    `length` is how many there are, which the figures tell.
    """
    now = timezone.now()
    sizes = {str(size): size for size in PAGE_SIZES}
    size = sizes.get(request.GET.get("size", ""), DEFAULT_PAGE_SIZE)
    cursor = Cursor.decode(
        request.GET.get("page", ""), [DateTimeField(), PortInRequest._meta.get_field("sid")]
    )
    sources = [(source, rows_of(source, access, shown, now)) for source in SOURCES]

    def fetch(cursor: Cursor) -> tuple[list[tuple[Source, Any]], bool]:
        wanted = size
        if cursor.backwards and not cursor.key:
            wanted = length % size or size
        found = _merged(sources, cursor, wanted + 1)
        has_more = len(found) > wanted
        return (found[:wanted][::-1] if cursor.backwards else found[:wanted]), has_more

    found, has_more = fetch(cursor)
    if cursor.key and (not found or (cursor.backwards and len(found) < size)):
        cursor = Cursor(backwards=not cursor.backwards)
        found, has_more = fetch(cursor)
    has_previous = has_more if cursor.backwards else bool(cursor.key)
    has_next = bool(cursor.key) if cursor.backwards else has_more
    first = 1 if not has_previous else cursor.position if has_next else length - len(found) + 1
    listing = ListPage(
        rows=[row for _, row in found],
        count=Count(length),
        order=_ORDER,
        sorts=(_ORDER.sort,),
        params=request.GET,
        size=size,
        first=first if found else 0,
        first_url=list_url(request.GET) if has_previous else None,
        previous_url=_url(request.GET, found[0][1], True, max(0, first - size)) if has_previous else None,
        next_url=_url(request.GET, found[-1][1], False, first + len(found)) if has_next else None,
        last_url=list_url(request.GET, page=Cursor(backwards=True).encode()) if has_next else None,
    )
    return listing, [entry_of(source, row, now) for source, row in found]


def all_entries(access: Access, permission: Permission, shown: str, now: datetime) -> Iterator[Entry]:
    """All that is shown, in the board's order, read as it is asked for."""

    def read(source: Source) -> Iterator[tuple[Source, Any]]:
        rows = rows_of(source, access, shown, now, permission=permission)
        for row in rows.order_by("until", "sid").iterator(chunk_size=_CHUNK):
            yield source, row

    merged = merge(*map(read, SOURCES), key=_key)
    return (entry_of(source, row, now) for source, row in merged)


def urgent_entries(access: Access, now: datetime, most: int) -> tuple[list[Entry], int, int]:
    """What is in its last fifth or waits for us on accounts where this person ports numbers: the nearest ends
    first, `most` of them; how many there are; and how many of them are in their last fifth.
    """
    sources, total, late = [], 0, 0
    for source in SOURCES:
        is_late = source.is_late(now)
        rows = source.own_lines(access.visible(source.open_rows(), permission=Permission.MANAGE_PORTING))
        rows = rows.filter(is_late | source.is_ours())
        counts = rows.order_by().aggregate(total=Counted("pk"), late=Counted("pk", filter=is_late))
        total, late = total + counts["total"], late + counts["late"]
        sources.append((source, rows))
    found = _merged(sources, Cursor(), most)
    return [entry_of(source, row, now) for source, row in found], total, late


def entries_of(access: Access, permission: Permission, sids: Sequence[str], now: datetime) -> list[Entry]:
    """Those of these requests, orders and letters that are open and this person's, the nearest end first."""
    sources = [
        (source, access.visible(source.open_rows(), permission=permission).filter(pk__in=sids))
        for source in SOURCES
        if any(sid.startswith(source.prefix) for sid in sids)
    ]
    return [entry_of(source, row, now) for source, row in _merged(sources, Cursor(), len(sids))]


def _merged(
    sources: Sequence[tuple[Source, QuerySet[Any]]], cursor: Cursor, wanted: int
) -> list[tuple[Source, Any]]:
    """The first rows of all sources behind a key, in the direction of reading."""
    parts = [
        [(source, row) for row in seek(rows, _ORDER, cursor.backwards, cursor.key)[:wanted]]
        for source, rows in sources
        if not rows.query.is_empty()
    ]
    return list(merge(*parts, key=_key, reverse=cursor.backwards))[:wanted]


def _key(one: tuple[Source, Any]) -> tuple[datetime, str]:
    return one[1].until, one[1].pk


def _url(params: QueryDict, row: Any, backwards: bool, position: int) -> str:
    return list_url(params, page=Cursor(_ORDER.key_of(row), backwards, position).encode())
