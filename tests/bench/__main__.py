"""`make bench`: what Numberdesk costs, each figure beside a floor measured in the same run.

Prints a line of words and a line of JSON for every benchmark: `name`, `value`, `unit`, `floor` (what
it is measured against, or null) and `ratio`. Nothing here fails on a figure; machines differ.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from portal.local.layout import Layout
from portal.local.postgres import Postgres
from portal.local.valkey import Valkey

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--numbers", type=int, default=100_000, help="how many numbers the sync reads")
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many numbers the lists are over")
    parser.add_argument("--only", choices=["sync", "usage", "bulk", "compliance", "lists"])
    arguments = parser.parse_args()

    data = ROOT / ".data" / "bench"
    data.mkdir(parents=True, exist_ok=True)
    for name in ("DATABASE_URL", "BROKER_URL", "CACHE_URL"):
        os.environ.pop(name, None)
    os.environ |= {
        "DATA_DIR": str(data),
        "LOCAL": "1",
        "DEMO": "1",
        "LOCAL_DATABASE": "bench",
        "LOG_LEVEL": "ERROR",
        "TWILIO_REQUESTS_PER_SECOND": "100000",  # the sandbox has no limit, and ours is not what is measured
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    layout = Layout(data)
    with _running(Postgres(layout, adopt=True)), _running(Valkey(layout, adopt=True)):
        if arguments.only in (None, "sync"):
            with _sandbox(arguments.numbers) as keys:
                _prepare(keys)
                from tests.bench import sync

                for line in sync.measure(keys):
                    report(line)
        if arguments.only in (None, "usage"):
            with _sandbox(arguments.numbers) as keys:
                _prepare(keys)
                from tests.bench import sync, usage

                sync.run_sync()
                for line in usage.measure(keys):
                    report(line)
        if arguments.only in (None, "bulk"):
            with _sandbox(4_000) as keys:
                _prepare(keys)
                from tests.bench import bulk, sync

                sync.run_sync()
                for line in bulk.measure(keys):
                    report(line)
        if arguments.only in (None, "compliance"):
            with _sandbox(arguments.numbers) as keys:
                _prepare(keys)
                from tests.bench import sync

                for resource in ("addresses", "regulations", "numbers", "bundles"):
                    sync.run_sync(resource)
                from tests.bench import compliance

                for line in compliance.measure():
                    report(line)
        if arguments.only in (None, "lists"):
            with _sandbox(arguments.rows) as keys:
                _prepare(keys)
                from tests.bench import lists, sync

                seconds = sync.run_sync()["seconds"]
                report(sync.line("sync of the list's rows, new", arguments.rows / seconds, "rows/s"))
            for line in lists.measure():
                report(line)


def report(line: dict[str, object]) -> None:
    floor = f", {line['ratio']} of {line['floor']:,}" if line.get("floor") else ""
    more = "".join(f", {name} {value}" for name, value in line.items() if name.startswith("with_"))
    print(f"{line['name']:<60} {line['value']:>12,} {line['unit']}{floor}{more}")
    print(json.dumps(line), flush=True)


@contextlib.contextmanager
def _running(server: Postgres | Valkey) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.stop()


@contextlib.contextmanager
def _sandbox(numbers: int) -> Iterator[dict[str, str]]:
    """A sandbox of this size in a process of its own; its keys."""
    file = Path(os.environ["DATA_DIR"]) / f"sandbox-{numbers}.sqlite3"
    command = [
        sys.executable,
        "manage.py",
        "sandbox",
        "--port",
        "0",
        "--numbers",
        str(numbers),
        "--db",
        str(file),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            keys = json.loads(process.stdout.readline())
            os.environ["TWILIO_BASE_URL"] = keys["url"]
            yield keys
        finally:
            process.terminate()


def _prepare(keys: dict[str, str]) -> None:
    """An empty database that knows the sandbox's accounts."""
    credentials = {
        "TWILIO_ACCOUNT_SID": keys["account_sid"],
        "TWILIO_AUTH_TOKEN": keys["auth_token"],
        "TWILIO_API_KEY": keys["api_key"],
        "TWILIO_API_SECRET": keys["api_secret"],
    }
    for command in (
        ["migrate", "-v0"],
        ["collectstatic", "--no-input", "-v0"],
        ["flush", "--no-input", "-v0"],
        ["setup_demo"],
        ["sync_twilio", "--only", "accounts"],
    ):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=os.environ | credentials,
            check=True,
            stdout=subprocess.DEVNULL,
        )


if __name__ == "__main__":
    main()
