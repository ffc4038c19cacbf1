"""A bulk change carried out: once, never over somebody else's change, and each number whole."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from inventory import actions
from inventory.models import PhoneNumber
from portal import operations
from portal.batches import runner
from portal.models import Batch, BatchItem, Operation, TwilioAccount
from portal.sandbox.faults import Fault
from tests.inventory.bulk import (
    VOICE,
    confirm,
    frozen,
    messages,
    page_of,
    previewed,
    work,
)
from tests.mirroring import change as change_at_twilio
from tests.mirroring import complete, releasable, truth
from tests.pages import Page

pytestmark = pytest.mark.django_db

State = BatchItem.State


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def stock(twilio, parent):
    """Two numbers that Twilio has too."""
    complete(parent)
    sids = set(releasable(twilio, parent))
    able = [
        record["sid"]
        for record in truth(twilio, parent)
        if record["sid"] in sids and record["capabilities"]["voice"] and record["capabilities"]["sms"]
    ]
    twilio.journal.clear()
    return list(PhoneNumber.objects.select_related("account").filter(pk__in=able[:2]))


def writes(twilio):
    return [dict(entry.form) for entry in twilio.journal.entries(method="POST")]


def test_it_changes_the_numbers_at_twilio_and_here(as_support, support, twilio, stock):
    batch = previewed(
        as_support, *stock, what=("name", "owner", "tags"), friendly_name="Desk {number}", owner="Ada",
        add_tags="night",
    )  # fmt: skip
    answer = confirm(as_support, batch, reason="Ada asked")
    assert answer["Location"] == f"/batches/{batch.pk}/"
    assert not writes(twilio), "workers do it, not the page"

    work(batch)

    assert batch.state == Batch.State.DONE
    assert [form["FriendlyName"] for form in writes(twilio)] == [
        f"Desk {item.name}" for item in batch.items.all()
    ]
    for number in PhoneNumber.objects.filter(pk__in=frozen(batch)):
        assert number.friendly_name == f"Desk {number.phone_number}"
        assert (number.owner, number.tags) == ("Ada", ["night"])
    for item in batch.items.select_related("operation"):
        assert item.state == State.DONE
        assert (item.operation.actor, item.operation.reason) == (support, "Ada asked")
        assert item.operation.detail["ours"] == {"owner": ["", "Ada"], "tags": [[], ["night"]]}
        assert item.operation.request_id


def test_records_of_ours_alone_are_written_without_twilio(as_support, twilio, stock):
    batch = previewed(as_support, *stock)
    confirm(as_support, batch, reason="Moved desks")

    work(batch)

    assert batch.state == Batch.State.DONE
    assert not twilio.journal.entries()
    assert {number.owner for number in PhoneNumber.objects.filter(pk__in=frozen(batch))} == {"Ada"}
    timeline = Page.of(as_support, stock[0].get_absolute_url()).one(".timeline").text
    assert "nothing → Ada" in timeline
    assert "Moved desks" in timeline


def test_only_ticked_numbers_are_changed(as_support, twilio, stock):
    batch = previewed(as_support, *stock, what=("name",), friendly_name="Night desk")
    first, second = batch.items.all()

    confirm(as_support, batch, keep=[second])
    work(batch)

    assert [item.state for item in batch.items.all()] == [State.LEFT_OUT, State.DONE]
    assert len(writes(twilio)) == 1
    assert PhoneNumber.objects.get(pk=first.target).friendly_name != "Night desk"


def test_what_changed_since_the_preview_is_refused_and_nothing_of_it_is_changed(as_support, twilio, stock):
    batch = previewed(
        as_support, *stock, what=("name", "status", "owner"), friendly_name="Mine", status_callback=VOICE,
        owner="Ada",
    )  # fmt: skip
    first, second = batch.items.all()
    change_at_twilio(twilio, stock[0].account, first.target, FriendlyName="Theirs")
    twilio.journal.clear()
    confirm(as_support, batch)

    work(batch)

    first.refresh_from_db()
    assert (first.state, first.words) == (
        State.FAILED, "It has changed since the preview: Name. Nothing was changed."
    )  # fmt: skip
    number = PhoneNumber.objects.get(pk=first.target)
    assert (number.friendly_name, number.owner) == ("Theirs", "")
    assert len(writes(twilio)) == 1
    second.refresh_from_db()
    assert second.state == State.DONE


def test_what_others_set_to_the_same_is_no_conflict(as_support, twilio, stock):
    batch = previewed(as_support, *stock, what=("name", "owner"), friendly_name="Same", owner="Ada")
    first = batch.items.first()
    change_at_twilio(twilio, stock[0].account, first.target, FriendlyName="Same")
    twilio.journal.clear()
    confirm(as_support, batch)

    work(batch)

    assert len(writes(twilio)) == 1
    assert {item.state for item in batch.items.all()} == {State.DONE}
    assert PhoneNumber.objects.get(pk=first.target).owner == "Ada"


def test_twilios_refusal_stands_on_its_row_with_its_code(as_support, twilio, stock):
    batch = previewed(as_support, *stock, what=("name", "owner"), friendly_name="Night desk", owner="Ada")
    first = batch.items.first()
    twilio.faults.add(
        Fault(kind="status", method="POST", path=f"*/{first.target}.json", status=400, body="json")
    )
    confirm(as_support, batch)

    work(batch)

    first, second = batch.items.select_related("operation")
    assert (first.state, second.state) == (State.FAILED, State.DONE)
    assert first.operation.state == Operation.State.REFUSED
    assert (first.code, first.words) == (first.operation.code, first.operation.words)
    assert PhoneNumber.objects.get(pk=first.target).owner == "", "all of it or nothing"
    row = Page.of(as_support, f"/batches/{batch.pk}/").all("tbody tr")[0]
    assert first.words in row.text


def test_tags_of_others_are_kept(as_support, twilio, stock):
    PhoneNumber.objects.update(tags=["old", "kept"])
    batch = previewed(as_support, *stock, what=("tags",), add_tags="new", remove_tags="old")
    PhoneNumber.objects.update(tags=["old", "kept", "meanwhile"])
    confirm(as_support, batch)

    work(batch)

    for number in PhoneNumber.objects.filter(pk__in=frozen(batch)):
        assert number.tags == ["kept", "meanwhile", "new"]


@pytest.mark.parametrize("kind", ["lost-answer", "reset"])
def test_a_lost_answer_is_settled_with_all_that_belongs_to_it(kind, as_support, twilio, stock):
    batch = previewed(as_support, stock[0], what=("name", "owner"), friendly_name="Night desk", owner="Ada")
    twilio.faults.add(Fault(kind=kind, method="POST", times=1))
    confirm(as_support, batch)
    work(batch)
    [item] = batch.items.all()
    assert item.state == State.UNCERTAIN
    assert batch.state == Batch.State.RUNNING
    assert PhoneNumber.objects.get(pk=item.target).owner == ""

    Operation.objects.update(ended_at=Now() - timedelta(minutes=5))
    actions.settle_number_operations()
    runner.look_after()

    item.refresh_from_db()
    number = PhoneNumber.objects.get(pk=item.target)
    arrived = kind == "lost-answer"
    assert item.state == (State.DONE if arrived else State.FAILED)
    assert number.owner == ("Ada" if arrived else "")
    assert (number.friendly_name == "Night desk") == arrived
    assert len(writes(twilio)) == 1, "looked up, never sent again"
    batch.refresh_from_db()
    assert batch.state == Batch.State.DONE


def test_a_worker_that_was_killed_sends_nothing_twice(as_support, twilio, stock):
    batch = previewed(as_support, *stock, what=("name", "owner"), friendly_name="Night desk", owner="Ada")
    confirm(as_support, batch)
    # The worker dies after Twilio did it, before the answer is written down.
    item = runner._claim(batch)
    number = PhoneNumber.objects.select_related("account").get(pk=item.target)
    operations.start(
        actions.UPDATE_NUMBER, account=number.account, target=number.pk, actor=batch.author,
        detail={"fields": item.detail["fields"], "ours": item.detail["ours"]}, form_key=item.key,
    )  # fmt: skip
    change_at_twilio(twilio, number.account, number.pk, FriendlyName="Night desk")
    twilio.journal.clear()

    work(batch)
    Operation.objects.update(started_at=Now() - timedelta(minutes=5))
    actions.settle_number_operations()
    runner.look_after()

    assert [item.state for item in batch.items.all()] == [State.DONE, State.DONE]
    assert len(writes(twilio)) == 1, "for the other number"
    number.refresh_from_db()
    assert (number.friendly_name, number.owner) == ("Night desk", "Ada")


def test_a_double_click_back_and_reload_send_nothing_twice(as_support, twilio, stock):
    batch = previewed(as_support, *stock, what=("name",), friendly_name="Night desk")
    sent = Page.of(as_support, page_of(batch, "preview")).form("form.preview-form")
    progress = f"/batches/{batch.pk}/"

    for _ in range(2):
        assert as_support.post(page_of(batch, "preview"), sent)["Location"] == progress
    work(batch)
    for name in ("change", "preview"):
        assert as_support.get(page_of(batch, name))["Location"] == progress
        assert as_support.post(page_of(batch, name), sent)["Location"] == progress
    assert as_support.post(page_of(batch, "discard"))["Location"] == progress
    work(batch)

    assert len(writes(twilio)) == 2
    assert Operation.objects.count() == 2
    assert messages(as_support, progress) == ["This was confirmed before. It can be stopped, not discarded."]


def test_an_account_without_credentials_is_said_on_every_row(as_support, twilio, stock):
    batch = previewed(as_support, *stock, what=("name",), friendly_name="Night desk")
    TwilioAccount.objects.update(auth_token="", api_key_sid="")
    confirm(as_support, batch)

    work(batch)

    assert {item.state for item in batch.items.all()} == {State.FAILED}
    assert "credentials" in batch.items.first().words
    assert not writes(twilio)
