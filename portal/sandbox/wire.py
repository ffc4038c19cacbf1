"""What goes in and out of the sandbox, whichever door it uses."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote

import msgspec

Pairs = tuple[tuple[str, str], ...]
JSON_TYPE = "application/json;charset=utf-8"
FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART_TYPE = "multipart/form-data"
QUOTED = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file of a multipart form: the field it came in, and its name, declared type and bytes."""

    field: str
    name: str
    type: str
    content: bytes


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
    files: tuple[UploadedFile, ...] = ()

    @classmethod
    def at(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "Request":
        """Read a request whose path starts with Twilio's host: `/api.twilio.com/2010-04-01/…?query`."""
        path, _, query = target.partition("?")
        host, _, rest = path.lstrip("/").partition("/")
        lowered = {name.lower(): value for name, value in headers.items()}
        form: Pairs = ()
        files: tuple[UploadedFile, ...] = ()
        content_type = lowered.get("content-type", "")
        if content_type.startswith(FORM_TYPE):
            form = pairs(body.decode("utf-8", "replace"))
        elif content_type.startswith(MULTIPART_TYPE):
            form, files = read_multipart(content_type, body)
        return cls(
            method.upper(), host.lower(), "/" + unquote(rest), pairs(query), form, lowered, body, files
        )

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


def read_multipart(content_type: str, body: bytes) -> tuple[Pairs, tuple[UploadedFile, ...]]:
    """The values and the files of a multipart form; nothing of one that is malformed."""
    boundary = content_type.partition("boundary=")[2].partition(";")[0].strip().strip('"').encode()
    values: list[tuple[str, str]] = []
    files: list[UploadedFile] = []
    if not boundary:
        return (), ()
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, separator, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        named = dict(QUOTED.findall(_header(head, b"content-disposition")))
        if not separator or "name" not in named:
            continue
        if "filename" in named:
            kind = _header(head, b"content-type").strip() or "application/octet-stream"
            files.append(UploadedFile(named["name"], named["filename"], kind, content))
        else:
            values.append((named["name"], content.decode("utf-8", "replace")))
    return tuple(values), tuple(files)


def _header(head: bytes, name: bytes) -> str:
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.decode("utf-8", "replace")
    return ""
