"""The page at `/`: what this is and what it is doing."""

from html import escape

from portal.sandbox.core import Sandbox
from portal.sandbox.wire import Request, Response


def show(sandbox: Sandbox, request: Request) -> Response:
    text = f"<!doctype html><title>Sandbox</title><p>{escape(sandbox.credentials.account_sid)}</p>"
    return Response(200, text.encode(), {"Content-Type": "text/html; charset=utf-8"})
