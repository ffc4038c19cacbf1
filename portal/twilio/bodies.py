"""Twilio's JSON, read even where it is not quite JSON.

One record with half a surrogate pair or a byte that is no UTF-8 makes a whole page unreadable, and
Postgres takes no U+0000. What cannot be kept as it came is replaced; the rest stays byte for byte.
"""

import json
import math
import re
from typing import Any

import msgspec

# What reading a body of an unforeseen shape may raise; msgspec's own errors are ValueErrors.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

_object = msgspec.json.Decoder(dict[str, Any])
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def read_object(body: bytes | msgspec.Raw) -> tuple[dict[str, Any], bytes]:
    """A JSON object, and bytes that say the same and that Postgres takes. ValueError if it is none."""
    body = bytes(body)
    if b"\\u0000" not in body:
        try:
            return _object.decode(body), body
        except ValueError:
            pass
    body = mended(body)
    return _object.decode(body), body


def mended(body: bytes) -> bytes:
    """The same JSON without what strict readers refuse. ValueError if it is no JSON at all."""
    value = json.loads(
        body.decode("utf-8", "replace"),
        strict=False,
        parse_int=lambda digits: int(digits) if len(digits) < 300 else digits,
        parse_float=lambda digits: float(digits) if math.isfinite(float(digits)) else digits,
        parse_constant=lambda name: None,
    )
    return msgspec.json.encode(_storable(value))


def _storable(value: Any) -> Any:
    match value:
        case str():
            return _UNSTORABLE.sub(lambda found: "" if found[0] == "\0" else "\ufffd", value)
        case dict():
            return {_storable(key): _storable(item) for key, item in value.items()}
        case list():
            return [_storable(item) for item in value]
        case _:
            return value
