"""What the sandbox calls: requests put down here, signed, and sent by `courier` or by a test.

Three kinds of them: a form that is posted, the same in a query that is got, and JSON. A JSON body is not
part of the signature; its hash is, as `bodySHA256` in the URL (contract 6.4).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

import msgspec

from portal.sandbox.resources import Account, make_sid
from portal.sandbox.store import Store
from portal.sandbox.wire import FORM_TYPE, encode

COLUMNS = "id, due, account, subject, kind, url, fields, token, retries, sent, answer"
KEPT = 20_000
LATE, LOST = "late", "lost"
NOT_SENT = "not sent"
# Page 17: a first retry after five minutes, twice as long for each that follows, none after 21 hours. Ten
# are said to fit; eight do, the last of them 21 h 15 min after the first attempt.
RETRIES = 8
FIRST_RETRY = 300

Kind = Literal["form", "get", "json"]


class CallbackSettings(msgspec.Struct, forbid_unknown_fields=True):
    """How callbacks are written. `spelling` is of bundles' fields (see `regulatory.callbacks`);
    `idempotency_token` sends the header that no page promises; `page_hyphens` writes the dates of porting
    webhooks with non-breaking hyphens, as page 17 prints them.
    """

    spelling: Literal["documented", "pascal", "snake"] = "documented"
    idempotency_token: bool = False
    page_hyphens: bool = False


class Callback(NamedTuple):
    """One request to somebody's URL about a resource, the `subject`. `answer` is what came of it."""

    id: int
    due: int
    account: str
    subject: str
    kind: Kind
    url: str
    fields: dict[str, Any]
    token: str
    retries: int
    sent: int | None
    answer: str | None

    @property
    def body(self) -> bytes:
        match self.kind:
            case "json":
                return encode(self.fields)
            case "form":
                return urlencode(self.fields).encode()
        return b""

    @property
    def target(self) -> str:
        """The URL as it is called."""
        match self.kind:
            case "json":
                return _with_query(self.url, f"bodySHA256={hashlib.sha256(self.body).hexdigest()}")
            case "get":
                return _with_query(self.url, urlencode(self.fields))
        return self.url


def read_settings(store: Store) -> CallbackSettings:
    kept = store.value("SELECT value FROM meta WHERE key = 'callbacks'")
    return msgspec.json.decode(kept, type=CallbackSettings) if kept is not None else CallbackSettings()


def enqueue(
    store: Store,
    due: int,
    account: str,
    subject: str,
    url: str,
    fields: Mapping[str, Any],
    *,
    kind: Kind = "form",
    retries: int = 0,
) -> None:
    """Put a callback down that `account` sends."""
    serial = (store.value("SELECT max(id) FROM callback") or 0) + 1
    token = make_sid("", f"callback:{serial}")
    store.db.execute(
        "INSERT INTO callback (due, account, subject, kind, url, fields, token, retries)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (due, account, subject, kind, url, encode(fields).decode(), token, retries),
    )
    store.db.execute(
        "DELETE FROM callback WHERE id <= (SELECT max(id) FROM callback) - ? AND sent IS NOT NULL", (KEPT,)
    )


def repeat(store: Store, callback_id: int, due: int, retries: int = 0) -> bool:
    """Send a callback once more, token and all."""
    done = store.db.execute(
        "INSERT INTO callback (due, account, subject, kind, url, fields, token, retries)"
        " SELECT ?, account, subject, kind, url, fields, token, ? FROM callback WHERE id = ?",
        (due, retries, callback_id),
    )
    return done.rowcount > 0


def next_waiting(store: Store, now: int) -> Callback | None:
    """The oldest one whose time has come."""
    return next(iter(_read(store, "sent IS NULL AND due <= ? ORDER BY due, id LIMIT 1", (now,))), None)


def latest(store: Store, most: int = 1000) -> list[Callback]:
    return _read(store, "1 ORDER BY id DESC LIMIT ?", (most,))


def put_off(store: Store, callback: Callback, due: int) -> None:
    store.db.execute("UPDATE callback SET due = ?, answer = ? WHERE id = ?", (due, LATE, callback.id))


def is_late(callback: Callback) -> bool:
    return callback.answer == LATE


def is_repeat(store: Store, callback: Callback) -> bool:
    """Whether this one, or what it repeats, was sent before."""
    found = store.value("SELECT 1 FROM callback WHERE token = ? AND id < ?", (callback.token, callback.id))
    return found is not None


def note(store: Store, callback: Callback, now: int, answer: str | None) -> None:
    """Write down that a callback left and what came of it, once that is known; try again if need be."""
    store.db.execute("UPDATE callback SET sent = ?, answer = ? WHERE id = ?", (now, answer, callback.id))
    if answer in (None, "200", LOST) or answer.startswith(NOT_SENT) or not callback.retries:
        return
    wait = FIRST_RETRY * 2 ** (RETRIES - callback.retries)
    repeat(store, callback.id, now + wait, callback.retries - 1)


def headers_of(store: Store, callback: Callback, *, is_forged: bool = False) -> dict[str, str]:
    """The headers a callback goes with; a forged one is signed with a token that nobody has."""
    account = store.find(Account, callback.account)
    token = "nobody's" if is_forged or account is None else account.auth_token
    signed = callback.fields if callback.kind == "form" else {}
    headers = {
        "User-Agent": "TwilioProxy/1.1",
        "X-Twilio-Signature": sign(token, callback.target, signed),
    }
    if callback.kind != "get":
        headers["Content-Type"] = FORM_TYPE if callback.kind == "form" else "application/json"
    if read_settings(store).idempotency_token:
        headers["I-Twilio-Idempotency-Token"] = callback.token
    return headers


def sign(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 over the URL and the sorted names and values."""
    text = url + "".join(name + value for name, value in sorted(form.items()))
    return base64.b64encode(hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def _with_query(url: str, query: str) -> str:
    base, hash_sign, fragment = url.partition("#")
    return f"{base}{'&' if '?' in base else '?'}{query}{hash_sign}{fragment}"


def _read(store: Store, where: str, parameters: tuple[object, ...]) -> list[Callback]:
    rows = store.rows(f"SELECT {COLUMNS} FROM callback WHERE {where}", parameters)  # noqa: S608
    return [Callback._make((*row[:6], msgspec.json.decode(row[6]), *row[7:])) for row in rows]
