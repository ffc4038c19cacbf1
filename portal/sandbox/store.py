"""The state of a sandbox: one SQLite database, in a file or in memory.

One connection behind one lock; whoever reads or writes holds the lock, which `Sandbox` sees to.
Lists run newest first, so every row has a `position` that only grows. A row that is deleted leaves
its position behind, and a page token that names it stays good.
"""

# ruff: noqa: S608 (table names are ours)

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

import msgspec

from portal.sandbox.resources import Resource, make_sid

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE credential (
    account TEXT PRIMARY KEY, api_key TEXT NOT NULL UNIQUE, api_secret TEXT NOT NULL,
    restricted INTEGER NOT NULL DEFAULT 0, catalog INTEGER NOT NULL DEFAULT 0,
    porting INTEGER NOT NULL DEFAULT 1, hosting INTEGER NOT NULL DEFAULT 1,
    hosting_preview INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE document (
    position INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, sid TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL, parent TEXT, body TEXT NOT NULL
);
CREATE TABLE number (
    position INTEGER PRIMARY KEY AUTOINCREMENT, sid TEXT NOT NULL, account TEXT NOT NULL,
    phone_number TEXT NOT NULL, friendly_name TEXT NOT NULL, type TEXT NOT NULL, origin TEXT NOT NULL,
    beta INTEGER NOT NULL, address TEXT, emergency_address TEXT, bundle TEXT, body BLOB NOT NULL
);
CREATE TABLE gone (sid TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE message (
    position INTEGER PRIMARY KEY AUTOINCREMENT, sid TEXT NOT NULL, account TEXT NOT NULL,
    sender TEXT NOT NULL, recipient TEXT NOT NULL, at INTEGER NOT NULL,
    direction TEXT NOT NULL, status TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE call (
    position INTEGER PRIMARY KEY AUTOINCREMENT, sid TEXT NOT NULL, account TEXT NOT NULL,
    sender TEXT NOT NULL, recipient TEXT NOT NULL, at INTEGER NOT NULL, seconds INTEGER NOT NULL,
    direction TEXT NOT NULL, status TEXT NOT NULL, number_sid TEXT NOT NULL
);
CREATE TABLE stock (
    rank INTEGER PRIMARY KEY, phone_number TEXT NOT NULL, line INTEGER NOT NULL, block INTEGER NOT NULL,
    beta INTEGER NOT NULL, free_at INTEGER
);
CREATE TABLE agenda (at INTEGER NOT NULL, action TEXT NOT NULL, sid TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE file (
    sid TEXT PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, content BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE callback (
    id INTEGER PRIMARY KEY AUTOINCREMENT, due INTEGER NOT NULL, account TEXT NOT NULL, subject TEXT NOT NULL,
    kind TEXT NOT NULL, url TEXT NOT NULL, fields TEXT NOT NULL, token TEXT NOT NULL,
    retries INTEGER NOT NULL, sent INTEGER, answer TEXT
);
"""

# Made after the rows: filling an index afterwards is several times faster.
INDEXES = """
CREATE INDEX document_list ON document (kind, account, position);
CREATE INDEX document_parent ON document (parent, kind, position) WHERE parent IS NOT NULL;
CREATE INDEX document_object ON document (json_extract(body, '$.object_sid')) WHERE kind = 'item_assignment';
CREATE INDEX document_hosted ON document (json_extract(body, '$.phone_number'))
    WHERE kind = 'hosted_order';
CREATE INDEX document_signing ON document (json_extract(body, '$.signing_document_sid'))
    WHERE kind = 'hosted_order';
CREATE INDEX document_port_in ON document (json_extract(body, '$.phone_number'))
    WHERE kind = 'port_in_number';
CREATE INDEX callback_waiting ON callback (due) WHERE sent IS NULL;
CREATE UNIQUE INDEX number_sid ON number (sid);
CREATE INDEX number_phone ON number (phone_number, account);
CREATE INDEX number_list ON number (account, position, phone_number, friendly_name, type, origin, beta);
CREATE INDEX number_address ON number (address) WHERE address IS NOT NULL;
CREATE INDEX number_emergency ON number (emergency_address) WHERE emergency_address IS NOT NULL;
CREATE INDEX number_bundle ON number (bundle) WHERE bundle IS NOT NULL;
CREATE UNIQUE INDEX message_sid ON message (sid);
CREATE INDEX message_list ON message (account, position, at, sender, recipient);
CREATE INDEX message_sender ON message (sender);
CREATE INDEX message_recipient ON message (recipient);
CREATE UNIQUE INDEX call_sid ON call (sid);
CREATE INDEX call_list ON call (account, position, at, sender, recipient);
CREATE INDEX call_sender ON call (sender);
CREATE INDEX call_recipient ON call (recipient);
CREATE UNIQUE INDEX stock_phone ON stock (phone_number);
CREATE INDEX stock_line ON stock (line, block, rank);
CREATE INDEX agenda_at ON agenda (at);
"""

Row = tuple[int, str, bytes]
R = TypeVar("R", bound=Resource)


class Store:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection
        self.lock = RLock()

    @classmethod
    def in_memory(cls, image: bytes | None = None) -> "Store":
        connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        if image is not None:
            connection.deserialize(image)
        return cls(connection)

    @classmethod
    def in_file(cls, path: Path) -> "Store":
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        return cls(connection)

    @classmethod
    def for_building(cls, path: Path) -> "Store":
        """An empty database that is quick to fill and worth nothing if the filling is interrupted."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA page_size = 16384")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -16000")
        return cls(connection)

    def create_tables(self) -> None:
        self.db.executescript(SCHEMA)

    def create_indexes(self) -> None:
        self.db.executescript(INDEXES)

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; the lock is held throughout."""
        with self.lock:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def rows(self, sql: str, parameters: Any = ()) -> list[Any]:
        return self.db.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Any = ()) -> Any:
        return self.db.execute(sql, parameters).fetchone()

    def value(self, sql: str, parameters: Any = ()) -> Any:
        found = self.db.execute(sql, parameters).fetchone()
        return found[0] if found else None

    def read_meta(self) -> dict[str, Any]:
        """What the database says about itself."""
        return {key: msgspec.json.decode(value) for key, value in self.rows("SELECT key, value FROM meta")}

    def write_meta(self, values: Mapping[str, Any]) -> None:
        encoded = [(key, msgspec.json.encode(value)) for key, value in values.items()]
        self.db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", encoded)

    def find(self, kind: type[R], sid: str, account: str | None = None) -> R | None:
        body = self.value("SELECT body FROM document WHERE sid = ? AND kind = ?", (sid, kind.KIND))
        if body is None:
            return None
        resource = msgspec.json.decode(body, type=kind)
        return resource if account in (None, resource.owner()) else None

    def all(self, kind: type[R]) -> list[R]:
        bodies = self.rows("SELECT body FROM document WHERE kind = ? ORDER BY position", (kind.KIND,))
        return [msgspec.json.decode(body, type=kind) for (body,) in bodies]

    def below(self, kind: type[R], parent: str) -> list[R]:
        """What belongs to another resource, the oldest first."""
        bodies = self.rows(
            "SELECT body FROM document WHERE parent = ? AND kind = ? ORDER BY position", (parent, kind.KIND)
        )
        return [msgspec.json.decode(body, type=kind) for (body,) in bodies]

    def add(self, resource: Resource) -> None:
        self.db.execute(
            "INSERT INTO document (kind, sid, account, parent, body) VALUES (?, ?, ?, ?, ?)",
            (
                resource.KIND,
                resource.sid,
                resource.owner(),
                resource.parent(),
                msgspec.json.encode(resource).decode(),
            ),
        )

    def save(self, resource: Resource) -> None:
        self.db.execute(
            "UPDATE document SET account = ?, body = ? WHERE sid = ?",
            (resource.owner(), msgspec.json.encode(resource).decode(), resource.sid),
        )

    def remove(self, resource: Resource) -> None:
        self.forget("document", resource.sid)

    def forget(self, table: str, sid: str) -> None:
        """Delete a row and keep its place in the list."""
        self.db.execute(
            f"INSERT OR REPLACE INTO gone SELECT sid, position FROM {table} WHERE sid = ?", (sid,)
        )
        self.db.execute(f"DELETE FROM {table} WHERE sid = ?", (sid,))

    def schedule(self, at: int, action: str, sid: str, detail: str = "") -> None:
        """Have `agenda` do something to a resource once the clock shows a time."""
        self.db.execute("INSERT INTO agenda VALUES (?, ?, ?, ?)", (at, action, sid, detail))

    def new_sid(self, prefix: str) -> str:
        """The next sid of a sequence that is the same in every run."""
        serial = (self.value("SELECT value FROM meta WHERE key = 'serial'") or b"0").decode()
        self.write_meta({"serial": int(serial) + 1})
        return make_sid(prefix, f"run:{serial}")

    def position(self, table: str, sid: str) -> int | None:
        """Where a row stands, or stood, in its list."""
        found: int | None = self.value(f"SELECT position FROM {table} WHERE sid = ?", (sid,))
        return found if found is not None else self.value("SELECT position FROM gone WHERE sid = ?", (sid,))


def read_meta(path: Path) -> dict[str, Any]:
    """What a file says about itself; nothing if it is not a sandbox's."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return Store(connection).read_meta()
    except (sqlite3.DatabaseError, msgspec.DecodeError, TypeError):
        return {}


def replace_file(new: Path, path: Path) -> None:
    """Put a freshly built database in the place of an old one."""
    for leftover in (f"{path}-wal", f"{path}-shm"):
        Path(leftover).unlink(missing_ok=True)
    os.replace(new, path)
