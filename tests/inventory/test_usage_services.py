"""A worker that is killed while it reads usage: a real one, killed for real."""

import json
import shutil
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.sandbox.core import Sandbox
from portal.sandbox.faults import Fault
from tests.doors import http_door
from tests.portal.test_mirror_services import Installation

pytestmark = pytest.mark.services

CALLS = "*/Calls.json"
# On one day, so that a day has pages enough to be killed in.
BUSY_DAY = 26_000


@pytest.fixture
def portal():
    folder = Path(tempfile.mkdtemp(prefix="nd-"))
    sandbox = Sandbox(numbers=200)
    with http_door(sandbox) as door:
        installation = Installation(folder, sandbox, door.url)
        try:
            installation.start()
            yield installation
        finally:
            installation.stop()
    sandbox.close()
    shutil.rmtree(folder)


def ask(portal, resource):
    run = f'runs.request_run(TwilioAccount.objects.parents().get(), "{resource}", trigger="person")'
    return portal.ask(f"(lambda run: [run.pk, runs.send(run)])({run})")[0]


def test_a_worker_killed_in_the_middle_of_a_day_loses_nothing_and_counts_nothing_twice(portal):
    account = portal.sandbox.credentials.account_sid
    truth = [json.loads(line) for line in portal.sandbox.dump("numbers", account)]
    number = next(row for row in truth if row["capabilities"]["voice"])["phone_number"]
    day = datetime.now(UTC).date() - timedelta(days=3)
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
    portal.sandbox.store.db.executemany(
        "INSERT INTO call (sid, account, sender, recipient, at, seconds, direction, status, number_sid)"
        " VALUES (?, ?, '+12015550199', ?, ?, 30, 'inbound', 'completed', ?)",
        ((f"CA{n:032x}", account, number, noon + n % 3600, truth[0]["sid"]) for n in range(BUSY_DAY)),
    )
    worker = portal.worker
    portal.wait_for(ask(portal, "numbers"), state="done")
    portal.sandbox.journal.clear()
    slow = portal.sandbox.faults.add(Fault(kind="slow", path=CALLS, seconds=0.15))
    pk = ask(portal, "usage")
    portal.wait_for(pk, state="running", pages=17)
    portal.kill(worker)
    portal.sandbox.faults.remove(slow.id)
    time.sleep(0.5)  # what was asked for before it died is answered, and in the journal
    [interrupted] = portal.rows("SELECT * FROM inventory_usagewindow WHERE read_at IS NULL")
    assert (interrupted["kind"], interrupted["day"], interrupted["pages"]) == ("calls", day, 10)
    before = len(read_of(portal, day))

    assert portal.worker is not worker
    portal.let_the_lease_end(pk)
    portal.ask("runs.start_due()")
    run = portal.wait_for(pk, state="done", seconds=40)

    assert (run["begun"], run["error"]) == (2, "")
    assert not portal.rows("SELECT 1 FROM inventory_usagewindow WHERE read_at IS NULL")
    again = len(read_of(portal, day)) - before
    pages = portal.rows("SELECT pages FROM inventory_usagewindow WHERE kind = 'calls' AND day = %s", day)
    assert again == pages[0]["pages"] - 10, "it went on where it had written down to be"
    counted = portal.rows(
        "SELECT phone_number, counted_calls FROM inventory_numberactivity WHERE counted_calls > 0"
    )
    assert {row["phone_number"]: row["counted_calls"] for row in counted} == calls_of(portal, account)


def read_of(portal, day):
    """Requests for the calls of a day."""
    entries = portal.sandbox.journal.entries(path=CALLS)
    return [entry for entry in entries if dict(entry.query)["StartTime"] == day.isoformat()]


def calls_of(portal, account):
    """How many of a month's calls count, by our number, as Twilio has them."""
    first = datetime.now(UTC) - timedelta(days=31)
    counts = Counter()
    for line in portal.sandbox.dump("calls", account):
        call = json.loads(line)
        started = datetime.strptime(call["start_time"], "%a, %d %b %Y %H:%M:%S %z")
        if started > first and call["status"] == "completed" and int(call["duration"]) >= 12:
            counts[call["to"] if call["direction"] == "inbound" else call["from"]] += 1
    return counts
