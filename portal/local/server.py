"""What the private Postgres and the private Valkey have in common."""

import contextlib
import os
import pwd
import signal
import stat
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from portal.local.layout import Layout

_LOG_LIMIT = 10 * 1024 * 1024  # bytes; a longer log is begun anew at the next start


class CannotStart(Exception):
    """Why the local installation cannot run, in words for the person who started it."""


def carry_on() -> None:
    """The default of `poll`: nothing ever asks us to give up waiting."""


class Server(ABC):
    """A server on a socket of its own: started once, however many ask for it, and shared from then on.

    `stop()` ends only what this object has started. With `adopt` it also ends a server that an earlier,
    killed owner left behind; for that the caller must hold the lock of the whole `DATA_DIR`.
    """

    name: ClassVar[str]
    patience: ClassVar[float] = 20  # seconds an orderly stop may take
    _ask: ClassVar[signal.Signals]
    _insist: ClassVar[signal.Signals]

    def __init__(self, layout: Layout, *, fast: bool = False, adopt: bool = False) -> None:
        self.layout = layout
        self.fast = fast  # for tests: quick, and allowed to forget everything when the machine crashes
        self.adopt = adopt
        self.found = False  # whether the last start met a running server
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def log(self) -> Path: ...

    @abstractmethod
    def start(self, poll: Callable[[], None] = carry_on) -> None:
        """Return when the server answers. `poll` is called while waiting and may raise to give up."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a server is there and works."""

    @abstractmethod
    def _running_pid(self) -> int | None:
        """The process id of the server that answers, whoever started it."""

    def running(self) -> bool:
        return self._child_lives() if self._process else self.answers()

    def _child_lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode if self._process else None

    def terminate(self) -> None:
        """Ask for an orderly stop, and do not wait for it."""
        self._signal(self._ask)

    def kill(self) -> None:
        """End it now; what was written stays."""
        self._signal(self._insist)

    def stop(self) -> None:
        """Stop in order, and by force when that takes too long."""
        if self._process is None and not (self.adopt and self.found):
            return
        for end in (self.terminate, self.kill):
            if self.running():
                end()
            deadline = time.monotonic() + self.patience
            while self.running() and time.monotonic() < deadline:
                time.sleep(0.02)

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(number)  # does nothing once it has ended
        elif self.adopt and self.found and (pid := self._running_pid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _launch(self, command: Sequence[str], **options: Any) -> None:
        too_long = self.log.exists() and self.log.stat().st_size > _LOG_LIMIT
        # A session of its own: Ctrl-C in the terminal reaches the supervisor only.
        with self.log.open("wb" if too_long else "ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **options
            )

    def _failure(self, sentence: str) -> CannotStart:
        """`sentence` and the end of the log, ready to raise."""
        try:
            end = self.log.read_text(errors="replace")[-2000:].strip()
        except OSError:
            end = ""
        return CannotStart(f"{sentence}\nThe end of {self.log}:\n{end or '(empty)'}")


def private_folder(folder: Path) -> None:
    """Make a folder that only we can enter; refuse one that somebody else has put there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()  # not stat: in a shared temporary folder a link may be a trap
    owners = {os.geteuid()}
    if os.geteuid() == 0:
        owners |= {user.pw_uid for user in pwd.getpwall() if user.pw_name == "nobody"}  # see postgres.py
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
        raise CannotStart(
            f"{folder} belongs to somebody else. Remove it, or set DATA_DIR to a folder of yours."
        )
    folder.chmod(0o700)
