"""Making, filling, submitting and deleting bundles, against the sandbox and its faults."""

from datetime import timedelta

import pytest
from django.db.models import F

from compliance.bundles import actions
from compliance.items.actions import create_data_document, create_end_user
from compliance.models import Bundle, ItemAssignment, Regulation
from inventory.models import Address
from portal import operations
from portal.models import Operation
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory import resources as wire
from portal.sandbox.regulatory.verdicts import Verdict
from portal.twilio.errors import Absent, Rejected, Uncertain
from tests.factories import make_user
from tests.mirroring import complete

pytestmark = pytest.mark.django_db


@pytest.fixture
def regulation(parent) -> Regulation:
    """Great Britain, mobile, individual: an end user and an address."""
    complete(parent, "regulations")
    complete(parent, "addresses")
    return Regulation.objects.for_group("GB", "mobile").get(end_user_type="individual")


@pytest.fixture
def person():
    return make_user()


@pytest.fixture
def draft(parent, regulation, person) -> Bundle:
    return _make(parent, regulation, person)


def _make(account, regulation, person, **fields):
    values = {"friendly_name": "Riverside Dental", "email": "desk@example.com", **fields}
    return actions.create_bundle(account=account, regulation=regulation, actor=person, **values)


def _fill(bundle, person):
    """An end user and an address that satisfy the regulation."""
    end_user = create_end_user(
        account=bundle.account,
        type="individual",
        friendly_name="Riverside Dental",
        values={"first_name": "Alex", "last_name": "Example"},
        actor=person,
    )
    address = Address.objects.filter(account=bundle.account).first()
    document = create_data_document(
        account=bundle.account,
        type="address",
        friendly_name="Address of Riverside Dental",
        values={"address_sids": [address.pk]},
        actor=person,
    )
    for item in (end_user, document):
        actions.assign_item(bundle=bundle, item=item, actor=person)
    return end_user, document


def test_a_draft_is_made_at_twilio_and_here(twilio, draft, regulation):
    told = twilio.store.find(wire.Bundle, draft.pk)

    assert (told.status, told.friendly_name) == ("draft", "Riverside Dental")
    assert (draft.status, draft.email, draft.regulation_id) == ("draft", "desk@example.com", regulation.pk)
    operation = Operation.objects.get(kind=actions.CREATE_BUNDLE)
    assert (operation.target, operation.state) == (draft.pk, Operation.State.DONE)
    assert "Riverside" not in str(operation.detail)
    assert "desk@" not in str(operation.detail)


def test_the_same_bundle_is_made_once_by_two_people(twilio, parent, regulation, draft):
    with pytest.raises(operations.AlreadySent) as sent:
        _make(parent, regulation, make_user())

    assert sent.value.operation.target == draft.pk
    assert sum(one.friendly_name == "Riverside Dental" for one in twilio.store.all(wire.Bundle)) == 1


def test_a_lost_answer_is_settled_by_looking_and_nothing_is_made_twice(twilio, parent, regulation, person):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/Bundles", times=1))
    with pytest.raises(Uncertain):
        _make(parent, regulation, person)
    _age(actions.CREATE_BUNDLE)

    actions.settle_bundle_operations()

    operation = Operation.objects.get(kind=actions.CREATE_BUNDLE)
    assert operation.state == Operation.State.DONE
    assert Bundle.objects.get(pk=operation.target).friendly_name == "Riverside Dental"
    assert sum(one.friendly_name == "Riverside Dental" for one in twilio.store.all(wire.Bundle)) == 1


def test_what_never_reached_twilio_is_refused_when_it_is_settled(twilio, parent, regulation, person):
    twilio.faults.add(Fault(kind="reset", method="POST", path="*/Bundles", times=1))
    with pytest.raises(Uncertain):
        _make(parent, regulation, person)
    _age(actions.CREATE_BUNDLE)

    actions.settle_bundle_operations()

    assert Operation.objects.get(kind=actions.CREATE_BUNDLE).state == Operation.State.REFUSED


def test_a_bundle_that_lacks_something_is_not_submitted(twilio, draft, person):
    with pytest.raises(actions.NotCompliant) as found:
        actions.submit_bundle(bundle=draft, actor=person)

    codes = {result["error_code"] for result in found.value.evaluation.results if not result["passed"]}
    assert codes == {22214, 22216}
    assert twilio.store.find(wire.Bundle, draft.pk).status == "draft"
    assert not Operation.objects.filter(kind=actions.SUBMIT_BUNDLE).exists()


def test_a_complete_bundle_is_submitted_with_its_status_alone(twilio, draft, person):
    _fill(draft, person)

    operation = actions.submit_bundle(bundle=draft, actor=person)

    draft.refresh_from_db()
    assert (draft.status, operation.state) == ("pending-review", Operation.State.DONE)
    assert draft.submitted_at is not None
    assert twilio.store.find(wire.Bundle, draft.pk).status == "pending-review"


def test_what_is_under_review_is_not_changed(draft, person):
    end_user, _ = _fill(draft, person)
    actions.submit_bundle(bundle=draft, actor=person)

    for change in (
        lambda: actions.submit_bundle(bundle=draft, actor=person),
        lambda: actions.change_items(bundle=draft, add=None, remove=end_user, actor=person),
    ):
        with pytest.raises(actions.NotEditable):
            change()
    with pytest.raises(Rejected) as refused:
        actions.delete_bundle(bundle=draft, actor=person)
    assert refused.value.code == 21647


def test_a_submission_whose_answer_was_lost_is_found_submitted(twilio, draft, person):
    _fill(draft, person)
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path=f"*/Bundles/{draft.pk}", times=1))
    with pytest.raises(Uncertain):
        actions.submit_bundle(bundle=draft, actor=person)
    with pytest.raises(operations.AlreadyUnderWay):
        actions.submit_bundle(bundle=draft, actor=person)
    _age(actions.SUBMIT_BUNDLE)

    actions.settle_bundle_operations()

    draft.refresh_from_db()
    assert draft.status == "pending-review"
    assert Operation.objects.get(kind=actions.SUBMIT_BUNDLE).state == Operation.State.DONE


def test_a_rejected_bundle_is_repaired_and_submitted_again(twilio, draft, person):
    _, document = _fill(draft, person)
    actions.submit_bundle(bundle=draft, actor=person)
    twilio.judge(draft.pk, Verdict(status="twilio-rejected", code=18016, documents=[document.pk]))
    other = create_data_document(
        account=draft.account,
        type="address",
        friendly_name="Another address",
        values={"address_sids": [Address.objects.filter(account=draft.account)[1].pk]},
        actor=person,
    )

    actions.replace_item(bundle=draft, old=document, new=other, actor=person)
    actions.submit_bundle(bundle=draft, actor=person)

    assigned = ItemAssignment.objects.present().filter(bundle=draft).values_list("object_sid", flat=True)
    assert other.pk in assigned
    assert document.pk not in assigned
    draft.refresh_from_db()
    assert draft.status == "pending-review"


def test_a_replacement_that_breaks_off_leaves_both_and_says_so(twilio, draft, person):
    _, document = _fill(draft, person)
    other = create_data_document(
        account=draft.account,
        type="address",
        friendly_name="Another address",
        values={"address_sids": [Address.objects.filter(account=draft.account)[1].pk]},
        actor=person,
    )
    twilio.faults.add(Fault(kind="status", status=400, method="DELETE", path="*/ItemAssignments/*", times=1))

    with pytest.raises(Rejected) as refused:
        actions.replace_item(bundle=draft, old=document, new=other, actor=person)

    assert "the old one is still there" in refused.value.words

    assigned = {item.object_sid for item in ItemAssignment.objects.present().filter(bundle=draft)}
    assert {document.pk, other.pk} <= assigned


def test_nobody_overwrites_what_somebody_else_renamed(twilio, draft, person):
    opened_with = actions.values_of(draft)
    with twilio.changing() as (store, _):
        told = store.find(wire.Bundle, draft.pk)
        told.friendly_name = "Renamed elsewhere"
        store.save(told)

    with pytest.raises(actions.ChangedMeanwhile) as conflict:
        actions.update_bundle(
            bundle=draft,
            wanted={**opened_with, "friendly_name": "Mine"},
            opened_with=opened_with,
            actor=person,
        )

    assert conflict.value.fields == {"friendly_name": ("Riverside Dental", "Renamed elsewhere")}


def test_a_change_of_name_and_mail_reaches_twilio_and_no_operation_keeps_the_values(twilio, draft, person):
    opened_with = actions.values_of(draft)
    wanted = {**opened_with, "friendly_name": "New name", "email": "new@example.com"}

    operation = actions.update_bundle(bundle=draft, wanted=wanted, opened_with=opened_with, actor=person)

    told = twilio.store.find(wire.Bundle, draft.pk)
    assert (told.friendly_name, told.email) == ("New name", "new@example.com")
    assert operation.detail["changed"] == ["friendly_name", "email"]
    assert "new@" not in str(operation.detail)
    assert actions.update_bundle(bundle=draft, wanted=wanted, opened_with=opened_with, actor=person) is None


def test_a_deleted_bundle_is_gone_on_both_sides(twilio, draft, person):
    actions.delete_bundle(bundle=draft, actor=person)

    draft.refresh_from_db()
    assert draft.missing_since is not None
    assert twilio.store.find(wire.Bundle, draft.pk) is None
    with pytest.raises(Absent):
        actions.delete_bundle(bundle=draft, actor=person)


def _age(kind: str) -> None:
    """Let the time pass after which a lost answer is looked into."""
    Operation.objects.filter(kind=kind).update(ended_at=F("ended_at") - timedelta(minutes=1))
