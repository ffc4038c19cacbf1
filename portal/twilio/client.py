"""The one door to Twilio.

Every exchange passes `PortalHttpClient.send`: only Twilio's hosts are spoken to, each attempt has a
timeout, the shared rate limit is kept, reads are tried again, and one line is logged that names no
phone number. Every call is made inside `remote_call`, which refuses to run in a transaction and
turns what went wrong into one of the four failures of `portal.twilio.errors`.
"""

import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from time import perf_counter, sleep
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from portal.twilio.bodies import UNREADABLE
from portal.twilio.errors import ForbiddenHost, classify
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_REQUEST, Patience
from portal.twilio.throttle import throttle

log = structlog.get_logger(__name__)

HOSTS = frozenset(
    {
        "api.twilio.com",
        "numbers.twilio.com",
        "numbers-upload.twilio.com",
        "preview.twilio.com",
        "pricing.twilio.com",
    }
)
_WORTH_ANOTHER_TRY = frozenset({408, 429, 500, 502, 503, 504})
# A path segment that is a number, with or without its plus, and a plus and digits anywhere else.
_PHONE_NUMBER = re.compile(r"(?:%2B|\+)\d+|(?<=/)\d{5,}(?=[./]|$)", re.IGNORECASE)


@dataclass(slots=True)
class Call:
    """What happened on the wire during one `remote_call`: the last answer, and what all took together."""

    name: str
    writes: bool
    patience: Patience
    requested_at: datetime = field(default_factory=lambda: timezone.now())
    status: int | None = None
    body: bytes = b""
    request_id: str = ""
    retry_after: float | None = None
    requests: int = 0
    retries: int = 0
    waited: float = 0.0


_current: ContextVar[Call | None] = ContextVar("remote_call", default=None)


@contextmanager
def remote_call(name: str, *, writes: bool = False, patience: Patience = IN_A_REQUEST) -> Iterator[Call]:
    """Run one SDK call. Raises Rejected, Absent, Unavailable, Uncertain; RuntimeError in a transaction."""
    if connection.connection is not None:
        with transaction.atomic(durable=True):
            pass
    call = Call(name, writes, patience)
    token = _current.set(call)
    try:
        yield call
    except (TwilioException, requests.RequestException, *UNREADABLE) as error:
        if call.requests == 0:
            raise  # a fault of ours: nothing was sent
        failure = classify(
            error,
            writes=call.writes,
            status=call.status,
            body=call.body,
            request_id=call.request_id,
            retry_after=call.retry_after,
        )
        log.info(
            "twilio.failed",
            call=name,
            failure=type(failure).__name__,
            error=type(error).__name__,
            code=failure.code,
            status=failure.status,
            request_id=failure.request_id,
        )
        # Not `from error`: it would take URLs and bodies, with phone numbers in them, into tracebacks.
        raise failure from None
    finally:
        _current.reset(token)


class PortalHttpClient(HttpClient):
    """The SDK's transport. One per process; safe to share between threads."""

    def __init__(self) -> None:
        super().__init__(structlog.stdlib.get_logger("twilio"), False, settings.TWILIO_TIMEOUT)
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy and no .netrc decides where credentials go
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # accounts share nothing
        for prefix in ("https://", "http://"):
            self.session.mount(prefix, HTTPAdapter(pool_connections=8, pool_maxsize=32))

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """The SDK's seam: send, and hand back what its parsers expect."""
        as_json = (headers or {}).get("Content-Type") == "application/json"
        answer = self.send(
            method,
            url,
            params=params,
            data=None if as_json else data,
            json=data if as_json else None,
            headers=headers,
            auth=auth,
        )
        text = answer.content.decode("utf-8", "replace")
        return Response(answer.status_code, text, dict(answer.headers))

    def send(self, method: str, url: str, **options: Any) -> requests.Response:
        """One exchange, with further tries for reads. Raise what `requests` raises, or a TwilioFailure."""
        call = _current.get()
        if call is None:
            raise RuntimeError("Twilio is only called inside remote_call().")
        address, account_sid = _locate(url, options.get("auth"))
        # Closed by default: whatever is not a GET may change something, also where nobody said so.
        call.writes = call.writes or method.upper() != "GET"
        attempts = 1 if call.writes else call.patience.attempts
        left = call.patience.seconds
        for attempt in range(1, attempts + 1):
            waited = throttle().wait(account_sid, patience=left)
            call.waited += waited
            started = perf_counter()
            answer, trouble = None, None
            try:
                answer = self._exchange(call, method, address, attempt, options)
            except requests.RequestException as error:
                trouble = error
            left -= waited + perf_counter() - started
            if answer is not None and answer.status_code == 429:
                throttle().pause(account_sid, 1 if call.retry_after is None else call.retry_after)
            if answer is not None and answer.status_code not in _WORTH_ANOTHER_TRY:
                return answer
            nap = call.retry_after
            if nap is None:
                nap = min(8, 0.2 * 2**attempt) * random.uniform(0.5, 1)  # noqa: S311
            if attempt == attempts or nap > left:
                break
            left -= nap
            call.retries += 1
            call.waited += nap
            sleep(nap)
        if answer is None:
            assert trouble is not None
            raise trouble
        return answer

    def _exchange(
        self, call: Call, method: str, address: str, attempt: int, options: dict[str, Any]
    ) -> requests.Response:
        call.requested_at = timezone.now()
        call.requests += 1
        call.status, call.body, call.request_id, call.retry_after = None, b"", "", None
        started = perf_counter()
        facts = {"call": call.name, "method": method.upper(), "path": _safe_path(address), "attempt": attempt}
        try:
            answer = self.session.request(
                method, address, **{"timeout": settings.TWILIO_TIMEOUT, **options, "allow_redirects": False}
            )
        except requests.RequestException as error:
            log.warning("twilio.no_answer", error=type(error).__name__, ms=_ms(started), **facts)
            raise
        call.status, call.body = answer.status_code, answer.content
        call.request_id = answer.headers.get("Twilio-Request-Id", "")[:64]
        call.retry_after = _retry_after(answer.headers.get("Retry-After", ""))
        log.info("twilio.exchange", status=call.status, ms=_ms(started), request_id=call.request_id, **facts)
        return answer


def _locate(url: str, auth: tuple[str, str] | None) -> tuple[str, str]:
    """Where to send a request for this URL, and the account whose rate limit it uses."""
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.netloc not in HOSTS:
        log.warning("twilio.forbidden_host", host=parts.hostname)
        raise ForbiddenHost(f"Not one of Twilio's hosts: {parts.hostname or 'none'}.")
    match = re.search(r"/Accounts/(AC[0-9a-fA-F]{32})", parts.path)
    account_sid = match[1] if match else (auth[0] if auth else "")
    if base := settings.TWILIO_BASE_URL:
        query = f"?{parts.query}" if parts.query else ""
        return f"{base}/{parts.netloc}{parts.path}{query}", account_sid
    return url, account_sid


def _safe_path(address: str) -> str:
    return _PHONE_NUMBER.sub("+…", urlsplit(address).path)


def _retry_after(header: str) -> float | None:
    """The seconds that Twilio asks for, which may be given as a date."""
    if header.isascii() and header.isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - timezone.now()).total_seconds())


def _ms(started: float) -> int:
    return round((perf_counter() - started) * 1000)


_lock = threading.Lock()


@cache
def _shared_http_client() -> PortalHttpClient:
    return PortalHttpClient()


def http_client() -> PortalHttpClient:
    """The process's transport. Tests mount the sandbox on its session."""
    with _lock:
        return _shared_http_client()


def connect(login: Login) -> Client:
    """An SDK client for one account. Cheap: all clients share one transport."""
    # A mapping that is not empty keeps the SDK from reading credentials and regions from os.environ.
    return Client(
        login.username,
        login.password,
        login.account_sid,
        http_client=http_client(),
        environment={"TWILIO_EDGE": ""},
    )
