"""What dies in the middle of a sync: workers, the database, the broker. Real processes, killed for real."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from portal.local.layout import Layout
from portal.local.postgres import Postgres
from portal.local.valkey import Valkey
from portal.sandbox.core import Sandbox
from portal.sandbox.faults import Fault
from tests.doors import http_door

pytestmark = pytest.mark.services

PROJECT = Path(__file__).resolve().parents[2]
LISTING = "*/IncomingPhoneNumbers.json"
NUMBERS = 20_000

# A process of the portal that does what it is told, line by line.
DRIVER = """
import django, json, sys
django.setup()
from django.db import close_old_connections
from inventory.actions import connect_account
from portal.mirror import runs
from portal.models import SyncRun, TwilioAccount
def ask():
    run = runs.request_run(TwilioAccount.objects.parents().get(), "numbers", trigger="person")
    return [run.pk, runs.send(run)]
for line in sys.stdin:
    close_old_connections()
    print(json.dumps(eval(line)), flush=True)
"""


class Installation:
    """A portal of its own: database, broker, sandbox, worker, and somebody to ask it for things."""

    def __init__(self, folder: Path, sandbox: Sandbox, sandbox_url: str) -> None:
        self.sandbox = sandbox
        self.layout = Layout(folder, database="numberdesk")
        self.postgres = Postgres(self.layout, fast=True)
        self.valkey = Valkey(self.layout, fast=True)
        self.log = folder / "worker.log"
        dropped = ("DATABASE_", "BROKER_", "CACHE_", "TWILIO_", "TEST_")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)} | {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DATA_DIR": str(folder),
            "LOCAL": "1",
            "LOCAL_DATABASE": "numberdesk",
            "TWILIO_BASE_URL": sandbox_url,
        }
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)
        self.processes: list[subprocess.Popen[str]] = []
        self._worker: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.postgres.start()
        self.valkey.start()
        migrate = (sys.executable, "manage.py", "migrate", "--verbosity=0")
        subprocess.run(migrate, cwd=PROJECT, env=self.env, check=True)
        self.driver = self._launch("-c", DRIVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        keys = self.sandbox.credentials
        self.ask(f"bool(connect_account(sid={keys.account_sid!r}, auth_token={keys.auth_token!r}))")

    def stop(self) -> None:
        for process in self.processes:
            self.kill(process)
        self.valkey.stop()
        self.postgres.stop()

    def ask(self, expression: str) -> Any:
        assert self.driver.stdin
        assert self.driver.stdout
        print(expression, file=self.driver.stdin, flush=True)
        return json.loads(self.driver.stdout.readline())

    @property
    def worker(self) -> subprocess.Popen[str]:
        """The worker; a new one if the last was killed."""
        if self._worker is None or self._worker.poll() is not None:
            self._worker = self._start_worker()
        return self._worker

    def _start_worker(self) -> subprocess.Popen[str]:
        log = self.log.open("a")
        return self._launch(
            *("-m", "celery", "--quiet", "-A", "portal", "worker", "-c", "1", "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle"),
            stdout=log,
            stderr=log,
        )

    def _launch(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT, env=self.env, text=True, start_new_session=True, **options,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[str]) -> None:
        """With all its children, and without a word."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def rows(self, statement: str, *parameters: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.layout.database_url, autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def run(self, pk: int) -> dict[str, Any]:
        return self.rows("SELECT * FROM portal_syncrun WHERE id = %s", pk)[0]

    def wait_for(self, pk: int, seconds: float = 60, **wanted: Any) -> dict[str, Any]:
        """The run, once its row says so, or says that more pages were read than that."""
        wanted = {"pages": 0, **wanted}
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self.run(pk)
            if run["pages"] >= wanted["pages"] and run | {"pages": wanted["pages"]} == run | wanted:
                return run
            time.sleep(0.02)
        pytest.fail(f"not {wanted} but {self.run(pk)}\n{self.log.read_text()[-3000:]}")

    def let_the_lease_end(self, pk: int) -> None:
        self.rows("UPDATE portal_syncrun SET heartbeat_at = heartbeat_at - interval '61 s' WHERE id = %s", pk)

    @contextmanager
    def slow_pages(self) -> Iterator[None]:
        """Give whoever wants to disturb a sync the time for it."""
        fault = self.sandbox.faults.add(Fault(kind="slow", path=LISTING, seconds=0.2))
        try:
            yield
        finally:
            self.sandbox.faults.remove(fault.id)

    def begin_afresh(self) -> None:
        self.sandbox.journal.clear()
        for table in ("inventory_phonenumber", "inventory_numberfacet", "portal_change", "portal_syncrun"):
            self.rows(f"TRUNCATE {table} CASCADE")
        # Nothing but numbers is due.
        self.rows(
            "INSERT INTO portal_syncrun (account_sid, resource, trigger, state, error, request_id, waited,"
            " finished_at, pages, seen, added, changed, missing, requests, retries)"
            " SELECT %s, unnest(%s::text[]), 'schedule', 'done', '', '', 0, now(), 0, 0, 0, 0, 0, 0, 0",
            self.sandbox.credentials.account_sid,
            ["accounts", "addresses", "applications", "prices", "usage"],
        )

    def assert_healed(self, pk: int, begun: int) -> None:
        """The mirror is what Twilio has, nothing is missing, nothing was read more than twice."""
        run = self.run(pk)
        assert (run["state"], run["begun"], run["error"]) == ("done", begun, "")
        account = self.sandbox.credentials.account_sid
        truth = [json.loads(line) for line in self.sandbox.dump("numbers", account)]
        rows = self.rows("SELECT payload, missing_since FROM inventory_phonenumber ORDER BY sid")
        assert [row["payload"] for row in rows] == truth
        assert not any(row["missing_since"] for row in rows)
        assert not self.rows("SELECT 1 FROM portal_change WHERE resource = %s", "numbers")
        assert len(self.sandbox.journal.entries(path=LISTING)) <= 2 * run["pages"] + 1
        # What else was due may still be read.
        unfinished = "SELECT 1 FROM portal_syncrun WHERE state IN ('queued', 'running') AND resource = %s"
        assert not self.rows(unfinished, "numbers")


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="nd-"))
    sandbox = Sandbox(numbers=NUMBERS)
    with http_door(sandbox) as door:
        installation = Installation(folder, sandbox, door.url)
        try:
            installation.start()
            yield installation
        finally:
            installation.stop()
    sandbox.close()
    shutil.rmtree(folder)


@pytest.fixture
def portal(installation: Installation) -> Installation:
    installation.begin_afresh()
    return installation


def children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def test_a_worker_killed_in_mid_sync_loses_nothing(portal):
    worker = portal.worker
    with portal.slow_pages():
        pk, sent = portal.ask("ask()")
        assert sent
        portal.wait_for(pk, state="running", pages=2)
        portal.kill(worker)
    assert portal.run(pk)["state"] == "running"
    assert portal.rows("SELECT 1 FROM inventory_phonenumber LIMIT 1"), "what was read before stays"

    assert portal.worker is not worker
    portal.let_the_lease_end(pk)
    portal.ask("runs.start_due()")
    portal.wait_for(pk, state="done")

    portal.assert_healed(pk, begun=2)


def test_a_process_of_the_pool_killed_in_mid_sync_is_replaced_and_the_run_begun_again(portal):
    worker = portal.worker
    with portal.slow_pages():
        pk, _ = portal.ask("ask()")
        portal.wait_for(pk, state="running", pages=2)
        for child in children(worker.pid):
            os.kill(child, signal.SIGKILL)
    # Nobody does anything: the task is delivered again.
    portal.wait_for(pk, state="done")

    portal.assert_healed(pk, begun=2)
    assert worker.poll() is None


def test_a_database_restarted_in_mid_sync_loses_nothing(portal):
    worker = portal.worker
    with portal.slow_pages():
        pk, _ = portal.ask("ask()")
        portal.wait_for(pk, state="running", pages=2)
        portal.postgres.kill()
        while portal.postgres.running():
            time.sleep(0.01)
        portal.postgres.start()
    assert portal.run(pk)["state"] == "running"

    portal.let_the_lease_end(pk)
    portal.ask("runs.start_due()")
    portal.wait_for(pk, state="done")

    portal.assert_healed(pk, begun=2)
    assert worker.poll() is None, "the worker lives through it"


def test_a_broker_that_was_down_delays_and_loses_nothing(portal):
    worker = portal.worker
    portal.wait_for(portal.ask("ask()")[0], state="done")
    portal.begin_afresh()
    portal.valkey.stop()
    started = time.monotonic()
    pk, sent = portal.ask("ask()")
    assert not sent
    assert time.monotonic() - started < 2, "nobody waits for it"
    assert portal.run(pk)["state"] == "queued"

    portal.valkey.start()
    portal.rows("UPDATE portal_syncrun SET queued_at = queued_at - interval '10 s'")
    portal.ask("runs.start_due()")
    portal.wait_for(pk, state="done")

    portal.assert_healed(pk, begun=1)
    assert worker.poll() is None, "the same worker takes it"
