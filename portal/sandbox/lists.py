"""Lists and fetches of the newer hosts: pages under `meta`, by position, or by another key if one sorts."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from portal.sandbox import paging
from portal.sandbox.call import Call
from portal.sandbox.errors import refusal
from portal.sandbox.resources import Shown
from portal.sandbox.store import Row
from portal.sandbox.wire import Answer, decode, encode

R = TypeVar("R", bound=Shown)
Show = Callable[[dict[str, Any]], dict[str, Any]]


def list_resources(
    call: Call,
    kind: type[Shown],
    *,
    account: str | None = None,
    conditions: str = "",
    parameters: tuple[object, ...] = (),
    key: str = "results",
    show: Show | None = None,
) -> Answer:
    """A page, newest first, of the account's resources that meet the conditions."""
    window = paging.read_window(call.request.query, lambda sid: call.store.position("document", sid))
    end, bounds = window.clause()
    owner = call.account.sid if account is None else account
    rows: list[Row] = call.store.rows(
        "SELECT position, sid, CAST(body AS BLOB) FROM document"  # noqa: S608
        f" WHERE kind = ? AND account = ?{conditions}{end}",
        [kind.KIND, owner, *parameters, *bounds],
    )
    return paging.meta_list(call.request, key, paging.cut_page(window, _shown(rows, show or kind.show)))


def list_sorted(
    call: Call,
    kind: type[Shown],
    conditions: str,
    parameters: tuple[object, ...],
    by: str,
    ascending: bool,
) -> Answer:
    """The same by a property, in either direction; what lacks it comes last.

    A token names a row. One that has gone meanwhile, or lost the property, has lost its place (21481).
    """
    value = f"json_extract(body, '$.{by}')"
    way = "ASC" if ascending else "DESC"
    sids = [
        sid
        for (sid,) in call.store.rows(
            f"SELECT sid FROM document WHERE kind = ? AND account = ?{conditions}"  # noqa: S608
            f" ORDER BY {value} IS NULL, {value} {way}, position {way}",
            [kind.KIND, call.account.sid, *parameters],
        )
    ]
    places = {sid: len(sids) - index for index, sid in enumerate(sids)}
    window = paging.read_window(call.request.query, places.get)
    if window.above is not None:
        end = len(sids) - window.above
        chosen = sids[max(end - window.size - 1, 0) : end][::-1]
    else:
        start = 0 if window.below is None else len(sids) - window.below + 1
        chosen = sids[start : start + window.size + 1]
    rows: list[Row] = [
        (places[sid], sid, call.store.value("SELECT CAST(body AS BLOB) FROM document WHERE sid = ?", (sid,)))
        for sid in chosen
    ]
    return paging.meta_list(call.request, "results", paging.cut_page(window, _shown(rows, kind.show)))


def _shown(rows: list[Row], show: Show) -> list[Row]:
    return [(position, sid, encode(show(decode(body)))) for position, sid, body in rows]


def fetch(call: Call, kind: type[R], sid: str | None = None) -> R:
    """The account's resource whose sid stands in the path, or 404 20404."""
    found = call.store.find(kind, sid or call.params["Sid"], call.account.sid)
    if found is None:
        raise call.absent()
    return found


def required(call: Call, *names: str) -> None:
    """Refuse a request that lacks one of its parameters (20001)."""
    for name in names:
        if not call.form.get(name, "").strip():
            raise refusal(20001, f"Missing required parameter {name} in the post body")


def to_fields(resource: msgspec.Struct) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(resource)
    return fields


def equals(filters: Mapping[str, object]) -> tuple[str, tuple[object, ...]]:
    """SQL for the properties that are asked for."""
    wanted = {name: value for name, value in filters.items() if value is not None}
    return (
        "".join(f" AND json_extract(body, '$.{name}') = ?" for name in wanted),
        tuple(wanted.values()),
    )
