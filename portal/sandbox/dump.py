"""A resource as NDJSON, sorted by sid: the truth to compare a copy with."""

from collections.abc import Callable, Iterator
from typing import Any

from portal.sandbox import calls, messages
from portal.sandbox.regulatory.resources import (
    Bundle,
    EndUser,
    EndUserType,
    Evaluation,
    ItemAssignment,
    Regulation,
    Regulatory,
    SupportingDocument,
    SupportingDocumentType,
)
from portal.sandbox.store import Store
from portal.sandbox.wire import decode, encode

BATCH = 1000
Source = tuple[str, str, Callable[[Any], bytes]]


def _body(row: Any) -> bytes:
    body: bytes = row[-1]
    return body


def _documents(kind: str) -> Source:
    return "position, sid, CAST(body AS BLOB)", f"document WHERE kind = '{kind}'", _body


def _regulatory(kind: type[Regulatory]) -> Source:
    columns, table, _ = _documents(kind.KIND)
    return columns, table, lambda row: encode(kind.show(decode(_body(row))))


REGULATORY: tuple[type[Regulatory], ...] = (
    Bundle,
    EndUser,
    EndUserType,
    Evaluation,
    ItemAssignment,
    Regulation,
    SupportingDocument,
    SupportingDocumentType,
)
SOURCES: dict[str, Source] = {
    "accounts": _documents("account"),
    "addresses": _documents("address"),
    "applications": _documents("application"),
    "caller_ids": _documents("caller_id"),
    **{f"{kind.KIND}s": _regulatory(kind) for kind in REGULATORY},
    "numbers": ("position, sid, body", "number WHERE 1", _body),
    "messages": (messages.COLUMNS, "message WHERE 1", messages.render),
    "calls": (calls.COLUMNS, "call WHERE 1", calls.render),
}


def dump(store: Store, resource: str, account: str | None = None) -> Iterator[bytes]:
    """Line by line, as the API would answer them; KeyError for a resource there is no dump of."""
    columns, table, render = SOURCES[resource]
    mine = " AND account = ?" if account else ""
    last = ""
    while True:
        with store.lock:
            rows = store.rows(
                f"SELECT {columns} FROM {table}{mine} AND sid > ? ORDER BY sid LIMIT ?",  # noqa: S608
                [*([account] if account else []), last, BATCH],
            )
        if not rows:
            return
        for row in rows:
            yield render(row) + b"\n"
        last = rows[-1][1]
