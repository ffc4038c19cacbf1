"""The control API, `/_sandbox/…`: JSON in, JSON out, for whoever scripts the sandbox over HTTP."""

import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from portal.sandbox.core import Sandbox
from portal.sandbox.dump import SOURCES
from portal.sandbox.faults import Fault
from portal.sandbox.hosting import control as hosting
from portal.sandbox.porting import control as porting
from portal.sandbox.regulatory import control as regulatory
from portal.sandbox.wire import Request, Response, encode

NDJSON = "application/x-ndjson"


class BadControl(Exception):
    """A control request that makes no sense; its text says why."""


class AccountChange(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["Trial", "Full"] | None = None
    restricted: bool | None = None
    catalog: bool | None = None
    porting: bool | None = None
    hosting: bool | None = None
    hosting_preview: bool | None = None


Control = Callable[[Sandbox, Request, str], Any]


def answer(sandbox: Sandbox, request: Request) -> Response:
    for method, pattern, control in CONTROLS:
        matched = re.fullmatch(pattern, request.path)
        if matched and method == request.method:
            try:
                result = control(sandbox, request, matched[1] if matched.groups() else "")
            except LookupError as error:
                return _json({"error": str(error)}, 404)
            except (BadControl, ValueError, TypeError, OverflowError) as error:
                return _json({"error": str(error)}, 400)
            return result if isinstance(result, Response) else _json(result)
    return _json({"error": f"No such control: {request.method} /_sandbox{request.path}"}, 404)


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, encode(value), {"Content-Type": "application/json"})


def _status(sandbox: Sandbox, request: Request, _: str) -> Any:
    return {
        "numbers": sandbox.numbers,
        "clock": _clock_state(sandbox),
        "accounts": [asdict(sandbox.credentials), *map(asdict, sandbox.subaccounts)],
        "faults": len(sandbox.faults.list()),
        "requests": len(sandbox.journal.entries()),
    }


def _list_faults(sandbox: Sandbox, request: Request, _: str) -> Any:
    return {"faults": sandbox.faults.list()}


def _add_fault(sandbox: Sandbox, request: Request, _: str) -> Any:
    return sandbox.faults.add(msgspec.json.decode(request.body, type=Fault))


def _remove_fault(sandbox: Sandbox, request: Request, fault_id: str) -> Any:
    return {"removed": sandbox.faults.remove(int(fault_id))}


def _clear_faults(sandbox: Sandbox, request: Request, _: str) -> Any:
    sandbox.faults.clear()
    return {"faults": []}


def _journal(sandbox: Sandbox, request: Request, _: str) -> Any:
    query = dict(request.query)
    committed = query.get("committed")
    entries = sandbox.journal.entries(
        method=query.get("method"),
        path=query.get("path"),
        account=query.get("account"),
        status=int(query["status"]) if "status" in query else None,
        committed=None if committed is None else committed == "true",
        since=int(query.get("since", 0)),
    )
    limit = int(query.get("limit", len(entries)))
    return {"requests": entries[len(entries) - min(limit, len(entries)) :]}


def _clear_journal(sandbox: Sandbox, request: Request, _: str) -> Any:
    sandbox.journal.clear()
    return {"requests": []}


def _clock_state(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "now": sandbox.clock.now().isoformat(timespec="seconds"),
        "frozen": sandbox.clock.is_frozen,
        "offset": round(sandbox.clock.offset.total_seconds()),
    }


def _clock(sandbox: Sandbox, request: Request, _: str) -> Any:
    return _clock_state(sandbox)


def _move_clock(sandbox: Sandbox, request: Request, _: str) -> Any:
    wanted = msgspec.json.decode(request.body, type=dict[str, Any])
    apply_clock(sandbox, wanted)
    return _clock_state(sandbox)


def apply_clock(sandbox: Sandbox, wanted: dict[str, Any]) -> None:
    """`set` first, then `advance` (seconds, or {"days": …, "hours": …}), then `freeze`, or `reset` alone."""
    unknown = set(wanted) - {"set", "advance", "freeze", "reset"}
    if unknown:
        raise BadControl(f"The clock knows set, advance, freeze and reset, not {', '.join(sorted(unknown))}.")
    if wanted.get("reset"):
        sandbox.clock.reset()
    if "set" in wanted:
        sandbox.clock.set(datetime.fromisoformat(wanted["set"]))
    if "advance" in wanted:
        by = wanted["advance"]
        sandbox.clock.advance(timedelta(**by) if isinstance(by, dict) else timedelta(seconds=float(by)))
    if "freeze" in wanted:
        if wanted["freeze"]:
            sandbox.clock.freeze()
        else:
            sandbox.clock.resume()


def _set_account(sandbox: Sandbox, request: Request, sid: str) -> Any:
    wanted = msgspec.json.decode(request.body, type=AccountChange)
    sandbox.set_account(sid, **msgspec.structs.asdict(wanted))
    return {"sid": sid}


def _dump(sandbox: Sandbox, request: Request, resource: str) -> Any:
    if resource not in SOURCES:
        raise BadControl(f"There is no dump of {resource}; there are {', '.join(SOURCES)}.")
    lines = sandbox.dump(resource, dict(request.query).get("account"))
    return Response(200, headers={"Content-Type": NDJSON}, stream=lines)


def _reset(sandbox: Sandbox, request: Request, _: str) -> Any:
    sandbox.reset()
    return _status(sandbox, request, "")


CONTROLS: tuple[tuple[str, str, Control], ...] = (
    ("GET", "/", _status),
    ("GET", "/faults", _list_faults),
    ("POST", "/faults", _add_fault),
    ("DELETE", "/faults", _clear_faults),
    ("DELETE", r"/faults/(\d+)", _remove_fault),
    ("GET", "/journal", _journal),
    ("DELETE", "/journal", _clear_journal),
    ("GET", "/clock", _clock),
    ("POST", "/clock", _move_clock),
    ("POST", r"/accounts/(AC\w+)", _set_account),
    ("GET", r"/dump/([a-z_]+)", _dump),
    ("POST", "/reset", _reset),
    *regulatory.CONTROLS,
    *porting.CONTROLS,
    *hosting.CONTROLS,
)
