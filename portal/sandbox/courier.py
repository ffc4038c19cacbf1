"""Sends callbacks that are due, in a thread of the server, and keeps the agenda going meanwhile.

It calls on this machine only, whatever a StatusCallback says: the data set's addresses lead nowhere real, and
nothing leaves from a sandbox. Nobody listening, or slowly, is an answer like any other and written down.
"""

import sqlite3
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from portal.sandbox.callbacks import NOT_SENT

if TYPE_CHECKING:
    from portal.sandbox.core import Sandbox

PAUSE = 0.5
PATIENCE = (5, 10)  # contract 6.4: 5 s to connect, 15 s in all
HERE = ("127.0.0.1", "localhost", "::1")


def run(sandbox: "Sandbox", stopping: Event) -> None:
    """Until told to stop, or the sandbox is closed under it."""
    with requests.Session() as session:
        session.trust_env = False

        def post(url: str, headers: dict[str, str], body: bytes) -> str:
            return _send(session, "POST", url, headers, body)

        def get(url: str, headers: dict[str, str]) -> str:
            return _send(session, "GET", url, headers, b"")

        while not stopping.wait(PAUSE):
            try:
                sandbox.deliver(post, get)
            except sqlite3.ProgrammingError:
                return


def _send(session: requests.Session, method: str, url: str, headers: dict[str, str], body: bytes) -> str:
    host = urlsplit(url).hostname or ""
    if host not in HERE and not host.endswith(".localhost"):
        return f"{NOT_SENT}: the sandbox calls this machine only"
    try:
        answer = session.request(
            method, url, data=body, headers=headers, timeout=PATIENCE, allow_redirects=False, stream=True
        )
        answer.close()
    except (requests.RequestException, ValueError) as error:
        return f"failed: {type(error).__name__}"
    return str(answer.status_code)
