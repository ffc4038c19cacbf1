"""Asks ClamAV's daemon whether a file contains a virus (clamd(8): INSTREAM, with NUL-delimited commands).

`CLAMD_URL` names its socket. Where none is set nothing is scanned; where one is set and does not answer, no
file goes on.
"""

import contextlib
import socket
import struct
import time
from dataclasses import dataclass

import structlog
from django.conf import settings

from portal.labels import Label

log = structlog.get_logger(__name__)

# For connecting, sending and scanning, together.
_SECONDS = 20
_SECONDS_FOR_STATE = 1
_CHUNK = 256 * 1024
_LONGEST_ANSWER = 4096


class Infected(Exception):
    """The scanner found something; the argument is its name for it."""


class NotScanned(Exception):
    """The scanner did not say whether there is anything in it; the argument is what it said instead."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """Whether files are scanned at this moment, for the page about health."""

    state: Label
    version: str = ""

    @property
    def is_down(self) -> bool:
        return self.state.tone == "bad"


def scan(content: bytes) -> None:
    """Return if there is no virus in it, or nobody is set to look. Raise Infected, NotScanned."""
    address = settings.CLAMD
    if address is None:
        return
    chunks = [content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK)]
    try:
        answer = _ask(address, b"INSTREAM", [*chunks, b""], _SECONDS)
    except OSError as failure:
        log.warning("upload.not_scanned", reason=type(failure).__name__, size=len(content))
        raise NotScanned(type(failure).__name__) from None
    said = answer.removeprefix("stream: ")
    if said == "OK":
        return
    if said.endswith(" FOUND"):
        log.warning("upload.virus_found", virus=said.removesuffix(" FOUND"), size=len(content))
        raise Infected(said.removesuffix(" FOUND"))
    log.warning("upload.not_scanned", reason=said, size=len(content))
    raise NotScanned(said)


def scanner() -> Scanner:
    """What the scanner says of itself, within a second."""
    address = settings.CLAMD
    if address is None:
        return Scanner(Label("Off"))
    try:
        answer = _ask(address, b"VERSION", [], _SECONDS_FOR_STATE)
    except OSError:
        return Scanner(Label("Not answering", "bad"))
    # It may be set to keep its version to itself.
    version = answer.replace("/", ", signatures ", 1).replace("/", " of ", 1)
    return Scanner(Label("Scanning", "ok"), version if answer.startswith("ClamAV") else "")


def _ask(address: str | tuple[str, int], command: bytes, chunks: list[bytes], seconds: float) -> str:
    """One command on a connection of its own. Raise OSError, which a TimeoutError is."""
    end = time.monotonic() + seconds

    def in_time() -> float:
        if (left := end - time.monotonic()) <= 0:
            raise TimeoutError
        return left

    with _connected(address, in_time()) as connection:
        # It answers before the end, and hangs up, when it has had enough.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for part in [b"z" + command + b"\0", *(struct.pack("!I", len(one)) + one for one in chunks)]:
                connection.settimeout(in_time())
                connection.sendall(part)
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
            connection.settimeout(in_time())
            part = connection.recv(_LONGEST_ANSWER)
            if not part:
                raise ConnectionAbortedError
            answer += part
    return answer.rstrip(b"\0").decode(errors="replace").strip()


def _connected(address: str | tuple[str, int], seconds: float) -> socket.socket:
    if not isinstance(address, str):
        return socket.create_connection(address, seconds)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection
