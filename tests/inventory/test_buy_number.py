"""Buying a number: once, whatever happens on the way, and always settled."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from inventory import tasks
from inventory.buying import actions
from inventory.buying.actions import AlreadyOurs
from inventory.buying.refusals import Remedy, explain, known
from inventory.models import PhoneNumber
from portal.models import Change, Operation, Role
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.sandbox.faults import Fault
from portal.twilio.errors import Rejected, Unavailable, Uncertain
from tests.answers import Answer, answering
from tests.factories import make_account, make_number, make_user
from tests.mirroring import complete, truth
from tests.pages import Page

pytestmark = pytest.mark.django_db

State = Operation.State
NUMBERS = "*/IncomingPhoneNumbers.json"


@pytest.fixture
def number(twilio, parent):
    """A number of the US for sale."""
    path = f"/2010-04-01/Accounts/{parent.pk}/AvailablePhoneNumbers/US/Local.json"
    return twilio.direct("GET", path)["available_phone_numbers"][0]["phone_number"]


def buy(number, account, actor, form_key=None, records=None, reason="", **settings):
    return actions.buy_number(
        account=account, phone_number=number, settings=settings, actor=actor, records=records,
        form_key=form_key, reason=reason,
    )  # fmt: skip


def purchases(twilio):
    return twilio.journal.entries(method="POST", path=NUMBERS)


def at_twilio(twilio, account, number):
    return [record for record in truth(twilio, account) if record["phone_number"] == number]


def age(seconds):
    """Let the last operation be so much older."""
    Operation.objects.update(
        started_at=Now() - timedelta(seconds=seconds), ended_at=Now() - timedelta(seconds=seconds)
    )


# Bought


def test_it_buys_the_number_and_copies_it_in(twilio, parent, number, support):
    operation = buy(
        number, parent, support, friendly_name="Front desk", voice_url="https://example.com/v",
        reason="Ticket 7",
    )  # fmt: skip

    [record] = at_twilio(twilio, parent, number)
    row = PhoneNumber.objects.get(phone_number=number)
    assert row.payload == record
    assert (row.friendly_name, row.voice_url) == ("Front desk", "https://example.com/v")
    operation.refresh_from_db()
    assert (operation.kind, operation.target, operation.state) == ("inventory.buy_number", number, State.DONE)
    assert (operation.actor, operation.reason) == (support, "Ticket 7")
    assert operation.detail["sid"] == row.pk
    assert operation.request_id == purchases(twilio)[0].request_id


def test_a_sync_afterwards_has_no_news(parent, number, support):
    complete(parent)
    buy(number, parent, support)
    run = complete(parent)
    assert (run.changed, run.missing) == (0, 0)


def test_it_writes_down_whose_the_number_is(parent, number, support):
    buy(number, parent, support, records={"owner": "Night team", "cost_centre": "CC 7", "tags": ["berlin"]})

    row = PhoneNumber.objects.get(phone_number=number)
    assert (row.owner, row.cost_centre, row.tags) == ("Night team", "CC 7", ["berlin"])


def test_the_page_of_the_number_tells_the_purchase(as_support, parent, number, support):
    buy(number, parent, support, friendly_name="Front desk", reason="Ticket 7")

    row = PhoneNumber.objects.get(phone_number=number)
    told = Page.of(as_support, row.get_absolute_url()).all(".timeline > li")[0].text
    for words in ("Bought", str(support), "Name: nothing → Front desk", "Reason: Ticket 7"):
        assert words in told


def test_a_purchase_of_another_sid_is_not_told(as_support, parent, number, support):
    """A number that was released and bought again has a history of its own."""
    buy(number, parent, support)
    Operation.objects.update(detail={"sid": "PN" + "0" * 32, "fields": {}, "ours": {}})

    page = Page.of(as_support, PhoneNumber.objects.get(phone_number=number).get_absolute_url())
    assert "Bought" not in page.one(".timeline").text


def test_nothing_is_sent_within_a_transaction(twilio, parent, number, support):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        buy(number, parent, support)
    assert not purchases(twilio)


def test_a_subaccount_buys_with_its_own_or_its_parents_credentials(twilio, parent, number, support):
    complete(parent, "accounts")
    sub = parent.__class__.objects.exclude(pk=parent.pk).first()
    buy(number, sub, support)
    assert at_twilio(twilio, sub, number)
    assert PhoneNumber.objects.get(phone_number=number).account_id == sub.pk


# Refused


@pytest.mark.parametrize(
    ("code", "words", "remedy"),
    [
        (21404, "trial account", Remedy.ACCOUNT),
        (21422, "somebody else was quicker", Remedy.SEARCH),
        (21452, "no number left", Remedy.SEARCH),
        (21615, "Choose or add an address there", Remedy.PAPERS),
        (21631, "with an address only", Remedy.PAPERS),
        (21649, "regulatory bundle only", Remedy.PAPERS),
        (21650, "verified identity document", Remedy.ACCOUNT),
        (21651, "Choose another bundle", Remedy.PAPERS),
        (22300, "Twilio Compliance has stopped", Remedy.ACCOUNT),
        (21613, "belongs to another account", Remedy.PAPERS),
        (21402, "Change the name or the preset", Remedy.SETTINGS),
    ],
)
def test_each_refusal_has_its_own_words_and_way_out(code, words, remedy):
    explanation = explain(Rejected("Twilio's words.", code=code))
    assert words in str(explanation)
    assert explanation.remedy == remedy
    for banned in ("please", "sorry", "invalid", "oops"):
        assert banned not in str(explanation).lower()


def test_an_unknown_refusal_is_told_in_twilios_words():
    assert "Twilio refused: The moon is full. Nothing was bought." in str(
        explain(Rejected("The moon is full.", code=29999))
    )
    assert len({str(explanation) for _, explanation in known()}) == len(known())


@pytest.mark.parametrize(("country", "code"), [("DE/Local", 21631), ("SE/Local", 21631), ("DK/Local", 21649)])
def test_twilios_refusal_is_kept_and_raised(twilio, parent, support, country, code):
    path = f"/2010-04-01/Accounts/{parent.pk}/AvailablePhoneNumbers/{country}.json"
    number = twilio.direct("GET", path)["available_phone_numbers"][0]["phone_number"]

    with pytest.raises(Rejected) as caught:
        buy(number, parent, support)

    assert caught.value.code == code
    operation = Operation.objects.get()
    assert (operation.state, operation.code) == (State.REFUSED, code)
    assert not PhoneNumber.objects.exists()


def test_an_identity_document_that_is_missing_is_twilios_to_say(parent, number, support):
    refusal = {"code": 21650, "message": "Phone Number Requires a Verified Identity Document", "status": 400}
    with answering(Answer(400, refusal)), pytest.raises(Rejected) as caught:
        buy(number, parent, support)
    assert caught.value.code == 21650
    assert Operation.objects.get().state == State.REFUSED


@pytest.mark.parametrize(("change", "code"), [({"type": "Trial"}, 21404), ({"restricted": True}, 22300)])
def test_what_is_wrong_with_the_account_is_refused(twilio, parent, number, support, change, code):
    twilio.set_account(parent.pk, **change)
    with pytest.raises(Rejected) as caught:
        buy(number, parent, support)
    assert caught.value.code == code


def test_a_number_that_is_ours_already_is_not_asked_for(twilio, parent, support):
    other = make_account(friendly_name="Berlin office")
    make_number(other, phone_number="+12015550101")

    with pytest.raises(AlreadyOurs, match="on Berlin office already"):
        buy("+12015550101", parent, support)
    assert not purchases(twilio)
    assert not Operation.objects.exists()


def test_twilio_having_no_time_is_no_purchase(twilio, parent, number, support):
    twilio.faults.add(Fault(kind="status", method="POST", status=429))
    with pytest.raises(Unavailable):
        buy(number, parent, support)
    assert len(purchases(twilio)) == 1, "a purchase is never sent again by itself"
    assert Operation.objects.get().state == State.REFUSED
    twilio.faults.clear()
    buy(number, parent, support)
    assert len(at_twilio(twilio, parent, number)) == 1


# Once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["the same form", "two forms", "two people"])
def test_two_at_once_buy_one_number(who, twilio, parent, number, support):
    twilio.faults.add(Fault(kind="slow", method="POST", seconds=0.2))
    people = [support, make_user(Role.SUPPORT) if who == "two people" else support]
    key, barrier, outcomes = uuid.uuid4(), threading.Barrier(2), []

    def click(person):
        barrier.wait()
        try:
            form_key = key if who == "the same form" else uuid.uuid4()
            outcomes.append(buy(number, parent, person, form_key=form_key))
        except (AlreadySent, AlreadyUnderWay, AlreadyOurs) as refusal:
            outcomes.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(purchases(twilio)) == 1
    assert Operation.objects.get().state == State.DONE
    assert len([outcome for outcome in outcomes if isinstance(outcome, Exception)]) == 1


def test_the_same_form_later_finds_the_purchase(twilio, parent, number, support):
    key = uuid.uuid4()
    first = buy(number, parent, support, form_key=key)
    with pytest.raises(AlreadySent) as caught:
        buy(number, parent, support, form_key=key)
    assert caught.value.operation == first
    assert len(purchases(twilio)) == 1


# Lost


LOST = [
    {"kind": "lost-answer"},
    {"kind": "reset"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "commits": True},
    {"kind": "truncated", "at": 40},
    {"kind": "slow", "seconds": 60},
]


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: "-".join(map(str, fault.values())))
def test_a_lost_answer_is_settled_by_looking(fault, twilio, parent, number, support):
    twilio.faults.add(Fault(method="POST", times=1, **fault))

    with pytest.raises(Uncertain):
        buy(number, parent, support, records={"owner": "Night team"}, friendly_name="Front desk")
    assert Operation.objects.get().state == State.UNCERTAIN
    with pytest.raises(AlreadyUnderWay):
        buy(number, parent, support)

    tasks.settle_purchases()
    assert Operation.objects.get().state == State.UNCERTAIN, "Twilio may still be at it"

    age(90)
    tasks.settle_purchases()
    operation = Operation.objects.get()
    bought = at_twilio(twilio, parent, number)
    assert len(purchases(twilio)) == 1, "nothing is sent twice"
    if bought:
        assert operation.state == State.DONE
        row = PhoneNumber.objects.get(phone_number=number)
        assert (row.pk, row.owner) == (bought[0]["sid"], "Night team")
        assert operation.detail["sid"] == row.pk
        assert Change.objects.filter(target=row.pk, source=Change.Source.SYNC).count() == 0
    else:
        assert operation.state == State.REFUSED
        assert "Nothing was bought" in operation.words
        buy(number, parent, support)
        assert len(at_twilio(twilio, parent, number)) == 1


def test_what_was_bought_is_found_at_the_first_look(twilio, parent, number, support):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", times=1))
    with pytest.raises(Uncertain):
        buy(number, parent, support)

    age(15)
    tasks.settle_purchases()
    assert Operation.objects.get().state == State.DONE


def test_what_was_not_bought_is_not_given_up_at_the_first_look(twilio, parent, number, support):
    twilio.faults.add(Fault(kind="reset", method="POST", times=1))
    with pytest.raises(Uncertain):
        buy(number, parent, support)

    age(15)
    tasks.settle_purchases()
    assert Operation.objects.get().state == State.UNCERTAIN


def test_a_killed_worker_leaves_a_purchase_that_is_settled(twilio, parent, number, support):
    Operation.objects.create(
        kind=actions.BUY_NUMBER, account=parent, target=number, actor=support,
        detail={"fields": {}, "ours": {}},
    )  # fmt: skip
    path = f"/2010-04-01/Accounts/{parent.pk}/IncomingPhoneNumbers.json"
    twilio.direct("POST", path, PhoneNumber=number)

    tasks.settle_purchases()
    assert Operation.objects.get().state == State.STARTED, "it may be alive"
    age(150)
    tasks.settle_purchases()
    assert Operation.objects.get().state == State.DONE
    assert PhoneNumber.objects.filter(phone_number=number).exists()


def test_one_that_cannot_be_looked_into_keeps_no_other_waiting(twilio, parent, number, support):
    orphan = Operation.objects.create(
        kind=actions.BUY_NUMBER, account=make_account(), target="+12015550199", actor=support,
        detail={"fields": {}, "ours": {}},
    )  # fmt: skip
    twilio.faults.add(Fault(kind="lost-answer", method="POST", times=1))
    with pytest.raises(Uncertain):
        buy(number, parent, support)
    age(150)

    tasks.settle_purchases()
    assert Operation.objects.get(target=number).state == State.DONE
    orphan.refresh_from_db()
    assert orphan.is_open


def test_while_twilio_is_down_nothing_is_settled(twilio, parent, number, support):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", times=1))
    with pytest.raises(Uncertain):
        buy(number, parent, support)
    age(150)
    twilio.faults.add(Fault(kind="status", status=503))

    tasks.settle_purchases()
    assert Operation.objects.get().state == State.UNCERTAIN


@pytest.mark.parametrize(
    "body", [b"{}", {"sid": "PN" + "1" * 32, "phone_number": "+19995550100"}, b"<html>Thanks</html>"]
)
def test_an_answer_about_something_else_is_no_answer(parent, number, support, body):
    with answering(Answer(201, body)), pytest.raises(Uncertain):
        buy(number, parent, support)
    assert not PhoneNumber.objects.exists()
