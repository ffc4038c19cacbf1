"""Batches: frozen, confirmed, approved by a second person, carried out once, stopped, tried again."""

import threading
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from portal import operations
from portal.batches import asking, runner
from portal.batches.asking import Frozen, NotAllowed
from portal.batches.runner import Outcome, Refused
from portal.locks import advisory_lock
from portal.models import ApprovalRule, Batch, BatchItem, Operation
from portal.twilio.errors import Rejected, Unavailable, Uncertain
from tests.factories import make_account, make_user

KIND = "inventory.release_numbers"
State = BatchItem.State


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def account(db):
    return make_account()


@pytest.fixture
def author(db):
    return make_user("support")


@pytest.fixture
def second(db):
    return make_user("manager")


@pytest.fixture
def batch(account, author):
    return make_batch(account, author)


def make_batch(account, author, count=3, **options):
    items = [Frozen(account.pk, f"PN{index:032x}", f"+1202555010{index}") for index in range(count)]
    return asking.draft(KIND, author=author, draft_view="batch-detail", items=items, **options)


def started(batch):
    asking.confirm(batch, actor=batch.author)
    return batch


def states(batch):
    return [item.state for item in batch.items.order_by("position")]


def done(item):
    return Outcome(words="It is so.")


def operate(item, state=None, **facts):
    """Do what an action does: write the intent down, and end it one way or another."""
    operation = operations.start(
        item.batch.kind, account=item.account, target=item.target, actor=None, detail={}, form_key=item.key
    )
    if state:
        Operation.objects.filter(pk=operation.pk).update(state=state, ended_at=timezone.now(), **facts)
    return operation


# Asking


def test_a_draft_does_nothing_until_it_is_confirmed(batch):
    runner.run(batch.pk, done)

    assert set(states(batch)) == {State.WAITING}


def test_a_confirmed_batch_is_carried_out_item_by_item(batch):
    seen = []
    runner.run(started(batch).pk, lambda item: seen.append(item.name) or done(item))

    batch.refresh_from_db()
    assert seen == ["+12025550100", "+12025550101", "+12025550102"]
    assert states(batch) == [State.DONE] * 3
    assert batch.state == Batch.State.DONE
    assert batch.ended_at


def test_confirming_twice_starts_it_once(batch):
    asking.confirm(batch, actor=batch.author)
    runner.run(batch.pk, done)

    asking.confirm(Batch.objects.get(pk=batch.pk), actor=batch.author, reason="Another")

    batch.refresh_from_db()
    assert batch.state == Batch.State.DONE
    assert batch.reason == ""


def test_a_draft_is_its_author_s(batch, second):
    with pytest.raises(NotAllowed, match="Only"):
        asking.confirm(batch, actor=second)


def test_a_draft_of_nothing_cannot_be_confirmed(batch):
    batch.items.update(state=State.LEFT_OUT)

    with pytest.raises(NotAllowed, match="Nothing is left"):
        asking.confirm(batch, actor=batch.author)


def test_a_batch_has_an_end(account, author, monkeypatch):
    monkeypatch.setattr(asking, "MOST_ITEMS", 2)

    with pytest.raises(NotAllowed, match="more than 2"):
        make_batch(account, author)
    assert not Batch.objects.exists()


# Four eyes


@pytest.mark.parametrize(
    ("limits", "count", "cost", "needed"),
    [
        ({}, 1, None, True),
        ({"over_count": 3}, 3, Decimal(900), False),
        ({"over_count": 3}, 4, Decimal(1), True),
        ({"over_monthly_cost": 50}, 9, Decimal(50), False),
        ({"over_monthly_cost": 50}, 1, Decimal("50.01"), True),
        ({"over_monthly_cost": 50}, 1, Decimal(-51), True),
        ({"over_monthly_cost": 50}, 1, None, True),
        ({"over_count": 3, "over_monthly_cost": 50}, 2, Decimal(60), True),
    ],
)
def test_a_rule_asks_for_approval_over_its_limits(limits, count, cost, needed):
    assert ApprovalRule(kind=KIND, **limits).applies_to(count=count, monthly_cost=cost) == needed


def test_an_account_s_rule_stands_before_that_of_all_accounts(account):
    ApprovalRule.objects.create(kind=KIND)
    ApprovalRule.objects.create(kind=KIND, account=account, over_count=10)
    other = make_account()

    def needed(*sids):
        return asking.rule_for(KIND, account_sids=sids, count=2, cost=None)

    assert not needed(account.pk)
    assert needed(other.pk)
    assert needed(account.pk, other.pk)


def test_nothing_happens_before_a_second_person_approves(batch, second):
    ApprovalRule.objects.create(kind=KIND)
    asking.confirm(batch, actor=batch.author, reason="Not used")
    runner.run(batch.pk, done)
    assert batch.state == Batch.State.REQUESTED
    assert set(states(batch)) == {State.WAITING}

    asking.approve(batch, actor=second, reason="Seen")
    runner.run(batch.pk, done)

    batch.refresh_from_db()
    assert (batch.state, batch.approver, batch.decision_reason) == (Batch.State.DONE, second, "Seen")


def test_the_author_decides_nothing(batch):
    ApprovalRule.objects.create(kind=KIND)
    asking.confirm(batch, actor=batch.author)

    for decide in (asking.approve, asking.decline):
        with pytest.raises(NotAllowed, match="Somebody else"):
            decide(batch, actor=batch.author, reason="Mine")

    asking.withdraw(batch, actor=batch.author)
    batch.refresh_from_db()
    assert batch.state == Batch.State.LAPSED


def test_only_one_decision_counts(batch, second):
    ApprovalRule.objects.create(kind=KIND)
    asking.confirm(batch, actor=batch.author)
    asking.decline(batch, actor=second, reason="Too many")

    with pytest.raises(NotAllowed, match="not approved"):
        asking.approve(Batch.objects.get(pk=batch.pk), actor=make_user("admin"))

    batch.refresh_from_db()
    assert batch.state == Batch.State.DECLINED


def test_what_nobody_decides_lapses(batch, second):
    ApprovalRule.objects.create(kind=KIND)
    asking.confirm(batch, actor=batch.author)
    Batch.objects.update(confirmed_at=timezone.now() - runner.LAPSES_AFTER - timedelta(minutes=1))

    runner.look_after()

    with pytest.raises(NotAllowed, match="lapsed"):
        asking.approve(batch, actor=second)


# Carrying out


def test_each_item_ends_by_itself(batch):
    def carry_out(item):
        match item.position:
            case 1:
                raise Rejected("No such bundle", code=21649)
            case 2:
                raise Refused("It has an emergency address.")
        return done(item)

    runner.run(started(batch).pk, carry_out)

    first, second, third = batch.items.all()
    assert (first.state, first.code, first.words) == (State.FAILED, 21649, "No such bundle")
    assert (second.state, second.words) == (State.FAILED, "It has an emergency address.")
    assert third.state == State.DONE


def test_a_fault_of_ours_fails_its_item_and_not_the_batch(batch):
    def carry_out(item):
        if item.position == 1:
            raise KeyError("fault")
        return done(item)

    runner.run(started(batch).pk, carry_out)

    assert states(batch) == [State.FAILED, State.DONE, State.DONE]


def test_what_twilio_had_no_time_for_is_tried_three_times_with_a_key_of_its_own(batch):
    keys = []

    def carry_out(item):
        if item.position == 1:
            keys.append(item.key)
            raise Unavailable("Twilio cannot be reached.")
        return done(item)

    runner.run(started(batch).pk, carry_out)

    assert len(set(keys)) == 3
    assert states(batch) == [State.FAILED, State.DONE, State.DONE]
    assert "Nothing was changed" in batch.items.first().words


def test_an_item_whose_answer_was_lost_waits_until_that_is_settled(batch):
    def carry_out(item):
        if item.position == 1:
            operate(item, Operation.State.UNCERTAIN)
            raise Uncertain("The connection broke.")
        return done(item)

    runner.run(started(batch).pk, carry_out)
    batch.refresh_from_db()
    assert states(batch) == [State.UNCERTAIN, State.DONE, State.DONE]
    assert batch.state == Batch.State.RUNNING

    Operation.objects.update(state=Operation.State.DONE, detail={"sid": "PN" + "a" * 32})
    runner.look_after()

    batch.refresh_from_db()
    assert batch.state == Batch.State.DONE
    assert batch.items.first().result == "PN" + "a" * 32


@pytest.mark.parametrize(
    ("reached", "ends"),
    [
        (None, State.DONE),
        (Operation.State.STARTED, State.UNCERTAIN),
        (Operation.State.DONE, State.DONE),
        (Operation.State.REFUSED, State.FAILED),
    ],
)
def test_what_a_lost_worker_had_begun_is_looked_up_and_never_sent_twice(reached, ends, account, author):
    batch = started(make_batch(account, author, count=1))
    item = runner._claim(batch)
    if reached:
        operate(item, reached if reached != Operation.State.STARTED else None)
    sent = []

    runner.run(batch.pk, lambda item: sent.append(item) or done(item))

    assert states(batch) == [ends]
    assert len(sent) == (1 if reached is None else 0)


def test_a_batch_that_lost_its_worker_is_sent_again(batch, settings):
    started(batch)
    Batch.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))

    runner.look_after()

    batch.refresh_from_db()
    assert batch.heartbeat_at > timezone.now() - timedelta(minutes=1)


def test_stop_begins_nothing_more(batch):
    def carry_out(item):
        asking.stop(Batch.objects.get(pk=batch.pk))
        return done(item)

    runner.run(started(batch).pk, carry_out)

    batch.refresh_from_db()
    assert states(batch) == [State.DONE, State.STOPPED, State.STOPPED]
    assert batch.state == Batch.State.STOPPED


def test_retry_takes_what_failed_and_nothing_else(batch):
    def refuse_second(item):
        if item.position == 2:
            raise Rejected("No")
        return done(item)

    runner.run(started(batch).pk, refuse_second)
    key = batch.items.get(position=2).key
    seen = []

    assert asking.retry(batch) == 1
    runner.run(batch.pk, lambda item: seen.append(item.position) or done(item))

    assert seen == [2]
    assert states(batch) == [State.DONE] * 3
    assert batch.items.get(position=2).key != key
    assert asking.retry(Batch.objects.get(pk=batch.pk)) == 0


def test_a_batch_under_way_is_not_tried_again(batch):
    assert asking.retry(started(batch)) == 0


@pytest.mark.django_db(transaction=True)
def test_several_items_at_once_are_each_carried_out_once(account, author, settings):
    settings.BATCH_ITEMS_AT_ONCE = 4
    batch = started(make_batch(account, author, count=9))
    together, seen = threading.Barrier(3, timeout=5), []

    def carry_out(item):
        seen.append(item.pk)
        if item.position <= 3:
            together.wait()  # so three are under way in the same moment
        return Outcome(operate(item, Operation.State.DONE))

    runner.run(batch.pk, carry_out)

    assert len(seen) == len(set(seen)) == 9
    assert set(states(batch)) == {State.DONE}


@pytest.mark.django_db(transaction=True)
def test_one_worker_at_a_time(account, author):
    batch = started(make_batch(account, author))
    held, over, seen = threading.Event(), threading.Event(), []

    def other():
        with advisory_lock(f"batch:{batch.pk}"):
            held.set()
            over.wait(5)
        connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    held.wait(5)
    runner.run(batch.pk, lambda item: seen.append(item) or done(item))
    over.set()
    thread.join()

    assert seen == []
    runner.run(batch.pk, done)
    assert set(states(batch)) == {State.DONE}


def test_a_batch_that_is_not_there_is_no_fault(db):
    runner.run(uuid.uuid4(), done)
