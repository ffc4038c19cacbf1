"""What `make run` runs, in which order, and with which environment."""

import errno
import http.client
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.local import locks
from portal.local.layout import Layout
from portal.local.postgres import Postgres
from portal.local.server import CannotStart, private_folder
from portal.local.supervisor import Console, Program, StopAsked, Supervisor, end_leftover
from portal.local.valkey import Valkey

PROJECT = Path(__file__).resolve().parents[2]

# Credentials go to the one command that stores them encrypted, never into the environment of the others.
CREDENTIALS = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY", "TWILIO_API_SECRET")
_HIDDEN = {*CREDENTIALS, *(f"{name}_FILE" for name in CREDENTIALS)}
_LONG_RUNNING = ("sandbox", "web", "worker", "beat")
_SIGN_INS = ("viewer", "support", "compliance", "porting", "manager", "admin")


@dataclass(frozen=True)
class Options:
    """The environment of `make run`, read once."""

    environ: Mapping[str, str]
    port: int
    sandbox_port: int
    data_dir: Path
    demo: bool
    project: Path = PROJECT

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Options":
        return cls(
            environ=environ,
            port=_port(environ, "PORT", 8000),
            sandbox_port=_port(environ, "SANDBOX_PORT", 8010),
            data_dir=Path(environ.get("DATA_DIR") or PROJECT / ".data").absolute(),
            demo=_is_demo(environ),
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def layout(self) -> Layout:
        return Layout(self.data_dir, database="numberdesk_demo" if self.demo else "numberdesk")

    @property
    def needs_postgres(self) -> bool:
        return not self.environ.get("DATABASE_URL")

    @property
    def needs_valkey(self) -> bool:
        return not (self.environ.get("BROKER_URL") and self.environ.get("CACHE_URL"))

    def child_environ(self) -> dict[str, str]:
        """The environment of every process of the portal."""
        # Without bytecode every process compiles Django anew, and starts take three times as long.
        dropped = _HIDDEN | {"PYTHONDONTWRITEBYTECODE"}
        env = {name: value for name, value in self.environ.items() if name not in dropped}
        env |= {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "PYTHONUNBUFFERED": "1",
            "LOCAL": "1",
            "DATA_DIR": str(self.data_dir),
            "LOCAL_DATABASE": self.layout.database,
            "DEMO": "1" if self.demo else "0",
        }
        if self.demo:
            env |= {"TWILIO_BASE_URL": self.sandbox_url, "PUBLIC_URL": self.url}
        else:
            env.setdefault("PUBLIC_URL", self.url)
        return env


def _is_demo(environ: Mapping[str, str]) -> bool:
    """What DEMO says, else whether no Twilio account is given."""
    if demo := environ.get("DEMO"):
        return demo.lower() in {"1", "true", "yes", "on"}
    return not any(environ.get(name) for name in ("TWILIO_ACCOUNT_SID", "TWILIO_ACCOUNT_SID_FILE"))


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name) or str(default)
    if value.isdecimal() and 0 < int(value) < 65536:
        return int(value)
    raise CannotStart(f"{name} must be a port number between 1 and 65535, not {value!r}.")


def check_port(port: int, variable: str) -> None:
    """Refuse a port that somebody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotStart(
                    f"Port {port} is in use. Stop the program that listens there, "
                    f"or choose another port: {variable}={port + 1} make run"
                ) from None
            raise CannotStart(f"Port {port} cannot be used: {error.strerror}.") from None


def run(options: Options, console: Console) -> int:
    """Serve the portal until Ctrl-C; the exit code of `make run`."""
    run_dir = options.layout.run_dir
    private_folder(run_dir)
    path = run_dir / "run.lock"
    lock = locks.take(path)
    if lock is None:
        raise CannotStart(
            f"Numberdesk already runs on {options.data_dir} (process {path.read_text()}). Stop it first, "
            "or give this one a folder of its own: DATA_DIR=… PORT=… SANDBOX_PORT=… make run"
        )
    try:
        locks.note(lock, os.getpid())
        _clear_the_ground(options, console)
        with Supervisor(console) as supervisor:
            try:
                Stack(options, supervisor).start()
                supervisor.watch()
            except StopAsked:
                supervisor.say("stopping (Ctrl-C again to hurry)")
            except CannotStart as problem:
                for line in str(problem).splitlines():
                    supervisor.say(line)
                supervisor.say("stopping everything")
                return 1
        return 0
    finally:
        os.close(lock)


def _clear_the_ground(options: Options, console: Console) -> None:
    """Everything that can be refused is refused before the first process starts."""
    for name in reversed(_LONG_RUNNING):
        if end_leftover(options.layout.run_dir / f"{name}.lock", patience=10):
            console.line("run", f"stopped {name}, left behind by a run that was killed")
    check_port(options.port, "PORT")
    if options.demo:
        if options.sandbox_port == options.port:
            raise CannotStart("PORT and SANDBOX_PORT must differ.")
        check_port(options.sandbox_port, "SANDBOX_PORT")


class Stack:
    """The processes of the portal and the order they start in."""

    def __init__(self, options: Options, supervisor: Supervisor) -> None:
        self.options = options
        self.supervisor = supervisor
        self.env = options.child_environ()
        self._sandbox: dict[str, str] = {}  # what the sandbox said about itself

    def start(self) -> None:
        began = time.monotonic()
        supervisor, options = self.supervisor, self.options
        what = "the demo" if options.demo else "a Twilio account"
        supervisor.say(f"starting with {what}; data in {options.data_dir}")
        static = self._command("static", "collectstatic", "--no-input", "--verbosity=0")
        supervisor.begin(static)  # needs no service, so it need not wait for one
        self._start_services()
        if options.demo:
            supervisor.start(self.sandbox())
        self._run(self._command("migrate", "migrate", "--verbosity=0"))
        self._set_up()
        self._finish(static)
        for program in (self.web(), self.worker(), self.beat()):
            supervisor.start(program)
        self._first_sync()
        supervisor.wait_until(
            lambda: answers(options.port), seconds=60, otherwise="web does not answer after 60 seconds."
        )
        supervisor.say(f"all up after {time.monotonic() - began:.1f} s")
        self._announce()

    def _start_services(self) -> None:
        say, options = self.supervisor.say, self.options
        # `adopt`: we hold the lock of this DATA_DIR, so a server that runs already is one a killed run left.
        if options.needs_postgres:
            postgres = Postgres(options.layout, adopt=True)
            self.supervisor.start(postgres)
            say(f"Postgres {postgres.major} {'was still running' if postgres.found else 'is up'}")
            if others := postgres.other_majors():
                say(
                    f"not used: data of other versions in {options.layout.postgres_dir} ({', '.join(others)})"
                )
        else:
            say(
                f"Postgres is the one at DATABASE_URL{', and gets the demo sign-ins' if options.demo else ''}"
            )
        if options.needs_valkey:
            valkey = Valkey(options.layout, adopt=True)
            self.supervisor.start(valkey)
            say(f"Valkey {'was still running' if valkey.found else 'is up'}")
        else:
            say("broker and cache are those at BROKER_URL and CACHE_URL")

    def _set_up(self) -> None:
        if self.options.demo:
            self.supervisor.wait_until(
                lambda: bool(self._sandbox),
                seconds=60,
                otherwise="The sandbox does not give its credentials.",
            )
            mine = {name: self._sandbox[name.removeprefix("TWILIO_").lower()] for name in CREDENTIALS}
            self._run(self._command("setup", "setup_demo", credentials=mine))
        elif mine := {name: value for name, value in self.options.environ.items() if name in _HIDDEN}:
            self._run(self._command("setup", "connect_account", credentials=mine))

    def _first_sync(self) -> None:
        sync = self._command("sync", "sync_twilio")
        if self.supervisor.command(sync):
            self.supervisor.say("the first sync failed: Twilio could not be read (see above).")
            self.supervisor.say("Numberdesk serves what it has, and beat tries again on schedule.")

    def _announce(self) -> None:
        plain = self.supervisor.console.plain
        plain(f"ready: {self.options.url}")
        if self.options.demo:
            plain(f"  sign in as {', '.join(f'{name}@example.com' for name in _SIGN_INS)}")
            plain("  with the password numberdesk-demo")
            plain(f"  Twilio is the sandbox: {self._sandbox.get('url', self.options.sandbox_url)}")

    # Programs ----------------------------------------------------------------------------------

    def sandbox(self) -> Program:
        command = ("manage.py", "sandbox", "--port", str(self.options.sandbox_port))
        return self._program("sandbox", *command, take=self._learn_about_the_sandbox)

    def web(self) -> Program:
        return self._program(
            "web",
            *("-m", "gunicorn", "portal.wsgi:application"),
            *("--bind", f"127.0.0.1:{self.options.port}"),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
            "--preload",  # one import of the portal instead of one per worker
            *("--graceful-timeout", "5", "--no-control-socket", "--log-level", "warning"),
        )

    def worker(self) -> Program:
        return self._program(
            "worker",
            # Celery warns of root because of pickled messages; ours are JSON, on a socket of our own.
            *("-W", "ignore:You're running the worker with superuser privileges"),
            *("-m", "celery", "--quiet", "-A", "portal", "worker", "-c", "2", "--loglevel", "WARNING"),
            # Gossip and mingle are for workers that look for each other, and cost seconds at the start.
            *("--without-gossip", "--without-mingle"),
            patience=15,
        )

    def beat(self) -> Program:
        schedule = self.options.data_dir / "beat" / self.options.layout.database
        schedule.parent.mkdir(parents=True, exist_ok=True)
        return self._program(
            "beat",
            *("-m", "celery", "--quiet", "-A", "portal", "beat", "--loglevel", "WARNING"),
            *("--schedule", str(schedule), "--pidfile="),
        )

    def _program(
        self, name: str, *arguments: str, patience: float = 10, take: Callable[[str], bool] | None = None
    ) -> Program:
        return Program(
            name=name,
            command=(sys.executable, *arguments),
            env=self.env,
            console=self.supervisor.console,
            cwd=self.options.project,
            patience=patience,
            take=take,
            lock=self.options.layout.run_dir / f"{name}.lock",
        )

    def _command(self, name: str, *arguments: str, credentials: Mapping[str, str] | None = None) -> Program:
        """A management command."""
        return Program(
            name=name,
            command=(sys.executable, "manage.py", *arguments),
            env={**self.env, **(credentials or {})},
            console=self.supervisor.console,
            cwd=self.options.project,
        )

    def _run(self, command: Program) -> None:
        self.supervisor.begin(command)
        self._finish(command)

    def _finish(self, command: Program) -> None:
        if code := self.supervisor.finish(command):
            raise CannotStart(f"{command.name} failed with exit code {code} (see above).")

    def _learn_about_the_sandbox(self, line: str) -> bool:
        """Keep the line with the sandbox's credentials, and keep it off the console."""
        if not line.startswith("{"):
            return False
        try:
            said = json.loads(line)
        except ValueError:
            return False
        if not {"account_sid", "auth_token", "api_key", "api_secret"} <= said.keys():
            return False
        self._sandbox = said
        return True


def answers(port: int) -> bool:
    """Whether the web process serves requests."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
