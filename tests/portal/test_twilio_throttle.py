"""The rate limit: shared by all workers, and kept by each alone when the store is away."""

import threading
import time

import pytest
import redis
from django.conf import settings

from portal.twilio import throttle as module
from portal.twilio.errors import Unavailable
from portal.twilio.throttle import LONGEST_PAUSE, Throttle

RATE = 40.0
ACCOUNT = "AC" + "a" * 32


@pytest.fixture(autouse=True)
def _real_time(monkeypatch):
    monkeypatch.setattr(module, "sleep", time.sleep)


def make_throttle(rate=RATE, url=settings.CACHE_URL):
    """A throttle as another process has it: with a connection of its own."""
    return Throttle(redis.from_url(url, socket_timeout=1), rate)


def away():
    return make_throttle(url="redis://127.0.0.1:1/0")


def turns(throttles, seconds):
    """How many turns these throttles hand out together in so much time."""
    taken = [0] * len(throttles)
    end = time.monotonic() + seconds

    def work(index):
        while (left := end - time.monotonic()) > 0:
            try:
                throttles[index].wait(ACCOUNT, patience=left)
            except Unavailable:
                return
            taken[index] += 1

    threads = [threading.Thread(target=work, args=[index]) for index in range(len(throttles))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def test_it_lets_a_second_s_worth_through_at_once():
    throttle = make_throttle()

    assert [throttle.wait(ACCOUNT, patience=0) for _ in range(int(RATE))] == [0] * int(RATE)
    with pytest.raises(Unavailable) as caught:
        throttle.wait(ACCOUNT, patience=0)
    assert caught.value.status == 429
    assert 0 < caught.value.retry_after <= 1 / RATE


def test_workers_share_one_limit():
    seconds = 0.5

    taken = turns([make_throttle(), make_throttle(), make_throttle()], seconds)

    assert all(taken), "nobody starves"
    allowed = RATE + RATE * seconds
    assert allowed * 0.8 < sum(taken) <= allowed + 1


def test_accounts_do_not_share_a_limit():
    throttle = make_throttle()
    for account in ("AC1", "AC2", "AC3"):
        for _ in range(int(RATE)):
            assert throttle.wait(account, patience=0) == 0


def test_a_turn_that_is_not_waited_for_is_not_taken():
    throttle = make_throttle(rate=5)
    for _ in range(5):
        throttle.wait(ACCOUNT, patience=0)
    for _ in range(50):
        with pytest.raises(Unavailable):
            throttle.wait(ACCOUNT, patience=0)

    assert throttle.wait(ACCOUNT, patience=1) <= 0.25


def test_everybody_pauses_when_one_was_told_to():
    one, other = make_throttle(), make_throttle()

    one.pause(ACCOUNT, 0.2)

    with pytest.raises(Unavailable):
        other.wait(ACCOUNT, patience=0.1)
    assert 0.05 < other.wait(ACCOUNT, patience=1) <= 0.2
    assert one.wait(ACCOUNT, patience=0) == 0


@pytest.mark.parametrize("seconds", [0, 0.0001, 10**9, float("inf")])
def test_a_pause_is_never_endless(seconds):
    throttle = make_throttle()

    throttle.pause(ACCOUNT, seconds)

    left = redis.from_url(settings.CACHE_URL).pttl(f"twilio:pause:{ACCOUNT}")
    assert left <= LONGEST_PAUSE * 1000


@pytest.mark.parametrize("kind", ["refused", "silent"])
def test_a_store_that_is_away_costs_little_and_the_limit_is_kept(kind, silent_port):
    url = f"redis://127.0.0.1:{silent_port if kind == 'silent' else 1}/0"
    throttle = Throttle(redis.from_url(url, socket_timeout=0.1, socket_connect_timeout=0.1), RATE)
    started = time.monotonic()

    for _ in range(int(RATE)):
        throttle.wait(ACCOUNT, patience=0)
    with pytest.raises(Unavailable):
        throttle.wait(ACCOUNT, patience=0)

    assert time.monotonic() - started < 1, "the store is not asked again for every turn"
    [taken] = turns([throttle], 0.25)
    assert taken <= RATE * 0.5 + 1


@pytest.fixture
def silent_port():
    """A port where somebody listens and never says a word."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_pause_holds_without_the_store():
    throttle = away()

    throttle.pause(ACCOUNT, 0.15)

    with pytest.raises(Unavailable):
        throttle.wait(ACCOUNT, patience=0.05)
    assert 0.05 < throttle.wait(ACCOUNT, patience=1) <= 0.2


def test_it_returns_to_the_shared_limit_when_the_store_is_back(monkeypatch):
    monkeypatch.setattr(module, "_ALONE", 0.05)
    mine, other = make_throttle(), make_throttle()
    store, mine._take = mine._take, away()._take
    mine.wait(ACCOUNT, patience=0)
    mine._take = store
    other.pause(ACCOUNT, 0.3)

    assert mine.wait(ACCOUNT, patience=0) == 0, "still alone"
    time.sleep(0.06)
    with pytest.raises(Unavailable):
        mine.wait(ACCOUNT, patience=0)


def test_the_throttle_of_the_portal_gives_up_soon_on_a_store_that_is_away(settings):
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    started = time.monotonic()

    module.throttle.__wrapped__().wait(ACCOUNT, patience=0)

    assert time.monotonic() - started < 0.5
