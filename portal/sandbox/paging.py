"""Lists in pages: newest first, by position, with Twilio's tokens and both of its envelopes.

A next page is `Page=1&PageToken=PA<sid of the last row>`, a previous one `PB<sid of the first row>`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from portal.sandbox.errors import refusal
from portal.sandbox.store import Row
from portal.sandbox.wire import Answer, Pairs, Request, encode

DEFAULT_SIZE = 50
MAX_SIZE = 1000
PAGING = ("PageSize", "Page", "PageToken")
TOKEN = re.compile(r"P([AB])(\w+)")


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a list that a request asks for."""

    size: int
    page: int = 0
    below: int | None = None
    above: int | None = None

    def clause(self) -> tuple[str, list[int]]:
        """The end of a SELECT over `position`: one row more than the page, to see whether others follow."""
        if self.above is not None:
            return " AND position > ? ORDER BY position LIMIT ?", [self.above, self.size + 1]
        if self.below is not None:
            return " AND position < ? ORDER BY position DESC LIMIT ?", [self.below, self.size + 1]
        return " ORDER BY position DESC LIMIT ?", [self.size + 1]


@dataclass(frozen=True, slots=True)
class Page:
    window: Window
    bodies: Sequence[bytes]
    next_token: str | None
    previous_token: str | None

    @property
    def start(self) -> int:
        return self.window.page * self.window.size

    @property
    def end(self) -> int:
        return self.start + max(len(self.bodies) - 1, 0)


def read_window(query: Pairs, locate: Callable[[str], int | None]) -> Window:
    """Read PageSize, Page and PageToken; `locate` turns the sid in a token into a position."""
    values = dict(query)
    size = read_size(values)
    page = _count(values.get("Page"), 0, least=0)
    token = values.get("PageToken", "")
    if not token:
        if page > 0:
            raise refusal(20422, "Paged requests must include a PageToken")
        return Window(size)
    matched = TOKEN.fullmatch(token)
    position = locate(matched[2]) if matched else None
    if matched is None or position is None:
        raise refusal(21481)
    return Window(size, page, below=position) if matched[1] == "A" else Window(size, page, above=position)


def read_size(values: Mapping[str, str]) -> int:
    size = _count(values.get("PageSize"), DEFAULT_SIZE, least=1)
    if size > MAX_SIZE:
        raise refusal(20007)
    return size


def cut_page(window: Window, rows: list[Row]) -> Page:
    """Make a page of the rows that `window.clause()` selected."""
    more = len(rows) > window.size
    rows = rows[: window.size]
    backwards = window.above is not None
    if backwards:
        rows.reverse()
    has_next, has_previous = (True, more) if backwards else (more, window.below is not None)
    return Page(
        window,
        [body for _, _, body in rows],
        f"PA{rows[-1][1]}" if rows and has_next else None,
        f"PB{rows[0][1]}" if rows and has_previous else None,
    )


def v2010_list(request: Request, key: str, page: Page) -> Answer:
    """The envelope of api.twilio.com: relative URIs and not a single key more (the SDK breaks on one)."""
    link = _linker(request, page)
    envelope = {
        "end": page.end,
        "first_page_uri": link(0, None),
        "next_page_uri": page.next_token and link(page.window.page + 1, page.next_token),
        "page": page.window.page,
        "page_size": page.window.size,
        "previous_page_uri": page.previous_token and link(max(page.window.page - 1, 0), page.previous_token),
        "start": page.start,
        "uri": link(page.window.page, dict(request.query).get("PageToken")),
    }
    return Answer(200, _with_rows(encode(envelope), key, page.bodies))


def meta_list(request: Request, key: str, page: Page) -> Answer:
    """The envelope of the newer hosts: `meta` with absolute URLs and the name of the key beside it."""
    link = _linker(request, page, f"https://{request.host}")
    meta = {
        "page": page.window.page,
        "page_size": page.window.size,
        "first_page_url": link(0, None),
        "previous_page_url": page.previous_token and link(max(page.window.page - 1, 0), page.previous_token),
        "url": link(page.window.page, dict(request.query).get("PageToken")),
        "next_page_url": page.next_token and link(page.window.page + 1, page.next_token),
        "key": key,
    }
    return Answer(200, _with_rows(encode({"meta": meta}), key, page.bodies))


def _with_rows(envelope: bytes, key: str, bodies: Sequence[bytes]) -> bytes:
    return b"".join((b'{"', key.encode(), b'":[', b",".join(bodies), b"],", envelope[1:]))


def _linker(request: Request, page: Page, base: str = "") -> Callable[[int, str | None], str]:
    filters = [(name, value) for name, value in request.query if name not in PAGING]

    def link(number: int, token: str | None) -> str:
        query: list[tuple[str, Any]] = [*filters, ("PageSize", page.window.size), ("Page", number)]
        if token:
            query.append(("PageToken", token))
        return f"{base}{request.path}?{urlencode(query)}"

    return link


def _count(text: str | None, default: int, *, least: int) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise refusal(20422)
    return int(text)
