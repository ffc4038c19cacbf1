"""Creating, changing and deleting addresses at Twilio: once, with nobody's address in what is kept."""

import json
import logging
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from inventory.addresses import actions
from inventory.addresses.actions import AddressInUse, ChangedMeanwhile, values_of
from inventory.models import Address
from portal import operations
from portal.models import Change, Operation
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.sandbox.faults import Fault
from portal.twilio.errors import Absent, Rejected, Unavailable, Uncertain
from tests.answers import Answer, answering
from tests.mirroring import complete, truth

pytestmark = pytest.mark.django_db

State = Operation.State
BOISE = {
    "friendly_name": "Lab", "customer_name": "Ferrow Labs", "street": "12 Sample Street",
    "street_secondary": "", "city": "Boise", "region": "ID", "postal_code": "83702",
    "emergency_enabled": False,
}  # fmt: skip
PERSONAL = ("ferrow", "sample street", "boise", "83702", "nampa")


def create(account, actor, form_key=None, auto_correct=True, **typed):
    return actions.create_address(
        account=account, country="US", values={**BOISE, **typed}, auto_correct=auto_correct, actor=actor,
        form_key=form_key, reason="Ada asked",
    )  # fmt: skip


def update(address, actor, opened_with=None, form_key=None, **wanted):
    opened_with = opened_with or values_of(address.payload)
    return actions.update_address(
        address=address, wanted={**opened_with, **wanted}, opened_with=opened_with, auto_correct=True,
        actor=actor, form_key=form_key,
    )  # fmt: skip


def delete(address, actor, form_key=None):
    return actions.delete_address(address=address, actor=actor, form_key=form_key)


def at_twilio(twilio, account, name="Ferrow Labs"):
    return [found for found in truth(twilio, account, "addresses") if found["customer_name"] == name]


def writes(twilio, method="POST"):
    return [dict(entry.form) for entry in twilio.journal.entries(method=method)]


def settle(age=timedelta(minutes=5)):
    """The task's own code, a while later."""
    Operation.objects.filter(ended_at__isnull=False).update(ended_at=Now() - age)
    actions.settle_address_operations()


@pytest.fixture
def address(parent, support, twilio):
    made = create(parent, support)
    Operation.objects.all().delete()
    twilio.journal.clear()
    return made


# Created


def test_it_creates_the_address_at_twilio_and_here(twilio, parent, support):
    made = create(parent, support)

    [there] = at_twilio(twilio, parent)
    assert made.payload == there
    assert (made.friendly_name, made.city, made.iso_country) == ("Lab", "Boise", "US")
    operation = Operation.objects.get()
    assert (operation.kind, operation.state, operation.actor) == (actions.CREATE_ADDRESS, State.DONE, support)
    assert (operation.target, operation.reason) == (made.pk, "Ada asked"), "its history hangs on its sid"
    assert operation.request_id == twilio.journal.entries(method="POST")[0].request_id
    assert complete(parent, "addresses").changed == 0


def test_nothing_is_sent_within_a_transaction(twilio, parent, support):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        create(parent, support)
    assert not writes(twilio)


def test_twilio_corrects_the_spelling_unless_that_is_not_wanted(twilio, parent, support):
    assert create(parent, support, street="12  Sample  Street").street == "12 Sample Street"
    with pytest.raises(Rejected) as caught:
        create(parent, support, street="13  Sample  Street", auto_correct=False)

    assert caught.value.code == 21629
    assert "13 Sample Street" in caught.value.words, "what staff are shown"
    refused = Operation.objects.get(state=State.REFUSED)
    assert refused.words.startswith("Twilio knows this address in another spelling."), "what is kept"


def test_a_refusal_is_kept_without_the_address(parent, support):
    words = "12 Sample Street in Boise belongs to Ferrow Labs | CustomerName: Ferrow Labs"
    with (
        answering(Answer(400, {"code": 29999, "message": words, "status": 400})),
        pytest.raises(Rejected) as caught,
    ):
        create(parent, support)

    assert caught.value.words == words
    assert Operation.objects.get().words == "… in … belongs to …"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("forms", ["the same", "two"])
def test_a_double_click_creates_one_address(forms, twilio, parent, support):
    twilio.faults.add(Fault(kind="slow", method="POST", seconds=0.2))
    key, barrier, outcomes = uuid.uuid4(), threading.Barrier(2), []

    def click():
        barrier.wait()
        try:
            outcomes.append(create(parent, support, form_key=key if forms == "the same" else uuid.uuid4()))
        except (AlreadySent, AlreadyUnderWay) as refusal:
            outcomes.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(at_twilio(twilio, parent)) == len(writes(twilio)) == 1
    assert sum(isinstance(outcome, Address) for outcome in outcomes) == 1


def test_the_same_form_again_finds_what_it_created(parent, twilio, support):
    key = uuid.uuid4()
    made = create(parent, support, form_key=key)
    with pytest.raises(AlreadySent) as caught:
        create(parent, support, form_key=key)

    assert caught.value.operation.target == made.pk
    assert len(writes(twilio)) == 1


# Its answer was lost


@pytest.mark.parametrize("typed", [{}, {"street": "12  Sample  Street"}], ids=["as typed", "corrected"])
@pytest.mark.parametrize("kind", ["lost-answer", "truncated"])
def test_a_creation_whose_answer_was_lost_is_found_in_twilios_list(kind, typed, twilio, parent, support):
    twilio.faults.add(Fault(kind=kind, method="POST"))
    with pytest.raises(Uncertain):
        create(parent, support, **typed)
    with pytest.raises(AlreadyUnderWay):
        create(parent, support, **typed)

    settle()

    operation = Operation.objects.get()
    [there] = at_twilio(twilio, parent)
    assert (operation.state, operation.target) == (State.DONE, there["sid"])
    assert operation.words == "Twilio's answer was lost; the address is there."
    assert Address.objects.get(pk=there["sid"]).payload == there
    assert len(writes(twilio)) == 1, "looked up, never sent again"


def test_it_is_found_also_when_a_sync_had_it_first(twilio, parent, support):
    twilio.faults.add(Fault(kind="lost-answer", method="POST"))
    with pytest.raises(Uncertain):
        create(parent, support)
    complete(parent, "addresses")

    settle()

    assert Operation.objects.get().state == State.DONE


def test_a_creation_that_never_arrived_may_be_tried_again(twilio, parent, support):
    create(parent, support, street="9 Elsewhere Road")  # the same people, before
    twilio.faults.add(Fault(kind="reset", method="POST", times=1))
    with pytest.raises(Uncertain):
        create(parent, support)

    settle()

    operation = Operation.objects.exclude(state=State.DONE).get()
    assert operation.state == State.REFUSED
    assert operation.words == "Twilio's answer was lost, and the account does not have the address."
    create(parent, support)
    assert len(at_twilio(twilio, parent)) == 2


def test_what_others_created_meanwhile_is_not_taken_for_it(twilio, parent, support):
    twilio.faults.add(Fault(kind="reset", method="POST", times=1))
    with pytest.raises(Uncertain):
        create(parent, support)
    create(parent, support, street="9 Elsewhere Road")

    settle()

    assert set(Operation.objects.values_list("state", flat=True)) == {State.DONE, State.REFUSED}


def test_it_stays_open_while_nobody_can_look(twilio, parent, support):
    twilio.faults.add(Fault(kind="lost-answer", method="POST"))
    with pytest.raises(Uncertain):
        create(parent, support)
    twilio.faults.clear()
    twilio.faults.add(Fault(kind="status", status=503))

    settle()

    assert Operation.objects.get().state == State.UNCERTAIN
    twilio.faults.clear()
    settle()
    assert Operation.objects.get().state == State.DONE


@pytest.mark.parametrize("body", [{}, [], {"sid": None}, {"sid": "PN" + "0" * 32}, b"<html>"])
def test_an_answer_that_is_no_address_is_no_answer(body, parent, support):
    with answering(Answer(201, body)), pytest.raises(Uncertain):
        create(parent, support)
    assert Operation.objects.get().state == State.UNCERTAIN


# Changed


def test_it_changes_what_was_changed(twilio, address, support):
    operation = update(address, support, city="Nampa", friendly_name="")

    address.refresh_from_db()
    assert (address.city, address.friendly_name) == ("Nampa", "")
    [sent] = writes(twilio)
    assert sent["City"] == "Nampa"
    assert sent["Street"] == "12 Sample Street", "Twilio judges a place as a whole"
    assert "IsoCountry" not in sent
    operation.refresh_from_db()
    assert operation.state == State.DONE
    assert operation.detail["changed"] == ["friendly_name", "city"]


def test_it_sends_nothing_when_twilio_has_it_so(twilio, address, support):
    assert update(address, support) is None
    assert not writes(twilio)
    assert not Operation.objects.exists()


def test_it_does_not_overwrite_what_somebody_else_changed(twilio, address, support):
    opened_with = values_of(address.payload)
    twilio.direct("POST", _path(address), City="Meridian", AutoCorrectAddress="true")
    with pytest.raises(ChangedMeanwhile) as caught:
        update(address, support, opened_with=opened_with, city="Nampa")

    [line] = caught.value.lines
    assert (line.name, line.opened, line.now, line.yours) == ("City", "Boise", "Meridian", "Nampa")
    assert not writes(twilio)


def test_an_address_that_emergency_services_know_keeps_all_but_its_name(twilio, parent, support):
    address = create(parent, support, emergency_enabled=True)
    number = next(
        found for found in truth(twilio, parent)
        if found["phone_number"].startswith("+1") and found["capabilities"]["voice"]
        and not found["emergency_address_sid"]
    )  # fmt: skip
    twilio.direct("POST", _number(parent, number), EmergencyAddressSid=address.pk)
    twilio.journal.clear()

    with pytest.raises(AddressInUse) as caught:
        update(address, support, city="Nampa")

    assert [found.phone_number for found in caught.value.dependents] == [number["phone_number"]]
    assert not writes(twilio)
    assert update(address, support, friendly_name="Annex")


@pytest.mark.parametrize(("fault", "state"), [("lost-answer", State.DONE), ("reset", State.REFUSED)])
def test_a_change_whose_answer_was_lost_is_settled_by_looking(fault, state, twilio, address, support):
    twilio.faults.add(Fault(kind=fault, method="POST", times=1))
    with pytest.raises(Uncertain):
        update(address, support, city="Nampa")

    settle()

    assert Operation.objects.get().state == state
    address.refresh_from_db()
    assert (address.city == "Nampa") == (state == State.DONE)
    assert len(writes(twilio)) == 1


def test_a_change_of_an_address_that_is_gone_is_noted(twilio, address, support):
    twilio.direct("DELETE", _path(address))
    with pytest.raises(Absent):
        update(address, support, city="Nampa")
    address.refresh_from_db()
    assert address.missing_since


# Deleted


def test_it_deletes_an_address_that_nothing_uses(twilio, parent, address, support):
    operation = delete(address, support)

    assert not at_twilio(twilio, parent)
    address.refresh_from_db()
    assert address.missing_since
    operation.refresh_from_db()
    assert (operation.state, operation.kind, operation.target) == (
        State.DONE,
        actions.DELETE_ADDRESS,
        address.pk,
    )
    assert operation.request_id
    assert Change.objects.get(kind=Change.Kind.MISSING).source == Change.Source.OPERATION


def test_it_asks_twilio_for_users_before_it_deletes(twilio, parent, address, support):
    number = next(found for found in truth(twilio, parent) if found["address_requirements"] == "none")
    twilio.direct("POST", _number(parent, number), AddressSid=address.pk)  # our copy does not know
    with pytest.raises(AddressInUse) as caught:
        delete(address, support)

    [user] = caught.value.dependents
    assert (user.sid, user.is_emergency) == (number["sid"], False)
    assert not writes(twilio, "DELETE")
    assert not Operation.objects.exists()


@pytest.mark.parametrize(("fault", "state"), [("lost-answer", State.DONE), ("reset", State.REFUSED)])
def test_a_deletion_whose_answer_was_lost_is_settled_by_looking(fault, state, twilio, address, support):
    twilio.faults.add(Fault(kind=fault, method="DELETE", times=1))
    with pytest.raises(Uncertain):
        delete(address, support)

    settle()

    assert Operation.objects.get().state == state
    address.refresh_from_db()
    assert bool(address.missing_since) == (state == State.DONE)
    assert len(writes(twilio, "DELETE")) == 1


def test_it_deletes_nothing_when_twilio_cannot_be_asked(twilio, address, support):
    twilio.faults.add(Fault(kind="status", status=503, method="GET"))
    with pytest.raises(Unavailable):
        delete(address, support)
    assert not Operation.objects.exists()


# What is kept


def test_nobodys_address_is_in_what_is_kept_or_logged(twilio, parent, support, caplog):
    caplog.set_level(logging.DEBUG)
    made = create(parent, support)
    update(made, support, city="Nampa")
    twilio.faults.add(Fault(kind="lost-answer", method="POST", times=1))
    with pytest.raises(Uncertain):
        create(parent, support, street="14 Sample Street")
    with pytest.raises(Rejected):
        create(parent, support, street="15  Sample Street", auto_correct=False)
    with pytest.raises(Rejected):
        create(parent, support, postal_code="837")
    made.refresh_from_db()
    delete(made, support)
    settle()

    kept = "".join(json.dumps(row.detail) + row.words + row.target for row in Operation.objects.all()).lower()
    assert Operation.objects.count() == 6
    for secret in PERSONAL:
        assert secret not in kept
        assert secret not in caplog.text.lower()


def test_one_that_cannot_be_settled_does_not_keep_the_others(twilio, parent, support, caplog):
    operations.start(
        actions.UPDATE_ADDRESS, account=parent, target="AD" + "f" * 32, actor=support, detail={"changed": []}
    )
    Operation.objects.update(started_at=Now() - timedelta(days=1))
    twilio.faults.add(Fault(kind="lost-answer", method="POST"))
    with pytest.raises(Uncertain):
        create(parent, support)

    settle()

    assert Operation.objects.get(kind=actions.CREATE_ADDRESS).state == State.DONE
    assert "operation.unsettled" in caplog.text


def _path(address):
    return f"/2010-04-01/Accounts/{address.account_id}/Addresses/{address.pk}.json"


def _number(account, number):
    return f"/2010-04-01/Accounts/{account.pk}/IncomingPhoneNumbers/{number['sid']}.json"
