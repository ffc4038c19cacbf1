"""What a request to a webhook says, read without trust: nobody has looked at its signature yet."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict, UnreadablePostError

from portal.models import Delivery
from portal.twilio.bodies import UNREADABLE, read_object
from portal.twilio.signatures import SETTINGS_HEADER

# Twilio's callbacks have a handful of fields.
LARGEST = 64 * 1024
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_SHOWN_HEADERS = ("Content-Type", "User-Agent", "I-Twilio-Idempotency-Token", SETTINGS_HEADER)
_LONGEST_HEADER = 200
_LARGEST_FIGURE = 10**15

Fields = Mapping[str, str]


class Unreadable(Exception):
    """It is no callback that anybody could read; `status` answers it."""

    def __init__(self, words: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(words)
        self.words = words
        self.status = status


@dataclass(frozen=True)
class Callback:
    """A request, as far as it is of interest. `signed` is what the signature covers besides the URL."""

    path: str
    query: str
    origin: str  # scheme and host as the request has them, for telling why a signature does not match
    headers: Mapping[str, str]
    signature: str
    body: str
    signed: QueryDict | str
    is_get: bool = False

    @property
    def is_json(self) -> bool:
        return isinstance(self.signed, str)

    @property
    def token(self) -> str:
        """The same for every attempt to deliver one callback, where Twilio sends it at all."""
        return self.headers.get("I-Twilio-Idempotency-Token", "")[:100]

    @property
    def settings_header(self) -> str:
        return self.headers.get(SETTINGS_HEADER, "")

    def url(self, base: str = "") -> str:
        """The address Twilio was told to call, if that is what it called."""
        return f"{base or settings.PUBLIC_URL}{self.path}{'?' if self.query else ''}{self.query}"

    @cached_property
    def fields(self) -> Fields:
        """Scalars by name. Raises Unreadable for JSON that is no object."""
        return _fields(_read_form(self.body) if self.is_get else self.signed)


def fields_of(delivery: Delivery) -> Fields:
    """What a delivery that was verified said."""
    is_json = delivery.headers.get("Content-Type", "").lower().startswith(_JSON)
    return _fields(delivery.body if is_json else _read_form(delivery.body))


def read_callback(request: HttpRequest) -> Callback:
    """A request's callback; Unreadable for what is none. Of a GET the query is what the body is of a POST."""
    body = _read_body(request)
    signed: QueryDict | str
    kind = (request.content_type or "").lower()
    if request.method == "GET":
        if body:
            raise Unreadable("It is a GET with a body.")
        # The signature covers the URL, in which the fields stand.
        body, signed = request.META.get("QUERY_STRING", ""), QueryDict()
    elif kind == _FORM:
        signed = _read_form(body)
    elif kind == _JSON:
        signed = body
    else:
        raise Unreadable("It is neither a form nor JSON.", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    callback = Callback(
        path=request.path,
        query=request.META.get("QUERY_STRING", ""),
        origin=f"{request.scheme}://{request.get_host()}",
        headers=shown_headers(request),
        signature=request.headers.get("X-Twilio-Signature", ""),
        body=body,
        signed=signed,
        is_get=request.method == "GET",
    )
    if not callback.fields:
        raise Unreadable("It has no fields.")
    return callback


def sid_in(fields: Fields, name: str, prefix: str) -> str:
    """The SID that a field holds; "" when it holds none of this prefix."""
    value = fields.get(name, "")
    return value if re.fullmatch(f"{prefix}[0-9a-fA-F]{{32}}", value) else ""


def shown_headers(request: HttpRequest) -> dict[str, str]:
    """The headers that help to understand a delivery. None of them is secret."""
    found = {name: request.headers.get(name, "") for name in _SHOWN_HEADERS}
    return {name: _text(value)[:_LONGEST_HEADER] for name, value in found.items() if value}


def _fields(signed: QueryDict | str) -> Fields:
    """Names in lower case and without underscores: pages write AccountSID and account_sid."""
    if isinstance(signed, QueryDict):
        found: Mapping[str, object] = {name: signed.get(name) for name in signed}
    else:
        try:
            found, _ = read_object(signed.encode())
        except UNREADABLE:
            raise Unreadable("Its body is no JSON object.") from None
    return {
        _text(name).casefold().replace("_", ""): _text(value)
        for name, value in found.items()
        if isinstance(value, str) or (isinstance(value, int | float) and abs(value) < _LARGEST_FIGURE)
    }


def _read_body(request: HttpRequest) -> str:
    try:
        raw = request.read(LARGEST + 1)
    except (UnreadablePostError, OSError):
        raise Unreadable("It broke off before its end.") from None
    if len(raw) > LARGEST:
        words = f"It is larger than {LARGEST // 1024} kB."
        raise Unreadable(words, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Unreadable("Its body is no UTF-8.") from None


def _read_form(body: str) -> QueryDict:
    try:
        return QueryDict(body, encoding="utf-8")
    except (SuspiciousOperation, ValueError):
        raise Unreadable("It has too many fields.") from None


def _text(value: object) -> str:
    """A scalar as text that Postgres takes."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    return text.replace("\0", "").encode("utf-8", "replace").decode()
