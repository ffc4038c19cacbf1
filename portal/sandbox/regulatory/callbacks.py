"""Status callbacks (doc page 31, contract 6.1): signed, form-encoded, put down here and posted by `courier`.

Pages write the fields in two ways: `AccountSID, BundleSID, Status, FailureReason` (31) and `account_sid,
bundle_sid, status, valid_until, failure_reason` (28, for a bundle that is to be updated and for copies).
"As documented" is the second for these and the first for all others; a setting makes it always one of them.
"""

import base64
import hashlib
import hmac
from typing import Literal, NamedTuple
from urllib.parse import urlencode

import msgspec

from portal.sandbox.regulatory.resources import Bundle
from portal.sandbox.resources import Account, make_sid
from portal.sandbox.store import Store
from portal.sandbox.wire import FORM_TYPE

COLUMNS = "id, due, account, bundle, url, form, token, sent, answer"
KEPT = 1000
LATE = "late"


class CallbackSettings(msgspec.Struct, forbid_unknown_fields=True):
    """`idempotency_token` sends the header that no page promises for these callbacks."""

    spelling: Literal["documented", "pascal", "snake"] = "documented"
    idempotency_token: bool = False


class Callback(NamedTuple):
    """One request to a bundle's StatusCallback. `answer` is what came of it."""

    id: int
    due: int
    account: str
    bundle: str
    url: str
    form: dict[str, str]
    token: str
    sent: int | None
    answer: str | None

    @property
    def body(self) -> bytes:
        return urlencode(self.form).encode()


def read_settings(store: Store) -> CallbackSettings:
    kept = store.value("SELECT value FROM meta WHERE key = 'callbacks'")
    return msgspec.json.decode(kept, type=CallbackSettings) if kept is not None else CallbackSettings()


def enqueue(store: Store, bundle: Bundle, now: int) -> None:
    """Put a callback down as the bundle stands, if it has somewhere to go."""
    if not bundle.status_callback:
        return
    _insert(store, now, bundle, write_form(store, bundle))
    store.db.execute("DELETE FROM callback WHERE id <= (SELECT max(id) FROM callback) - ?", (KEPT,))


def write_form(store: Store, bundle: Bundle) -> dict[str, str]:
    spelling = read_settings(store).spelling
    if spelling == "documented":
        spelling = "snake" if bundle.valid_until or bundle.parent_sid else "pascal"
    until = bundle.valid_until
    if spelling == "snake":
        form = {"account_sid": bundle.account_sid, "bundle_sid": bundle.sid, "status": bundle.status}
        return {**form, **({"valid_until": until} if until else {}), "failure_reason": bundle.failure_reason}
    form = {"AccountSID": bundle.account_sid, "BundleSID": bundle.sid, "Status": bundle.status}
    return {**form, **({"ValidUntil": until} if until else {}), "FailureReason": bundle.failure_reason}


def _insert(store: Store, due: int, bundle: Bundle, form: dict[str, str]) -> None:
    assert bundle.status_callback is not None
    serial = (store.value("SELECT max(id) FROM callback") or 0) + 1
    store.db.execute(
        "INSERT INTO callback (due, account, bundle, url, form, token) VALUES (?, ?, ?, ?, ?, ?)",
        (
            due,
            bundle.account_sid,
            bundle.sid,
            bundle.status_callback,
            msgspec.json.encode(form).decode(),
            make_sid("", f"callback:{serial}"),
        ),
    )


def repeat(store: Store, callback_id: int, due: int) -> bool:
    """Send a callback once more, token and all."""
    done = store.db.execute(
        "INSERT INTO callback (due, account, bundle, url, form, token)"
        " SELECT ?, account, bundle, url, form, token FROM callback WHERE id = ?",
        (due, callback_id),
    )
    return done.rowcount > 0


def waiting(store: Store, now: int) -> list[Callback]:
    """Those whose time has come, the oldest first."""
    return _read(store, "sent IS NULL AND due <= ? ORDER BY due, id", (now,))


def latest(store: Store, most: int = KEPT) -> list[Callback]:
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
    """Write down that a callback left, and what came of it once that is known."""
    store.db.execute("UPDATE callback SET sent = ?, answer = ? WHERE id = ?", (now, answer, callback.id))


def headers_of(store: Store, callback: Callback, *, is_forged: bool = False) -> dict[str, str]:
    """The headers a callback goes with; a forged one is signed with a token that nobody has."""
    account = store.find(Account, callback.account)
    token = "nobody's" if is_forged or account is None else account.auth_token
    headers = {
        "Content-Type": FORM_TYPE,
        "User-Agent": "TwilioProxy/1.1",
        "X-Twilio-Signature": sign(token, callback.url, callback.form),
    }
    if read_settings(store).idempotency_token:
        headers["I-Twilio-Idempotency-Token"] = callback.token
    return headers


def sign(auth_token: str, url: str, form: dict[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 over the URL and the sorted names and values."""
    text = url + "".join(name + value for name, value in sorted(form.items()))
    return base64.b64encode(hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def _read(store: Store, where: str, parameters: tuple[object, ...]) -> list[Callback]:
    rows = store.rows(f"SELECT {COLUMNS} FROM callback WHERE {where}", parameters)  # noqa: S608
    return [Callback._make((*row[:5], msgspec.json.decode(row[5]), *row[6:])) for row in rows]
