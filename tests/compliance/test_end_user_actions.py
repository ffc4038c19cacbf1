"""Making, changing and deleting end users, and documents that are data alone."""

from datetime import timedelta

import pytest
from django.db.models import F

from compliance.items import actions
from compliance.models import EndUser, SupportingDocument
from portal import operations
from portal.models import Operation
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory import resources as wire
from portal.twilio.errors import Rejected, Uncertain
from tests.factories import make_user
from tests.mirroring import complete

pytestmark = pytest.mark.django_db

VALUES = {"business_name": "Marlow & Finch Ltd", "business_registration_number": "DE-555010"}


@pytest.fixture
def person():
    return make_user()


@pytest.fixture
def end_user(parent, person) -> EndUser:
    return _make(parent, person)


def _make(account, person, **fields):
    wanted = {"type": "business", "friendly_name": "Marlow & Finch", "values": VALUES, **fields}
    return actions.create_end_user(account=account, actor=person, **wanted)


def test_an_end_user_is_made_with_its_attributes_and_no_operation_keeps_them(twilio, end_user):
    assert twilio.store.find(wire.EndUser, end_user.pk).attributes == VALUES == end_user.values
    operation = Operation.objects.get(kind=actions.CREATE_END_USER)
    assert operation.detail["fields_filled"] == sorted(VALUES)
    assert "Marlow" not in str(operation.detail) + operation.target + operation.words


def test_the_same_end_user_is_made_once(twilio, parent, end_user):
    with pytest.raises(operations.AlreadySent) as sent:
        _make(parent, make_user())

    assert sent.value.operation.target == end_user.pk


def test_what_twilio_repeats_of_a_value_is_kept_by_no_operation(twilio, parent, person):
    body = {"code": 20001, "message": "Bad value DE-555010", "status": 400}
    failure = Rejected(body["message"], code=20001, status=400)

    assert actions.without_values(failure, VALUES).words == "Bad value …"


@pytest.mark.parametrize(("fault", "state"), [("lost-answer", "done"), ("reset", "refused")])
def test_a_lost_answer_is_settled_by_looking(fault, state, twilio, parent, person):
    twilio.faults.add(Fault(kind=fault, method="POST", path="*/EndUsers", times=1))
    with pytest.raises(Uncertain):
        _make(parent, person)
    _age()

    actions.settle_item_operations()

    assert Operation.objects.get().state == state
    assert EndUser.objects.filter(friendly_name="Marlow & Finch").count() == (state == "done")


def test_changed_attributes_replace_those_at_twilio(twilio, end_user, person):
    wanted = {**VALUES, "business_name": "Marlow and Finch Ltd"}

    operation = _change(end_user, person, values=wanted)

    assert twilio.store.find(wire.EndUser, end_user.pk).attributes == wanted
    end_user.refresh_from_db()
    assert end_user.values == wanted
    assert operation.detail["changed"] == ["business_name"]
    assert _change(end_user, person, values=wanted, opened_with=wanted) is None


def test_nobody_overwrites_what_somebody_else_wrote(twilio, end_user, person):
    with twilio.changing() as (store, _):
        told = store.find(wire.EndUser, end_user.pk)
        told.attributes = {**VALUES, "business_name": "Theirs"}
        store.save(told)

    with pytest.raises(actions.ChangedMeanwhile) as conflict:
        _change(end_user, person, values={**VALUES, "business_name": "Mine"})

    assert conflict.value.fields == ["business_name"]
    assert conflict.value.end_user.values["business_name"] == "Theirs"


def test_a_change_whose_answer_was_lost_is_found_done(twilio, end_user, person):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path=f"*/EndUsers/{end_user.pk}", times=1))
    with pytest.raises(Uncertain):
        _change(end_user, person, values={**VALUES, "business_name": "Mine"})
    _age()

    actions.settle_item_operations()

    assert Operation.objects.get(kind=actions.UPDATE_END_USER).state == Operation.State.DONE
    end_user.refresh_from_db()
    assert end_user.values["business_name"] == "Mine"


def test_a_deleted_end_user_is_gone_and_an_assigned_one_stays(twilio, parent, end_user, person):
    actions.delete_end_user(end_user=end_user, actor=person)
    end_user.refresh_from_db()
    assert end_user.missing_since is not None

    complete(parent, "end_users")
    assigned = {one.object_sid for one in twilio.store.all(wire.ItemAssignment)}
    held = EndUser.objects.present().filter(pk__in=assigned).select_related("account").first()
    with pytest.raises(Rejected) as refused:
        actions.delete_end_user(end_user=held, actor=person)
    assert refused.value.code == 21644


def test_a_document_that_is_data_alone_is_made_without_a_file(twilio, parent, person):
    document = actions.create_data_document(
        account=parent,
        type="business_address",
        friendly_name="Address of Marlow",
        values={"address_sids": ["AD" + "0" * 32]},
        actor=person,
    )

    assert SupportingDocument.objects.get(pk=document.pk).address_sids == ["AD" + "0" * 32]
    assert twilio.store.find(wire.SupportingDocument, document.pk).mime_type is None


def _change(end_user, person, **fields):
    wanted = {"friendly_name": end_user.friendly_name, "opened_with": VALUES, **fields}
    return actions.update_end_user(end_user=end_user, actor=person, **wanted)


def _age() -> None:
    """Let the time pass after which a lost answer is looked into."""
    Operation.objects.filter(state="uncertain").update(ended_at=F("ended_at") - timedelta(minutes=1))
