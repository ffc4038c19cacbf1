"""What reading a month of calls and messages costs, and what the list of numbers at risk then does."""

import base64
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

import orjson

from tests.bench.sync import ROOT, line, peak_memory

ROUNDS = 3
REQUESTS = 15
DATES = {"Calls": "StartTime", "Messages": "DateSent"}


def measure(keys: dict[str, str]) -> Iterator[dict[str, object]]:
    """The floor reads the same pages of the same days and decodes them, and does nothing with them."""
    import django

    django.setup()
    events, fetched = _fetch_everything(keys)
    yield line("floor: a month's pages by http.client, decoded by orjson", fetched, "records/s")
    first = [_from_empty() for _ in range(ROUNDS)]
    again = [_run() for _ in range(ROUNDS)]
    seconds = statistics.median(run["seconds"] for run in first)
    assert {run["seen"] for run in first} == {events}
    yield line("usage sync of a month, against fetching and decoding", events / seconds, "records/s", fetched)
    yield line("usage sync, seconds for 100,000 records", seconds * 100_000 / events, "s", 100_000 / fetched)
    yield line(
        "usage sync again, seconds for all accounts", statistics.median(r["seconds"] for r in again), "s"
    )
    yield line(
        "usage sync again, requests of so many the first time",
        again[0]["requests"],
        "requests",
        first[0]["requests"],
    )
    yield line("memory of the process that reads usage, at most", peak_memory(), "MB")
    yield _rederived()
    yield from _lists()


def _run() -> dict[str, float]:
    """Read usage in a process of its own, as a worker would; seconds without starting up."""
    done = subprocess.run(
        [sys.executable, "manage.py", "sync_twilio", "--only", "usage", "--json"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"The sync failed:\n{done.stdout}")
    runs = [run for run in map(json.loads, done.stdout.splitlines()) if "resource" in run]
    return {name: sum(run[name] for run in runs) for name in ("seconds", "seen", "requests")}


def _from_empty() -> dict[str, float]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE inventory_usagewindow, inventory_numberusage, inventory_usageperiod")
    return _run()


def _fetch_everything(keys: dict[str, str]) -> tuple[int, float]:
    """How many calls and messages a month has, and how many a second can be fetched and decoded at best."""
    from portal.models import TwilioAccount

    secret = base64.b64encode(f"{keys['account_sid']}:{keys['auth_token']}".encode()).decode()
    connection = http.client.HTTPConnection(urlsplit(keys["url"]).netloc)
    today = datetime.now(UTC).date()
    rates, count = [], 0
    for _ in range(ROUNDS):
        count, started = 0, time.perf_counter()
        for sid in TwilioAccount.objects.watched().values_list("sid", flat=True):
            for kind, parameter in DATES.items():
                for days in range(31):
                    query = urlencode({parameter: today - timedelta(days=days), "PageSize": 1000})
                    path = f"/2010-04-01/Accounts/{sid}/{kind}.json?{query}"
                    while path:
                        headers = {"Authorization": f"Basic {secret}"}
                        connection.request("GET", f"/api.twilio.com{path}", headers=headers)
                        page = orjson.loads(connection.getresponse().read())
                        count += len(page[kind.lower()])
                        path = page["next_page_uri"]
        rates.append(count / (time.perf_counter() - started))
    return count, statistics.median(rates)


def _rederived() -> dict[str, object]:
    """Working out anew what every number is, when nothing has changed."""
    from inventory.models import NumberActivity
    from inventory.usage import standing
    from portal.models import TwilioAccount

    started = time.perf_counter()
    standing.refresh_accounts(TwilioAccount.objects.watched())
    return line(
        "activity of all numbers worked out anew",
        NumberActivity.objects.count() / (time.perf_counter() - started),
        "rows/s",
    )


def _lists() -> Iterator[dict[str, object]]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_test_environment

    from inventory.models import NumberActivity
    from portal.models import Role, TwilioAccount
    from tests.factories import make_user

    setup_test_environment()
    with connection.cursor() as cursor:
        cursor.execute(
            "VACUUM ANALYZE inventory_numberactivity, inventory_phonenumber, inventory_numberusage"
        )
    client = Client()
    client.force_login(make_user(Role.MANAGER))
    accounts = list(TwilioAccount.objects.values_list("sid", flat=True))
    countries = sorted(set(NumberActivity.objects.values_list("country", flat=True)))
    random.seed(1)
    pages = {
        "risk list": dict,
        "risk list, by number": lambda: {"sort": "number"},
        "risk list, by added": lambda: {"sort": "-added"},
        "risk list, by cost": lambda: {"sort": "cost"},
        "risk list, country": lambda: {"country": random.choice(countries)},
        "risk list, account": lambda: {"account": random.choice(accounts)},
        "risk list, country and type": lambda: {"country": random.choice(countries), "type": "mobile"},
        "risk list, active": lambda: {"activity": "active"},
        "risk list, kept": lambda: {"kept": "yes"},
        "risk list, four digits": lambda: {"q": f"{random.randrange(10_000):04}"},
        "costs by country": lambda: {"by": "country"},
        "costs by owner": lambda: {"by": "owner"},
    }
    floor = None
    for name, maker in pages.items():
        path = "/costs/" if name.startswith("costs") else "/numbers/risk/"
        timing = _time(
            client, f"{path}?", maker, f"{name}, {NumberActivity.objects.count():,} numbers", floor
        )
        floor = floor or timing["value"]
        yield timing


def _time(client, path, maker, name, floor):  # type: ignore[no-untyped-def]
    from django.db import connection

    views, sqls, counts = [], [], set()
    for _ in range(REQUESTS):
        spent: list[float] = []

        def watch(execute, sql, values, many, context, spent=spent):  # type: ignore[no-untyped-def]
            started = time.perf_counter()
            try:
                return execute(sql, values, many, context)
            finally:
                spent.append((time.perf_counter() - started) * 1000)

        url = path + urlencode(maker())
        client.get(url)  # the first one warms the cache of pages and templates
        with connection.execute_wrapper(watch):
            started = time.perf_counter()
            response = client.get(url)
            views.append((time.perf_counter() - started) * 1000)
        assert response.status_code == 200, (url, response.status_code)
        sqls.append(sum(spent))
        counts.add(len(spent))
    return {
        **line(name, statistics.median(views), "ms", floor),
        "with_sql": round(statistics.median(sqls), 2),
        "with_queries": max(counts),
    }
