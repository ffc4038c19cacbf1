"""What the sandbox was asked: a ring of the latest requests. No credential ever enters it."""

from collections import deque
from collections.abc import Iterable
from fnmatch import fnmatchcase
from itertools import count
from threading import Lock

import msgspec

from portal.sandbox.wire import Pairs

CAPACITY = 20_000
SECRET_WORDS = ("token", "secret", "password", "pin")
PUBLIC = {"PageToken"}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """`time` is the sandbox's, `clock` a real monotonic one in seconds, to tell requests apart by."""

    number: int
    time: str
    clock: float
    method: str
    host: str
    path: str
    query: Pairs
    form: Pairs
    account: str | None
    status: int
    code: int | None
    committed: bool
    fault: str | None
    request_id: str


class Journal:
    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[Entry] = deque(maxlen=capacity)
        self._numbers = count(1)
        self._lock = Lock()

    def next_number(self) -> int:
        return next(self._numbers)

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def entries(
        self,
        *,
        method: str | None = None,
        path: str | None = None,
        account: str | None = None,
        status: int | None = None,
        committed: bool | None = None,
        since: int = 0,
    ) -> list[Entry]:
        """The requests that fit, oldest first. `path` is a glob, `since` the number of the last one seen."""
        with self._lock:
            entries = list(self._entries)
        return [
            entry
            for entry in entries
            if entry.number > since
            and method in (None, entry.method)
            and account in (None, entry.account)
            and status in (None, entry.status)
            and committed in (None, entry.committed)
            and (path is None or fnmatchcase(entry.path, path))
        ]


def without_secrets(values: Iterable[tuple[str, str]]) -> Pairs:
    return tuple((name, "[redacted]" if _is_secret(name) else value) for name, value in values)


def _is_secret(name: str) -> bool:
    lowered = name.lower()
    return name not in PUBLIC and any(lowered.endswith(word) for word in SECRET_WORDS)
