"""How a listing is read: a page ahead, never more than two in memory, and ended cleanly."""

import threading
import time
import weakref

import msgspec
import pytest
from django.db import connection
from django.utils import timezone

from inventory.models import Application
from inventory.sync import APPLICATIONS
from portal.mirror import engine
from portal.models import Change, SyncRun
from portal.twilio.errors import Unavailable
from portal.twilio.pages import Effort, Page
from tests.factories import make_account

pytestmark = pytest.mark.django_db


class Records(list):
    """Undecoded records whose life can be watched."""


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def run(account):
    return SyncRun.objects.create(account=account, resource="applications", trigger="command")


def record(account, number, **fields):
    plain = {"sid": f"AP{number:032x}", "account_sid": account.pk, "friendly_name": f"Application {number}"}
    return msgspec.Raw(msgspec.json.encode(plain | fields))


def make_page(account, first, size=10):
    return Page(
        Records(record(account, number) for number in range(first, first + size)),
        timezone.now(),
        Effort(requests=1, retries=1, waited=0.5),
    )


def read(account, run, pages, **options):
    return engine.read_listing(APPLICATIONS, account.pk, pages, fetch=None, run=run, **options)


def test_it_adds_up_what_a_listing_took(account, run):
    tally = read(account, run, (make_page(account, first) for first in (0, 10, 20)))

    assert (tally.pages, tally.seen, tally.added) == (3, 30, 30)
    assert (tally.requests, tally.retries, tally.waited) == (3, 3, 1.5)


def test_it_holds_no_more_than_two_pages(account, run):
    pages_alive = []

    def pages():
        made = []
        for number in range(30):
            page = make_page(account, number * 10)
            made.append(weakref.ref(page.records))
            pages_alive.append(sum(reference() is not None for reference in made))
            yield page
            del page

    assert read(account, run, pages()).pages == 30
    assert max(pages_alive) == 2


def test_it_fetches_a_page_while_it_writes_the_one_before(account, run):
    events = []

    def pages():
        for number in range(3):
            events.append(f"fetch {number}")
            yield make_page(account, number * 10)

    def progress(tally):
        while len([event for event in events if event.startswith("fetch")]) < min(tally.pages + 1, 3):
            time.sleep(0.001)  # the next page is fetched although nobody has asked for it yet
        events.append(f"write {tally.pages - 1}")

    read(account, run, pages(), progress=progress)

    assert events.index("fetch 1") < events.index("write 0")
    assert events.index("fetch 2") < events.index("write 1")


def test_it_shows_that_it_is_alive_while_a_page_is_awaited(account, run, monkeypatch):
    monkeypatch.setattr(engine, "_SECONDS_BETWEEN_SIGNS_OF_LIFE", 0.01)
    signs = []

    def pages():
        deadline = time.monotonic() + 5
        while len(signs) < 3 and time.monotonic() < deadline:
            time.sleep(0.001)
        yield make_page(account, 0)

    read(account, run, pages(), progress=lambda tally: signs.append(tally.pages))

    assert signs[:3] == [0, 0, 0]
    assert signs[-1] == 1


def test_pages_before_a_bad_one_stay_applied(account, run):
    def pages():
        yield make_page(account, 0)
        yield make_page(account, 10)
        raise Unavailable("Twilio has a fault of its own.")

    with pytest.raises(Unavailable):
        read(account, run, pages())

    assert Application.objects.count() == 20


def test_what_a_broken_reading_left_does_not_disturb_the_next(account, run):
    read(account, run, [make_page(account, 0)])

    def broken():
        yield make_page(account, 0, 3)
        raise Unavailable("Twilio has a fault of its own.")

    with pytest.raises(Unavailable):
        read(account, run, broken())
    tally = read(account, run, [make_page(account, 5)])

    assert tally.missing == 5, "those that only the broken reading saw were not seen"


def test_no_thread_outlives_a_reading(account, run):
    before = threading.active_count()

    def pages():
        for number in range(5):
            yield make_page(account, number * 10)

    def stop(tally):
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        read(account, run, pages(), progress=stop)

    assert threading.active_count() == before


def test_a_sid_that_a_page_has_twice_counts_in_its_later_form(account, run):
    page = make_page(account, 0, 3)
    page.records.append(record(account, 1, friendly_name="Later"))

    tally = read(account, run, [page])

    assert (tally.seen, tally.added) == (3, 3)
    assert Application.objects.get(pk=f"AP{1:032x}").friendly_name == "Later"


def test_it_leaves_no_table_behind(account, run):
    read(account, run, [make_page(account, 0)])

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_temp.mirror_seen')")
        assert cursor.fetchone() == (None,)


def test_a_property_that_twilio_adds_to_all_records_is_copied_and_no_news(account, run):
    read(account, run, [make_page(account, 0, 3)])
    records = [record(account, number, brand_new="on") for number in (0, 2)]
    records.append(record(account, 1, brand_new="on", friendly_name="New"))

    tally = read(account, run, [Page(records, timezone.now(), Effort())])

    assert tally.changed == 3
    assert all(application.payload["brand_new"] == "on" for application in Application.objects.all())
    [told] = Change.objects.all()
    assert (told.target, told.fields) == (f"AP{1:032x}", {"friendly_name": ["Application 1", "New"]})
