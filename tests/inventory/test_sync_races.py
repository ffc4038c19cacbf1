"""A listing is older than the moment it is applied in; what was learned meanwhile stays."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from django.db import connection, transaction
from django.utils import timezone

from inventory import actions, gateway
from inventory import sync as mirrors
from inventory.models import PhoneNumber
from portal.mirror import engine
from portal.models import Change, SyncRun
from portal.twilio.errors import Absent
from portal.twilio.snapshots import Snapshot
from tests.mirroring import change, complete, facets_are_right, mirrored, releasable, release, truth

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(twilio, parent):
    complete(parent)
    return PhoneNumber.objects.get(pk=releasable(twilio, parent)[0])


def apply(account, pages):
    """Apply pages that were read some time ago."""
    run = SyncRun.objects.create(account=account, resource="numbers", trigger="command", state="done")
    return engine.read_listing(mirrors.NUMBERS, account.pk, pages, fetch=None, run=run)


def read(account):
    return list(gateway.iter_number_pages(account.api_login()))


def update(number, user, **wanted):
    current = {name: number.payload[name] for name in wanted}
    actions.update_number(number=number, wanted=wanted, opened_with=current, actor=user)


def test_an_older_page_does_not_undo_an_action(twilio, parent, number, support):
    pages = read(parent)
    update(number, support, friendly_name="New name")

    tally = apply(parent, pages)

    number.refresh_from_db()
    assert number.friendly_name == "New name"
    assert tally.changed == 0
    assert mirrored(parent) == truth(twilio, parent)
    assert [told.source for told in Change.objects.all()] == ["operation"]


def test_a_page_asked_for_after_an_action_is_believed(twilio, parent, number, support):
    update(number, support, friendly_name="New name")
    change(twilio, parent, number.pk, FriendlyName="Newer name")

    tally = apply(parent, read(parent))

    number.refresh_from_db()
    assert number.friendly_name == "Newer name"
    assert tally.changed == 1


def test_an_older_page_is_believed_when_twilio_says_that_it_is_newer(twilio, parent, number):
    """What was read here before a page may have been applied after it: a slow web worker, for one."""
    early = gateway.fetch_number(parent.api_login(), number.pk)
    later = timezone.now() + timedelta(seconds=2)
    twilio.clock.freeze(later)
    change(twilio, parent, number.pk, FriendlyName="Newer name")
    pages = read(parent)
    mirrors.apply_number(late(early), source=Change.Source.READ)

    apply(parent, pages)

    number.refresh_from_db()
    assert number.friendly_name == "Newer name"


def late(snapshot):
    """The same answer, as if it had been asked for just now."""
    return replace(snapshot, requested_at=timezone.now())


def test_an_older_answer_does_not_undo_a_newer_one(parent, number, twilio):
    early = gateway.fetch_number(parent.api_login(), number.pk)
    change(twilio, parent, number.pk, FriendlyName="Newer name")
    mirrors.apply_number(gateway.fetch_number(parent.api_login(), number.pk), source=Change.Source.READ)

    mirrors.apply_number(early, source=Change.Source.READ)

    number.refresh_from_db()
    assert number.friendly_name == "Newer name"


def test_an_older_page_does_not_bring_back_a_number_found_missing(twilio, parent, number):
    pages = read(parent)
    release(twilio, parent, number.pk)
    with pytest.raises(Absent):
        actions.read_number(number=number)

    apply(parent, pages)

    number.refresh_from_db()
    assert number.missing_since
    assert [told.kind for told in Change.objects.all()] == ["missing"]


def test_a_date_that_is_newer_than_ours_does_not_bring_it_back_either(twilio, parent, number):
    twilio.clock.freeze(timezone.now() + timedelta(seconds=2))
    change(twilio, parent, number.pk, FriendlyName="Newer name")
    pages = read(parent)
    release(twilio, parent, number.pk)
    with pytest.raises(Absent):
        actions.read_number(number=number)

    apply(parent, pages)

    number.refresh_from_db()
    assert number.missing_since


@pytest.mark.django_db(transaction=True)
def test_a_number_bought_here_while_a_listing_is_read_is_not_missing_from_it(parent, number):
    bought = dict(number.payload, sid="PN" + "b" * 32)

    def pages():  # runs in a thread with a database connection of its own
        yield from gateway.iter_number_pages(parent.api_login())
        mirrors.apply_number(snapshot_of(bought), source=Change.Source.OPERATION)

    tally = apply(parent, pages())

    assert tally.missing == 0
    assert PhoneNumber.objects.get(pk=bought["sid"]).missing_since is None
    assert apply(parent, gateway.iter_number_pages(parent.api_login())).missing == 1


def snapshot_of(payload):
    return Snapshot(payload["sid"], msgspec.json.encode(payload), timezone.now())


def test_a_missing_mark_needs_an_older_row(parent, number):
    asked_at = timezone.now()
    mirrors.apply_number(snapshot_of(dict(number.payload, friendly_name="x")), source=Change.Source.READ)

    assert not mirrors.mark_number_absent(number.pk, asked_at=asked_at)
    assert mirrors.mark_number_absent(number.pk, asked_at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_apply_the_same_rows_agree_in_the_end(twilio, parent):
    complete(parent)
    sids = releasable(twilio, parent)[:20]
    login = parent.api_login()

    def work(order):
        for sid in order:
            mirrors.apply_number(gateway.fetch_number(login, sid), source=Change.Source.READ)
        connection.close()

    for round_ in range(3):
        for sid in sids:
            url = "" if round_ % 2 else "https://voice.example.com/"
            change(twilio, parent, sid, FriendlyName=f"Round {round_}", VoiceUrl=url)
        threads = [threading.Thread(target=work, args=[order]) for order in (sids, sids[::-1], sids)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert mirrored(parent) == truth(twilio, parent)
    assert Change.objects.count() == 3 * len(sids), "each change is told once"
    assert facets_are_right()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [True, False], ids=["known", "new"])
def test_a_row_that_another_worker_writes_in_the_same_moment_is_counted_and_told_right(is_known, parent):
    """The other's row is locked or not yet visible when the statement begins, and there when it goes on."""
    plain = {"sid": "PN" + "b" * 32, "account_sid": parent.pk, "phone_number": "+12015550100"}
    if is_known:
        engine.apply_snapshots(mirrors.NUMBERS, [snapshot_of(plain)], source=Change.Source.READ)
    first = snapshot_of({**plain, "friendly_name": "First", "voice_url": "https://voice.example.com/"})
    second = snapshot_of({**plain, "friendly_name": "Second", "trunk_sid": "TK" + "b" * 32})

    def work():
        written.append(engine.apply_snapshots(mirrors.NUMBERS, [second], source=Change.Source.WEBHOOK))
        connection.close()

    written = []
    other = threading.Thread(target=work)
    with transaction.atomic():
        engine.apply_snapshots(mirrors.NUMBERS, [first], source=Change.Source.READ)
        second = replace(second, requested_at=timezone.now() + timedelta(seconds=60))
        other.start()
        wait_until_somebody_waits_for_a_lock()
    other.join()

    assert written == [1]
    [told] = Change.objects.filter(source="webhook")
    assert told.fields["friendly_name"] == ["First", "Second"]
    assert facets_are_right()


def wait_until_somebody_waits_for_a_lock():
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    pytest.fail("nobody waits")
