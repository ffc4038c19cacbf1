"""One way to list anything: filter, whitelisted sort, keyset pages, all of it in the URL.

A page is asked for by the key of the row it follows or precedes, never by an offset, so page ten
thousand costs what page one does. Counting stops at 10,000 unless a list knows better. The position
shown ("101-150") travels with the key: it is what the person saw, and rows that came and went since
do not make it an error.
"""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from django.db import models
from django.db.models import F, Func, QuerySet, Value
from django.db.models.functions import Coalesce
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
    def decode(cls, text: str, fields: Sequence[Any]) -> "Cursor":
        """The first page for a text that is no cursor of a sort by these fields."""
        try:
            key, backwards, position = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if key and not all(_is_key_of(*pair) for pair in zip(key, fields, strict=True)):
                return cls()
            return cls(tuple(key), bool(backwards), max(0, int(position)))
        except (ValueError, TypeError, OverflowError, RecursionError):
            return cls()


@dataclass(frozen=True, slots=True)
class Count:
    """How long a list is, as far as anybody counted."""

    number: int
    precision: Literal["exact", "at least", "about"] = "exact"

    @property
    def is_exact(self) -> bool:
        return self.precision == "exact"

    def __str__(self) -> str:
        match self.precision:
            case "exact":
                return f"{self.number:,}"
            case "at least":
                return f"more than {self.number:,}"
            case "about":
                return f"about {self.number:,}"


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
    count: Count
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
    def sizes(self) -> tuple[int, ...]:
        return PAGE_SIZES

    @property
    def has_pages(self) -> bool:
        """Whether there is another page, or would be at another size."""
        return bool(self.previous_url or self.next_url) or len(self.rows) > PAGE_SIZES[0]

    @property
    def clear_url(self) -> str:
        """The list without filters, in the same order and columns."""
        kept = QueryDict(mutable=True)
        for name in ("sort", "size", "columns"):
            kept.setlist(name, self.params.getlist(name))
        return list_url(kept)

    @property
    def position_words(self) -> str:
        if not self.rows:
            return ""
        if not self.first:
            which = "Last" if self.next_url is None else "Another"
            return f"{which} {len(self.rows)} of {self.count}"
        return f"{self.first:,}–{self.first + len(self.rows) - 1:,} of {self.count}"

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


class Find(Protocol):
    """Finds the sids of the first `limit` rows after `key`, which a list may do better than the ORM."""

    def __call__(self, order: Order, descending: bool, key: Sequence[str], limit: int) -> list[str]: ...


def list_page(
    request: HttpRequest,
    rows: QuerySet[Any],
    *,
    sorts: Sequence[Sort],
    default_sort: str,
    count: Count | None = None,
    find: Find | None = None,
) -> ListPage:
    """One page of `rows`.

    In two queries: a capped count and the page. A list that knows its length gives `count`, and one that
    knows a quicker way to its rows gives `find`.
    """
    order = read_order(request, sorts, default_sort)
    size = _read_size(request)
    fields = [_field(rows, name) for name in order.sort.fields]
    cursor = Cursor.decode(request.GET.get("page", ""), fields)
    length = count or capped_count(rows)

    def fetch(cursor: Cursor) -> tuple[list[Any], bool]:
        """The rows of a page in list order, and whether there are more in the direction of reading."""
        descending = order.descending != cursor.backwards
        wanted = size
        if cursor.backwards and not cursor.key and length.is_exact:
            wanted = (
                length.number % size or size
            )  # the last page is as short as counting from the front makes it
        if find is None:
            found = list(seek(rows, order, descending, cursor.key)[: wanted + 1])
        else:
            sids = find(order, descending, cursor.key, wanted + 1)
            by_sid = {row.pk: row for row in rows.filter(pk__in=sids)}
            found = [by_sid[sid] for sid in sids if sid in by_sid]
        has_more = len(found) > wanted
        found = found[:wanted]
        return (found[::-1] if cursor.backwards else found), has_more

    found, has_more = fetch(cursor)
    if cursor.key and (not found or (cursor.backwards and len(found) < size)):
        # The rows it pointed past are gone, or it reaches back to the start: show that end in full.
        cursor = Cursor(backwards=not cursor.backwards)
        found, has_more = fetch(cursor)
    has_previous = has_more if cursor.backwards else bool(cursor.key)
    has_next = bool(cursor.key) if cursor.backwards else has_more
    first = cursor.position
    if not has_previous:
        first = 1
    elif not has_next and length.is_exact:
        first = length.number - len(found) + 1  # whatever the person saw: rows came and went since
    elif cursor.backwards and not cursor.key:
        first = 0
    if first and not has_next:
        length = Count(first + len(found) - 1 if found else 0)  # the end is in sight, so it is known

    def page_url(target: Cursor) -> str:
        return list_url(request.GET, page=target.encode())

    previous = Cursor(order.key_of(found[0]), True, max(0, first - size)) if has_previous else None
    following = Cursor(order.key_of(found[-1]), False, first and first + len(found)) if has_next else None
    return ListPage(
        rows=found,
        count=length,
        order=order,
        sorts=sorts,
        params=request.GET,
        size=size,
        first=first if found else 0,
        first_url=list_url(request.GET) if has_previous else None,
        previous_url=page_url(previous) if previous else None,
        next_url=page_url(following) if following else None,
        last_url=page_url(Cursor(backwards=True)) if has_next else None,
    )


def capped_count(rows: QuerySet[Any], up_to: int = COUNT_UP_TO) -> Count:
    """How many rows there are, counted no further than `up_to`."""
    counted = rows.order_by()[: up_to + 1].count()
    return Count(counted) if counted <= up_to else Count(up_to, "at least")


def seek(
    rows: QuerySet[Any], order: Order, descending: bool, key: Sequence[str], *, use_index: bool = True
) -> QuerySet[Any]:
    """`rows` in an order, from behind `key` on.

    Without `use_index` the order is spelled so that no index has it: for few rows that are better
    found first and sorted then than picked out of a walk through all.
    """
    fields = order.sort.fields
    if key:
        compare = LessThan if descending else GreaterThan
        rows = rows.filter(compare(_Row(*map(F, fields)), _Row(*map(Value, key))))
    keys: list[Any] = [F(name) for name in fields]
    if not use_index:
        keys[0] = Coalesce(keys[0], keys[0])
    return rows.order_by(*(expression.desc() if descending else expression.asc() for expression in keys))


class _Row(Func):
    """`ROW(a, b)`: compared column by column, which a B-tree index can seek to."""

    function = "ROW"
    output_field = models.TextField()


def read_order(request: HttpRequest, sorts: Sequence[Sort], default: str) -> Order:
    """The order that the URL asks for; the default for one that the list does not offer."""
    by_name = {sort.name: sort for sort in sorts}
    wanted = request.GET.get("sort", default)
    if wanted.removeprefix("-") not in by_name:
        wanted = default
    return Order(by_name[wanted.removeprefix("-")], wanted.startswith("-"))


def _field(rows: QuerySet[Any], name: str) -> Any:
    """What a sort reads: a column, or something that the rows are annotated with."""
    annotation = rows.query.annotations.get(name)
    return annotation.output_field if annotation is not None else rows.model._meta.get_field(name)


def _is_key_of(value: Any, field: Any) -> bool:
    """Whether Postgres can compare this part of a key with the column: anybody may write a cursor."""
    if not isinstance(value, str):
        return False
    if isinstance(field, models.DateTimeField):
        return datetime.fromisoformat(value).tzinfo is not None
    if isinstance(field, models.UUIDField):
        return bool(UUID(value))
    if isinstance(field, (models.SmallIntegerField, models.PositiveSmallIntegerField)):
        return bool(re.fullmatch(r"-?\d{1,4}", value, re.ASCII))
    if isinstance(field, models.IntegerField):
        return bool(re.fullmatch(r"-?\d{1,9}", value, re.ASCII))
    if isinstance(field, models.DecimalField):
        return bool(re.fullmatch(r"-?\d{1,20}(\.\d{1,20})?", value, re.ASCII))
    return b"\0" not in value.encode()


def _read_size(request: HttpRequest) -> int:
    sizes = {str(size): size for size in PAGE_SIZES}
    return sizes.get(request.GET.get("size", ""), DEFAULT_PAGE_SIZE)
