"""From the bytes of a record to a row."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import xxhash

from portal.mirror.resource import Resource


class _Sid(msgspec.Struct):
    sid: str


_sid = msgspec.json.Decoder(_Sid)
_payload = msgspec.json.Decoder(dict[str, Any])
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}


def identify(records: Iterable[msgspec.Raw]) -> dict[str, tuple[int, msgspec.Raw]]:
    """Records by sid, each with the hash of its bytes. Of one sid sent twice, the later counts."""
    return {_sid.decode(record).sid: (fingerprint(record), record) for record in records}


def fingerprint(record: msgspec.Raw | bytes) -> int:
    """A signed 64-bit hash of a record's bytes."""
    unsigned = xxhash.xxh3_64_intdigest(record)
    return unsigned - (1 << 64) if unsigned >= 1 << 63 else unsigned


def row(resource: Resource, record: msgspec.Raw | bytes, hash_: int) -> dict[str, Any]:
    """The row of a record, ready to be encoded as JSON for Postgres."""
    payload, body = _readable(record)
    values = resource.columns(payload)
    return {
        "sid": payload["sid"],
        "payload": msgspec.Raw(body),
        "payload_hash": hash_,
        **{resource.column(name): values[name] for name in resource.fields},
    }


def _readable(record: msgspec.Raw | bytes) -> tuple[dict[str, Any], bytes]:
    """The decoded record and its bytes, without U+0000, which Postgres cannot hold in jsonb."""
    body = bytes(record)
    payload = _payload.decode(body)
    if b"\\u0000" in body:
        payload = _without_nul(payload)
        body = msgspec.json.encode(payload)
    return payload, body


def _without_nul(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "")
        case dict():
            return {_without_nul(key): _without_nul(item) for key, item in value.items()}
        case list():
            return [_without_nul(item) for item in value]
        case _:
            return value


def rfc2822(text: Any) -> datetime | None:
    """`Thu, 30 Jul 2015 23:19:04 +0000` as api.twilio.com writes it; None for anything unreadable."""
    if not isinstance(text, str) or not text:
        return None
    try:
        if len(text) == 31 and text.endswith("+0000"):
            return datetime(
                int(text[12:16]), _MONTHS[text[8:11]], int(text[5:7]),
                int(text[17:19]), int(text[20:22]), int(text[23:25]), tzinfo=UTC,
            )  # fmt: skip
        parsed = parsedate_to_datetime(text)
    except (ValueError, KeyError, TypeError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def text(value: Any, longest: int = 255) -> str:
    """Any scalar as text of a bounded length; Twilio's null and "" are both ""."""
    return "" if value is None else str(value)[:longest]
