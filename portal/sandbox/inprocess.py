"""The in-process door: an adapter for a `requests` session, so that unit tests need no socket.

    session.mount("http://sandbox.test", SandboxAdapter(sandbox))

Requests then go to `http://sandbox.test/api.twilio.com/2010-04-01/…` as they would to the server.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.exceptions import ChunkedEncodingError, ConnectionError, ReadTimeout
from requests.structures import CaseInsensitiveDict

from portal.sandbox import doors
from portal.sandbox.core import Sandbox
from portal.sandbox.wire import Request, Response


class SandboxAdapter(BaseAdapter):
    """Hands requests to a sandbox. What would break a connection raises what `requests` raises then."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.sandbox = sandbox

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Answer at once; raise ReadTimeout instead of an answer that would outlast the timeout."""
        body = request.body or b""
        headers = {name: _text(value) for name, value in request.headers.items()}
        headers.setdefault("Host", urlsplit(request.url or "").netloc)
        answered = doors.answer(
            self.sandbox,
            Request.at(
                request.method or "GET",
                request.path_url,
                headers,
                body.encode() if isinstance(body, str) else bytes(body),
            ),
        )
        patience = timeout[1] if isinstance(timeout, tuple) else timeout
        if patience is not None and answered.stall > patience:
            raise ReadTimeout(f"Read timed out. (read timeout={patience})", request=request)
        if answered.cut == "reset":
            raise ConnectionError("Connection aborted: connection reset by peer", request=request)
        if answered.cut == "short":
            raise ChunkedEncodingError("Connection broken: IncompleteRead", request=request)
        return _response(request, answered)

    def close(self) -> None:
        """The sandbox outlives its doors."""


def _response(request: requests.PreparedRequest, answered: Response) -> requests.Response:
    response = requests.Response()
    response.status_code = answered.status
    response.headers = CaseInsensitiveDict(answered.headers)
    response.encoding = "utf-8"
    response.url = request.url or ""
    response.request = request
    response.raw = BytesIO(b"".join(answered.stream) if answered.stream else answered.body)
    return response


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
