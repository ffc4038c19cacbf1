"""Where the local installation keeps its things. Imports nothing of Django: settings import it."""

import base64
import contextlib
import hashlib
import os
import re
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

# A Unix socket's path ends at 103 bytes (macOS) or 107, and Postgres appends "/.s.PGSQL.5432.lock". It also
# stands in URLs and lists, where a space, a comma or a per cent sign means something else.
_GOOD_SOCKET_FOLDER = re.compile(r"[A-Za-z0-9/._-]{1,83}")


def _database_name() -> str:
    return os.environ.get("LOCAL_DATABASE", "numberdesk")


@dataclass(frozen=True)
class Layout:
    """The folders, sockets, URLs and secrets of one `DATA_DIR`."""

    data_dir: Path
    database: str = field(default_factory=_database_name)

    @property
    def postgres_dir(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def valkey_dir(self) -> Path:
        return self.data_dir / "valkey"

    @property
    def run_dir(self) -> Path:
        """Locks and process ids; nothing here outlives its process."""
        return self.data_dir / "run"

    @property
    def socket_dir(self) -> Path:
        if _GOOD_SOCKET_FOLDER.fullmatch(str(self.run_dir)):
            return self.run_dir
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"numberdesk-{digest}"

    @property
    def valkey_socket(self) -> Path:
        return self.socket_dir / "valkey.sock"

    @property
    def database_url(self) -> str:
        # The port names the socket's file; said here, so that PGPORT cannot say something else.
        return f"postgresql://postgres@/{self.database}?host={self.socket_dir}&port=5432"

    @property
    def broker_url(self) -> str:
        return f"redis+socket://{self.valkey_socket}?virtual_host={self._valkey_database}"

    @property
    def cache_url(self) -> str:
        return f"unix://{self.valkey_socket}?db={self._valkey_database + 1}"

    @property
    def _valkey_database(self) -> int:
        # Demo and real installation may take turns in one DATA_DIR; tasks of the one are not for the other.
        return 0 if self.database == "numberdesk" else 2

    def secret(self, name: str) -> str:
        """A secret made on first use and kept in a file that only its owner can read."""
        path = self.data_dir / "secrets" / name.lower()
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            pass
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Written in full under another name first: whoever links it first wins, and everybody reads the same.
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.") as draft:  # mode 0600
            draft.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() + "\n")
            draft.flush()
            with contextlib.suppress(FileExistsError):
                os.link(draft.name, path)
        return path.read_text().strip()
