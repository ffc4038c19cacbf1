"""What a listing lacks: marked only when it is complete, and gone for certain."""

import random

import msgspec
import pytest
from django.core.cache import cache
from django.utils import timezone

from inventory import gateway
from inventory import sync as mirrors
from inventory.models import PhoneNumber
from portal.mirror import engine
from portal.models import Change, SyncRun, TwilioAccount
from portal.sandbox.faults import Fault
from portal.twilio.pages import Effort, Page
from tests.mirroring import (
    buy,
    change,
    complete,
    facets_are_right,
    mirrored,
    releasable,
    release,
    sync,
    truth,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr("portal.twilio.pages.PAGE_SIZE", 40)


@pytest.fixture(autouse=True)
def _facets_stay_right(db):
    yield
    assert facets_are_right()


@pytest.fixture
def subaccounts(twilio, parent):
    complete(parent, "accounts")
    return [TwilioAccount.objects.get(pk=keys.account_sid) for keys in twilio.subaccounts]


def missing():
    return set(PhoneNumber.objects.exclude(missing_since=None).values_list("sid", flat=True))


def confirmations(twilio):
    return [entry.path[-39:-5] for entry in twilio.journal.entries(path="*/IncomingPhoneNumbers/*")]


def test_a_released_number_is_marked_and_told_once(twilio, parent):
    complete(parent)
    sid = releasable(twilio, parent)[0]
    payload = PhoneNumber.objects.get(pk=sid).payload
    release(twilio, parent, sid)

    run = complete(parent)

    assert run.missing == 1
    assert missing() == {sid}
    assert PhoneNumber.objects.get(pk=sid).payload == payload, "the last known state is kept"
    [told] = Change.objects.all()
    assert (told.kind, told.target, told.account_sid, told.fields) == ("missing", sid, parent.pk, {})
    assert complete(parent).missing == 0
    assert Change.objects.count() == 1
    assert mirrored(parent) == truth(twilio, parent)


def test_twilio_is_asked_before_a_number_is_called_missing(twilio, parent):
    complete(parent)
    gone = set(releasable(twilio, parent)[:3])
    for sid in gone:
        release(twilio, parent, sid)
    twilio.journal.clear()

    complete(parent)

    assert set(confirmations(twilio)) == gone


def test_a_number_that_a_listing_forgot_is_not_missing(twilio, parent):
    complete(parent)
    forgotten = releasable(twilio, parent)[0]
    page = [record for record in truth(twilio, parent) if record["sid"] != forgotten]

    tally = read_list(twilio, parent, [page])

    assert tally.missing == 0
    assert not missing()
    assert confirmations(twilio)[-1] == forgotten


def read_list(twilio, account, pages):
    """Read a listing made of these records."""
    run = SyncRun.objects.create(account=account, resource="numbers", trigger="command")
    login = account.api_login()
    listing = (
        Page([msgspec.Raw(msgspec.json.encode(record)) for record in page], timezone.now(), Effort())
        for page in pages
    )
    return engine.read_listing(
        mirrors.NUMBERS,
        account.pk,
        listing,
        fetch=lambda sid: gateway.fetch_number(login, sid),
        run=run,
    )


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 404},
        {"kind": "status", "status": 429, "retry_after": 3600},
        {"kind": "truncated"},
        {"kind": "html"},
        {"kind": "reset"},
        {"kind": "foreign-next-page"},
        {"kind": "next-page-loop"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_a_listing_with_a_bad_page_marks_nothing(fault, twilio, parent, small_pages):
    complete(parent)
    for sid in releasable(twilio, parent)[:5]:
        release(twilio, parent, sid)

    for first_bad_page in (1, 3, 7):
        for nth in range(first_bad_page, 30):
            twilio.faults.add(Fault(path="*/IncomingPhoneNumbers.json", nth=nth, **fault))
        run = sync(parent)
        assert run.state == SyncRun.State.FAILED
        assert run.error
        assert run.pages <= 7
        assert not missing()
        twilio.faults.clear()
        cache.clear()  # the pause after a 429 is over

    assert complete(parent).missing == 5
    assert mirrored(parent) == truth(twilio, parent)


def test_a_failed_confirmation_marks_nothing(twilio, parent):
    complete(parent)
    for sid in releasable(twilio, parent)[:3]:
        release(twilio, parent, sid)
    twilio.faults.add(Fault(kind="status", status=503, path="*/IncomingPhoneNumbers/PN*"))

    run = sync(parent)

    assert run.state == SyncRun.State.FAILED
    assert not missing()


def test_a_404_that_is_not_twilios_confirms_nothing(twilio, parent):
    complete(parent)
    release(twilio, parent, releasable(twilio, parent)[0])
    twilio.faults.add(Fault(kind="status", status=404, body="html", path="*/IncomingPhoneNumbers/PN*"))

    assert sync(parent).state == SyncRun.State.FAILED
    assert not missing()


@pytest.mark.parametrize("left_out", [engine.CONFIRMATIONS, engine.CONFIRMATIONS + 1, 200])
def test_a_list_that_leaves_many_out_by_mistake_marks_nothing(left_out, twilio, parent):
    complete(parent)
    twilio.journal.clear()
    page = truth(twilio, parent)[left_out:]

    if left_out > engine.CONFIRMATIONS:
        with pytest.raises(engine.IncompleteListing, match=f"left out {left_out} objects"):
            read_list(twilio, parent, [page])
    else:
        assert read_list(twilio, parent, [page]).missing == 0

    assert not missing()
    assert len(confirmations(twilio)) == engine.CONFIRMATIONS


def test_a_list_that_lost_most_is_believed_only_when_none_of_those_asked_for_is_left(twilio, parent):
    complete(parent)
    chosen = releasable(twilio, parent)[: engine.CONFIRMATIONS + 20]
    assert len(chosen) > engine.CONFIRMATIONS
    for sid in chosen:
        release(twilio, parent, sid)

    run = complete(parent)

    assert run.missing == len(chosen)
    assert missing() == set(chosen)


def test_an_empty_list_empties_no_mirror(twilio, parent):
    complete(parent)

    with pytest.raises(engine.IncompleteListing):
        read_list(twilio, parent, [[]])

    assert not missing()


def test_a_number_that_is_back_is_told_and_keeps_what_is_ours(twilio, parent):
    complete(parent)
    number = PhoneNumber.objects.filter(pk=releasable(twilio, parent)[0]).first()
    PhoneNumber.objects.filter(pk=number.pk).update(owner="Ada", missing_since=number.synced_at)

    complete(parent)

    number.refresh_from_db()
    assert (number.missing_since, number.owner) == (None, "Ada")
    [told] = Change.objects.all()
    assert (told.kind, told.fields) == ("returned", {})


def test_a_number_moved_to_a_sibling_is_moved_here_whichever_is_read_first(twilio, parent, subaccounts):
    first, second = subaccounts[:2]
    for order in ((first, second), (second, first)):
        complete(first)
        complete(second)
        Change.objects.all().delete()
        sid = next(
            number["sid"]
            for number in truth(twilio, first)
            if number["address_requirements"] == "none" and not number["bundle_sid"]
        )
        PhoneNumber.objects.filter(pk=sid).update(owner="Ada")
        change(twilio, first, sid, AccountSid=second.pk)

        for account in order:
            complete(account)

        number = PhoneNumber.objects.get(pk=sid)
        assert (number.account_id, number.missing_since, number.owner) == (second.pk, None, "Ada")
        assert mirrored(first) == truth(twilio, first)
        assert mirrored(second) == truth(twilio, second)
        arrival = Change.objects.filter(target=sid, account_sid=second.pk).get()
        assert arrival.fields["account_sid"] == [first.pk, second.pk]


def test_a_page_with_a_number_in_its_old_account_does_not_move_it_back(twilio, parent, subaccounts):
    first, second = subaccounts[:2]
    complete(first)
    sid = next(
        number["sid"]
        for number in truth(twilio, first)
        if number["address_requirements"] == "none" and not number["bundle_sid"]
    )
    pages = list(gateway.iter_number_pages(first.api_login()))
    change(twilio, first, sid, AccountSid=second.pk)
    complete(second)

    run = SyncRun.objects.create(account=first, resource="numbers", trigger="command")
    engine.read_listing(mirrors.NUMBERS, first.pk, pages, fetch=None, run=run)

    assert PhoneNumber.objects.get(pk=sid).account_id == second.pk


def test_numbers_bought_and_released_while_paging_are_not_confused(twilio, parent, small_pages):
    complete(parent)
    login = parent.api_login()
    run = SyncRun.objects.create(account=parent, resource="numbers", trigger="command")

    stock = releasable(twilio, parent)
    random.Random(1).shuffle(stock)

    def drifting():
        for page in gateway.iter_number_pages(login):
            yield page
            release(twilio, parent, stock.pop())
            buy(twilio, parent)

    for _ in range(20):
        engine.read_listing(
            mirrors.NUMBERS,
            parent.pk,
            drifting(),
            fetch=lambda sid: gateway.fetch_number(login, sid),
            run=run,
        )
        there = {number["sid"] for number in truth(twilio, parent)}
        assert not missing() & there, "nothing that exists is called missing"

    complete(parent)
    assert mirrored(parent) == truth(twilio, parent)
    assert len(missing()) > 60


@pytest.mark.parametrize("kind", ["duplicate-page", "duplicate-row", "next-page-loop"])
def test_what_a_list_says_twice_counts_once(kind, twilio, parent, small_pages):
    complete(parent)
    sid = releasable(twilio, parent)[0]
    change(twilio, parent, sid, FriendlyName="Told once")
    twilio.faults.add(Fault(kind=kind, times=3 if kind != "next-page-loop" else 1))

    run = complete(parent)

    assert mirrored(parent) == truth(twilio, parent)
    assert (run.changed, run.missing) == (1, 0)
    assert Change.objects.count() == 1


def test_a_new_number_that_comes_twice_is_added_once(twilio, parent, small_pages):
    twilio.faults.add(Fault(kind="duplicate-page", times=3))

    run = complete(parent)

    assert run.added == len(mirrored(parent))
    assert mirrored(parent) == truth(twilio, parent)
    assert not Change.objects.exists()
