"""Mapping a bundle and an address to a number: in one update, never over somebody else's, always settled."""

import uuid
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from compliance.mapping import actions
from compliance.mapping.actions import DoesNotFit, MappingChanged, Papers, papers_of
from compliance.models import Bundle
from inventory.models import Address, PhoneNumber
from portal.models import Operation
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.sandbox.faults import Fault
from portal.twilio.errors import Rejected, Uncertain
from tests.answers import Answer, answering
from tests.compliance.mapping import read_papers, with_another, without_bundle
from tests.factories import make_account, make_bundle, make_regulation

pytestmark = pytest.mark.django_db

State = Operation.State


@pytest.fixture
def mirror(twilio, parent):
    read_papers(twilio, parent)
    return parent


@pytest.fixture
def bare(mirror):
    return without_bundle(mirror)


def assign(number, actor, bundle, **options):
    wanted = Papers(bundle.pk if bundle else "", options.pop("address_sid", number.address_id or ""))
    options.setdefault("opened_with", papers_of(number))
    return actions.assign_papers(number=number, wanted=wanted, actor=actor, **options)


def writes(twilio):
    return [dict(entry.form) for entry in twilio.journal.entries(method="POST")]


def test_the_bundle_is_set_at_twilio_and_here(twilio, bare, support):
    number, bundle = bare

    operation = assign(number, support, bundle, reason="Ticket 4711")

    assert writes(twilio) == [{"BundleSid": bundle.pk}], "the address stays as it is"
    number.refresh_from_db()
    assert number.bundle_sid == bundle.pk
    operation.refresh_from_db()
    assert (operation.state, operation.reason) == (State.DONE, "Ticket 4711")
    assert operation.detail == {"fields": {"bundle_sid": ["", bundle.pk]}}


def test_bundle_and_address_go_in_one_update(twilio, bare, support):
    number, bundle = bare
    others = Address.objects.filter(account=number.account, iso_country=number.country)
    other = others.exclude(pk=number.address_id).first()

    assign(number, support, bundle, address_sid=other.pk)

    assert writes(twilio) == [{"BundleSid": bundle.pk, "AddressSid": other.pk}]
    number.refresh_from_db()
    assert papers_of(number) == Papers(bundle.pk, other.pk)


def test_nothing_is_sent_when_twilio_has_it_so(twilio, mirror, support):
    number, _ = with_another(mirror)

    assert assign(number, support, Bundle.objects.get(pk=number.bundle_sid)) is None
    assert writes(twilio) == []


def test_what_somebody_else_mapped_meanwhile_is_not_overwritten(twilio, mirror, support):
    number, other = with_another(mirror)
    with pytest.raises(MappingChanged) as changed:
        assign(number, support, other, opened_with=Papers("", number.address_id or ""))

    assert changed.value.number.bundle_sid == number.bundle_sid
    assert writes(twilio) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "twilio-rejected"}, "was rejected"),
        ({"status": "draft"}, "is a draft"),
        ({"status": "in-review"}, "still under review"),
        ({"status": "provisionally-approved"}, "only provisionally"),
        ({"valid_until": "2024-01-01T00:00:00Z"}, "last valid day"),
    ],
)
def test_a_bundle_that_is_not_approved_is_not_sent(twilio, bare, support, fields, words):
    number, bundle = bare
    unfit = make_bundle(number.account, bundle.regulation, **fields)

    with pytest.raises(DoesNotFit, match=words):
        assign(number, support, unfit)
    assert writes(twilio) == []


def test_a_bundle_of_another_country_or_account_is_not_sent(twilio, bare, support):
    number, bundle = bare
    elsewhere = make_bundle(number.account, make_regulation("XK", number.number_type))
    with pytest.raises(DoesNotFit, match="This bundle is for local numbers of Kosovo"):
        assign(number, support, elsewhere)
    with pytest.raises(DoesNotFit, match="belongs to another account"):
        assign(number, support, make_bundle(make_account(), bundle.regulation))
    assert writes(twilio) == []


def test_an_address_that_does_not_fit_is_not_sent(twilio, mirror, support):
    needs_local = PhoneNumber.objects.filter(
        account=mirror, address_requirements="local", country="DE"
    ).first()
    abroad = Address.objects.filter(account=mirror, iso_country="US").first()

    with pytest.raises(DoesNotFit, match="asks for an address in Germany") as misfit:
        actions.assign_papers(
            number=PhoneNumber.objects.select_related("account").get(pk=needs_local.pk),
            wanted=Papers(needs_local.bundle_sid or "", abroad.pk),
            opened_with=papers_of(needs_local),
            actor=support,
        )
    assert misfit.value.field == "address"
    assert writes(twilio) == []


def test_a_refusal_changes_nothing(twilio, bare, support):
    number, bundle = bare
    refusal = Answer(400, {"code": 21651, "message": "Document does not satisfy", "status": 400})
    with answering(Answer(200, number.payload), refusal), pytest.raises(Rejected) as refused:
        assign(number, support, bundle)

    assert refused.value.code == 21651
    number.refresh_from_db()
    assert number.bundle_sid is None
    assert Operation.objects.get().state == State.REFUSED


def test_the_same_form_is_sent_once(twilio, bare, support):
    number, bundle = bare
    key = uuid.uuid4()
    assign(number, support, bundle, form_key=key)
    with pytest.raises(AlreadySent):
        assign(number, support, bundle, form_key=key)
    assert len(writes(twilio)) == 1


def test_it_waits_for_another_change(bare, support):
    number, bundle = bare
    Operation.objects.create(kind="inventory.update_number", account=number.account, target=number.pk)
    with pytest.raises(AlreadyUnderWay):
        assign(number, support, bundle)


@pytest.mark.parametrize(("kind", "state"), [("lost-answer", State.DONE), ("reset", State.REFUSED)])
def test_an_answer_that_was_lost_is_looked_up(twilio, bare, support, kind, state):
    number, bundle = bare
    twilio.faults.add(Fault(kind=kind, method="POST", times=1))
    with pytest.raises(Uncertain):
        assign(number, support, bundle)
    Operation.objects.update(ended_at=Now() - timedelta(minutes=5), started_at=Now() - timedelta(minutes=5))

    actions.settle_assignments()

    assert Operation.objects.get().state == state
    assert len(writes(twilio)) == 1, "looked up, never sent again"
    number.refresh_from_db()
    assert (number.bundle_sid == bundle.pk) == (state == State.DONE)
