"""A number's emergency address at Twilio: assigned where it may be, removed, settled, followed."""

import uuid
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from inventory.emergency import actions
from inventory.emergency.actions import set_emergency_address
from inventory.emergency.rules import EmergencyRefused, why_no_address, why_not
from inventory.models import Address, PhoneNumber
from portal.models import Change, Operation
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.sandbox.faults import Fault
from portal.twilio.errors import Rejected, Uncertain
from tests.factories import make_account, make_address, make_number, make_sid
from tests.inventory.stock import number_of
from tests.mirroring import complete

pytestmark = pytest.mark.django_db

State = Operation.State


@pytest.fixture
def number(twilio, parent):
    complete(parent, "addresses")
    twilio.journal.clear()
    return number_of(twilio, parent)


@pytest.fixture
def address(number):
    return Address.objects.filter(account=number.account, iso_country="US", emergency_enabled=True).first()


def writes(twilio):
    return [dict(entry.form) for entry in twilio.journal.entries(method="POST")]


def at_twilio(twilio, number):
    path = f"/2010-04-01/Accounts/{number.account_id}/IncomingPhoneNumbers/{number.pk}.json"
    return twilio.direct("GET", path)


def settle(age=timedelta(minutes=5)):
    Operation.objects.filter(ended_at__isnull=False).update(ended_at=Now() - age)
    actions.settle_emergency_operations()


# The rule


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"phone_number": "+442079460958"}, ""),
        ({"phone_number": "+14165550142"}, ""),
        ({"phone_number": "+493023125017"}, "this one is of Germany"),
        ({"phone_number": "+88312345678"}, "a country that is not known"),
        ({"capabilities": {"voice": False, "sms": True}}, "cannot make calls"),
        ({"emergency_address_sid": make_sid("AD")}, "Remove it, wait until its registration"),
        ({"emergency_address_status": "pending-unregistration"}, "still being removed"),
        ({"emergency_address_status": "pending-unregistration", "phone_number": "+442079460958"}, "72 hours"),
    ],
)
def test_which_numbers_take_an_emergency_address(fields, words):
    reason = why_no_address(make_number(make_account(), **fields))
    assert words in reason
    assert bool(reason) == bool(words)


def test_which_addresses_a_number_takes():
    account, other = make_account(), make_account()
    number = make_number(account)
    assert why_not(number, make_address(account, emergency_enabled=True)) == ""
    assert "another account" in why_not(number, make_address(other, emergency_enabled=True))
    assert "not enabled" in why_not(number, make_address(account))
    canadian = make_address(account, emergency_enabled=True, iso_country="CA")
    assert "services in the United States" in why_not(number, canadian)
    gone = make_address(account, emergency_enabled=True)
    gone.missing_since = gone.synced_at
    assert "no longer has" in why_not(number, gone)
    number.missing_since = number.synced_at
    assert "does not list" in why_not(number, gone)


# Assigned and removed


def test_it_assigns_an_address_and_leaves_the_status_alone(twilio, number, address, support):
    operation = set_emergency_address(number=number, wanted=address, actor=support, reason="Ada asked")

    assert writes(twilio) == [{"EmergencyAddressSid": address.pk}], "Twilio refuses EmergencyStatus (22222)"
    number.refresh_from_db()
    assert (number.emergency_address_id, number.emergency_address_status) == (
        address.pk,
        "pending-registration",
    )
    operation.refresh_from_db()
    assert (operation.state, operation.target, operation.reason) == (State.DONE, number.pk, "Ada asked")
    assert operation.detail == {"fields": {"emergency_address_sid": ["", address.pk]}}
    assert Change.objects.filter(operation=operation).exists()


def test_it_removes_an_address_and_takes_another_only_when_that_is_over(twilio, number, address, support):
    set_emergency_address(number=number, wanted=address, actor=support)
    another = Address.objects.filter(iso_country="US", account=number.account).exclude(pk=address.pk).first()
    with pytest.raises(EmergencyRefused, match="Remove it"):
        set_emergency_address(number=number, wanted=another, actor=support)

    set_emergency_address(number=number, wanted=None, actor=support)
    number.refresh_from_db()
    assert (number.emergency_address_id, number.emergency_address_status) == (None, "pending-unregistration")
    with pytest.raises(EmergencyRefused, match="still being removed"):
        set_emergency_address(number=number, wanted=another, actor=support)
    assert [form["EmergencyAddressSid"] for form in writes(twilio)] == [address.pk, ""]

    twilio.clock.advance(timedelta(seconds=30))
    set_emergency_address(number=number, wanted=another, actor=support)
    assert at_twilio(twilio, number)["emergency_address_sid"] == another.pk


def test_it_sends_nothing_when_twilio_has_it_so(twilio, number, address, support):
    assert set_emergency_address(number=number, wanted=None, actor=support) is None
    set_emergency_address(number=number, wanted=address, actor=support)
    assert set_emergency_address(number=number, wanted=address, actor=support) is None
    assert len(writes(twilio)) == 1


def test_the_number_is_judged_as_twilio_has_it_now(twilio, number, address, support):
    """Our copy may be old."""
    path = f"/2010-04-01/Accounts/{number.account_id}/IncomingPhoneNumbers/{number.pk}.json"
    other = Address.objects.filter(iso_country="US", account=number.account).exclude(pk=address.pk).first()
    twilio.direct("POST", path, EmergencyAddressSid=other.pk)
    with pytest.raises(EmergencyRefused):
        set_emergency_address(number=number, wanted=address, actor=support)
    assert not writes(twilio)
    assert not Operation.objects.exists()


def test_twilios_refusal_is_kept_and_raised(twilio, number, address, support):
    Address.objects.filter(pk=address.pk).delete()
    address.pk = address.sid = make_sid("AD")  # Twilio has none of this sid
    with pytest.raises(Rejected) as caught:
        set_emergency_address(number=number, wanted=address, actor=support)
    assert caught.value.code == 21613
    assert Operation.objects.get().state == State.REFUSED


def test_the_same_form_again_finds_what_it_started(twilio, number, address, support):
    key = uuid.uuid4()
    set_emergency_address(number=number, wanted=address, actor=support, form_key=key)
    with pytest.raises(AlreadySent):
        set_emergency_address(number=number, wanted=None, actor=support, form_key=key)
    assert len(writes(twilio)) == 1


# Settled and followed


@pytest.mark.parametrize(("fault", "state"), [("lost-answer", State.DONE), ("reset", State.REFUSED)])
def test_a_lost_answer_is_settled_by_looking(fault, state, twilio, number, address, support):
    twilio.faults.add(Fault(kind=fault, method="POST", times=1))
    with pytest.raises(Uncertain):
        set_emergency_address(number=number, wanted=address, actor=support)
    with pytest.raises(AlreadyUnderWay):
        set_emergency_address(number=number, wanted=address, actor=support)

    settle()

    assert Operation.objects.get().state == state
    number.refresh_from_db()
    assert (number.emergency_address_id == address.pk) == (state == State.DONE)
    assert len(writes(twilio)) == 1


def test_a_registration_under_way_is_followed_until_it_is_over(twilio, number, address, support):
    set_emergency_address(number=number, wanted=address, actor=support)
    actions.follow_emergency_registrations()
    number.refresh_from_db()
    assert number.emergency_address_status == "pending-registration"
    twilio.clock.advance(timedelta(seconds=30))

    actions.follow_emergency_registrations()

    number.refresh_from_db()
    assert number.emergency_address_status == "registered"
    twilio.journal.clear()
    actions.follow_emergency_registrations()
    assert not twilio.journal.entries(), "what is over is left alone"


def test_an_old_registration_is_left_to_the_sync(twilio, number, address, support):
    set_emergency_address(number=number, wanted=address, actor=support)
    Operation.objects.update(ended_at=Now() - timedelta(hours=2))
    twilio.journal.clear()
    actions.follow_emergency_registrations()
    assert not twilio.journal.entries()


def test_an_outage_does_not_stop_the_following(twilio, number, address, support):
    set_emergency_address(number=number, wanted=address, actor=support)
    twilio.faults.add(Fault(kind="status", status=503))
    actions.follow_emergency_registrations()
    assert PhoneNumber.objects.get(pk=number.pk).emergency_address_status == "pending-registration"
