"""Start processes in order, watch them, and stop them in the reverse order, whatever happens.

It knows nothing of the portal: what to run is data (`Program`) or anything with the shape of `Service`.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol, TextIO

from portal.local import locks
from portal.local.server import CannotStart

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)  # ANSI foregrounds, readable on dark and on light
_POLL_SECONDS = 0.1


class StopAsked(Exception):
    """Somebody pressed Ctrl-C or sent a signal."""


class Service(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def patience(self) -> float: ...
    @property
    def exit_code(self) -> int | None: ...

    def start(self, poll: Callable[[], None]) -> None: ...
    def running(self) -> bool: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


class Console:
    """Lines of many processes on one stream, each whole and with its process's name in front."""

    def __init__(self, stream: TextIO, *, width: int = 8) -> None:
        self._stream = stream
        self._width = width
        self._colour = stream.isatty() and "NO_COLOR" not in os.environ
        self._colours: dict[str, int] = {}
        self._lock = threading.Lock()

    def line(self, name: str, text: str) -> None:
        head = f"{name:<{self._width}} |"
        with self._lock:
            if self._colour:
                colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
                head = f"\033[{colour}m{head}\033[0m"
            self._write(f"{head} {text}\n")

    def plain(self, text: str) -> None:
        with self._lock:
            self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            pass  # nobody reads any more; what runs goes on running


@dataclass
class Program:
    """A child process: its own session, its output on the console.

    `take` sees every line first and keeps it off the console by returning True. With `lock`, the process
    and its children hold that file's lock, so that a later run finds what a killed one left behind.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    console: Console
    cwd: Path | None = None
    patience: float = 10
    take: Callable[[str], bool] | None = None
    lock: Path | None = None
    exit_code: int | None = field(default=None, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _reader: threading.Thread | None = field(default=None, init=False)

    def start(self, poll: Callable[[], None]) -> None:
        held = self._take_lock()
        try:
            self._process = subprocess.Popen(  # noqa: S603
                self.command,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal reaches the supervisor only
                pass_fds=() if held is None else (held,),
            )
            if held is not None:
                locks.note(held, self._process.pid)
        except OSError as error:
            raise CannotStart(f"{self.name} does not start: {error}") from error
        finally:
            if held is not None:
                os.close(held)
        self.exit_code = None
        self._reader = threading.Thread(target=self._relay, args=[self._process], daemon=True)
        self._reader.start()

    def running(self) -> bool:
        if self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            return True
        if self.exit_code is None:
            self.exit_code = code
            self._signal_session(signal.SIGKILL)  # what it left behind must not outlive it
            if self._reader:
                self._reader.join(1)  # its last words come before ours
        return False

    def terminate(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        if self._process and self._process.poll() is None:
            self._signal_session(signal.SIGKILL)

    def _take_lock(self) -> int | None:
        if self.lock is None:
            return None
        held = locks.take(self.lock)
        if held is None:
            raise CannotStart(f"{self.name} still runs: {self.lock} is held.")
        return held

    def _signal_session(self, number: signal.Signals) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of zombies
                os.killpg(self._process.pid, number)

    def _relay(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        with process.stdout as output:
            for raw in output:
                line = raw.decode(errors="replace").rstrip()
                if line and not (self.take and self.take(line)):
                    self.console.line(self.name, line)


def end_leftover(lock: Path, patience: float) -> bool:
    """Stop the program that still holds `lock` after its supervisor was killed; whether there was one."""
    held = locks.take(lock)
    if held is not None:
        os.close(held)
        return False
    try:
        session = int(lock.read_text())
    except ValueError:
        raise CannotStart(f"An unknown process of an earlier run holds {lock}. Stop it first.") from None
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(session, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if (held := locks.take(lock)) is not None:
                os.close(held)
                return True
            time.sleep(0.02)
    raise CannotStart(f"Process {session} of an earlier run cannot be stopped. Stop it first.")


@dataclass
class _Watched:
    service: Service
    since: float
    once: bool = False  # a command: its end is no accident
    failures: int = 0
    again_at: float | None = None  # when to start it again


class Supervisor:
    """Owns what it starts. Use it as a context: leaving it stops everything, last started first."""

    def __init__(
        self, console: Console, *, restarts: int = 3, backoff: float = 1, stable: float = 60
    ) -> None:
        self.console = console
        self.restarts = (
            restarts  # in a row; a service that stayed up for `stable` seconds starts counting anew
        )
        self.backoff = backoff  # seconds before the first restart, doubled for each one after it
        self.stable = stable
        self._watched: list[_Watched] = []
        self._asked = 0  # how often we were asked to stop
        self._asked_at = -1.0
        self._handlers: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Supervisor":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                self._handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def say(self, text: str) -> None:
        self.console.line("run", text)

    def start(self, service: Service) -> None:
        """Start a service and keep it running from now on."""
        # Ours from before its first process exists: a start that fails half way is stopped like any other.
        self._watched.append(_Watched(service, since=time.monotonic()))
        service.start(self.check)

    def command(self, program: Program) -> int:
        """Run a program to its end and return its exit code."""
        self.begin(program)
        return self.finish(program)

    def begin(self, program: Program) -> None:
        """Start a program that ends by itself; `finish` waits for it."""
        self._watched.append(_Watched(program, since=time.monotonic(), once=True))
        program.start(self.check)

    def finish(self, program: Program) -> int:
        while program.running():
            self.tend()
            time.sleep(0.02)
        self._watched = [watched for watched in self._watched if watched.service is not program]
        assert program.exit_code is not None
        return program.exit_code

    def wait_until(self, ready: Callable[[], bool], *, seconds: float, otherwise: str) -> None:
        """Wait while tending to the services; raise `CannotStart(otherwise)` when it takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.tend()
            if time.monotonic() > deadline:
                raise CannotStart(otherwise)
            time.sleep(0.05)

    def watch(self) -> None:
        """Keep everything running until somebody asks to stop (`StopAsked`) or a service does not stay up."""
        while True:
            self.tend()
            time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        if self._asked:
            raise StopAsked

    def tend(self) -> None:
        """Notice what has died, and start again what is due."""
        self.check()
        now = time.monotonic()
        for watched in self._watched:
            if watched.once:
                continue
            if watched.again_at is not None:
                if now >= watched.again_at:
                    watched.again_at, watched.since = None, now
                    watched.service.start(self.check)
            elif not watched.service.running():
                self._schedule_restart(watched, now)

    def stop(self) -> None:
        """Stop everything in the reverse order, each within its patience; asked twice, without patience."""
        for watched in reversed(self._watched):
            service = watched.service
            if not service.running():
                continue
            began = time.monotonic()
            if not (self._end(service.terminate, service, lambda: self._asked < 2)):
                self._end(service.kill, service, lambda: True)
            outcome = "still there" if service.running() else "stopped"
            self.say(f"{service.name} {outcome} ({time.monotonic() - began:.1f} s)")
        self._watched.clear()

    def _end(self, how: Callable[[], None], service: Service, patient: Callable[[], bool]) -> bool:
        how()
        deadline = time.monotonic() + service.patience
        while service.running():
            if time.monotonic() > deadline or not patient():
                return False
            time.sleep(0.02)
        return True

    def _schedule_restart(self, watched: _Watched, now: float) -> None:
        name, code = watched.service.name, watched.service.exit_code
        how = "" if code is None else f" with exit code {code}"
        if code is not None and code < 0:
            how = f", killed by {signal.Signals(-code).name}"
        if now - watched.since > self.stable:
            watched.failures = 0
        watched.failures += 1
        if watched.failures > self.restarts:
            raise CannotStart(f"{name} ended unexpectedly{how}, once more: it does not stay up.")
        wait = self.backoff * 2 ** (watched.failures - 1)
        self.say(
            f"{name} ended unexpectedly{how}; starting it again in {wait:g} s "
            f"({watched.failures} of {self.restarts})"
        )
        watched.again_at = now + wait

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # Ctrl-C may reach us twice, from the terminal and from make: one wish.
        now = time.monotonic()
        if now - self._asked_at > 1:
            self._asked += 1
        self._asked_at = now


def standard_console() -> Console:
    # Line by line also into a file or a pipe, and never an error over a character the terminal lacks.
    sys.stdout.reconfigure(line_buffering=True, errors="replace")  # type: ignore[union-attr]
    return Console(sys.stdout)
