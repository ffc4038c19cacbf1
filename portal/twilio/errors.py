"""One decision: what did that failure mean for us?

The SDK fails in five unrelated ways: `TwilioRestException` from fetch, create, update and delete; a
plain `TwilioException` holding the response from lists; `TwilioServiceException` for RFC 9457 bodies;
`requests` exceptions for the network; and a JSON error for an answer that cannot be read. Callers
know four:

- `Rejected`: Twilio said no, nothing changed. `Absent` is the special case "it is not there".
- `Unavailable`: nothing changed, and trying again later is safe.
- `Uncertain`: a write was sent and its answer never came; look before trying again.

Closed by default: a write that failed in a way not known to be harmless is `Uncertain`.
"""

import json
from dataclasses import dataclass
from typing import Any

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

HELP_PAGE = "https://www.twilio.com/docs/api/errors/{code}"


class TwilioFailure(Exception):
    """What Twilio, or the way to Twilio, made of a call."""

    def __init__(
        self,
        words: str,
        *,
        code: int | None = None,
        status: int | None = None,
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(words)
        self.words = words
        self.code = code
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after

    @property
    def help_url(self) -> str:
        """Twilio's page about this error code, or nothing for a code that is only an HTTP status."""
        return HELP_PAGE.format(code=self.code) if self.code and self.code >= 10000 else ""


class Rejected(TwilioFailure):
    """Twilio understood and said no. Nothing changed."""


class Absent(Rejected):
    """Twilio does not have it, or not in this account."""


class Unavailable(TwilioFailure):
    """Twilio could not be asked, or had no time. Nothing changed; trying again is safe."""


class Uncertain(TwilioFailure):
    """A write was sent and nobody knows what became of it."""


class NoCredentials(Rejected):
    """We hold no credentials that reach this account."""


class ForbiddenHost(Rejected):
    """Something asked us to take Twilio credentials to a host that is not Twilio's."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    code: int | None
    words: str


def classify(
    error: Exception, *, writes: bool, request_id: str = "", retry_after: float | None = None
) -> TwilioFailure:
    """Turn any failure of an SDK call into one of the four. `writes`: whether it could change anything."""
    if isinstance(error, TwilioFailure):
        return error
    answer = _answer_of(error)
    if answer is not None:
        facts: dict[str, Any] = {"code": answer.code, "status": answer.status, "request_id": request_id}
        if answer.status == 429:
            # "Never processed and always safe to retry": error 20429.
            return Unavailable("Twilio is limiting our requests.", retry_after=retry_after, **facts)
        if answer.status == 404:
            return Absent(answer.words, **facts)
        if 400 <= answer.status < 500:
            return Rejected(answer.words, **facts)
        if answer.status >= 500:
            if writes:
                return Uncertain("Twilio failed while it was working on this.", **facts)
            return Unavailable("Twilio has a fault of its own.", retry_after=retry_after, **facts)
    if isinstance(error, requests.RequestException):
        if writes and not _never_sent(error):
            return Uncertain("The connection to Twilio broke before its answer came.", request_id=request_id)
        return Unavailable("Twilio cannot be reached.", request_id=request_id)
    if writes:
        return Uncertain("Twilio answered with something we cannot read.", request_id=request_id)
    return Unavailable("Twilio answered with something we cannot read.", request_id=request_id)


def _answer_of(error: Exception) -> _Answer | None:
    match error:
        case TwilioRestException():
            # The SDK puts "Unable to … record: " before Twilio's words, and the HTTP status where
            # there was no code.
            words = str(error.msg).partition(": ")[2] or str(error.msg)
            code = error.code if error.code != error.status else None
            return _Answer(error.status, code, words)
        case TwilioServiceException():
            words = ". ".join(part for part in (error.title, error.detail) if part)
            return _Answer(error.status, error.code, words)
        case TwilioException() if len(error.args) > 1 and hasattr(error.args[1], "status_code"):
            response = error.args[1]
            return answer_from_body(response.status_code, response.text)
        case _:
            return None


def answer_from_body(status: int, text: str) -> _Answer:
    """Read Twilio's error object, in either of its spellings, from a body that may not be one."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return _Answer(status, None, f"Twilio answered with HTTP status {status}.")
    words = body.get("message") or ". ".join(p for p in (body.get("title"), body.get("detail")) if p)
    code = body.get("code")
    return _Answer(
        status,
        code if isinstance(code, int) and code != status else None,
        str(words or f"Twilio answered with HTTP status {status}."),
    )


def _never_sent(error: requests.RequestException) -> bool:
    """Whether the request cannot have reached Twilio: no connection was ever made."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason).__name__ in {"NewConnectionError", "ConnectTimeoutError", "NameResolutionError"}
