"""What the number list costs over a million rows: SQL and the whole view, per filter, sort and depth."""

import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment

from inventory.models import NumberFacet, PhoneNumber
from portal.listing import Cursor
from portal.models import Role, TwilioAccount
from tests.factories import make_user

ROUNDS = 7


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, round(0.95 * len(values)))]


SORTS = {"number": "phone_number", "name": "friendly_name", "added": "remote_created_at"}


@dataclass
class Timing:
    """Milliseconds of one kind of request, several times with other values."""

    name: str
    view: list[float] = field(default_factory=list)
    sql: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)

    def line(self, floor: float | None) -> dict[str, object]:
        view = statistics.median(self.view)
        return {
            "name": f"list, {self.name}",
            "value": round(view, 2),
            "unit": "ms",
            "floor": floor,
            "ratio": round(view / floor, 2) if floor else None,
            "with_p95": round(_p95(self.view), 2),
            "with_sql": round(statistics.median(self.sql), 2),
            "with_sql_p95": round(_p95(self.sql), 2),
            "with_slowest_query": round(statistics.median(self.slowest), 2),
            "with_queries": max(self.queries),
        }


def measure() -> Iterator[dict[str, object]]:
    """One line per filter, sort and depth that the list offers, in milliseconds of the whole view.

    The floor is the list without a filter, sorted by number. The database holds the rows already; it
    is vacuumed first, as autovacuum does within minutes of a large sync.
    """
    setup_test_environment()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE inventory_phonenumber")
    client = Client()
    client.force_login(make_user(Role.MANAGER))
    random.seed(1)
    floor = None
    for name, maker in _filters().items():
        for sort in ("number", "-number", "name", "-name", "added", "-added"):
            requests = [{**maker(), "sort": sort} for _ in range(ROUNDS)]
            line = _time(client, f"{name}, by {sort}", requests, floor)
            floor = floor or line["value"]
            yield line
    for sort in ("number", "-added", "name"):
        for depth in (0.01, 0.5, 0.95):
            requests = [{"sort": sort, "page": _cursor(sort, depth)} for _ in range(ROUNDS)]
            yield _time(client, f"{depth:.0%} deep, by {sort}", requests, floor)
        last = Cursor(backwards=True).encode()
        yield _time(client, f"last page, by {sort}", [{"sort": sort, "page": last}] * ROUNDS, floor)


def _time(
    client: Client,
    name: str,
    requests: list[dict[str, object]],
    floor: float | None,
    path: str = "/numbers/",
) -> dict[str, object]:
    timing = Timing(name)
    for params in requests:
        spent: list[float] = []

        def watch(execute, sql, values, many, context, spent=spent):  # type: ignore[no-untyped-def]
            started = time.perf_counter()
            try:
                return execute(sql, values, many, context)
            finally:
                spent.append((time.perf_counter() - started) * 1000)

        url = f"{path}?{urlencode(params, doseq=True)}"
        client.get(url)  # the first one warms the cache of pages and templates
        spent.clear()
        with connection.execute_wrapper(watch):
            spent.clear()
            started = time.perf_counter()
            response = client.get(url)
            timing.view.append((time.perf_counter() - started) * 1000)
        assert response.status_code == 200, (url, response.status_code)
        timing.sql.append(sum(spent))
        timing.slowest.append(max(spent))
        timing.queries.add(len(spent))
    return timing.line(floor)


def _filters():  # type: ignore[no-untyped-def]
    accounts = list(TwilioAccount.objects.values_list("sid", flat=True))
    countries = list(NumberFacet.objects.values_list("country", flat=True).distinct())
    sample = list(
        PhoneNumber.objects.order_by("sid").values_list("phone_number", "friendly_name", "bundle_sid")[:2000]
    )
    names = [name.split()[0] for _, name, _ in sample if name and name[0].isalpha()]
    bundles = [bundle for *_, bundle in sample if bundle]

    def some(values):  # type: ignore[no-untyped-def]
        return random.choice(values)

    return {
        "no filter": dict,
        "account": lambda: {"account": some(accounts)},
        "two accounts": lambda: {"account": random.sample(accounts, 2)},
        "country": lambda: {"country": some(countries)},
        "three countries": lambda: {"country": random.sample(countries, 3)},
        "account and country": lambda: {"account": some(accounts), "country": some(countries)},
        "type": lambda: {"type": some(["local", "mobile", "toll-free", "national", "voip"])},
        "country and type": lambda: {"country": some(countries), "type": some(["local", "mobile"])},
        "can": lambda: {"can": some([["sms"], ["mms"], ["fax"], ["voice", "sms", "mms"]])},
        "country and can": lambda: {"country": some(countries), "can": some(["sms", "mms", "fax"])},
        "calls": lambda: {"calls": some(["url", "application", "trunk", "none"])},
        "messages": lambda: {"messages": some(["url", "application", "none"])},
        "origin": lambda: {"origin": some(["twilio", "hosted"])},
        "lifecycle": lambda: {"lifecycle": some(["beta", "ga"])},
        "status": lambda: {"status": some(["in-use", "other"])},
        "needs": lambda: {"needs": some(["some", "none", "any", "local", "foreign"])},
        "has_address": lambda: {"has_address": some(["yes", "no"])},
        "has_bundle": lambda: {"has_bundle": some(["yes", "no"])},
        "emergency": lambda: {"emergency": some(["registered", "none", "problem"])},
        "listed": lambda: {"listed": "no"},
        "tag": lambda: {"tag": "reception"},
        "owner": lambda: {"owner": "support"},
        "cost centre": lambda: {"cost_centre": "4711"},
        "bundle": lambda: {"bundle": some(bundles)},
        "added": lambda: {"added_from": "2025-03-01", "added_to": "2025-03-07"},
        "substring of 4 digits": lambda: {"q": some(sample)[0][-7:-3]},
        "substring of 7 digits": lambda: {"q": some(sample)[0][-7:]},
        "a word": lambda: {"q": some(names)},
        "two words": lambda: {"q": f"{some(names)} {some(names)}"},
        "nothing found": lambda: {"q": "zzyzx"},
        "last 2 digits": lambda: {"ends": some(sample)[0][-2:]},
        "last 4 digits": lambda: {"ends": some(sample)[0][-4:]},
        "last 7 digits": lambda: {"ends": some(sample)[0][-7:]},
    }


def _cursor(sort: str, depth: float) -> str:
    if not depth:
        return ""
    descending, name = sort.startswith("-"), sort.removeprefix("-")
    field = SORTS[name]
    place = f"{'-' if descending else ''}{field}"
    offset = int(PhoneNumber.objects.count() * depth) + random.randrange(1000)
    ordered = PhoneNumber.objects.order_by(place, "-sid" if descending else "sid")
    key = ordered.values_list(field, "sid")[offset]
    value = key[0].isoformat() if hasattr(key[0], "isoformat") else key[0]
    return Cursor((value, key[1]), position=offset).encode()
