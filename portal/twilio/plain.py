"""Endpoints that the SDK does not know or cannot speak to: a request as it is, through the same door.

The SDK's list of port-in requests raises whatever Twilio answers, its creates take no plain JSON, and what
it does not know of a body it drops without a word (contract §3.4 and 3.5).
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from twilio.base.exceptions import TwilioException

from portal.twilio.bodies import read_object
from portal.twilio.client import Call, http_client, remote_call
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_REQUEST, Patience

T = TypeVar("T")


def send(
    login: Login,
    name: str,
    method: str,
    url: str,
    *,
    read: Callable[[Call], T],
    params: Mapping[str, Any] | None = None,
    json: Any = None,
    form: Mapping[str, Any] | None = None,
    answers: Collection[int] = (),
    patience: Patience = IN_A_REQUEST,
    timeout: float | None = None,
) -> T:
    """Send one request and return what `read` makes of the answer.

    `read` says with a ValueError or the like that the answer is not what it should be. `answers` are HTTP
    statuses from 400 on that are an answer all the same. `timeout` is how many seconds to wait for the answer
    where that is not as long as for any other. Raises Rejected, Absent, Unavailable, Uncertain.
    """
    with remote_call(name, writes=method != "GET", patience=patience) as call:
        answer = http_client().send(
            method,
            url,
            params=dict(params) if params else None,
            json=json,
            data=dict(form) if form else None,
            auth=(login.username, login.password),
            **({"timeout": timeout} if timeout else {}),
        )
        if answer.status_code >= 400 and answer.status_code not in answers:
            raise TwilioException("Twilio refused.")
        return read(call)


def read_told(call: Call) -> dict[str, Any]:
    """The object that Twilio answered with."""
    return read_object(call.body)[0]


def read_request_id(call: Call) -> str:
    """For answers without a body."""
    return call.request_id
