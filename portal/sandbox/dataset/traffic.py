"""Forty days of calls and messages, such that about one number in eight is idle by doc page 02.

A number is active with three completed calls of 12 seconds or three messages in the last month.
"""

# ruff: noqa: S311 (seeded, so that every run is the same)

from collections.abc import Iterable
from random import Random

from portal.sandbox.dataset import names
from portal.sandbox.dataset.accounts import DAY
from portal.sandbox.dataset.numbers import Owned
from portal.sandbox.dataset.places import US
from portal.sandbox.resources import make_sid
from portal.sandbox.store import Store

# Numbers with traffic. A larger inventory is there to be listed, not to be called.
MOST_NUMBERS = 12_000
WINDOW = 40 * DAY
RECENT = 29 * DAY
IDLE_SHARE = 0.12
SATURDAY = 5
ANSWERED = 12

Event = tuple[int, str, str, str, str, int, str, str, str]


def add_traffic(store: Store, numbers: Iterable[Owned], anchor: int) -> None:
    rng = Random("traffic")
    calls: list[Event] = []
    messages: list[Event] = []
    for owned in numbers:
        can_call, can_text = owned.capabilities.voice, owned.capabilities.sms
        prefers_text = can_text and (not can_call or owned.sid[-1] in "01234567")
        for _ in range(_volume(rng)):
            at = _moment(anchor, rng)
            if prefers_text:
                messages.append(_message(owned, at, rng))
            else:
                calls.append(_call(owned, at, ANSWERED + int(rng.random() ** 3 * 900), "completed", rng))
        for _ in range(int(rng.random() * 3)):
            at = anchor - RECENT - 2 * DAY - int(rng.random() * (WINDOW - RECENT - 2 * DAY))
            if can_text and rng.random() < 0.5:
                messages.append(_message(owned, at, rng))
            elif can_call:
                calls.append(_call(owned, at, 20 + int(rng.random() * 300), "completed", rng))
        if can_call and rng.random() < 0.4:
            status = ("completed", "no-answer", "busy", "failed")[int(rng.random() * 4)]
            seconds = int(rng.random() * ANSWERED) if status == "completed" else 0
            calls.append(_call(owned, _moment(anchor, rng), seconds, status, rng))
    messages.sort()
    calls.sort()
    store.db.executemany(
        "INSERT INTO message (at, sid, account, sender, recipient, direction, status, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (at, sid, account, a, b, way, status, text)
            for at, sid, account, a, b, _, way, status, text in messages
        ),
    )
    store.db.executemany(
        "INSERT INTO call (at, sid, account, sender, recipient, seconds, direction, status, number_sid)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        calls,
    )


def _volume(rng: Random) -> int:
    """How often a number is used in a month: not often enough, a little, daily, or all day long."""
    draw, amount = rng.random(), rng.random()
    if draw < IDLE_SHARE:
        return int(amount * 3)
    if draw < 0.66:
        return 3 + int(amount**2 * 5)
    if draw < 0.95:
        return 10 + int(amount**2 * 40)
    return 100 + int(amount * 200)


def _moment(anchor: int, rng: Random) -> int:
    """Some time in the last month: on weekdays mostly, and about noon."""
    for _ in range(2):
        day = anchor - DAY - int(rng.random() * (RECENT // DAY - 1)) * DAY
        if (day // DAY + 3) % 7 < SATURDAY:
            break
    return day + int((rng.random() + rng.random() + rng.random()) / 3 * DAY)


def _message(owned: Owned, at: int, rng: Random) -> Event:
    other = _stranger(rng)
    text = names.TEXTS[int(rng.random() * len(names.TEXTS))]
    sid = make_sid("SM", f"{owned.sid}:{at}:{other}")
    if rng.random() < 0.4:
        return (at, sid, owned.account, other, owned.phone_number, 0, "inbound", "received", text)
    status = "delivered" if rng.random() < 0.94 else "undelivered"
    way = "outbound-api" if rng.random() < 0.8 else "outbound-reply"
    return (at, sid, owned.account, owned.phone_number, other, 0, way, status, text)


def _call(owned: Owned, at: int, seconds: int, status: str, rng: Random) -> Event:
    other = _stranger(rng)
    sid = make_sid("CA", f"{owned.sid}:{at}:{other}")
    if rng.random() < 0.7:
        return (at, sid, owned.account, other, owned.phone_number, seconds, "inbound", status, owned.sid)
    return (at, sid, owned.account, owned.phone_number, other, seconds, "outbound-api", status, owned.sid)


def _stranger(rng: Random) -> str:
    return f"+1{US[int(rng.random() * len(US))].area_code}55501{int(rng.random() * 100):02d}"
