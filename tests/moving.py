"""Time that passes for everybody at once: for Twilio, for the portal, and for its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from portal.sandbox.core import Sandbox

# Found before Postgres's own, whose name stands for the time everywhere in our SQL.
_CLOCK = """
CREATE SCHEMA moved;
CREATE FUNCTION moved.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT pg_catalog.statement_timestamp() + current_setting('moved.by')::interval $$;
SET moved.by = '0';
SET search_path = moved, pg_catalog, public;
"""


class Time:
    """The time of a test. Until it is moved it is that of the machine."""

    def __init__(self, twilio: Sandbox) -> None:
        self._twilio = twilio
        self._by = timedelta(0)
        self._real_now = timezone.now

    def now(self) -> datetime:
        return self._real_now() + self._by

    def pass_(self, span: timedelta) -> None:
        """Let so much time pass. What was kept in the cache for a while is gone."""
        self._by += span
        self._twilio.clock.advance(span)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('moved.by', %s, false)", [f"{self._by.total_seconds()} s"])
        cache.clear()


@contextmanager
def moving(twilio: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    """Time that can be moved, within the transaction of a test, which takes it all back."""
    time = Time(twilio)
    with connection.cursor() as cursor:
        cursor.execute(_CLOCK)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", time.now)
        yield time
