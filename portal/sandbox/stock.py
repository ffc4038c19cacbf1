"""Numbers that can be bought. A released number rests before anyone may buy it again."""

from collections.abc import Iterator
from typing import NamedTuple

from portal.sandbox.dataset.plan import LINES, Block, Line, line_of
from portal.sandbox.store import Store

# Doc page 02: a release can be undone for ten days.
REST = 10 * 86_400


class Offer(NamedTuple):
    phone_number: str
    line: Line
    block: Block
    beta: bool


def offers(store: Store, line: Line, blocks: set[int], now: int) -> Iterator[Offer]:
    """What is for sale in some blocks of a line, mixed as a search shows it."""
    index = LINES.index(line)
    some = "" if len(blocks) == len(line.blocks) else f" AND block IN ({', '.join(map(str, sorted(blocks)))})"
    rows = store.db.execute(
        "SELECT phone_number, block, beta FROM stock WHERE line = ?"  # noqa: S608
        f" AND (free_at IS NULL OR free_at <= ?){some} ORDER BY rank",
        (index, now),
    )
    for phone_number, block, beta in rows:
        yield Offer(phone_number, line, line.blocks[block], bool(beta))


def find_offer(store: Store, phone_number: str, now: int) -> Offer | None:
    row = store.row(
        "SELECT line, block, beta FROM stock WHERE phone_number = ? AND (free_at IS NULL OR free_at <= ?)",
        (phone_number, now),
    )
    if row is None:
        return None
    line = LINES[row[0]]
    return Offer(phone_number, line, line.blocks[row[1]], bool(row[2]))


def take(store: Store, phone_number: str) -> None:
    store.db.execute("DELETE FROM stock WHERE phone_number = ?", (phone_number,))


def put_back(store: Store, phone_number: str, now: int) -> None:
    """Return a released number to the stock, to be found after its rest; one ported in just leaves."""
    line = line_of(phone_number)
    if line is None:
        return
    block = next(i for i, block in enumerate(line.blocks) if phone_number.startswith(f"+{block.prefix}"))
    store.db.execute(
        "INSERT OR IGNORE INTO stock (phone_number, line, block, beta, free_at) VALUES (?, ?, ?, 0, ?)",
        (phone_number, LINES.index(line), block, now + REST),
    )
