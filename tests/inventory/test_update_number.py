"""Changing a number's configuration: sent once, never over somebody else's change, always settled."""

import json
import logging
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from inventory import actions
from inventory.actions import ChangedMeanwhile
from inventory.configuration import configuration_of
from inventory.models import PhoneNumber
from portal import operations
from portal.models import Change, Operation, TwilioAccount
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.sandbox.faults import Fault
from portal.twilio.errors import Absent, Rejected, Unavailable, Uncertain
from tests.answers import Answer, answering
from tests.mirroring import change, complete, mirrored, releasable, release, truth

pytestmark = pytest.mark.django_db

State = Operation.State
UPDATE = "*/IncomingPhoneNumbers/PN*"


@pytest.fixture
def number(twilio, parent):
    complete(parent)
    twilio.journal.clear()
    sid = next(
        record["sid"]
        for record in truth(twilio, parent)
        if record["sid"] in releasable(twilio, parent)
        and record["capabilities"]["sms"]
        and record["voice_url"]
    )
    return PhoneNumber.objects.select_related("account").get(pk=sid)


def update(number, actor, form_key=None, opened_with=None, **wanted):
    opened_with = opened_with or configuration_of(number.payload)
    return actions.update_number(
        number=number, wanted={**opened_with, **wanted}, opened_with=opened_with, actor=actor,
        form_key=form_key,
    )  # fmt: skip


def writes(twilio):
    return [dict(entry.form) for entry in twilio.journal.entries(method="POST")]


def at_twilio(twilio, number):
    path = f"/2010-04-01/Accounts/{number.account_id}/IncomingPhoneNumbers/{number.pk}.json"
    return twilio.direct("GET", path)


# Sent


def test_it_changes_the_number_at_twilio_and_here(twilio, number, support):
    before = number.payload

    operation = update(number, support, friendly_name="Night desk", voice_method="GET")

    assert writes(twilio) == [{"FriendlyName": "Night desk", "VoiceMethod": "GET"}], "only what changed"
    number.refresh_from_db()
    assert number.friendly_name == "Night desk"
    assert number.payload == at_twilio(twilio, number)
    operation.refresh_from_db()
    assert (operation.state, operation.actor, operation.target) == (State.DONE, support, number.pk)
    assert operation.request_id == twilio.journal.entries(method="POST")[0].request_id
    assert operation.detail == {
        "fields": {
            "friendly_name": [before["friendly_name"], "Night desk"],
            "voice_method": [before["voice_method"], "GET"],
        }
    }


def test_the_change_is_told_as_the_operations(number, support):
    operation = update(number, support, friendly_name="Night desk")

    [told] = Change.objects.all()
    assert (told.source, told.operation) == (Change.Source.OPERATION, operation)
    assert told.fields["friendly_name"][1] == "Night desk"


def test_a_sync_afterwards_has_no_news(parent, number, support):
    update(number, support, friendly_name="Night desk")

    assert complete(parent).changed == 0
    assert Change.objects.count() == 1


def test_it_sends_nothing_when_twilio_has_it_so(twilio, number, support):
    assert update(number, support) is None
    change(twilio, number.account, number.pk, FriendlyName="Night desk")
    assert update(number, support, friendly_name="Night desk") is None

    assert not writes(twilio)
    assert not Operation.objects.exists()
    number.refresh_from_db()
    assert number.friendly_name == "Night desk", "what was read on the way is kept"


def test_it_clears_what_is_emptied(twilio, number, support):
    update(number, support, voice_url="", voice_fallback_url="")

    assert at_twilio(twilio, number)["voice_url"] in ("", None)
    assert "" in writes(twilio)[0].values()


def test_it_turns_a_switch_off(twilio, parent, number, support):
    us = next(r["sid"] for r in truth(twilio, parent) if r["phone_number"].startswith("+1"))
    number = PhoneNumber.objects.select_related("account").get(pk=us)
    change(twilio, parent, us, VoiceCallerIdLookup="true")
    complete(parent)
    number.refresh_from_db()

    update(number, support, voice_caller_id_lookup=False)

    assert at_twilio(twilio, number)["voice_caller_id_lookup"] is False


def test_nothing_is_sent_within_a_transaction(twilio, number, support):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        update(number, support, friendly_name="Night desk")

    assert not twilio.journal.entries()


# Not over somebody else's change


def test_it_refuses_to_overwrite_what_changed_since_the_form_was_opened(twilio, number, support):
    opened_with = configuration_of(number.payload)
    change(twilio, number.account, number.pk, FriendlyName="Theirs")

    with pytest.raises(ChangedMeanwhile) as caught:
        update(number, support, opened_with=opened_with, friendly_name="Mine", sms_method="GET")

    [line] = caught.value.lines
    assert (line.name, line.opened, line.now, line.yours) == (
        "Name", opened_with["friendly_name"], "Theirs", "Mine"
    )  # fmt: skip
    assert caught.value.number.friendly_name == "Theirs"
    assert not writes(twilio)
    assert not Operation.objects.exists()


def test_changes_of_different_fields_do_not_collide(twilio, number, support):
    opened_with = configuration_of(number.payload)
    change(twilio, number.account, number.pk, FriendlyName="Theirs")

    update(number, support, opened_with=opened_with, sms_method="GET")

    there = at_twilio(twilio, number)
    assert (there["friendly_name"], there["sms_method"]) == ("Theirs", "GET")


# Refused


def test_twilios_refusal_is_kept_and_raised(twilio, number, support):
    with pytest.raises(Rejected) as caught:
        update(number, support, voice_url="ftp://example.com/")

    assert caught.value.code == 21402
    operation = Operation.objects.get()
    assert (operation.state, operation.code, operation.words) == (State.REFUSED, 21402, "Invalid Url")
    assert operation.request_id
    number.refresh_from_db()
    assert number.payload == at_twilio(twilio, number)


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 429}, {"kind": "status", "status": 401}], ids=["429", "401"]
)
def test_what_twilio_did_not_do_is_refused_and_may_be_tried_again(fault, twilio, number, support):
    twilio.faults.add(Fault(method="POST", **fault))

    with pytest.raises((Unavailable, Rejected)):
        update(number, support, friendly_name="Night desk")

    assert Operation.objects.get().state == State.REFUSED
    assert len(writes(twilio)) == 1
    twilio.faults.clear()
    update(number, support, friendly_name="Night desk")
    assert at_twilio(twilio, number)["friendly_name"] == "Night desk"


def test_it_starts_nothing_when_twilio_cannot_be_asked(twilio, number, support):
    twilio.faults.add(Fault(kind="status", status=503))

    with pytest.raises(Unavailable):
        update(number, support, friendly_name="Night desk")

    assert not Operation.objects.exists()
    assert not writes(twilio)


def test_a_number_that_is_gone_is_noted(twilio, number, support):
    release(twilio, number.account, number.pk)

    with pytest.raises(Absent):
        update(number, support, friendly_name="Night desk")

    number.refresh_from_db()
    assert number.missing_since
    assert not Operation.objects.exists()
    assert Change.objects.get().source == Change.Source.READ


# Once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("forms", ["the same", "two"])
def test_a_double_click_sends_one_change(forms, twilio, number, support):
    twilio.faults.add(Fault(kind="slow", method="POST", seconds=0.2))
    key, barrier, outcomes = uuid.uuid4(), threading.Barrier(2), []

    def click():
        barrier.wait()
        try:
            form_key = key if forms == "the same" else uuid.uuid4()
            outcomes.append(update(number, support, form_key=form_key, friendly_name="Night desk"))
        except (AlreadySent, AlreadyUnderWay) as refusal:
            outcomes.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(writes(twilio)) == 1
    assert Operation.objects.get().state == State.DONE
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(outcomes) == 2
    assert len(refusals) <= 1, "who comes late finds it done"


def test_the_same_form_again_finds_what_it_started(twilio, number, support):
    key, opened_with = uuid.uuid4(), configuration_of(number.payload)
    operation = update(number, support, form_key=key, friendly_name="Night desk")
    # Somebody puts it back, and then the first form is sent again: Back, or a reload.
    change(twilio, number.account, number.pk, FriendlyName=opened_with["friendly_name"])

    with pytest.raises(AlreadySent) as caught:
        update(number, support, form_key=key, opened_with=opened_with, friendly_name="Night desk")

    assert caught.value.operation == operation
    assert len(writes(twilio)) == 1


# Settled


def settle(age=timedelta(minutes=5)):
    """The task's own code, a while later."""
    Operation.objects.filter(ended_at__isnull=False).update(ended_at=Now() - age)
    Operation.objects.update(started_at=Now() - age)
    actions.settle_number_operations()


@pytest.mark.parametrize("kind", ["lost-answer", "wrong-length", "truncated"])
def test_an_answer_that_was_lost_is_found_out(kind, twilio, number, support):
    twilio.faults.add(Fault(kind=kind, method="POST"))
    with pytest.raises(Uncertain):
        update(number, support, friendly_name="Night desk")
    operation = Operation.objects.get()
    assert operation.state == State.UNCERTAIN
    with pytest.raises(AlreadyUnderWay):
        update(number, support, friendly_name="Another")

    settle()

    operation.refresh_from_db()
    assert operation.state == State.DONE
    assert operation.words == "Twilio's answer was lost; the number shows the change."
    number.refresh_from_db()
    assert number.friendly_name == "Night desk"
    assert Change.objects.get().operation == operation
    assert len(writes(twilio)) == 1, "looked up, never sent again"


@pytest.mark.parametrize(
    "fault", [{"kind": "reset"}, {"kind": "status", "status": 500}], ids=["reset", "500"]
)
def test_a_change_that_never_arrived_is_found_out(fault, twilio, number, support):
    twilio.faults.add(Fault(method="POST", times=1, **fault))
    with pytest.raises(Uncertain):
        update(number, support, friendly_name="Night desk")

    settle()

    operation = Operation.objects.get()
    assert operation.state == State.REFUSED
    assert operation.words == "Twilio's answer was lost, and the number does not show the change."
    assert len(writes(twilio)) == 1
    update(number, support, friendly_name="Night desk")
    assert at_twilio(twilio, number)["friendly_name"] == "Night desk"


def test_a_change_that_a_dead_process_left_is_settled(twilio, number, support):
    before = configuration_of(number.payload)["friendly_name"]
    detail = {"fields": {"friendly_name": [before, "Night desk"]}}
    for arrived in (False, True):
        # The process died after it wrote the intent; once before it sent the change, once after.
        operation = operations.start(
            actions.UPDATE_NUMBER, account=number.account, target=number.pk, actor=support, detail=detail
        )
        if arrived:
            change(twilio, number.account, number.pk, FriendlyName="Night desk")
        settle()
        operation.refresh_from_db()
        assert operation.state == (State.DONE if arrived else State.REFUSED)

    assert not writes(twilio)


def test_a_change_under_way_is_left_alone(twilio, number, support):
    operation = operations.start(
        actions.UPDATE_NUMBER, account=number.account, target=number.pk, actor=support,
        detail={"fields": {}},
    )  # fmt: skip

    settle(age=timedelta(seconds=30))

    operation.refresh_from_db()
    assert operation.state == State.STARTED
    assert not twilio.journal.entries()


def test_a_name_that_twilio_makes_up_is_no_lost_change(twilio, parent, number, support):
    change(twilio, parent, number.pk, FriendlyName="Given")
    complete(parent)
    number.refresh_from_db()
    twilio.faults.add(Fault(kind="lost-answer", method="POST"))
    with pytest.raises(Uncertain):
        update(number, support, friendly_name="")

    settle()

    operation = Operation.objects.get()
    assert operation.state == State.DONE
    assert operation.words == "Twilio's answer was lost; the number has changed since."


def test_a_number_that_went_meanwhile_settles_its_change(twilio, number, support):
    twilio.faults.add(Fault(kind="lost-answer", method="POST"))
    with pytest.raises(Uncertain):
        update(number, support, friendly_name="Night desk")
    release(twilio, number.account, number.pk)

    settle()

    assert Operation.objects.get().state == State.REFUSED
    number.refresh_from_db()
    assert number.missing_since


def test_a_change_stays_open_while_nobody_can_look(twilio, number, support):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", times=1))
    with pytest.raises(Uncertain):
        update(number, support, friendly_name="Night desk")

    for fault in ({"status": 503}, {"status": 401}):
        twilio.faults.add(Fault(kind="status", **fault))
        settle()
        assert Operation.objects.get().state == State.UNCERTAIN
        twilio.faults.clear()
    TwilioAccount.objects.update(auth_token="", api_key_sid="")
    settle()
    assert Operation.objects.get().state == State.UNCERTAIN


def test_one_that_cannot_be_settled_does_not_keep_the_others(twilio, parent, number, support, caplog):
    stuck = operations.start(
        actions.UPDATE_NUMBER, account=number.account, target="PN" + "f" * 32, actor=support,
        detail={"fields": {}},
    )  # fmt: skip
    Operation.objects.filter(pk=stuck.pk).update(started_at=Now() - timedelta(days=1))
    twilio.faults.add(Fault(kind="lost-answer", method="POST"))
    with pytest.raises(Uncertain):
        update(number, support, friendly_name="Night desk")

    settle()

    assert Operation.objects.get(target=number.pk).state == State.DONE
    assert "operation.unsettled" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_settle_at_once_settle_once(twilio, number, support):
    twilio.faults.add(Fault(kind="lost-answer", method="POST"))
    with pytest.raises(Uncertain):
        update(number, support, friendly_name="Night desk")
    Operation.objects.update(ended_at=Now() - timedelta(minutes=1))

    def work():
        actions.settle_number_operations()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Operation.objects.get().state == State.DONE
    assert Change.objects.count() == 1


# Strange answers


@pytest.mark.parametrize("body", [{}, [], {"sid": "PN" + "0" * 32}, b"", b"<html>"])
def test_an_answer_about_something_else_is_no_answer(body, number, support):
    read = Answer(200, number.payload)
    with answering(read, Answer(200, body)) as script, pytest.raises(Uncertain):
        update(number, support, friendly_name="Night desk")

    assert [request.method for request in script.requests] == ["GET", "POST"]
    assert Operation.objects.get().state == State.UNCERTAIN


def test_an_answer_that_the_mirror_cannot_read_still_ends_the_operation(parent, number, support):
    strange = {**number.payload, "account_sid": None, "friendly_name": "Night desk"}
    with answering(Answer(200, number.payload), Answer(200, strange)):
        operation = update(number, support, friendly_name="Night desk")

    operation.refresh_from_db()
    assert operation.state == State.DONE
    assert len(mirrored(parent)) > 200


def test_no_person_and_no_secret_is_in_what_is_kept_or_logged(twilio, number, support, caplog):
    caplog.set_level(logging.DEBUG)
    twilio.faults.add(Fault(kind="lost-answer", method="POST", times=1))
    with pytest.raises(Uncertain):
        update(number, support, friendly_name="Night desk")
    settle()

    [operation] = Operation.objects.all()
    kept = json.dumps(operation.detail) + operation.words
    for secret in (support.email, number.phone_number, twilio.credentials.auth_token):
        assert secret not in kept
        assert secret not in caplog.text
