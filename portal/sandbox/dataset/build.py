"""Fills an empty database with the data set."""

# ruff: noqa: S311 (seeded, so that every run is the same)

from datetime import UTC, datetime
from functools import cache
from itertools import islice
from random import Random

from portal.sandbox.dataset.accounts import DAY, add_accounts
from portal.sandbox.dataset.compliance import add_compliance
from portal.sandbox.dataset.hosting import add_hosting
from portal.sandbox.dataset.numbers import NumberMaker, Owned
from portal.sandbox.dataset.plan import LINES
from portal.sandbox.dataset.ports import add_ports
from portal.sandbox.dataset.traffic import MOST_NUMBERS, add_traffic
from portal.sandbox.store import Store

VERSION = 7
DEFAULT_NUMBERS = 2400
BATCH = 10_000
# Fewer numbers than this are a test of something else.
LEAST_FOR_ORDERS = 300
FAR = 10_000_000
# Per block, beside its first hundred. People look for words and endings in North America.
VANITY_STOCK = 450
PLAIN_STOCK = 150


def anchor_of(moment: datetime) -> int:
    """The midnight the data set ends at: two builds on one day are the same."""
    return int(moment.astimezone(UTC).timestamp()) // DAY * DAY


def fill(store: Store, numbers: int, anchor: int) -> None:
    """Create the tables and everything in them."""
    store.create_tables()
    with store.transaction():
        store.write_meta({"serial": 1})
        desks = add_accounts(store, anchor)
        add_compliance(store, desks, numbers, anchor)
        _add_stock(store)
        if numbers >= LEAST_FOR_ORDERS:
            add_ports(store, desks, anchor)
            add_hosting(store, desks, anchor)
        on_their_way = _put_last(store)
        busy = _add_numbers(store, NumberMaker(desks, numbers - on_their_way, anchor))
        add_traffic(store, busy, anchor)
        store.write_meta({"version": VERSION, "numbers": numbers, "anchor": anchor})
    store.create_indexes()
    store.db.execute("PRAGMA analysis_limit = 1000")
    store.db.execute("ANALYZE")


def carry_traffic_forward(store: Store, anchor: int) -> None:
    """Let the calls and messages of an older file end today, so that its numbers are not idle all at once."""
    seconds = anchor - store.read_meta()["anchor"]
    if seconds > 0:
        with store.transaction():
            store.db.execute("UPDATE message SET at = at + ?", (seconds,))
            store.db.execute("UPDATE call SET at = at + ?", (seconds,))
            store.write_meta({"anchor": anchor})


def _put_last(store: Store) -> int:
    """Let what was ported in and is being hosted head the list of numbers; how many these are."""
    store.db.execute("UPDATE number SET position = position + ?", (FAR,))
    count: int = store.value("SELECT count(*) FROM number")
    return count


def _add_numbers(store: Store, maker: NumberMaker) -> list[Owned]:
    """Insert all numbers; return the evenly spread few that get traffic."""
    stride = max(1, maker.total // MOST_NUMBERS)
    busy: list[Owned] = []
    records = iter(maker)
    statement = "INSERT INTO number VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    while batch := list(islice(records, BATCH)):
        store.db.executemany(statement, (row for row, _ in batch))
        busy += [owned for row, owned in batch if row[0] % stride == 0]
    return busy


def _add_stock(store: Store) -> None:
    store.db.executemany("INSERT INTO stock (phone_number, line, block, beta) VALUES (?, ?, ?, ?)", _stock())


@cache
def _stock() -> list[tuple[str, int, int, bool]]:
    """What can be bought, in an order that mixes area codes as a search at Twilio does."""
    rng = Random("stock")
    rows = []
    for line_index, line in enumerate(LINES):
        for block_index, block in enumerate(line.blocks):
            is_north_american = block.place is not None and block.place.area_code is not None
            for serial in block.stocked(VANITY_STOCK if is_north_american else PLAIN_STOCK):
                rows.append((block.number(serial), line_index, block_index, rng.random() < 0.02))
    rng.shuffle(rows)
    return rows
