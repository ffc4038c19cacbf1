"""Twilio as a script: answers that the sandbox would never give, behind the same transport."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import msgspec
import requests
from django.conf import settings
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from portal.twilio.client import http_client


class Answer(msgspec.Struct):
    """What to answer a request with. `body` is sent as it is, or as JSON."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = {}


Line = Answer | Exception | Callable[[requests.PreparedRequest], Answer]


class Script(BaseAdapter):
    """Gives the answers in turn, the last one for ever, and remembers what it was asked."""

    def __init__(self, *answers: Line) -> None:
        super().__init__()
        self.answers = list(answers)
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(request)
        response = requests.Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict({"Twilio-Request-Id": "RQ" + "1" * 32, **answer.headers})
        response.request, response.url = request, request.url or ""
        raw = answer.body if isinstance(answer.body, bytes) else msgspec.json.encode(answer.body)
        response.raw = BytesIO(raw)
        return response

    def close(self) -> None:
        """Nothing is held."""


@contextmanager
def answering(*answers: Line) -> Iterator[Script]:
    """Let Twilio give these answers."""
    session, script = http_client().session, Script(*answers)
    before = session.adapters.get(settings.TWILIO_BASE_URL)
    session.mount(settings.TWILIO_BASE_URL, script)
    try:
        yield script
    finally:
        session.adapters.pop(settings.TWILIO_BASE_URL)
        if before:
            session.mount(settings.TWILIO_BASE_URL, before)
