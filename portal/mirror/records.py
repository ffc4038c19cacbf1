"""From the bytes of a record to a row."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import cached_property
from types import NoneType
from typing import Any

import msgspec
import structlog
import xxhash

from portal.mirror.resource import Payload, Resource
from portal.secrets import fingerprint as secret_fingerprint
from portal.twilio.bodies import UNREADABLE, read_object

log = structlog.get_logger(__name__)

# A record that cannot be read is left as it is in the mirror, and no other suffers for it.
Hashed = tuple[int, msgspec.Raw]


@dataclass(frozen=True)
class Row:
    """What a record brings, in the order of `statements.incoming_columns`; the payload as bytes of JSON."""

    sid: str
    values: tuple[Any, ...]

    @property
    def hash(self) -> int:
        hash_: int = self.values[2]
        return hash_

    @cached_property
    def line(self) -> bytes:
        """As COPY reads it."""
        return b"\t".join([_COPIED[type(value)](value) for value in self.values])

    def as_json(self, columns: Iterable[str]) -> dict[str, Any]:
        """As `json_populate_recordset` reads it."""
        row = dict(zip(columns, self.values, strict=True))
        row["payload"] = msgspec.Raw(row["payload"])
        return row


def _copied_text(value: str) -> bytes:
    return (value.translate(_NEEDS_ESCAPE) if "\\" in value or not value.isprintable() else value).encode()


def _copied_json(value: bytes) -> bytes:
    # Between the tokens of JSON a line break is as good as a space; inside of strings there is none.
    return value.replace(b"\\", b"\\\\").translate(_WHITE)


def _copied_list(value: list[str]) -> bytes:
    quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in value)
    return _copied_text("{" + ",".join(f'"{item}"' for item in quoted) + "}")


_NEEDS_ESCAPE = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_WHITE = bytes.maketrans(b"\t\n\r", b"   ")
_COPIED: Mapping[type, Callable[[Any], bytes]] = {
    NoneType: lambda value: b"\\N",
    bool: lambda value: b"t" if value else b"f",
    int: lambda value: b"%d" % value,
    str: _copied_text,
    bytes: _copied_json,
    datetime: lambda value: str(value).encode(),
    date: lambda value: str(value).encode(),
    list: _copied_list,
    Decimal: lambda value: str(value).encode(),
}


class _Sid(msgspec.Struct):
    sid: str


_sid = msgspec.json.Decoder(_Sid)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}


def identify(resource: Resource, records: Iterable[msgspec.Raw]) -> tuple[dict[str, Hashed], int]:
    """Records by sid, each with the hash of its bytes, and how many have no usable sid.

    Of one sid sent twice, the later counts.
    """
    edition, longest = resource.edition, resource.longest_sid
    unusable = 0
    try:
        found = {_sid.decode(record).sid: (fingerprint(record, edition), record) for record in records}
    except ValueError:
        found = {}
        for record in records:
            try:
                found[_sid.decode(record).sid] = fingerprint(record, edition), record
            except ValueError as error:
                unreadable(resource, "", error)
                unusable += 1
    if not _is_printable("".join(found)) or max(map(len, found), default=0) > longest or "" in found:
        for sid in list(found):
            if not (sid and _is_printable(sid) and len(sid) <= longest):
                del found[sid]
                unreadable(resource, "", ValueError("no sid"))
                unusable += 1
    return found, unusable


def _is_printable(text: str) -> bool:
    return text.isascii() and text.isprintable()


def fingerprint(record: msgspec.Raw | bytes, edition: int) -> int:
    """A signed 64-bit hash of a record's bytes."""
    unsigned = xxhash.xxh3_64_intdigest(record, edition)
    return unsigned - (1 << 64) if unsigned >= 1 << 63 else unsigned


def row(resource: Resource, sid: str, record: msgspec.Raw | bytes, hash_: int) -> Row | None:
    """The row of a record; None if it cannot be read."""
    try:
        payload, body = read_object(record)
        values = resource.columns(payload)
        if not values[resource.scope]:
            raise ValueError("The record does not say whose it is.")
        columns = [values[name] for name in resource.fields]
        if resource.facets:
            columns.append(resource.facets.id_of(values))
        if resource.private:
            body = _sealed(payload, resource.private)
    except UNREADABLE as error:
        unreadable(resource, sid, error)
        return None
    return Row(sid, (sid, body, hash_, *columns))


def _sealed(payload: Payload, private: frozenset[str]) -> bytes:
    """The record with fingerprints instead of what nobody is to read in it."""
    return msgspec.json.encode(
        {name: _seal(name, value) if name in private else value for name, value in payload.items()}
    )


def _seal(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _seal(key, item) for key, item in value.items()}
    return None if value is None else secret_fingerprint(name, msgspec.json.encode(value).decode())


def unreadable(resource: Resource, sid: str, error: Exception) -> None:
    """Say that a record could not be read, without what stands in it."""
    log.warning("mirror.unreadable", resource=resource.name, sid=sid, error=type(error).__name__)


def iso8601(text: Any) -> datetime | None:
    """`2019-07-30T22:29:24Z` as numbers.twilio.com writes it; None for anything unreadable."""
    if not isinstance(text, str) or not text:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


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


def decimal(value: Any, digits: int = 12, places: int = 5) -> Decimal | None:
    """A number that a column of this size holds, which Twilio may send as text; None for anything else."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < 10 ** (digits - places) else None
