"""The number mirror against the sandbox: what a listing brings, tells and never touches."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory import tasks
from inventory.models import NumberFacet, PhoneNumber
from inventory.sync import NUMBERS
from portal.models import Change, SyncRun, TwilioAccount
from portal.sandbox.faults import Fault
from tests.mirroring import buy, change, complete, mirrored, releasable, sync, truth, versions

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr("portal.twilio.pages.PAGE_SIZE", 40)


def test_it_mirrors_every_number_field_by_field(twilio, parent):
    run = complete(parent)

    assert mirrored(parent) == truth(twilio, parent)
    assert run.seen == run.added == len(mirrored(parent))
    assert not Change.objects.exists()


def test_it_mirrors_every_account_with_its_own_credentials_or_its_parent_s(twilio, parent):
    complete(parent, "accounts")
    TwilioAccount.objects.filter(pk=twilio.subaccounts[0].account_sid).update(auth_token="")

    accounts = TwilioAccount.objects.all()
    for account in accounts:
        complete(account)

    assert len(accounts) == 4
    for account in accounts:
        assert mirrored(account) == truth(twilio, account)


def test_columns_say_what_the_payload_says(twilio, parent):
    complete(parent)

    for number in PhoneNumber.objects.all():
        said = number.payload
        for name in ("phone_number", "friendly_name", "origin", "status", "voice_url", "sms_url"):
            assert getattr(number, name) == (said[name] or "")
        assert number.beta == said["beta"]
        for name in ("address_sid", "emergency_address_sid", "voice_application_sid", "sms_application_sid"):
            assert getattr(number, f"{name[:-4]}_id") == (said[name] or None)
        assert {name: getattr(number, name) for name in said["capabilities"]} == said["capabilities"]
        assert number.remote_created_at.strftime("%a, %d %b %Y %H:%M:%S +0000") == said["date_created"]
        assert number.country
        assert number.number_type


def test_it_reads_many_pages_as_it_reads_one(twilio, parent, small_pages):
    run = complete(parent)

    assert run.pages == run.requests == 7
    assert mirrored(parent) == truth(twilio, parent)


def test_it_writes_no_row_when_nothing_changed(twilio, parent, small_pages):
    complete(parent)
    before = versions(PhoneNumber)

    run = complete(parent)

    assert versions(PhoneNumber) == before
    assert (run.added, run.changed, run.missing) == (0, 0, 0)
    assert run.seen == len(before)
    assert not Change.objects.exists()


def test_it_takes_one_statement_a_page_when_nothing_changed(parent, small_pages):
    complete(parent)

    with CaptureQueriesContext(connection) as queries:
        run = complete(parent)

    about_numbers = [query["sql"] for query in queries if "inventory_phonenumber" in query["sql"]]
    before, after = 2, 1  # is it the first time, and a place for rows; what the listing lacks
    assert len(about_numbers) == before + run.pages + after


def test_it_writes_only_the_rows_that_changed(twilio, parent):
    complete(parent)
    before = {sid: version for sid, *version in versions(PhoneNumber)}
    chosen = set(releasable(twilio, parent)[:3])
    for sid in chosen:
        change(twilio, parent, sid, FriendlyName="Another name")

    run = complete(parent)

    after = {sid: version for sid, *version in versions(PhoneNumber)}
    assert {sid for sid in before if before[sid] != after[sid]} == chosen
    assert (run.added, run.changed) == (0, 3)
    assert mirrored(parent) == truth(twilio, parent)


def test_it_tells_what_changed_from_what_to_what(twilio, parent):
    complete(parent)
    sid = releasable(twilio, parent)[0]
    before = PhoneNumber.objects.get(pk=sid).payload
    change(twilio, parent, sid, FriendlyName="Night desk", VoiceUrl="https://voice.example.com/night")

    run = complete(parent)

    [told] = Change.objects.all()
    assert told.fields == {
        "friendly_name": [before["friendly_name"], "Night desk"],
        "voice_url": [before["voice_url"], "https://voice.example.com/night"],
    }
    assert (told.target, told.account_sid, told.resource) == (sid, parent.pk, "numbers")
    assert (told.kind, told.source, told.run) == (Change.Kind.CHANGED, Change.Source.SYNC, run)


def test_it_copies_a_new_date_without_calling_it_news(twilio, parent):
    complete(parent)
    number = PhoneNumber.objects.filter(missing_since=None).first()
    # Twilio touches an object whose values stay the same.
    change(twilio, parent, number.pk, FriendlyName=number.friendly_name)

    run = complete(parent)

    assert run.changed == 1
    assert not Change.objects.exists()
    assert mirrored(parent) == truth(twilio, parent)


def test_a_number_bought_elsewhere_arrives_with_the_next_listing(twilio, parent):
    complete(parent)
    bought = buy(twilio, parent, 2)

    run = complete(parent)

    assert run.added == 2
    assert set(bought) <= {number["sid"] for number in mirrored(parent)}
    assert not Change.objects.exists()


def test_it_never_touches_what_is_ours(twilio, parent):
    complete(parent)
    sid = releasable(twilio, parent)[0]
    ours = {"owner": "Ada", "cost_centre": "4711", "tags": ["desk", "night"]}
    PhoneNumber.objects.filter(pk=sid).update(**ours)
    first_seen = PhoneNumber.objects.get(pk=sid).first_seen_at
    change(twilio, parent, sid, FriendlyName="Another name")

    complete(parent)

    number = PhoneNumber.objects.get(pk=sid)
    assert number.friendly_name == "Another name"
    assert {name: getattr(number, name) for name in ours} == ours
    assert number.first_seen_at == first_seen


def test_it_writes_every_row_anew_when_the_way_of_reading_them_changed(parent, monkeypatch):
    complete(parent)
    PhoneNumber.objects.update(country="")
    complete(parent)
    assert PhoneNumber.objects.filter(country="").exists()

    monkeypatch.setitem(NUMBERS.__dict__, "edition", NUMBERS.edition + 1)
    run = complete(parent)

    assert run.changed == run.seen
    assert not PhoneNumber.objects.filter(country="").exists()
    assert not Change.objects.exists()


def test_two_accounts_do_not_disturb_each_other(twilio, parent):
    complete(parent, "accounts")
    first, second = (TwilioAccount.objects.get(pk=keys.account_sid) for keys in twilio.subaccounts[:2])
    complete(first)
    complete(second)
    complete(first)

    assert mirrored(first) == truth(twilio, first)
    assert mirrored(second) == truth(twilio, second)
    assert SyncRun.objects.filter(missing__gt=0).count() == 0


def test_a_failed_run_says_why_and_leaves_the_mirror_as_it_was(twilio, parent):
    complete(parent)
    before = versions(PhoneNumber)
    twilio.faults.add(Fault(kind="status", status=503))

    run = sync(parent)

    assert run.state == SyncRun.State.FAILED
    assert run.error == "Twilio has a fault of its own. (Twilio error 20503)"
    assert run.request_id == twilio.journal.entries()[-1].request_id
    assert versions(PhoneNumber) == before


def test_counting_the_facets_anew_changes_nothing_but_sweeps_out_empty_ones(twilio, parent):
    sync(parent)
    counts = dict(NumberFacet.objects.values_list("id", "count"))
    empty = NumberFacet.objects.first()
    empty.pk, empty.count = 1, 0
    empty.save(force_insert=True)

    tasks.recount_numbers()

    assert dict(NumberFacet.objects.values_list("id", "count")) == counts


def test_the_planner_knows_the_table_after_a_first_large_listing(parent, monkeypatch):
    monkeypatch.setattr("portal.mirror.engine.WORTH_ANALYSING", 100)

    complete(parent)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stats WHERE tablename = %s", [PhoneNumber._meta.db_table])
        assert cursor.fetchone()[0] > 10
