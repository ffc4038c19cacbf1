"""What reviewers and lawmakers do, over `/_sandbox/…`, and what was called back."""

from collections.abc import Callable
from typing import Any

import msgspec

from portal.sandbox import callbacks
from portal.sandbox.core import Sandbox
from portal.sandbox.lists import to_fields
from portal.sandbox.regulatory import laws, review
from portal.sandbox.regulatory.evaluations import evaluate_bundle
from portal.sandbox.regulatory.items import items_of
from portal.sandbox.regulatory.resources import IN_REVIEW, PENDING, Bundle
from portal.sandbox.regulatory.verdicts import Verdict, find_bundle
from portal.sandbox.wire import Request, Response

R = Callable[[Sandbox, Request, str], Any]


def _bundles(sandbox: Sandbox, request: Request, _: str) -> Any:
    query = dict(request.query)
    with sandbox.store.lock:
        found = sandbox.store.all(Bundle)
    wanted = [
        bundle
        for bundle in reversed(found)
        if query.get("status") in (None, bundle.status) and query.get("account") in (None, bundle.account_sid)
    ]
    return {"bundles": wanted}


def _bundle(sandbox: Sandbox, request: Request, sid: str) -> Any:
    with sandbox.store.lock:
        bundle = find_bundle(sandbox.store, sid)
        items = items_of(sandbox.store, bundle)
        evaluation = evaluate_bundle(sandbox.store, bundle, "", bundle.date_updated)
    return {
        **to_fields(bundle),
        "end_users": items.end_users,
        "documents": items.documents,
        "evaluation": {"status": evaluation.status, "results": evaluation.results},
    }


def _judge(sandbox: Sandbox, request: Request, sid: str) -> Any:
    return to_fields(sandbox.judge(sid, msgspec.json.decode(request.body, type=Verdict)))


def _reviews(sandbox: Sandbox, request: Request, _: str) -> Any:
    with sandbox.store.lock:
        waiting = [
            bundle.sid for bundle in sandbox.store.all(Bundle) if bundle.status in (PENDING, IN_REVIEW)
        ]
        return {**to_fields(review.read_settings(sandbox.store)), "waiting": waiting}


def _set_reviews(sandbox: Sandbox, request: Request, _: str) -> Any:
    settings = msgspec.json.decode(request.body, type=review.ReviewSettings)
    sandbox.set_reviews(settings)
    return settings


def _add_regulation(sandbox: Sandbox, request: Request, _: str) -> Any:
    return to_fields(sandbox.add_regulation(msgspec.json.decode(request.body, type=laws.NewRegulation)))


def _change_regulation(sandbox: Sandbox, request: Request, sid: str) -> Any:
    change = msgspec.json.decode(request.body, type=laws.RegulationChange)
    return to_fields(sandbox.change_regulation(sid, change))


def _callbacks(sandbox: Sandbox, request: Request, _: str) -> Any:
    with sandbox.store.lock:
        found = callbacks.latest(sandbox.store)
        return {
            **to_fields(callbacks.read_settings(sandbox.store)),
            "callbacks": [callback._asdict() for callback in found],
        }


def _set_callbacks(sandbox: Sandbox, request: Request, _: str) -> Any:
    settings = msgspec.json.decode(request.body, type=callbacks.CallbackSettings)
    with sandbox.changing() as (store, _now):
        store.write_meta({"callbacks": settings})
    return settings


def _repeat(sandbox: Sandbox, request: Request, callback_id: str) -> Any:
    with sandbox.changing() as (store, now):
        if not callbacks.repeat(store, int(callback_id), now):
            raise LookupError(f"There is no callback {callback_id}.")
    return {"repeated": int(callback_id)}


def _file(sandbox: Sandbox, request: Request, sid: str) -> Any:
    with sandbox.store.lock:
        row = sandbox.store.row("SELECT type, content FROM file WHERE sid = ?", (sid,))
    if row is None:
        raise LookupError(f"There is no file of {sid}.")
    headers = {
        "Content-Type": row[0],
        "Content-Disposition": "attachment",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(200, row[1], headers)


CONTROLS: tuple[tuple[str, str, R], ...] = (
    ("GET", "/bundles", _bundles),
    ("GET", r"/bundles/(BU\w+)", _bundle),
    ("POST", r"/bundles/(BU\w+)", _judge),
    ("GET", "/reviews", _reviews),
    ("POST", "/reviews", _set_reviews),
    ("POST", "/regulations", _add_regulation),
    ("POST", r"/regulations/(RN\w+)", _change_regulation),
    ("GET", "/callbacks", _callbacks),
    ("POST", "/callbacks", _set_callbacks),
    ("POST", r"/callbacks/(\d+)", _repeat),
    ("GET", r"/files/(RD\w+)", _file),
)
