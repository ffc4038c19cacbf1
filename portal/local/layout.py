"""Where the local installation keeps its things. Imports nothing of Django: settings import it."""

import base64
import hashlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

# A Unix socket's path may have 107 bytes; Postgres appends ".s.PGSQL.5432.lock" to the folder.
_LONGEST_SOCKET_FOLDER = 85


@dataclass(frozen=True)
class Layout:
    """The folders, sockets, URLs and secrets of one `DATA_DIR`."""

    data_dir: Path
    database: str = os.environ.get("LOCAL_DATABASE", "numberdesk")

    @property
    def postgres_dir(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def valkey_dir(self) -> Path:
        return self.data_dir / "valkey"

    @property
    def socket_dir(self) -> Path:
        folder = self.data_dir / "run"
        if len(os.fsencode(folder)) <= _LONGEST_SOCKET_FOLDER:
            return folder
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"numberdesk-{digest}"

    @property
    def valkey_socket(self) -> Path:
        return self.socket_dir / "valkey.sock"

    @property
    def database_url(self) -> str:
        return f"postgresql://postgres@/{self.database}?host={self.socket_dir}"

    @property
    def broker_url(self) -> str:
        return f"redis+socket://{self.valkey_socket}?virtual_host=0"

    @property
    def cache_url(self) -> str:
        return f"unix://{self.valkey_socket}?db=1"

    def secret(self, name: str) -> str:
        """A secret made on first use and kept in a file that only its owner can read."""
        path = self.data_dir / "secrets" / name.lower()
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            pass
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        value = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(value + "\n")
        try:
            os.link(draft, path)  # whoever comes first wins, and everybody reads the same secret
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return path.read_text().strip()
