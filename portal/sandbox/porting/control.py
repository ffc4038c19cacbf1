"""Porting over `/_sandbox/…`: settings, and what reviewer, representative and losing carrier do."""

from typing import Any, Literal

import msgspec

from portal.sandbox import elsewhere
from portal.sandbox.core import Sandbox
from portal.sandbox.lists import to_fields
from portal.sandbox.porting.desk import find_port_in
from portal.sandbox.porting.resources import PortIn
from portal.sandbox.porting.settings import PortingSettings
from portal.sandbox.porting.state import numbers_of
from portal.sandbox.wire import Request


class Act(msgspec.Struct, forbid_unknown_fields=True):
    """One thing somebody does with a request, and the numbers it is done to (none: all that can be)."""

    act: Literal["review", "sign", "decline", "accept", "set-date", "reject", "complete", "confirm-cancel"]
    numbers: list[str] = []
    date: str | None = None
    code: int = 22150


def perform(sandbox: Sandbox, sid: str, wanted: Act) -> None:
    """LookupError for what there is not, ValueError for what cannot be done now."""
    desk, numbers = sandbox.porting, wanted.numbers
    match wanted.act:
        case "review":
            desk.review(sid)
        case "sign":
            desk.sign(sid)
        case "decline":
            desk.decline(sid)
        case "accept":
            desk.accept(sid, *numbers, date=wanted.date)
        case "set-date":
            desk.set_date(sid, wanted.date or "", *numbers)
        case "reject":
            desk.reject(sid, wanted.code, *numbers)
        case "complete":
            desk.complete(sid, *numbers)
        case "confirm-cancel":
            desk.confirm_cancel(sid)


def _port_ins(sandbox: Sandbox, request: Request, _: str) -> Any:
    query = dict(request.query)
    with sandbox.store.lock:
        found = sandbox.store.all(PortIn)
    wanted = [
        to_fields(one)
        for one in reversed(found)
        if query.get("status") in (None, one.status) and query.get("account") in (None, one.account_sid)
    ]
    return {"port_ins": wanted}


def _port_in(sandbox: Sandbox, request: Request, sid: str) -> Any:
    with sandbox.store.lock:
        port_in = find_port_in(sandbox.store, sid)
        numbers = [to_fields(number) for number in numbers_of(sandbox.store, port_in)]
    return {**to_fields(port_in), "numbers": numbers}


def _act(sandbox: Sandbox, request: Request, sid: str) -> Any:
    perform(sandbox, sid, msgspec.json.decode(request.body, type=Act))
    return _port_in(sandbox, request, sid)


def _settings(sandbox: Sandbox, request: Request, _: str) -> Any:
    return sandbox.porting.settings


def _set(sandbox: Sandbox, request: Request, _: str) -> Any:
    settings = msgspec.json.decode(request.body, type=PortingSettings)
    sandbox.porting.set(settings)
    return settings


def _fates(sandbox: Sandbox, request: Request, _: str) -> Any:
    fates = [
        {"numbers": one.endings, "porting": one.porting, "hosting": one.hosting} for one in elsewhere.FATES
    ]
    return {"fates": fates}


CONTROLS = (
    ("GET", "/porting", _settings),
    ("POST", "/porting", _set),
    ("GET", "/fates", _fates),
    ("GET", "/port-ins", _port_ins),
    ("GET", r"/port-ins/(KW\w+)", _port_in),
    ("POST", r"/port-ins/(KW\w+)", _act),
)
