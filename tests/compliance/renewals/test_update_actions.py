"""Copying a bundle, replacing its items and deleting the copy, against the sandbox and its faults."""

import pytest

from compliance.bundles.actions import DELETE_BUNDLE, settle_bundle_operations, submit_bundle
from compliance.models import Bundle, EndUser, Evaluation, SupportingDocument
from compliance.renewals import actions
from compliance.renewals.rules import Stage, renewal_of
from inventory.models import PhoneNumber
from portal import operations
from portal.models import Operation
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory import resources as wire
from portal.sandbox.regulatory.verdicts import Verdict
from portal.twilio.errors import Rejected, Unavailable, Uncertain
from tests.compliance.renewals.updates import (
    age,
    approve,
    copies_at_twilio,
    end_of,
    items_at_twilio,
    numbered_bundle,
    read,
)
from tests.factories import make_user
from tests.mirroring import complete

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return make_user()


@pytest.fixture
def bundle(twilio, parent) -> Bundle:
    """An approved bundle with numbers, whose regulation has changed."""
    complete(parent, "regulations")
    return end_of(twilio, parent, numbered_bundle(twilio, parent))


@pytest.fixture
def copy(bundle, person) -> Bundle:
    actions.start_update(bundle=bundle, actor=person)
    return Bundle.objects.select_related("account", "regulation").get(copy_of=bundle.pk)


@pytest.fixture
def approved(twilio, copy, person) -> Bundle:
    return approve(twilio, copy, person)


def test_an_update_makes_one_copy_evaluates_it_and_reads_its_papers(twilio, bundle, person):
    operation = actions.start_update(bundle=bundle, actor=person)

    [sid] = copies_at_twilio(twilio, bundle.pk)
    copy = Bundle.objects.get(pk=sid)
    assert (copy.copy_of, copy.status, operation.detail["sid"]) == (bundle.pk, "draft", sid)
    assert "url" in copy.payload, "it was read as a bundle, not taken over in the shape of a copy"
    assert Evaluation.objects.filter(bundle=copy).exists()
    held = items_at_twilio(twilio, sid)
    assert EndUser.objects.filter(pk__in=held).count() == 1
    assert SupportingDocument.objects.filter(pk__in=held).count() == len(held) - 1
    assert bundle.friendly_name not in str(operation.detail)


def test_a_second_start_finds_the_copy(twilio, bundle, copy, person):
    assert actions.start_update(bundle=bundle, actor=make_user()) is None

    assert copies_at_twilio(twilio, bundle.pk) == [copy.pk]


def test_a_copy_made_elsewhere_is_found_before_another_is_made(twilio, bundle, person):
    made = twilio.direct(
        "POST", f"/v2/RegulatoryCompliance/Bundles/{bundle.pk}/Copies", host="numbers.twilio.com"
    )

    assert actions.start_update(bundle=bundle, actor=person) is None

    assert Bundle.objects.get(pk=made["sid"]).copy_of == bundle.pk
    assert copies_at_twilio(twilio, bundle.pk) == [made["sid"]]


def test_only_an_approved_bundle_with_a_last_day_is_copied(twilio, bundle, parent, person):
    twilio.judge(bundle.pk, Verdict(valid_until=""))

    with pytest.raises(actions.NotRenewable):
        actions.start_update(bundle=bundle, actor=person)

    assert not Operation.objects.filter(kind=actions.START_UPDATE).exists()


def test_a_copy_whose_answer_was_lost_is_settled_by_the_list_of_copies(twilio, bundle, person):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/Copies", times=1))
    with pytest.raises(Uncertain):
        actions.start_update(bundle=bundle, actor=person)
    with pytest.raises(operations.AlreadyUnderWay):
        actions.start_update(bundle=bundle, actor=person)
    age(actions.START_UPDATE)

    actions.settle_renewals()

    [sid] = copies_at_twilio(twilio, bundle.pk)
    operation = Operation.objects.get(kind=actions.START_UPDATE)
    assert (operation.state, operation.detail["sid"]) == (Operation.State.DONE, sid)
    assert renewal_of(bundle).copy.pk == sid
    assert Evaluation.objects.filter(bundle=sid).exists()


def test_a_copy_that_was_never_asked_for_is_refused_when_it_is_settled(twilio, bundle, person):
    twilio.faults.add(Fault(kind="reset", method="POST", path="*/Copies", times=1))
    with pytest.raises(Uncertain):
        actions.start_update(bundle=bundle, actor=person)
    age(actions.START_UPDATE)

    actions.settle_renewals()

    assert Operation.objects.get(kind=actions.START_UPDATE).state == Operation.State.REFUSED
    assert actions.start_update(bundle=bundle, actor=person) is not None


def test_a_copy_that_could_not_be_read_is_adopted_later_and_not_made_again(twilio, bundle, person):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/Copies", times=1))
    with pytest.raises(Uncertain):
        actions.start_update(bundle=bundle, actor=person)
    Operation.objects.filter(kind=actions.START_UPDATE).update(state="started", ended_at=None)  # killed
    age(actions.START_UPDATE)
    twilio.faults.add(Fault(kind="status", status=503, method="GET", path="*/Bundles/*", times=10))

    actions.settle_renewals()
    assert Operation.objects.get(kind=actions.START_UPDATE).is_open
    twilio.faults.clear()
    actions.settle_renewals()

    assert Operation.objects.get(kind=actions.START_UPDATE).state == Operation.State.DONE
    assert len(copies_at_twilio(twilio, bundle.pk)) == 1


def test_twilio_away_leaves_nothing_behind(twilio, bundle, person):
    twilio.faults.add(Fault(kind="status", status=429, method="POST", path="*/Copies", times=20))

    with pytest.raises(Unavailable):
        actions.start_update(bundle=bundle, actor=person)

    assert copies_at_twilio(twilio, bundle.pk) == []
    assert Operation.objects.get(kind=actions.START_UPDATE).state == Operation.State.REFUSED


def test_a_bundle_takes_the_items_of_its_approved_copy_and_keeps_its_numbers(
    twilio, parent, bundle, approved, person
):
    given = items_at_twilio(twilio, approved.pk)
    numbers = twilio.store.rows("SELECT sid FROM number WHERE bundle = ?", (bundle.pk,))

    operation = actions.replace_items(bundle=bundle, copy=approved, actor=person)

    bundle.refresh_from_db()
    assert operation.state == Operation.State.DONE
    assert items_at_twilio(twilio, bundle.pk) == given
    assert (bundle.valid_until, bundle.status) == (None, "twilio-approved")
    assert set(bundle.items.present().values_list("object_sid", flat=True)) == given
    assert renewal_of(bundle).stage == Stage.REPLACED
    assert twilio.store.rows("SELECT sid FROM number WHERE bundle = ?", (bundle.pk,)) == numbers

    actions.delete_copy(copy=approved, actor=person)

    assert twilio.store.find(wire.Bundle, approved.pk) is None
    assert renewal_of(bundle).stage == Stage.DONE
    complete(parent)
    assert PhoneNumber.objects.present().filter(bundle_sid=bundle.pk).count() == len(numbers)


def test_replaced_items_whose_answer_was_lost_are_found_replaced(twilio, bundle, approved, person):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/ReplaceItems", times=1))
    with pytest.raises(Uncertain):
        actions.replace_items(bundle=bundle, copy=approved, actor=person)
    with pytest.raises(operations.AlreadyUnderWay):
        actions.replace_items(bundle=bundle, copy=approved, actor=person)
    age(actions.REPLACE_ITEMS)

    actions.settle_renewals()

    bundle.refresh_from_db()
    assert Operation.objects.get(kind=actions.REPLACE_ITEMS).state == Operation.State.DONE
    assert (bundle.valid_until, renewal_of(bundle).stage) == (None, Stage.REPLACED)


def test_items_that_were_not_replaced_are_said_to_be_the_ones_before(twilio, bundle, approved, person):
    twilio.faults.add(Fault(kind="reset", method="POST", path="*/ReplaceItems", times=1))
    with pytest.raises(Uncertain):
        actions.replace_items(bundle=bundle, copy=approved, actor=person)
    age(actions.REPLACE_ITEMS)

    actions.settle_renewals()

    assert Operation.objects.get(kind=actions.REPLACE_ITEMS).state == Operation.State.REFUSED
    assert actions.replace_items(bundle=bundle, copy=approved, actor=person).state == Operation.State.DONE


def test_a_worker_killed_after_replacing_is_made_up_for(twilio, bundle, approved, person):
    held = sorted(items_at_twilio(twilio, approved.pk))
    operations.start(
        actions.REPLACE_ITEMS,
        account=bundle.account,
        target=bundle.pk,
        actor=person,
        detail={"copy": approved.pk, "items": held},
    )
    twilio.direct(
        "POST",
        f"/v2/RegulatoryCompliance/Bundles/{bundle.pk}/ReplaceItems",
        host="numbers.twilio.com",
        FromBundleSid=approved.pk,
    )
    age(actions.REPLACE_ITEMS)

    actions.settle_renewals()

    assert Operation.objects.get(kind=actions.REPLACE_ITEMS).state == Operation.State.DONE
    assert renewal_of(Bundle.objects.get(pk=bundle.pk)).stage == Stage.REPLACED


def test_what_was_replaced_and_could_not_be_read_is_not_called_done_or_refused(
    twilio, bundle, approved, person
):
    for nth in range(2, 12):  # the reading before goes well, those after do not
        twilio.faults.add(Fault(kind="status", status=503, path=f"*/Bundles/{bundle.pk}", nth=nth))

    with pytest.raises(Uncertain):
        actions.replace_items(bundle=bundle, copy=approved, actor=person)
    assert Operation.objects.get(kind=actions.REPLACE_ITEMS).state == Operation.State.UNCERTAIN
    twilio.faults.clear()
    age(actions.REPLACE_ITEMS)
    actions.settle_renewals()

    assert Operation.objects.get(kind=actions.REPLACE_ITEMS).state == Operation.State.DONE


def test_a_copy_whose_deletion_lost_its_answer_is_found_gone(twilio, bundle, approved, person):
    actions.replace_items(bundle=bundle, copy=approved, actor=person)
    twilio.faults.add(Fault(kind="lost-answer", method="DELETE", path=f"*/Bundles/{approved.pk}", times=1))
    with pytest.raises(Uncertain):
        actions.delete_copy(copy=approved, actor=person)
    age(DELETE_BUNDLE)

    settle_bundle_operations()

    assert Operation.objects.get(kind=DELETE_BUNDLE).state == Operation.State.DONE
    assert renewal_of(Bundle.objects.get(pk=bundle.pk)).stage == Stage.DONE


def test_a_copy_under_review_is_neither_taken_over_nor_deleted(twilio, bundle, copy, person):
    submit_bundle(bundle=copy, actor=person)

    with pytest.raises(actions.NotReady) as stands:
        actions.replace_items(bundle=bundle, copy=copy, actor=person)
    with pytest.raises(Rejected) as refused:
        actions.delete_copy(copy=copy, actor=person)

    assert [check.code for check in stands.value.checks if check.verdict == "bad"] == [22224]
    assert refused.value.code == 21647
    assert not Operation.objects.filter(kind=actions.REPLACE_ITEMS).exists()


def test_a_rejected_copy_is_told_apart(twilio, parent, bundle, copy, person):
    submit_bundle(bundle=copy, actor=person)
    assert renewal_of(read(parent, bundle.pk)).stage == Stage.REVIEW
    twilio.judge(copy.pk, Verdict(status="twilio-rejected", code=18016))
    read(parent, copy.pk)

    assert renewal_of(read(parent, bundle.pk)).stage == Stage.REJECTED
    assert renewal_of(Bundle.objects.get(pk=copy.pk)).original == bundle


def test_copies_made_elsewhere_are_recognised_by_the_sync(twilio, parent, bundle):
    complete(parent, "bundles")
    made = twilio.direct(
        "POST", f"/v2/RegulatoryCompliance/Bundles/{bundle.pk}/Copies", host="numbers.twilio.com"
    )

    complete(parent, "bundles")

    assert Bundle.objects.get(pk=made["sid"]).copy_of == bundle.pk


def test_the_sync_asks_for_copies_again_only_when_a_bundle_like_it_came(twilio, parent, bundle):
    def asked():
        return sum(entry.path.endswith("/Copies") for entry in twilio.journal.entries())

    complete(parent, "bundles")
    before = asked()
    complete(parent, "bundles")

    assert before >= 1
    assert asked() == before


def test_a_copy_that_was_used_up_is_not_taken_over_again(twilio, parent, bundle, approved, person):
    """It was not deleted, and the regulation changed once more."""
    actions.replace_items(bundle=bundle, copy=approved, actor=person)
    held = items_at_twilio(twilio, bundle.pk)
    bundle = end_of(twilio, parent, bundle.pk)

    with pytest.raises(actions.NotReady):
        actions.replace_items(bundle=bundle, copy=approved, actor=person)

    assert items_at_twilio(twilio, bundle.pk) == held
    actions.delete_copy(copy=approved, actor=person)
    assert actions.start_update(bundle=bundle, actor=person) is not None
