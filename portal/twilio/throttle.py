"""The rate limit that all processes share.

One cell per account in Redis or Valkey: the generic cell rate algorithm, with the server's clock.
When Twilio answers 429 the whole account pauses, in every worker. If the store is down each process
keeps to the limit by itself, because a cache that is down must not stop the work.
"""

import threading
from functools import cache
from time import monotonic, sleep

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.twilio.errors import Unavailable

log = structlog.get_logger(__name__)

# Twilio asks for seconds. Whatever it asks for, somebody should look again after this long.
LONGEST_PAUSE = 600.0
# A store that did not answer is left alone for so many seconds, lest every request wait for it.
_ALONE = 5.0

# KEYS: cell, pause. ARGV: seconds between requests, burst. Returns how long to wait, in microseconds.
_TAKE = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local paused = redis.call('PTTL', KEYS[2])
if paused > 0 then return paused * 1000 end
local every = tonumber(ARGV[1]) * 1000000
local slack = every * (tonumber(ARGV[2]) - 1)
local due = tonumber(redis.call('GET', KEYS[1]) or now)
if due < now then due = now end
if due - now > slack then return math.ceil(due - now - slack) end
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
        self._lock = threading.Lock()
        self._alone_until = 0.0
        # For when this process is on its own; monotonic seconds by account.
        self._due: dict[str, float] = {}
        self._paused_until: dict[str, float] = {}

    def wait(self, account_sid: str, *, patience: float) -> float:
        """Wait for a turn and return the seconds that took. Raise Unavailable rather than wait too long."""
        waited = 0.0
        while delay := self._delay(account_sid):
            if waited + delay > patience:
                raise Unavailable("Twilio is limiting our requests.", status=429, retry_after=delay)
            sleep(delay)
            waited += delay
        return waited

    def pause(self, account_sid: str, seconds: float) -> None:
        """Let nobody call this account for a while: Twilio answered 429."""
        seconds = min(max(seconds, 0.001), LONGEST_PAUSE)
        with self._lock:
            self._paused_until[account_sid] = monotonic() + seconds
        try:
            self._client.set(self._key("pause", account_sid), 1, px=round(seconds * 1000) or 1)
        except redis.RedisError as error:
            self._go_alone(error)

    def _delay(self, account_sid: str) -> float:
        """Seconds until this account's next turn; 0 when the turn was taken."""
        if monotonic() >= self._alone_until:
            try:
                keys = [self._key("cell", account_sid), self._key("pause", account_sid)]
                return int(self._take(keys=keys, args=[self._every, self._burst])) / 1_000_000
            except redis.RedisError as error:
                self._go_alone(error)
        return self._delay_alone(account_sid)

    def _go_alone(self, error: Exception) -> None:
        self._alone_until = monotonic() + _ALONE
        log.warning("twilio.throttle_alone", error=type(error).__name__)

    def _delay_alone(self, account_sid: str) -> float:
        with self._lock:
            now = monotonic()
            if (paused := self._paused_until.get(account_sid, now) - now) > 0:
                return paused
            due = max(self._due.get(account_sid, now), now)
            if (early := due - now - self._every * (self._burst - 1)) > 0:
                return early
            self._due[account_sid] = due + self._every
            return 0

    @staticmethod
    def _key(what: str, account_sid: str) -> str:
        return f"twilio:{what}:{account_sid}"


@cache
def throttle() -> Throttle:
    client = redis.from_url(
        settings.CACHE_URL, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 1)
    )
    return Throttle(client, settings.TWILIO_REQUESTS_PER_SECOND)
