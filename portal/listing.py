"""One way to list anything: filter, whitelisted sort, keyset pages, all of it in the URL.

A page is asked for by the key of the row it follows or precedes, never by an offset, so page ten
thousand costs what page one does. Counting stops at 10,000. The position shown ("101-150") travels
with the key: it is what the person saw, and rows that came and went since do not make it an error.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Func, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.http import HttpRequest, QueryDict

COUNT_UP_TO = 10_000
PAGE_SIZES = (25, 50, 100, 200)
DEFAULT_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Sort:
    """An order that a list offers. `fields` are unique together and never null; all go one way."""

    name: str
    label: str
    fields: tuple[str, ...]
    starts_descending: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """A sort and its direction, as `?sort=name` or `?sort=-name` spells it."""

    sort: Sort
    descending: bool

    @property
    def parameter(self) -> str:
        return f"-{self.sort.name}" if self.descending else self.sort.name

    def key_of(self, row: Any) -> tuple[str, ...]:
        values = (getattr(row, name) for name in self.sort.fields)
        return tuple(value.isoformat() if isinstance(value, datetime) else str(value) for value in values)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after, or backwards before, the row with this key; without a key, at an end."""

    key: tuple[str, ...] = ()
    backwards: bool = False
    position: int = 0  # of the page's first row, counted from 1; 0 when nobody knows

    def encode(self) -> str:
        text = json.dumps([self.key, int(self.backwards), self.position], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, fields: int) -> "Cursor":
        """The first page for a text that is no cursor of a sort with that many fields."""
        try:
            key, backwards, position = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if len(key) not in (0, fields) or not all(isinstance(value, str) for value in key):
                return cls()
            return cls(tuple(key), bool(backwards), max(0, int(position)))
        except (ValueError, TypeError):
            return cls()


@dataclass(frozen=True, slots=True)
class Chip:
    """An applied filter, and the URL of the list without it."""

    label: str
    value: str
    remove_url: str


@dataclass(slots=True)
class ListPage:
    """What a list template needs."""

    rows: list[Any]
    total: int
    order: Order
    sorts: Sequence[Sort]
    params: QueryDict
    size: int
    first: int
    first_url: str | None
    previous_url: str | None
    next_url: str | None
    last_url: str | None
    chips: list[Chip] = field(default_factory=list)

    @property
    def is_capped(self) -> bool:
        return self.total > COUNT_UP_TO

    @property
    def sizes(self) -> tuple[int, ...]:
        return PAGE_SIZES

    @property
    def clear_url(self) -> str:
        """The list without filters, in the same order and columns."""
        kept = QueryDict(mutable=True)
        for name in ("sort", "size", "columns"):
            kept.setlist(name, self.params.getlist(name))
        return list_url(kept)

    @property
    def total_words(self) -> str:
        return f"more than {COUNT_UP_TO:,}" if self.is_capped else f"{self.total:,}"

    @property
    def position_words(self) -> str:
        if not self.rows:
            return ""
        if not self.first:
            which = "Last" if self.next_url is None else "Another"
            return f"{which} {len(self.rows)} of {self.total_words}"
        return f"{self.first:,}–{self.first + len(self.rows) - 1:,} of {self.total_words}"

    def url(self, **changes: str | None) -> str:
        return list_url(self.params, **changes)

    def sort_url(self, sort: Sort) -> str:
        """The list by this column, or the other way round if it already is."""
        descending = not self.order.descending if sort == self.order.sort else sort.starts_descending
        return self.url(sort=Order(sort, descending).parameter)


def list_url(params: QueryDict, **changes: str | None) -> str:
    """A relative URL with these parameters changed, or dropped where None, and back on the first page."""
    changed = QueryDict(mutable=True)
    for name, values in params.lists():
        if name != "page" and name not in changes:
            changed.setlist(name, [value for value in values if value])
    for name, value in changes.items():
        if value:
            changed[name] = value
    return f"?{changed.urlencode()}"


def list_page(
    request: HttpRequest, rows: QuerySet[Any], *, sorts: Sequence[Sort], default_sort: str
) -> ListPage:
    """One page of `rows`, in two queries: a capped count and the page itself."""
    order = _read_order(request, sorts, default_sort)
    size = _read_size(request)
    cursor = Cursor.decode(request.GET.get("page", ""), len(order.sort.fields))
    total = capped_count(rows)
    found, has_more = _fetch(rows, order, cursor, size, total)
    if cursor.key and (not found or (cursor.backwards and len(found) < size)):
        # The rows it pointed past are gone, or it reaches back to the start: show that end in full.
        cursor = Cursor(backwards=not cursor.backwards)
        found, has_more = _fetch(rows, order, cursor, size, total)
    has_previous = has_more if cursor.backwards else bool(cursor.key)
    has_next = bool(cursor.key) if cursor.backwards else has_more
    first = cursor.position
    if not has_previous:
        first = 1
    elif cursor.backwards and not cursor.key:
        first = total - len(found) + 1 if total <= COUNT_UP_TO else 0

    def page_url(target: Cursor) -> str:
        return list_url(request.GET) + f"&page={target.encode()}"

    return ListPage(
        rows=found,
        total=total,
        order=order,
        sorts=sorts,
        params=request.GET,
        size=size,
        first=first if found else 0,
        first_url=list_url(request.GET) if has_previous else None,
        previous_url=page_url(Cursor(order.key_of(found[0]), True, max(0, first - size)))
        if has_previous
        else None,
        next_url=page_url(Cursor(order.key_of(found[-1]), False, first and first + len(found)))
        if has_next
        else None,
        last_url=page_url(Cursor(backwards=True)) if has_next else None,
    )


def capped_count(rows: QuerySet[Any]) -> int:
    """How many rows there are; COUNT_UP_TO + 1 stands for any more."""
    return rows.order_by()[: COUNT_UP_TO + 1].count()


class _Row(Func):
    """`ROW(a, b)`: compared column by column, which a B-tree index can seek to."""

    function = "ROW"
    output_field = models.TextField()


def _fetch(
    rows: QuerySet[Any], order: Order, cursor: Cursor, size: int, total: int
) -> tuple[list[Any], bool]:
    """The rows of a page in list order, and whether there are more in the direction of reading."""
    fields = order.sort.fields
    descending = order.descending != cursor.backwards
    if cursor.key:
        compare = LessThan if descending else GreaterThan
        rows = rows.filter(compare(_Row(*map(F, fields)), _Row(*map(Value, cursor.key))))
    elif cursor.backwards and total <= COUNT_UP_TO:
        size = total % size or size  # the last page is as short as counting from the front makes it
    ordering = [F(name).desc() if descending else F(name).asc() for name in fields]
    found = list(rows.order_by(*ordering)[: size + 1])
    has_more = len(found) > size
    found = found[:size]
    if cursor.backwards:
        found.reverse()
    return found, has_more


def _read_order(request: HttpRequest, sorts: Sequence[Sort], default: str) -> Order:
    by_name = {sort.name: sort for sort in sorts}
    wanted = request.GET.get("sort", default)
    if wanted.removeprefix("-") not in by_name:
        wanted = default
    return Order(by_name[wanted.removeprefix("-")], wanted.startswith("-"))


def _read_size(request: HttpRequest) -> int:
    wanted = request.GET.get("size", "")
    return int(wanted) if wanted.isdigit() and int(wanted) in PAGE_SIZES else DEFAULT_PAGE_SIZE
