"""Operations: the intent is written first, once, and always ends."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from portal import operations
from portal.models import Operation
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.twilio.errors import Absent, Rejected, Unavailable, Uncertain
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db

State = Operation.State
TARGET = "PN" + "a" * 32


@pytest.fixture
def account():
    return make_account()


def start(account, target=TARGET, **options):
    return operations.start("test.change", account=account, target=target, actor=None, detail={}, **options)


def reloaded(operation):
    return Operation.objects.get(pk=operation.pk)


def age(operation, **times):
    rows = Operation.objects.filter(pk=operation.pk)
    rows.update(**{name: Now() - by for name, by in times.items()})


def at_once(functions):
    """Run functions in threads that begin together; their results and failures."""
    barrier, outcomes = threading.Barrier(len(functions)), []

    def work(function):
        barrier.wait()
        try:
            outcomes.append(function())
        except Exception as failure:
            outcomes.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[function]) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_the_intent_is_written_with_who_and_why(account):
    user, key = make_user(), uuid.uuid4()

    operation = operations.start(
        "test.change", account=account, target=TARGET, actor=user, detail={"fields": {}}, reason="Moved",
        form_key=key,
    )  # fmt: skip

    kept = reloaded(operation)
    assert (kept.state, kept.actor, kept.reason, kept.form_key) == (State.STARTED, user, "Moved", key)
    assert kept.started_at
    assert kept.is_open


def test_the_intent_is_committed_before_anything_is_sent(account):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        start(account)


def test_two_changes_of_one_object_are_not_under_way_together(account):
    first = start(account)

    with pytest.raises(AlreadyUnderWay) as caught:
        start(account)

    assert caught.value.operation == first
    assert start(account, target="PN" + "b" * 32).is_open


@pytest.mark.parametrize("state", [State.DONE, State.REFUSED])
def test_a_change_that_has_ended_stands_in_nobodys_way(state, account):
    operation = start(account)
    Operation.objects.filter(pk=operation.pk).update(state=state)

    assert start(account).is_open


def test_a_change_nobody_knows_the_end_of_stands_in_the_way(account):
    operations.end_as(start(account), Uncertain("The connection broke."))

    with pytest.raises(AlreadyUnderWay):
        start(account)


def test_one_form_starts_one_change_even_when_that_has_ended(account):
    key = uuid.uuid4()
    operation = start(account, form_key=key)
    operations.end(operation)

    with pytest.raises(AlreadySent) as caught:
        start(account, form_key=key)
    assert caught.value.operation == operation


def test_it_can_be_asked_beforehand_whether_a_change_may_start(account):
    key = uuid.uuid4()
    operations.check_may_start(TARGET, key)
    operation = start(account, form_key=key)
    with pytest.raises(AlreadySent):
        operations.check_may_start(TARGET, key)
    with pytest.raises(AlreadyUnderWay):
        operations.check_may_start(TARGET, uuid.uuid4())
    operations.check_may_start("PN" + "b" * 32)

    operations.end(operation)

    operations.check_may_start(TARGET)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_starts_one_change():
    account, key = make_account(), uuid.uuid4()

    outcomes = at_once([lambda: start(account, form_key=key)] * 6)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadySent"] * 5 + ["Operation"]
    assert Operation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_forms_at_once_start_one_change():
    account = make_account()

    outcomes = at_once([lambda: start(account, form_key=uuid.uuid4()) for _ in range(6)])

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyUnderWay"] * 5 + ["Operation"]


@pytest.mark.django_db(transaction=True)
def test_a_change_that_ends_in_the_moment_of_the_next_lets_it_start():
    account = make_account()

    def start_and_end():
        operation = start(account)
        operations.end(operation)
        return operation

    outcomes = at_once([start_and_end] * 8)

    assert {type(outcome) for outcome in outcomes} <= {Operation, AlreadyUnderWay}
    assert not Operation.objects.open().exists()


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (Rejected("Invalid Url", code=21402, request_id="RQ1"), State.REFUSED),
        (Absent("Not found", code=20404, request_id="RQ1"), State.REFUSED),
        (Unavailable("Twilio cannot be reached.", request_id="RQ1"), State.REFUSED),
        (Uncertain("The connection broke.", request_id="RQ1"), State.UNCERTAIN),
    ],
)
def test_a_failure_ends_it_with_twilios_words(failure, state, account):
    operation = start(account)

    operations.end_as(operation, failure)

    kept = reloaded(operation)
    assert (kept.state, kept.words, kept.code, kept.request_id) == (
        state, failure.words, failure.code, "RQ1"
    )  # fmt: skip
    assert kept.ended_at
    assert operation.state == state


def test_an_end_is_final(account):
    operation = start(account)
    operations.end(operation, words="It was done.")

    operations.refuse(reloaded(operation), "Nothing changed.")
    operations.end_as(reloaded(operation), Uncertain("The connection broke."))

    assert (reloaded(operation).state, reloaded(operation).words) == (State.DONE, "It was done.")


def test_an_uncertain_change_can_end_either_way(account):
    for end, state in ((operations.end, State.DONE), (lambda o: operations.refuse(o, ""), State.REFUSED)):
        operation = start(account)
        operations.end_as(operation, Uncertain("The connection broke."))
        end(operation)
        assert reloaded(operation).state == state


def test_a_lost_answer_is_looked_into_after_a_while(account):
    operation = start(account)
    age(operation, started_at=timedelta(minutes=1))
    operations.end_as(operation, Uncertain("The connection broke."))
    assert not operations.unsettled("test.change").exists(), "Twilio may still be at it"

    age(operation, ended_at=operations.SETTLE_AFTER)
    assert operations.unsettled("test.change").get() == operation
    assert not operations.unsettled("test.other").exists()


def test_a_change_whose_process_died_is_looked_into(account):
    operation = start(account)
    age(operation, started_at=operations.ORPHANED_AFTER - timedelta(seconds=5))
    assert not operations.unsettled("test.change").exists()

    age(operation, started_at=operations.ORPHANED_AFTER)
    assert operations.unsettled("test.change").get() == operation


def test_what_is_oldest_is_looked_into_first(account):
    made = [start(account, target=f"PN{number}") for number in range(3)]
    for operation, minutes in zip(made, (5, 9, 7), strict=True):
        age(operation, started_at=timedelta(minutes=minutes))

    assert list(operations.unsettled("test.change")) == [made[1], made[2], made[0]]
