"""The rate limit that all processes share.

One cell per account in Redis or Valkey: the generic cell rate algorithm, with the server's clock.
When Twilio answers 429 the whole account pauses, in every worker. If the store is down each process
keeps to the limit by itself, because a cache that is down must not stop the work.
"""

import threading
import time
from functools import cache

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

# KEYS: cell, pause. ARGV: seconds between requests, burst. Returns how long to wait, in microseconds.
_TAKE = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local paused = redis.call('PTTL', KEYS[2])
if paused > 0 then return paused * 1000 end
local every = tonumber(ARGV[1]) * 1000000
local slack = every * tonumber(ARGV[2])
local due = tonumber(redis.call('GET', KEYS[1]) or now)
if due < now then due = now end
if due - now > slack then return due - now - slack end
due = due + every
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000) + 1000)
return 0
"""


class Throttle:
    """Hand out turns, `rate` a second and account, with bursts of a second's worth."""

    def __init__(self, client: redis.Redis, rate: float) -> None:
        self._client = client
        self._take = client.register_script(_TAKE)
        self._every = 1 / rate
        self._burst = max(rate, 1)
        self._local_due: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, account_sid: str, *, patience: float) -> float:
        """Wait for a turn, at most `patience` seconds; return how long it took, or -1 when it is too long."""
        waited = 0.0
        while delay := self._delay(account_sid):
            if waited + delay > patience:
                return -1
            time.sleep(delay)
            waited += delay
        return waited

    def pause(self, account_sid: str, seconds: float) -> None:
        """Let nobody call this account for a while: Twilio answered 429."""
        try:
            self._client.set(self._key("pause", account_sid), 1, px=max(1, int(seconds * 1000)))
        except redis.RedisError:
            with self._lock:
                self._local_due[account_sid] = time.monotonic() + seconds + self._every * self._burst

    def _delay(self, account_sid: str) -> float:
        try:
            keys = [self._key("cell", account_sid), self._key("pause", account_sid)]
            return int(self._take(keys=keys, args=[self._every, self._burst])) / 1_000_000
        except redis.RedisError as error:
            log.warning("twilio.throttle_alone", error=type(error).__name__)
            return self._local_delay(account_sid)

    def _local_delay(self, account_sid: str) -> float:
        with self._lock:
            now = time.monotonic()
            due = max(self._local_due.get(account_sid, now), now)
            slack = self._every * self._burst
            if due - now > slack:
                return due - now - slack
            self._local_due[account_sid] = due + self._every
            return 0

    @staticmethod
    def _key(what: str, account_sid: str) -> str:
        return f"twilio:{what}:{account_sid}"


@cache
def throttle() -> Throttle:
    client = redis.from_url(settings.CACHE_URL, socket_timeout=1, socket_connect_timeout=1)
    return Throttle(client, settings.TWILIO_REQUESTS_PER_SECOND)
