"""What reading a hundred thousand numbers costs, beside fetching, copying and the ORM's ways of writing."""

import base64
import http.client
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import orjson

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3
SAMPLE = 500
BULK_SAMPLE = 10_000


def measure(keys: dict[str, str]) -> Iterator[dict[str, object]]:
    import django

    django.setup()
    from django.db import connection

    numbers, fetched = _fetch_everything(keys)
    yield line("floor: pages by http.client, decoded by orjson", fetched, "records/s")

    _forget_numbers()
    new = [_timed_from_empty() for _ in range(ROUNDS)]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # what autovacuum is about to do; not beside what is measured
    unchanged = [run_sync()["seconds"] for _ in range(ROUNDS)]
    writes_before, dead_before = _writes()
    run_sync()
    writes, dead = _writes()
    changed = []
    for turn in range(ROUNDS):
        _change_one_in_a_hundred(keys, turn)
        changed.append(run_sync()["seconds"])

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE inventory_phonenumber")
    copied = _copy_floor()
    yield line("floor: binary COPY into a bare, unlogged table", copied, "rows/s")
    one_by_one = _update_or_create()
    yield line("floor: update_or_create, row by row", one_by_one, "rows/s")
    in_bulk = _bulk_create()
    yield line("floor: bulk_create(update_conflicts), a thousand a time", in_bulk, "rows/s")

    times = {"new": new, "unchanged": unchanged, "1 % changed": changed}
    rate = {name: numbers / statistics.median(seconds) for name, seconds in times.items()}
    for name, value in rate.items():
        yield line(f"sync, {name}, against fetching and decoding", value, "rows/s", fetched)
    yield line("sync, new, against raw COPY", rate["new"], "rows/s", copied)
    yield line("sync, new, against update_or_create", rate["new"], "rows/s", one_by_one)
    yield line("sync, new, against bulk_create", rate["new"], "rows/s", in_bulk)
    yield line("rows written when nothing changed", writes - writes_before, "rows")
    yield line("dead tuples when nothing changed", dead - dead_before, "rows")
    yield line("memory of the process that syncs, at most", peak_memory(), "MB")
    yield from _price_of_indexes(numbers, rate["new"])


def line(name: str, value: float, unit: str, floor: float | None = None) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value, 2) if value < 100 else round(value),
        "unit": unit,
        "floor": round(floor) if floor else None,
        "ratio": round(value / floor, 3) if floor else None,
    }


def run_sync(resource: str = "numbers") -> dict[str, float]:
    """Read a whole resource in a process of its own, as a worker would; seconds without starting up."""
    done = subprocess.run(
        [sys.executable, "manage.py", "sync_twilio", "--only", resource, "--json"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"The sync failed:\n{done.stdout}")
    runs = [json.loads(text) for text in done.stdout.splitlines()]
    return {"seconds": sum(run["seconds"] for run in runs if "resource" in run)}


def peak_memory() -> float:
    """Megabytes that the largest process waited for so far held at once."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _timed_from_empty() -> float:
    _forget_numbers()
    return run_sync()["seconds"]


def _forget_numbers() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE inventory_phonenumber, inventory_numberfacet, portal_change")
        cursor.execute("DELETE FROM portal_syncrun WHERE resource = 'numbers'")


def _accounts() -> list[str]:
    from portal.models import TwilioAccount

    return list(TwilioAccount.objects.watched().values_list("sid", flat=True))


def _fetch_everything(keys: dict[str, str]) -> tuple[int, float]:
    """How many numbers there are, and how many a second can be fetched and decoded at best."""
    secret = base64.b64encode(f"{keys['account_sid']}:{keys['auth_token']}".encode()).decode()
    connection = http.client.HTTPConnection(urlsplit(keys["url"]).netloc)
    rates, count = [], 0
    for _ in range(ROUNDS):
        count, started = 0, time.perf_counter()
        for sid in _accounts():
            path = f"/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers.json?PageSize=1000"
            while path:
                connection.request(
                    "GET", f"/api.twilio.com{path}", headers={"Authorization": f"Basic {secret}"}
                )
                page = orjson.loads(connection.getresponse().read())
                count += len(page["incoming_phone_numbers"])
                path = page["next_page_uri"]
        rates.append(count / (time.perf_counter() - started))
    return count, statistics.median(rates)


def _change_one_in_a_hundred(keys: dict[str, str], turn: int) -> None:
    """Rename every hundredth number at the sandbox, straight in its file's API."""
    from inventory.models import PhoneNumber

    secret = base64.b64encode(f"{keys['account_sid']}:{keys['auth_token']}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}", "Content-Type": "application/x-www-form-urlencoded"}
    connection = http.client.HTTPConnection(urlsplit(keys["url"]).netloc)
    rows = PhoneNumber.objects.order_by("sid").values_list("account_id", "sid")
    for account, sid in list(rows)[turn::100]:
        path = f"/api.twilio.com/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{sid}.json"
        connection.request("POST", path, body=f"FriendlyName=Renamed+{turn}", headers=headers)
        assert connection.getresponse().read()


def _writes() -> tuple[int, int]:
    """Rows of the number table ever inserted, updated or deleted, and its dead tuples."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT n_tup_ins + n_tup_upd + n_tup_del, n_dead_tup FROM pg_stat_user_tables "
            "WHERE relname = 'inventory_phonenumber'"
        )
        writes, dead = cursor.fetchone()
    return writes, dead


def _copy_floor() -> float:
    """Rows a second that Postgres takes in at best: the same rows, no index, no log."""
    from django.db import connection

    with connection.cursor() as cursor:
        with cursor.copy("COPY inventory_phonenumber TO STDOUT (FORMAT binary)") as copy:
            rows = b"".join(bytes(part) for part in copy)
        cursor.execute("SELECT count(*) FROM inventory_phonenumber")
        count = cursor.fetchone()[0]
        rates = []
        for _ in range(ROUNDS):
            cursor.execute("DROP TABLE IF EXISTS bench_floor")
            cursor.execute("CREATE UNLOGGED TABLE bench_floor (LIKE inventory_phonenumber)")
            started = time.perf_counter()
            with cursor.copy("COPY bench_floor FROM STDIN (FORMAT binary)") as copy:
                for start in range(0, len(rows), 1 << 20):
                    copy.write(rows[start : start + (1 << 20)])
            rates.append(count / (time.perf_counter() - started))
        cursor.execute("DROP TABLE bench_floor")
    return statistics.median(rates)


def _fresh_numbers(count: int):  # type: ignore[no-untyped-def]
    """Numbers that are in the table, under sids that are not."""
    from inventory.models import PhoneNumber

    fresh = list(PhoneNumber.objects.order_by("sid")[:count])
    for index, number in enumerate(fresh):
        number.sid = f"PN{index:032x}"
    return fresh


def _update_or_create() -> float:
    from inventory.models import PhoneNumber

    numbers = _fresh_numbers(SAMPLE)
    fields = [field.attname for field in PhoneNumber._meta.concrete_fields if field.attname != "sid"]
    started = time.perf_counter()
    for number in numbers:
        PhoneNumber.objects.update_or_create(
            sid=number.sid, defaults={name: getattr(number, name) for name in fields}
        )
    rate = SAMPLE / (time.perf_counter() - started)
    PhoneNumber.objects.filter(sid__in=[number.sid for number in numbers]).delete()
    return rate


def _bulk_create() -> float:
    from inventory.models import PhoneNumber

    numbers = _fresh_numbers(BULK_SAMPLE)
    fields = [field.name for field in PhoneNumber._meta.concrete_fields if field.name != "sid"]
    started = time.perf_counter()
    PhoneNumber.objects.bulk_create(
        numbers, batch_size=1000, update_conflicts=True, unique_fields=["sid"], update_fields=fields
    )
    rate = BULK_SAMPLE / (time.perf_counter() - started)
    PhoneNumber.objects.filter(sid__in=[number.sid for number in numbers]).delete()
    return rate


def _price_of_indexes(numbers: int, with_indexes: float) -> Iterator[dict[str, object]]:
    """The same sync of new numbers into a table that has only its primary key."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes "
            "WHERE tablename = 'inventory_phonenumber' AND indexname NOT LIKE '%_pkey'"
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    bare = numbers / _timed_from_empty()
    with connection.cursor() as cursor:
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("SELECT pg_indexes_size('inventory_phonenumber') / 1e6")
        size = float(cursor.fetchone()[0])
    yield line(f"sync, new, with all {len(indexes)} indexes against none", with_indexes, "rows/s", bare)
    yield line(f"size of the indexes of {numbers:,} numbers", size, "MB")
