"""A portal as `make run` serves it, on free ports and in a folder of its own."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from portal.local.stack import PROJECT
from portal.local.supervisor import end_leftover

# What the plugin of the tests has put into the environment is not for a portal that runs by itself.
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "PG_BIN")


class PortalFault(Exception):
    """It did not start, or did not end as it should."""


class RunningPortal:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "portal.log"
        port, sandbox_port = _free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        self.sandbox = SandboxDoor(f"http://127.0.0.1:{sandbox_port}")
        self._environ = {
            **{name: os.environ[name] for name in _INHERITED if name in os.environ},
            "DATA_DIR": str(folder),
            "PORT": str(port),
            "SANDBOX_PORT": str(sandbox_port),
        }

    def start(self, patience: float = 120) -> None:
        self._clear_folder()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "portal.local", "run"],
                cwd=PROJECT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for pytest, which stops it in order
            )
        deadline = time.monotonic() + patience
        while f"\nready: {self.url}\n" not in self.log:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._end()
                raise PortalFault(f"The portal did not start.\n{self.log[-3_000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ctrl-C, and everything ends in order."""
        self._process.send_signal(signal.SIGINT)
        self._end()
        if self._process.returncode:
            raise PortalFault(f"It ended with exit code {self._process.returncode}.\n{self.log[-3_000:]}")
        signs = ("[error", "[critical", "ended unexpectedly", "still there")
        if faults := [line for line in self.log.splitlines() if any(sign in line for sign in signs)]:
            raise PortalFault("\n".join([f"Not all went well, says {self._log}:", *faults]))

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def _end(self, patience: float = 60) -> None:
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.terminate()  # asked twice, it stops without patience
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)

    def _clear_folder(self) -> None:
        """Every run begins with nothing, also after one that was killed."""
        lock = self._folder / "run" / "run.lock"
        if lock.exists():
            end_leftover(lock, patience=30)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)


class SandboxDoor:
    """What stands under `/_sandbox/`: the truth, the journal and the faults."""

    def __init__(self, url: str) -> None:
        self.url = url

    def numbers(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._ask("GET", "dump/numbers").splitlines()]

    def number(self, sid: str) -> dict[str, Any]:
        return next(number for number in self.numbers() if number["sid"] == sid)

    def changes_of(self, sid: str) -> list[dict[str, Any]]:
        """The requests that were to change a number, oldest first."""
        query = urlencode({"method": "POST", "path": f"*{sid}*"})
        requests: list[dict[str, Any]] = json.loads(self._ask("GET", f"journal?{query}"))["requests"]
        return requests

    def script(self, **fault: Any) -> None:
        self._ask("POST", "faults", fault)

    def bundles(self, status: str) -> list[dict[str, Any]]:
        answer = json.loads(self._ask("GET", f"bundles?{urlencode({'status': status})}"))
        bundles: list[dict[str, Any]] = answer["bundles"]
        return bundles

    def end_users(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._ask("GET", "dump/end_users").splitlines()]

    def judge(self, bundle_sid: str, **verdict: Any) -> None:
        """What Twilio's reviewers say of a bundle."""
        self._ask("POST", f"bundles/{bundle_sid}", verdict)

    def forget_faults(self) -> None:
        self._ask("DELETE", "faults")

    def _ask(self, method: str, path: str, body: Any = None) -> str:
        door = HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            door.request(method, f"/_sandbox/{path}", None if body is None else json.dumps(body))
            answer = door.getresponse()
            text = answer.read().decode()
            assert answer.status == 200, f"{method} {path}: {answer.status} {text}"
            return text
        finally:
            door.close()


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on. All are held before one is given back, so that they differ."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
