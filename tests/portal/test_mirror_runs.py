"""Runs: from the wish to the result, once at a time, whatever dies in between."""

import json
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
import redis
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings as project
from django.db import DatabaseError, OperationalError, connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from inventory import tasks
from inventory.sync import sync_numbers
from portal.celery import app
from portal.mirror import runs
from portal.mirror.engine import Tally
from portal.models import SyncRun, TwilioAccount
from portal.sandbox.faults import Fault
from portal.twilio.errors import Rejected
from tests.factories import make_account, make_user
from tests.mirroring import broker_away, complete, mirrored, sync, truth

pytestmark = pytest.mark.django_db

State = SyncRun.State


@pytest.fixture(autouse=True)
def broker():
    """The queue as a worker would find it."""
    broker = redis.Redis(**project_broker())
    broker.delete("celery")
    yield broker
    broker.delete("celery")


def project_broker():
    with app.connection_for_read() as link:
        channel = link.default_channel
        parameters = channel.client.connection_pool.connection_kwargs
    return {"unix_socket_path": parameters["path"], "db": parameters["db"]}


@pytest.fixture
def sent(broker):
    def sent():
        """Tasks in the queue, which is emptied: name and argument."""
        messages = [json.loads(message) for message in broker.lrange("celery", 0, -1)]
        broker.delete("celery")
        return sorted(
            (message["headers"]["task"], eval(message["headers"]["argsrepr"])[0]) for message in messages
        )

    return sent


def request(account, resource="numbers"):
    return runs.request_run(account, resource, trigger=SyncRun.Trigger.SCHEDULE)


def age(run, **times):
    """Let moments of a run lie back, by the database's clock."""
    SyncRun.objects.filter(pk=run.pk).update(**{name: Now() - by for name, by in times.items()})
    run.refresh_from_db()


def in_threads(*functions):
    failures = []

    def work(function):
        try:
            function()
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[function]) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


# The wish


def test_a_wish_is_kept_until_it_is_fulfilled(parent):
    run = request(parent)

    assert run.state == State.QUEUED
    assert request(parent) == run
    assert request(parent, "addresses") != run
    tasks.sync_numbers(run.pk)
    assert request(parent) != run


def test_it_is_known_whose_wish_it_was():
    account, user = make_account(), make_user()

    run = runs.request_run(account, "numbers", trigger=SyncRun.Trigger.PERSON, user=user)

    assert (run.requested_by, run.trigger) == (user, "person")


@pytest.mark.django_db(transaction=True)
def test_two_wishes_in_the_same_moment_are_one():
    account, found = make_account(), []

    in_threads(*[lambda: found.append(request(account).pk)] * 8)

    assert len(found) == 8
    assert set(found) == {SyncRun.objects.get().pk}


# Once at a time


@pytest.mark.django_db(transaction=True)
def test_a_run_sent_twice_is_carried_out_once(twilio, parent):
    twilio.faults.add(Fault(kind="status", status=503, times=2))  # so that it takes a moment
    run = request(parent)

    in_threads(*[lambda: tasks.sync_numbers(run.pk)] * 4)

    run.refresh_from_db()
    assert (run.state, run.begun) == (State.DONE, 1)
    listings = twilio.journal.entries(path="*/IncomingPhoneNumbers.json", status=200)
    assert len(listings) == 1


def test_a_run_that_is_over_is_not_carried_out_again(twilio, parent):
    run = complete(parent)
    twilio.journal.clear()

    tasks.sync_numbers(run.pk)

    assert not twilio.journal.entries()


def test_a_run_that_is_gone_is_no_trouble():
    tasks.sync_numbers(0)


@contextmanager
def held(account, resource="numbers"):
    """Another worker holds the lock of a resource."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"sync:{resource}:{account.pk}"])
        try:
            yield
        finally:
            other.close()


def test_a_run_that_meets_a_worker_about_to_end_another_is_sent_again(twilio, parent, sent):
    run = request(parent)
    runs.send(run)
    sent()
    with held(parent):
        tasks.sync_numbers(run.pk)

    run.refresh_from_db()
    assert (run.state, run.heartbeat_at) == (State.QUEUED, None)
    age(run, queued_at=timedelta(seconds=10))
    runs.start_due()
    assert ("sync_numbers", run.pk) in sent()


def test_a_lock_holds_back_neither_other_resources_nor_other_accounts(twilio, parent):
    complete(parent, "accounts")
    with held(parent):
        complete(parent, "addresses")
        complete(TwilioAccount.objects.get(pk=twilio.subaccounts[0].account_sid))


# The queue


def test_a_run_is_sent_to_the_workers(parent, sent):
    run = request(parent)

    assert runs.send(run)

    assert sent() == [("sync_numbers", run.pk)]


def test_a_broker_that_is_down_loses_nothing(parent, sent):
    run = request(parent)
    started = time.monotonic()
    with broker_away():
        assert not runs.send(run)
        assert runs.start_due() == 0
    assert time.monotonic() - started < 3
    run.refresh_from_db()
    assert (run.state, run.heartbeat_at) == (State.QUEUED, None)

    age(run, queued_at=timedelta(seconds=10))
    runs.start_due()

    assert ("sync_numbers", run.pk) in sent()


def test_a_run_in_a_long_queue_is_not_sent_again_and_again(parent, sent):
    runs.start_due()
    first = sent()
    SyncRun.objects.update(queued_at=Now() - timedelta(minutes=1), heartbeat_at=Now() - timedelta(minutes=1))

    assert runs.start_due() == 0

    assert first
    assert not sent()


def test_a_run_that_the_broker_lost_is_sent_again(parent, sent):
    run = request(parent)
    runs.send(run)
    sent()
    age(run, queued_at=timedelta(minutes=3), heartbeat_at=timedelta(minutes=3))

    runs.start_due()

    assert ("sync_numbers", run.pk) in sent()


def test_a_run_is_not_sent_while_its_worker_lives(parent, sent):
    run = request(parent)
    SyncRun.objects.filter(pk=run.pk).update(state=State.RUNNING, heartbeat_at=Now())
    age(run, started_at=timedelta(hours=1), heartbeat_at=runs.LEASE - timedelta(seconds=10))

    runs.start_due()

    assert ("sync_numbers", run.pk) not in sent()


def interrupted(account, begun=1):
    """A run whose worker was killed a lease ago."""
    run = request(account)
    SyncRun.objects.filter(pk=run.pk).update(
        state=State.RUNNING, begun=begun, pages=3, seen=3000, added=10, started_at=Now()
    )
    age(run, heartbeat_at=runs.LEASE + timedelta(seconds=1), queued_at=timedelta(minutes=5))
    return run


def test_a_run_that_lost_its_worker_is_begun_again(twilio, parent, sent):
    run = interrupted(parent)

    runs.start_due()
    assert ("sync_numbers", run.pk) in sent()
    run.refresh_from_db()
    assert run.state == State.QUEUED, "it waits for a worker, and says so"
    tasks.sync_numbers(run.pk)

    run.refresh_from_db()
    assert (run.state, run.begun) == (State.DONE, 2)
    assert run.seen == run.added == len(mirrored(parent))
    assert mirrored(parent) == truth(twilio, parent)


def test_a_task_delivered_again_goes_on_at_once(parent):
    run = interrupted(parent)
    SyncRun.objects.filter(pk=run.pk).update(heartbeat_at=Now())

    tasks.sync_numbers(run.pk)

    run.refresh_from_db()
    assert run.state == State.DONE


def test_a_run_that_no_worker_survives_is_given_up(twilio, parent):
    run = interrupted(parent, begun=5)

    tasks.sync_numbers(run.pk)

    run.refresh_from_db()
    assert (run.state, run.error) == (State.FAILED, "Its worker was lost 5 times.")
    assert not twilio.journal.entries(path="*/IncomingPhoneNumbers*")


# What is due


def due(resource="numbers"):
    return [account.pk for account in runs._due(resource)]


def test_what_was_never_read_is_due(parent, sent):
    count = runs.start_due()

    names = [name for name, _ in sent()]
    assert names == sorted(f"sync_{resource}" for resource in project.SYNC_INTERVALS)
    assert count == len(names)


def test_what_was_read_is_due_after_its_interval(parent):
    run = complete(parent)
    assert due() == []

    age(run, finished_at=project.SYNC_INTERVALS["numbers"] - timedelta(seconds=30))
    assert due() == []
    age(run, finished_at=project.SYNC_INTERVALS["numbers"])
    assert due() == [parent.pk]


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_what_is_under_way_is_not_due(state, parent):
    request(parent)
    SyncRun.objects.update(state=state)

    assert due() == []


@pytest.mark.parametrize("fields", [{"is_watched": False}, {"missing_since": Now()}])
def test_accounts_that_are_not_read_are_not_due(fields, parent):
    TwilioAccount.objects.update(**fields)

    assert due() == []


def test_accounts_are_read_through_their_parents(twilio, parent):
    complete(parent, "accounts")
    SyncRun.objects.all().delete()

    assert due("accounts") == [parent.pk]
    assert len(due("numbers")) == 4


def failed(account, ago, resource="numbers"):
    run = SyncRun.objects.create(account=account, resource=resource, trigger="schedule", state=State.FAILED)
    age(run, queued_at=ago, finished_at=ago)
    return run


@pytest.mark.parametrize(
    ("failures", "rest"), [(1, 2), (2, 4), (3, 8), (4, 15), (30, 15)], ids=lambda value: str(value)
)
def test_after_failures_it_rests_twice_as_long_each_time_up_to_the_interval(failures, rest):
    account = make_account()
    for number in range(failures):
        last = failed(account, timedelta(hours=2, minutes=number))

    age(last, finished_at=timedelta(minutes=rest) - timedelta(seconds=10))
    assert due() == []
    age(last, finished_at=timedelta(minutes=rest))
    assert due() == [account.pk]


def test_failures_before_the_last_complete_reading_are_forgotten(parent):
    for number in range(10):
        failed(parent, timedelta(minutes=20 + number))
    complete_run = complete(parent)
    age(complete_run, finished_at=timedelta(minutes=16))
    failed(parent, timedelta(minutes=2))

    assert due() == [parent.pk]


def test_a_failing_account_is_not_read_in_a_loop(twilio, parent, sent):
    twilio.faults.add(Fault(kind="status", status=401))
    for _ in range(10):
        runs.start_due()
        for name, pk in sent():
            app.tasks[name](pk)

    assert SyncRun.objects.filter(state=State.FAILED).count() == len(project.SYNC_INTERVALS)


def test_it_takes_as_many_queries_for_many_accounts_as_for_one():
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert runs.start_due() == 0
        return len(captured)

    def finish_all():
        for resource in project.SYNC_INTERVALS:
            for account in TwilioAccount.objects.all():
                SyncRun.objects.create(
                    account=account,
                    resource=resource,
                    trigger="schedule",
                    state=State.DONE,
                    finished_at=Now(),
                )

    make_account()
    finish_all()
    one = queries()
    for _ in range(20):
        make_account()
    finish_all()

    assert queries() == one == 1 + len(project.SYNC_INTERVALS)


# The end


def test_twilios_refusal_ends_in_the_row(twilio, parent):
    twilio.faults.add(Fault(kind="status", status=401))

    run = sync(parent)

    assert run.state == State.FAILED
    assert run.finished_at
    assert run.request_id == twilio.journal.entries()[-1].request_id


def execute(account, read):
    run = request(account)
    try:
        runs.execute(run.pk, read)
    finally:
        run.refresh_from_db()
        execute.run = run
    return run


def test_words_of_a_failure_come_with_its_code():
    def refuse(*args):
        raise Rejected("Authenticate", code=20003, request_id="RQ1")

    run = execute(make_account(), refuse)

    assert (run.error, run.request_id) == ("Authenticate (Twilio error 20003)", "RQ1")


def test_a_fault_of_ours_ends_in_the_row_without_its_details():
    def stumble(*args):
        raise ZeroDivisionError("+12015550100")

    with pytest.raises(ZeroDivisionError):
        execute(make_account(), stumble)

    assert execute.run.state == State.FAILED
    assert execute.run.error == "A fault in Numberdesk: ZeroDivisionError."


def test_a_reading_that_takes_too_long_says_so():
    def dawdle(*args):
        raise SoftTimeLimitExceeded

    run = execute(make_account(), dawdle)

    assert (run.state, run.error) == (State.FAILED, "It took too long and was stopped.")


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_the_database_refuses_ends_in_the_row():
    def stumble(*args):
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column")

    with pytest.raises(DatabaseError):
        execute(make_account(), stumble)

    assert execute.run.state == State.FAILED
    assert execute.run.error == "A fault in Numberdesk: ProgrammingError."


@pytest.mark.django_db(transaction=True)
def test_a_lost_database_leaves_the_run_to_whoever_comes_next(twilio, parent):
    def lose(account, run, progress):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OperationalError):
        execute(parent, lose)

    run = execute.run
    assert (run.state, run.begun) == (State.RUNNING, 1)
    tasks.sync_numbers(run.pk)
    run.refresh_from_db()
    assert (run.state, run.begun) == (State.DONE, 2)
    assert mirrored(parent) == truth(twilio, parent)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_gives_its_lock_back(parent):
    with held(parent):
        pass

    complete(parent)


def test_a_run_shows_how_far_it_is(parent, monkeypatch):
    monkeypatch.setattr(runs, "_SECONDS_BETWEEN_HEARTBEATS", 0)
    seen = []

    def read(account, run, progress):
        for pages in (1, 2):
            progress(Tally(pages=pages, seen=pages * 1000, changed=pages))
            row = SyncRun.objects.get(pk=run.pk)
            seen.append((row.state, row.pages, row.seen, row.changed))
            assert row.heartbeat_at
        return Tally(pages=2, seen=2000, changed=2)

    run = execute(parent, read)

    assert seen == [("running", 1, 1000, 1), ("running", 2, 2000, 2)]
    assert (run.state, run.pages) == (State.DONE, 2)


def test_a_heartbeat_a_second_is_enough(parent):
    def read(account, run, progress):
        with CaptureQueriesContext(connection) as queries:
            for pages in range(100):
                progress(Tally(pages=pages))
        assert len(queries) == 0
        return Tally()

    execute(parent, read)


def test_the_task_reads_with_the_credentials_of_the_account(twilio, parent):
    runs.execute(request(parent).pk, sync_numbers)

    assert {entry.account for entry in twilio.journal.entries(path="*/IncomingPhoneNumbers.json")} == {
        parent.pk
    }
