"""Giving numbers back and moving them: checked twice, done once, entered in the register, always settled."""

import uuid
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from inventory import tasks
from inventory.models import KeptNumber, PhoneNumber, ReleasedNumber
from inventory.moving import actions
from inventory.moving.checks import Circumstances, Papers, check_release, check_transfer, fingerprint
from portal.batches import runner
from portal.batches.runner import Refused
from portal.models import ApprovalRule, Batch, BatchItem, Operation, TwilioAccount
from portal.operations import AlreadySent
from portal.sandbox.faults import Fault
from portal.twilio.errors import Uncertain
from tests.factories import make_account, make_number, make_user
from tests.mirroring import change, complete, releasable, truth
from tests.pages import Page

pytestmark = pytest.mark.django_db

State = BatchItem.State
ONE = "*/IncomingPhoneNumbers/PN*"


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def plain(twilio, parent):
    """Numbers of the parent that nothing keeps from being released or moved."""
    complete(parent, "accounts")
    complete(parent)
    complete(parent, "prices")
    free = releasable(twilio, parent)
    sids = [
        record["sid"]
        for record in truth(twilio, parent)
        if record["sid"] in free
        and record["address_requirements"] == "none"
        and not record["bundle_sid"]
        and record["origin"] == "twilio"
        and not record["trunk_sid"]
    ]
    twilio.journal.clear()
    return list(
        PhoneNumber.objects.select_related("account").filter(pk__in=sids[:3]).order_by("phone_number")
    )


@pytest.fixture
def other(plain):
    return TwilioAccount.objects.exclude(owner_sid="").exclude(pk=plain[0].account_id).first()


def draft(client, do, *numbers):
    client.post(reverse("inventory:number-select"), {"do": do, "sid": [number.pk for number in numbers]})
    return Batch.objects.get(state=Batch.State.DRAFT)


def run(batch):
    tasks.run_inventory_batch(str(batch.pk))
    batch.refresh_from_db()
    return batch


def releases(twilio):
    return twilio.journal.entries(method="DELETE")


# The rules


@pytest.mark.parametrize(
    ("fields", "known", "words"),
    [
        ({"emergency_address_sid": "AD" + "1" * 32}, {}, "emergency address"),
        ({"status": "porting-out"}, {}, "ported out"),
        ({}, {"has_open_operation": True}, "not ended"),
        ({}, {"keep_until": date(2026, 12, 1)}, "kept until 1 Dec 2026"),
    ],
)
def test_what_stands_against_a_release(fields, known, words):
    number = make_number(make_account(), **fields)

    finding = check_release(number, Circumstances(**known), today=date(2026, 12, 1))

    [stop] = finding.stops
    assert words in stop


@pytest.mark.parametrize(
    ("fields", "known", "words"),
    [
        ({}, {"is_active": True}, "used in the last month"),
        ({}, {"default_sender_in": ["France"]}, "default sender for France"),
        ({"trunk_sid": "TK" + "1" * 32}, {}, "SIP trunk"),
        ({"origin": "hosted"}, {}, "three days"),
    ],
)
def test_what_is_lost_with_a_release(fields, known, words):
    number = make_number(make_account(), **fields)

    finding = check_release(number, Circumstances(**known), today=date(2026, 12, 1))

    assert not finding.stops
    assert words in finding.warnings[0]


def test_a_keeping_that_is_over_stops_nothing():
    number = make_number(make_account())

    assert not check_release(
        number, Circumstances(keep_until=date(2026, 11, 30)), today=date(2026, 12, 1)
    ).stops


def papers(account, **fields):
    return Papers(account=account, has_parent_token=True, **fields)


def test_what_stands_against_a_move():
    parent = make_account()
    child, stranger = make_account(owner_sid=parent.pk), make_account()

    def stops(number, target, **fields):
        return " ".join(check_transfer(number, Circumstances(), papers(target, **fields)).stops)

    assert "already" in stops(make_number(child), child)
    assert "21473" in stops(make_number(child), stranger)
    assert "Choose an address" in stops(make_number(child, address_requirements="any"), parent)
    assert "Choose an approved one" in stops(make_number(child, bundle_sid="BU" + "1" * 32), parent)
    assert "22121" in stops(make_number(child, origin="hosted", status="pending-loa"), parent)
    assert not stops(make_number(child), parent)
    without_token = Papers(account=parent, has_parent_token=False)
    assert "21474" in check_transfer(make_number(child), Circumstances(), without_token).stops[0]


def test_a_number_is_the_same_in_whichever_answer_it_stood():
    number = make_number(make_account())
    other_spelling = dict(reversed(number.payload.items())) | {"date_updated": "later"}

    assert fingerprint(other_spelling) == fingerprint(number.payload)
    assert fingerprint(number.payload | {"voice_url": "x"}) != fingerprint(number.payload)


# Released


def test_one_number_is_released_after_its_last_four_digits_were_typed(twilio, as_support, plain):
    number = plain[0]
    batch = draft(as_support, "release", number)
    url = reverse("inventory:bulk-release", args=[batch.pk])
    page = Page.of(as_support, url)
    assert "Nothing stands against it" in page.text
    [shown] = [str(item.pk) for item in batch.items.all()]

    refused = as_support.post(url, {"shown": shown, "keep": shown, "reason": "Closed", "typed": "0000"})
    assert refused.status_code == 422
    assert "Look once more" in refused.content.decode()
    assert not releases(twilio)

    typed = number.phone_number[-4:]
    answer = as_support.post(url, {"shown": shown, "keep": shown, "reason": "Closed", "typed": typed})
    assert answer.url == reverse("batch-detail", args=[batch.pk])
    run(batch)

    assert len(releases(twilio)) == 1
    number.refresh_from_db()
    released = ReleasedNumber.objects.get()
    operation = released.operation
    assert number.missing_since
    assert (operation.state, operation.reason) == (Operation.State.DONE, "Closed")
    assert operation.request_id == releases(twilio)[0].request_id
    assert batch.state == Batch.State.DONE
    assert (released.phone_number, released.is_restorable) == (number.phone_number, True)
    assert released.monthly_cost > 0
    register = Page.of(as_support, reverse("inventory:released-list")).text
    assert "Day 0 of 10" in register
    assert "Closed" in register


def test_many_are_released_after_their_number_was_typed(twilio, as_support, plain):
    batch = draft(as_support, "release", *plain)
    url = reverse("inventory:bulk-release", args=[batch.pk])
    Page.of(as_support, url)
    pks = [str(item.pk) for item in batch.items.all()]
    data = {"shown": pks, "keep": pks[:2], "reason": "Idle"}

    assert as_support.post(url, {**data, "typed": "3"}).status_code == 422
    assert as_support.post(url, {**data, "typed": "2"}).status_code == 302
    run(batch)

    assert len(releases(twilio)) == 2
    assert [item.state for item in batch.items.all()] == [State.DONE, State.DONE, State.LEFT_OUT]
    batch.refresh_from_db()
    assert batch.monthly_cost == -sum(row.monthly_cost for row in ReleasedNumber.objects.all())


def test_what_is_kept_cannot_be_ticked_again(as_support, plain):
    KeptNumber.objects.create(number=plain[0], until=timezone.localdate() + timedelta(days=9), reason="Fair")
    batch = draft(as_support, "release", plain[0])
    url = reverse("inventory:bulk-release", args=[batch.pk])
    Page.of(as_support, url)
    item = batch.items.get()

    answer = as_support.post(
        url, {"shown": item.pk, "keep": item.pk, "reason": "x", "typed": plain[0].phone_number[-4:]}
    )

    item.refresh_from_db()
    assert answer.status_code == 422
    assert item.state == State.LEFT_OUT


def test_a_second_person_approves_where_a_rule_says_so(twilio, as_support, as_manager, plain):
    ApprovalRule.objects.create(kind="inventory.release_numbers")
    batch = draft(as_support, "release", plain[0])
    url = reverse("inventory:bulk-release", args=[batch.pk])
    assert "Ask for approval" in Page.of(as_support, url).text
    pk = str(batch.items.get().pk)
    as_support.post(url, {"shown": pk, "keep": pk, "reason": "Idle", "typed": plain[0].phone_number[-4:]})
    run(batch)
    assert not releases(twilio)

    decide = reverse("batch-decide", args=[batch.pk])
    assert as_support.post(decide, {"decision": "approve"}).status_code == 403
    as_manager.post(decide, {"decision": "approve"})
    run(batch)

    assert len(releases(twilio)) == 1


def test_what_changed_since_it_was_asked_for_is_not_released(twilio, as_support, as_manager, plain):
    ApprovalRule.objects.create(kind="inventory.release_numbers")
    number = plain[0]
    batch = draft(as_support, "release", number)
    url = reverse("inventory:bulk-release", args=[batch.pk])
    Page.of(as_support, url)
    pk = str(batch.items.get().pk)
    as_support.post(url, {"shown": pk, "keep": pk, "reason": "Idle", "typed": number.phone_number[-4:]})
    change(twilio, number.account, number.pk, FriendlyName="In use after all")

    as_manager.post(reverse("batch-decide", args=[batch.pk]), {"decision": "approve"})
    run(batch)

    item = batch.items.get()
    assert not releases(twilio)
    assert item.state == State.FAILED
    assert "has changed since" in item.words


def let_go(number, actor, key=None):
    return actions.release_number(
        number=number, actor=actor, form_key=key or uuid.uuid4(), reason="Idle",
        seen=fingerprint(number.payload),
    )  # fmt: skip


@pytest.mark.parametrize(("fault", "state"), [("lost-answer", "done"), ("reset", "refused")])
def test_a_release_whose_answer_was_lost_is_settled_by_looking(fault, state, twilio, plain, support):
    twilio.faults.add(Fault(kind=fault, method="DELETE", path=ONE, times=1))
    with pytest.raises(Uncertain):
        let_go(plain[0], support)
    Operation.objects.update(ended_at=timezone.now() - timedelta(minutes=1))

    tasks.settle_number_operations()

    operation = Operation.objects.get()
    assert operation.state == state
    assert len(releases(twilio)) == 1, "never sent again"
    assert ReleasedNumber.objects.count() == (1 if state == "done" else 0)


def test_the_same_release_is_sent_once(twilio, plain, support):
    key = uuid.uuid4()
    let_go(plain[0], support, key)

    with pytest.raises(AlreadySent):
        let_go(plain[0], support, key)

    assert len(releases(twilio)) == 1


def test_twilio_s_refusal_stands_on_its_row(twilio, as_support, plain):
    batch = draft(as_support, "release", plain[0])
    url = reverse("inventory:bulk-release", args=[batch.pk])
    Page.of(as_support, url)
    pk = str(batch.items.get().pk)
    as_support.post(url, {"shown": pk, "keep": pk, "reason": "Idle", "typed": plain[0].phone_number[-4:]})
    body = '{"code": 22350, "message": "Porting out", "status": 409}'
    twilio.faults.add(Fault(kind="status", method="DELETE", path=ONE, status=409, times=1, body=body))
    run(batch)

    item = batch.items.get()
    assert item.state == State.FAILED
    assert not ReleasedNumber.objects.exists()


# Moved


def test_numbers_are_moved_to_another_account(twilio, as_support, plain, other):
    batch = draft(as_support, "transfer", *plain[:2])
    url = reverse("inventory:bulk-transfer", args=[batch.pk])
    assert "Continue" in Page.of(as_support, url).text
    assert "Check the move" in Page.of(as_support, f"{url}?account={other.pk}").text

    answer = as_support.post(url, {"account": other.pk, "review": "1"})
    review = reverse("inventory:bulk-transfer-review", args=[batch.pk])
    assert answer.url == review
    assert "Not now" not in Page.of(as_support, review).text
    pks = [str(item.pk) for item in batch.items.all()]
    as_support.post(review, {"shown": pks, "keep": pks, "reason": "Reorganised"})
    run(batch)

    assert {item.state for item in batch.items.all()} == {State.DONE}
    for number in plain[:2]:
        number.refresh_from_db()
        assert number.account_id == other.pk
        assert not number.missing_since
    assert {record["sid"] for record in truth(twilio, other)} >= {number.pk for number in plain[:2]}


@pytest.mark.parametrize(("fault", "state"), [("lost-answer", "done"), ("reset", "refused")])
def test_a_move_whose_answer_was_lost_is_settled_by_looking(fault, state, twilio, plain, other, support):
    twilio.faults.add(Fault(kind=fault, method="POST", path=ONE, times=1))
    with pytest.raises(Uncertain):
        actions.transfer_number(
            number=plain[0], papers=papers(other), actor=support, form_key=uuid.uuid4(), reason=""
        )
    Operation.objects.update(ended_at=timezone.now() - timedelta(minutes=1))

    tasks.settle_number_operations()

    plain[0].refresh_from_db()
    assert Operation.objects.get().state == state
    assert (plain[0].account_id == other.pk) == (state == "done")


def test_a_number_is_not_moved_over_a_change_of_its_own(twilio, plain, other, support):
    seen = fingerprint(plain[0].payload)
    change(twilio, plain[0].account, plain[0].pk, FriendlyName="Another")

    with pytest.raises(Refused, match="has changed"):
        actions.transfer_number(
            number=plain[0], papers=papers(other), actor=support, form_key=uuid.uuid4(), reason="", seen=seen
        )


# Who


@pytest.mark.parametrize("do", ["release", "transfer"])
def test_roles_that_may_not_are_sent_back(do, as_viewer, plain):
    answer = as_viewer.post(reverse("inventory:number-select"), {"do": do, "sid": plain[0].pk})

    assert answer.url == reverse("inventory:number-list")
    assert not Batch.objects.exists()


@pytest.mark.parametrize("view", ["inventory:bulk-release", "inventory:bulk-transfer"])
def test_somebody_else_s_draft_is_not_there(view, as_support, plain, client):
    batch = draft(as_support, "release" if "release" in view else "transfer", plain[0])
    client.force_login(make_user("support"))

    assert client.get(reverse(view, args=[batch.pk])).status_code == 404


def test_what_we_released_is_not_among_what_vanished(plain, support, as_support):
    let_go(plain[0], support)
    PhoneNumber.objects.filter(pk=plain[1].pk).update(missing_since=timezone.now())
    vanished = f"{reverse('inventory:number-list')}?listed=no"

    assert Page.of(as_support, vanished).rows == [plain[1].get_absolute_url()]
    assert "1 No longer listed by Twilio" in Page.of(as_support, "/").one(".attention").text


def test_the_register_shows_only_accounts_that_one_may_see(plain, support, client):
    let_go(plain[0], support)
    client.force_login(make_user("support", accounts=[make_account()]))

    assert plain[0].phone_number not in client.get(reverse("inventory:released-list")).content.decode()
    assert plain[0].phone_number not in "".join(
        part.decode() for part in client.get(reverse("inventory:released-export")).streaming_content
    )


def test_a_batch_that_nobody_approves_ends_in_the_queue(as_support, as_manager, plain):
    ApprovalRule.objects.create(kind="inventory.release_numbers")
    batch = draft(as_support, "release", plain[0])
    url = reverse("inventory:bulk-release", args=[batch.pk])
    Page.of(as_support, url)
    pk = str(batch.items.get().pk)
    as_support.post(url, {"shown": pk, "keep": pk, "reason": "Idle", "typed": plain[0].phone_number[-4:]})
    queue = f"{reverse('batch-list')}?show=approval"
    assert Page.of(as_manager, queue).rows == [reverse("batch-detail", args=[batch.pk])]

    Batch.objects.update(confirmed_at=timezone.now() - runner.LAPSES_AFTER - timedelta(hours=1))
    runner.look_after()

    assert Page.of(as_manager, queue).rows == []
