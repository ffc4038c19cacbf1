"""Hosting over `/_sandbox/…`: settings, and what Twilio, the person called, the signer and the carrier do."""

from typing import Any, Literal

import msgspec

from portal.sandbox.core import Sandbox
from portal.sandbox.hosting.desk import find_document, find_order
from portal.sandbox.hosting.documents import orders_of
from portal.sandbox.hosting.progress import PROBLEM
from portal.sandbox.hosting.resources import AuthorizationDocument, HostedOrder
from portal.sandbox.hosting.settings import HostingSettings
from portal.sandbox.lists import to_fields
from portal.sandbox.wire import Request


class Act(msgspec.Struct, forbid_unknown_fields=True):
    """One thing somebody does with an order."""

    act: Literal[
        "process", "press", "hang-up", "verify", "advance", "complete", "require-action", "resolve", "fail"
    ]
    code: str = ""
    reason: str = PROBLEM


class Signature(msgspec.Struct, forbid_unknown_fields=True):
    act: Literal["sign", "decline"]


def perform(sandbox: Sandbox, sid: str, wanted: Act) -> None:
    """LookupError for what there is not, ValueError for what cannot be done now."""
    desk = sandbox.hosting
    match wanted.act:
        case "press":
            desk.press(sid, wanted.code)
        case "require-action":
            desk.require_action(sid, wanted.reason)
        case "fail":
            desk.fail(sid, wanted.reason)
        case "process":
            desk.process(sid)
        case "hang-up":
            desk.hang_up(sid)
        case "verify":
            desk.verify(sid)
        case "advance":
            desk.advance(sid)
        case "complete":
            desk.complete(sid)
        case "resolve":
            desk.resolve(sid)


def sign(sandbox: Sandbox, sid: str, wanted: Signature) -> None:
    (sandbox.hosting.sign if wanted.act == "sign" else sandbox.hosting.decline)(sid)


def _orders(sandbox: Sandbox, request: Request, _: str) -> Any:
    query = dict(request.query)
    with sandbox.store.lock:
        found = sandbox.store.all(HostedOrder)
    wanted = [
        to_fields(one)
        for one in reversed(found)
        if query.get("status") in (None, one.status) and query.get("account") in (None, one.account_sid)
    ]
    return {"hosted_orders": wanted}


def _order(sandbox: Sandbox, request: Request, sid: str) -> Any:
    with sandbox.store.lock:
        return to_fields(find_order(sandbox.store, sid))


def _act(sandbox: Sandbox, request: Request, sid: str) -> Any:
    perform(sandbox, sid, msgspec.json.decode(request.body, type=Act))
    return _order(sandbox, request, sid)


def _documents(sandbox: Sandbox, request: Request, _: str) -> Any:
    with sandbox.store.lock:
        found = sandbox.store.all(AuthorizationDocument)
    return {"authorization_documents": [to_fields(one) for one in reversed(found)]}


def _document(sandbox: Sandbox, request: Request, sid: str) -> Any:
    with sandbox.store.lock:
        document = find_document(sandbox.store, sid)
        orders = [order.sid for order in orders_of(sandbox.store, document)]
    return {**to_fields(document), "orders": orders}


def _sign(sandbox: Sandbox, request: Request, sid: str) -> Any:
    sign(sandbox, sid, msgspec.json.decode(request.body, type=Signature))
    return _document(sandbox, request, sid)


def _settings(sandbox: Sandbox, request: Request, _: str) -> Any:
    return sandbox.hosting.settings


def _set(sandbox: Sandbox, request: Request, _: str) -> Any:
    settings = msgspec.json.decode(request.body, type=HostingSettings)
    sandbox.hosting.set(settings)
    return settings


CONTROLS = (
    ("GET", "/hosting", _settings),
    ("POST", "/hosting", _set),
    ("GET", "/hosted-orders", _orders),
    ("GET", r"/hosted-orders/(HR\w+)", _order),
    ("POST", r"/hosted-orders/(HR\w+)", _act),
    ("GET", "/authorization-documents", _documents),
    ("GET", r"/authorization-documents/(PX\w+)", _document),
    ("POST", r"/authorization-documents/(PX\w+)", _sign),
)
