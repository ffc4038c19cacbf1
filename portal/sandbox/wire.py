"""What goes in and out of the sandbox, whichever door it uses."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote

import msgspec

Pairs = tuple[tuple[str, str], ...]
JSON_TYPE = "application/json;charset=utf-8"
FORM_TYPE = "application/x-www-form-urlencoded"

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Request:
    """One request to one of Twilio's hosts. Header names are lower case, `path` is decoded."""

    method: str
    host: str
    path: str
    query: Pairs = ()
    form: Pairs = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def at(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "Request":
        """Read a request whose path starts with Twilio's host: `/api.twilio.com/2010-04-01/…?query`."""
        path, _, query = target.partition("?")
        host, _, rest = path.lstrip("/").partition("/")
        lowered = {name.lower(): value for name, value in headers.items()}
        form: Pairs = ()
        if lowered.get("content-type", "").startswith(FORM_TYPE):
            form = pairs(body.decode("utf-8", "replace"))
        return cls(method.upper(), host.lower(), "/" + unquote(rest), pairs(query), form, lowered, body)

    def basic_auth(self) -> tuple[str, str] | None:
        scheme, _, encoded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return (user, password) if colon else None


@dataclass(slots=True)
class Response:
    """One answer, and how the door is to spoil its delivery.

    `stall` is the number of seconds before the answer leaves. `cut` ends the connection: "reset"
    without a byte of the answer, "short" after the body although `Content-Length` promised more.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    stall: float = 0.0
    cut: Literal["reset", "short"] | None = None
    stream: Iterator[bytes] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler says: a status and, but for 204, a JSON body."""

    status: int
    body: bytes = b""


def ok(value: Any) -> Answer:
    return Answer(200, encode(value))


def created(value: Any) -> Answer:
    return Answer(201, encode(value))


DELETED = Answer(204)


def pairs(text: str) -> Pairs:
    return tuple(parse_qsl(text, keep_blank_values=True))
