"""One decision: what did that failure mean for us?

The SDK fails in five unrelated ways: `TwilioRestException` from fetch, create, update and delete; a
plain `TwilioException` from lists; `TwilioServiceException` for RFC 9457 bodies; `requests`
exceptions for the network; and whatever its parsers raise on an answer they do not understand. So
the answer itself is judged, status and body, and not the exception made of it. Callers know four:

- `Rejected`: Twilio said no, nothing changed. `Absent` is the special case "it is not there".
- `Unavailable`: nothing changed, and trying again later is safe.
- `Uncertain`: a write was sent and its answer never came; look before trying again.

Closed by default: a write that failed in a way not known to be harmless is `Uncertain`, and only
Twilio's own error object can say that something is absent.
"""

import ssl
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from portal.twilio.bodies import read_object

HELP_PAGE = "https://www.twilio.com/docs/api/errors/{code}"
_LONGEST_WORDS = 1000


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


def classify(
    error: Exception,
    *,
    writes: bool,
    status: int | None,
    body: bytes,
    request_id: str = "",
    retry_after: float | None = None,
) -> TwilioFailure:
    """Turn the failure of a call into one of the four.

    `writes`: whether the call could change anything. `status` and `body`: the answer to the last
    request it sent, None and empty when none came.
    """
    if isinstance(error, requests.RequestException):
        if writes and not _never_sent(error):
            return Uncertain("The connection to Twilio broke before its answer came.")
        return Unavailable("Twilio cannot be reached.")
    facts: dict[str, Any] = {"status": status, "request_id": request_id}
    if status is None or status < 400:
        words = "Twilio answered with something we cannot read."
        return Uncertain(words, **facts) if writes else Unavailable(words, **facts)
    facts["code"], words = _code_and_words(status, body)
    if status in (408, 429):
        # "Never processed and always safe to retry": error 20429. 408 gave up before the request was whole.
        return Unavailable("Twilio is limiting our requests.", retry_after=retry_after, **facts)
    if status >= 500:
        if writes:
            return Uncertain("Twilio failed while it was working on this.", **facts)
        return Unavailable("Twilio has a fault of its own.", retry_after=retry_after, **facts)
    if status == 404 and words:
        return Absent(words, **facts)
    return Rejected(words or f"Twilio answered with HTTP status {status}.", **facts)


def _code_and_words(status: int, body: bytes) -> tuple[int | None, str]:
    """Twilio's error object in any of its spellings; no words if the body is something else."""
    try:
        answer, _ = read_object(body)
    except ValueError:
        return None, ""
    parts = [answer.get("message")] if answer.get("message") else [answer.get("title"), answer.get("detail")]
    words = ". ".join(str(part) for part in parts if part)
    code = answer.get("code")
    # Some answers repeat the HTTP status as their code.
    is_code = isinstance(code, int) and code != status and 0 < code < 1_000_000
    return code if is_code else None, words[:_LONGEST_WORDS]


def _never_sent(error: requests.RequestException) -> bool:
    """Whether the request cannot have reached Twilio: no connection was made, or to nobody we trust."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, NewConnectionError):
        return True
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in getattr(reason, "args", ()))
