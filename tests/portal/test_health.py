"""What a load balancer and a monitor ask: is the process up, and can it do its work."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from portal import tasks
from portal.models import SyncRun
from tests.factories import make_account
from tests.mirroring import broker_away
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

Trigger = SyncRun.Trigger


@contextmanager
def database_away():
    """Nobody listens at the database's address any more. Needs a test without a transaction of its own."""
    held = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["HOST"] = held


def ready():
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()


def read(account, resource, ago):
    SyncRun.objects.create(
        account=account, resource=resource, trigger=Trigger.SCHEDULE, state=SyncRun.State.DONE,
        finished_at=Now() - ago,
    )  # fmt: skip


def test_it_says_that_the_process_is_up():
    answer = Client().get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert answer["Content-Type"] == "text/plain"


def test_it_is_ready_with_a_database_and_a_broker():
    tasks.beat_tick()

    status, answer = ready()

    assert status == 200
    assert answer.pop("beat_seconds") in (0, 1)
    assert answer == {
        "database": "ok", "broker": "ok", "ready": True,
        "sync_seconds": dict.fromkeys(settings.SYNC_INTERVALS),
    }  # fmt: skip
    assert "no-store" in Client().get("/readyz")["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_without_the_database_it_is_up_and_not_ready():
    with database_away():
        assert Client().get("/healthz").status_code == 200
        status, answer = ready()

    assert status == 503
    assert (answer["database"], answer["broker"], answer["ready"]) == ("down", "ok", False)
    assert ready()[0] == 200, "it comes back by itself"


def test_without_the_broker_it_shows_pages_and_is_ready():
    with broker_away():
        status, answer = ready()

    assert status == 200
    assert (answer["database"], answer["broker"], answer["ready"]) == ("ok", "down", True)


def test_without_beat_it_says_for_how_long():
    assert ready()[1]["beat_seconds"] is None
    cache.set(tasks.BEAT_KEY, timezone.now() - timedelta(minutes=10), timeout=None)
    assert ready()[1]["beat_seconds"] in (600, 601)


def test_a_resource_is_as_old_as_in_the_account_where_it_is_oldest():
    old, new = make_account(), make_account()
    read(old, "numbers", timedelta(hours=2))
    assert ready()[1]["sync_seconds"]["numbers"] is None, "one account has never been read"

    read(new, "numbers", timedelta(minutes=1))
    read(new, "numbers", timedelta(minutes=30))
    assert 7200 <= ready()[1]["sync_seconds"]["numbers"] <= 7201

    type(old).objects.filter(pk=old.pk).update(is_watched=False)
    assert 60 <= ready()[1]["sync_seconds"]["numbers"] <= 61, "what is not read does not count"


def test_accounts_are_as_old_as_their_parents():
    parent = make_account()
    make_account(owner_sid=parent.pk)
    read(parent, "accounts", timedelta(minutes=5))

    assert 300 <= ready()[1]["sync_seconds"]["accounts"] <= 301


def test_they_tell_strangers_nothing_else_and_only_answer():
    make_account(friendly_name="Secret Holdings")
    tasks.beat_tick()

    for path in ("/healthz", "/readyz"):
        answer = Client().get(path)
        assert not answer.cookies
        assert b"Secret" not in answer.content
        assert b"AC" not in answer.content
        assert Client().post(path).status_code == 405


def test_asking_costs_next_to_nothing():
    for _ in range(3):
        make_account()
        with counted("readyz"):
            ready()
        with counted("healthz"):
            Client().get("/healthz")
