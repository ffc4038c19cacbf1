"""A resource as NDJSON, sorted by sid: the truth to compare a copy with."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from portal.sandbox import calls, messages
from portal.sandbox.hosting.resources import AuthorizationDocument, HostedOrder
from portal.sandbox.porting.requests import without_numbers
from portal.sandbox.porting.resources import PortIn, PortInNumber
from portal.sandbox.regulatory.resources import (
    Bundle,
    EndUser,
    EndUserType,
    Evaluation,
    ItemAssignment,
    Regulation,
    SupportingDocument,
    SupportingDocumentType,
)
from portal.sandbox.resources import Shown
from portal.sandbox.store import Store
from portal.sandbox.wire import decode, encode

BATCH = 1000
Source = tuple[str, str, Callable[[Any], bytes]]


def _body(row: Any) -> bytes:
    body: bytes = row[-1]
    return body


def _documents(kind: str) -> Source:
    return "position, sid, CAST(body AS BLOB)", f"document WHERE kind = '{kind}'", _body


def _shown(kind: type[Shown]) -> Source:
    columns, table, _ = _documents(kind.KIND)
    return columns, table, lambda row: encode(kind.show(decode(_body(row))))


def _port_in(row: Any) -> bytes:
    port_in = msgspec.json.decode(_body(row), type=PortIn)
    return encode({"sid": port_in.sid, **without_numbers(port_in)})


def _port_in_number(row: Any) -> bytes:
    number = msgspec.json.decode(_body(row), type=PortInNumber)
    return encode({"sid": number.sid, **number.by_itself()})


SHOWN: tuple[type[Shown], ...] = (
    AuthorizationDocument,
    Bundle,
    EndUser,
    EndUserType,
    Evaluation,
    HostedOrder,
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
    **{f"{kind.KIND}s": _shown(kind) for kind in SHOWN},
    "port_ins": (*_documents("port_in")[:2], _port_in),
    "port_in_numbers": (*_documents("port_in_number")[:2], _port_in_number),
    "numbers": ("position, sid, body", "number WHERE 1", _body),
    "messages": (messages.COLUMNS, "message WHERE 1", messages.render),
    "calls": (calls.COLUMNS, "call WHERE 1", calls.render),
}


def dump(store: Store, resource: str, account: str | None = None) -> Iterator[bytes]:
    """Line by line, as the API would answer them, with a sid; KeyError for a resource there is no dump of."""
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
