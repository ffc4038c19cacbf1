"""Reading calls and messages against the sandbox: everything once, whatever goes wrong."""

import json
from collections import Counter
from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from inventory.models import NumberActivity, NumberUsage, PhoneNumber, UsagePeriod, UsageWindow
from inventory.usage.activity import MONTH
from portal.models import SyncRun, TwilioAccount
from portal.sandbox.faults import KINDS, Fault
from tests.answers import Answer, answering
from tests.mirroring import complete, sync

pytestmark = pytest.mark.django_db
LISTS = {"calls": "*/Calls.json", "messages": "*/Messages.json"}
DATES = {"calls": "start_time", "messages": "date_sent"}


@pytest.fixture
def account(twilio, parent):
    complete(parent)
    return parent


@pytest.fixture
def small_pages(monkeypatch, twilio):
    """Days of many pages; five of them, for the sake of time."""
    since = int((timezone.now() - timedelta(days=5)).timestamp())
    for table in ("call", "message"):
        twilio.store.db.execute(f"DELETE FROM {table} WHERE at < ?", [since])
    monkeypatch.setattr("portal.twilio.pages.PAGE_SIZE", 10)
    monkeypatch.setattr("inventory.usage.sync._PAGES_BETWEEN_CHECKPOINTS", 2)


def truth(twilio, account):
    """How many calls and messages of the last month count, by our number; from Twilio's own records."""
    first = timezone.now().date() - MONTH
    ours = set(PhoneNumber.objects.filter(account=account).values_list("phone_number", flat=True))
    counts = {"calls": Counter(), "messages": Counter()}
    for kind, date in DATES.items():
        for line in twilio.dump(kind, account.pk):
            event = json.loads(line)
            side = event["to"] if event["direction"] == "inbound" else event["from"]
            is_counted = kind == "messages" or (
                event["status"] == "completed" and int(event["duration"]) >= 12
            )
            if parsedate_to_datetime(event[date]).date() >= first and side in ours and is_counted:
                counts[kind][side] += 1
    return counts


def derived(account):
    rows = NumberActivity.objects.filter(account=account)
    return {
        "calls": +Counter(dict(rows.values_list("phone_number", "counted_calls"))),
        "messages": +Counter(dict(rows.values_list("phone_number", "counted_messages"))),
    }


def asked(twilio, kind):
    """Every request for a list since the journal was cleared, as a day and a place in its list."""
    found = []
    for entry in twilio.journal.entries(path=LISTS[kind]):
        query = dict(entry.query)
        found.append((query.get("StartTime") or query.get("DateSent"), query.get("PageToken", "")))
    return found


def interrupt(twilio, account, kind):
    """Let a reading fail on the fourth page of a day; the window that it leaves behind."""
    sizes = Counter(
        parsedate_to_datetime(json.loads(line)[DATES[kind]]).date() for line in twilio.dump(kind, account.pk)
    )
    today = timezone.now().date()
    days = [today - timedelta(days=n) for n in range(MONTH.days + 1)]
    pages = {day: max(1, -(-sizes[day] // 10)) for day in days}
    day = next(day for day in days if pages[day] >= 5)
    before = sum(pages[each] for each in days if each > day)
    twilio.faults.add(Fault(kind="status", status=403, path=LISTS[kind], nth=before + 4))
    run = sync(account, "usage")
    twilio.faults.clear()
    assert run.state == SyncRun.State.FAILED
    [window] = UsageWindow.objects.filter(read_at=None)
    assert (window.kind, window.day, window.pages) == (kind, day, 2)
    assert window.next_url
    return window


def test_it_counts_what_twilio_lists_for_every_number_of_every_account(twilio, account):
    complete(account, "accounts")
    for each in TwilioAccount.objects.watched():
        complete(each)
        run = complete(each, "usage")

        assert derived(each) == truth(twilio, each)
        assert derived(each)["calls"].total() > 100 < derived(each)["messages"].total()
        assert (run.added, run.changed, run.missing) == (2 * (MONTH.days + 1), 0, 0)
        assert run.seen > derived(each)["calls"].total() + derived(each)["messages"].total()
        assert UsagePeriod.objects.get(account=each).is_complete
    states = Counter(NumberActivity.objects.values_list("state", flat=True))
    assert states.total() == PhoneNumber.objects.count()
    assert 0.05 < states["idle"] / states.total() < 0.2
    assert states["active"] > 4 * states["idle"]
    assert not states["unknown"]


def test_many_pages_count_as_one_does(twilio, account, small_pages):
    complete(account, "usage")

    assert derived(account) == truth(twilio, account)


def test_days_that_settled_are_not_read_again(twilio, account):
    complete(account, "usage")
    before = derived(account)
    twilio.journal.clear()

    run = complete(account, "usage")

    today = timezone.now().date()
    recent = {(today - timedelta(days=n)).isoformat() for n in range(3)}
    days = {day for day, _ in asked(twilio, "calls")} | {day for day, _ in asked(twilio, "messages")}
    assert days <= recent
    assert today.isoformat() in days
    assert (run.added, run.changed) == (0, 2 * len(days))
    assert derived(account) == before


def test_a_day_that_is_read_again_counts_what_came_since(twilio, account):
    number = PhoneNumber.objects.filter(account=account, sms=True, origin="twilio").first()
    complete(account, "usage")
    before = derived(account)["messages"][number.phone_number]
    now = int(timezone.now().timestamp())
    for index in range(2):
        twilio.store.db.execute(
            "INSERT INTO message (sid, account, sender, recipient, at, direction, status, body)"
            " VALUES (?, ?, '+12015550199', ?, ?, 'inbound', 'received', 'Hello')",
            (f"SM{index:032x}", account.pk, number.phone_number, now),
        )
    complete(account, "usage")
    complete(account, "usage")

    assert derived(account)["messages"][number.phone_number] == before + 2
    assert derived(account) == truth(twilio, account)


def test_a_page_that_fails_loses_nothing_and_what_was_read_is_not_read_again(twilio, account, small_pages):
    interrupted = interrupt(twilio, account, "messages")
    done = set(UsageWindow.objects.exclude(read_at=None).values_list("kind", "day"))
    assert done
    twilio.journal.clear()

    complete(account, "usage")

    assert derived(account) == truth(twilio, account)
    assert not UsageWindow.objects.filter(read_at=None).exists()
    again = [day for day, token in asked(twilio, "messages") if day == interrupted.day.isoformat()]
    pages = UsageWindow.objects.get(kind="messages", day=interrupted.day).pages
    assert len(again) == pages - interrupted.pages, "it went on where it was"
    recent = timezone.now().date() - timedelta(days=2)
    read_again = {day for day, _ in asked(twilio, "calls")}
    assert not read_again & {day.isoformat() for kind, day in done if kind == "calls" and day < recent}


def test_it_ends_well_however_often_it_is_interrupted(twilio, account, small_pages):
    for nth in (3, 7, 13):
        twilio.faults.add(Fault(kind="status", status=403, path="*/*s.json", nth=nth, times=1))
        sync(account, "usage")
        twilio.faults.clear()

    complete(account, "usage")

    assert derived(account) == truth(twilio, account)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"status", "slow", "foreign-next-page"}))
def test_it_counts_nothing_twice_whatever_happens_to_its_pages(twilio, account, small_pages, kind):
    for path in LISTS.values():
        twilio.faults.add(Fault(kind=kind, path=path, nth=4, times=1))
    sync(account, "usage")
    twilio.faults.clear()

    complete(account, "usage")

    assert derived(account) == truth(twilio, account)


def test_it_never_shows_less_because_a_day_is_being_read_again(twilio, account, small_pages):
    complete(account, "usage")
    before = derived(account)
    twilio.faults.add(Fault(kind="status", status=403, path=LISTS["calls"], nth=3))

    run = sync(account, "usage")

    assert run.state == SyncRun.State.FAILED
    assert derived(account) == before


def test_a_place_in_the_list_that_twilio_forgot_is_read_from_the_start(twilio, account, small_pages):
    window = interrupt(twilio, account, "calls")
    window.next_url = window.next_url.replace("PageToken=PA", "PageToken=PX")
    window.save()

    complete(account, "usage")

    assert derived(account) == truth(twilio, account)


def test_a_reading_that_was_interrupted_long_ago_begins_anew(twilio, account, small_pages):
    interrupt(twilio, account, "calls")
    UsageWindow.objects.filter(read_at=None).update(begun_at=timezone.now() - timedelta(hours=7))

    complete(account, "usage")

    assert derived(account) == truth(twilio, account)


def test_it_takes_up_a_day_that_was_left_out(twilio, account):
    complete(account, "usage")
    day = timezone.now().date() - timedelta(days=12)
    windows = UsageWindow.objects.filter(day=day)
    NumberUsage.objects.filter(window__in=[window.pk for window in windows]).delete()
    windows.delete()

    run = complete(account, "usage")

    assert run.added == 2
    assert derived(account) == truth(twilio, account)


def test_nobody_else_s_number_is_kept(twilio, account):
    complete(account, "usage")

    ours = set(PhoneNumber.objects.values_list("phone_number", flat=True))
    assert set(NumberUsage.objects.values_list("phone_number", flat=True)) <= ours
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM inventory_usagewindow WHERE next_url LIKE '%%+1%%'")
        assert cursor.fetchone() == (0,)


def test_what_is_older_than_the_month_is_forgotten(account):
    complete(account, "usage")
    old = timezone.now().date() - MONTH - timedelta(days=4)
    now = timezone.now()
    window = UsageWindow.objects.create(account=account, kind="calls", day=old, begun_at=now, read_at=now)
    NumberUsage.objects.create(phone_number="+12015550100", window=window, total=1, counted=1)

    complete(account, "usage")

    assert not UsageWindow.objects.filter(day=old).exists()
    assert not NumberUsage.objects.filter(window_id=window.pk).exists()


@pytest.mark.parametrize(
    "body",
    [b"[1]", b"{}", b'{"calls": 5}', b"not json", b'{"calls": [], "next_page_uri": 5}'],
)
def test_an_answer_in_another_shape_fails_with_words_and_counts_nothing(account, body):
    with answering(Answer(200, body)):
        run = sync(account, "usage")

    assert run.state == SyncRun.State.FAILED
    assert run.error
    assert not UsageWindow.objects.exclude(read_at=None).exists()


def test_a_record_that_cannot_be_read_is_left_out_and_said_so(account):
    number = PhoneNumber.objects.filter(account=account).first().phone_number
    good = {"sid": "CA1", "direction": "inbound", "to": number, "from": "client:ada", "status": "completed"}
    calls = [
        {**good, "duration": "12"},
        {**good, "sid": "CA2", "duration": 90, "surprise": {"new": True}},
        {**good, "sid": "CA3", "duration": "a while"},
        {**good, "sid": "CA4", "duration": None},
        {"direction": "inbound"},
        5,
        {**good, "sid": 6},
    ]

    def answer(request):
        key = urlsplit(request.url).path.rpartition("/")[2].removesuffix(".json").lower()
        is_today = timezone.now().date().isoformat() in request.url
        return Answer(200, {key: calls if key == "calls" and is_today else [], "next_page_uri": None})

    with answering(answer):
        run = complete(account, "usage")

    assert run.seen == 4
    assert run.error == "Left out, for they cannot be read: 3."
    row = NumberActivity.objects.get(phone_number=number)
    assert (row.calls, row.counted_calls) == (4, 2)


def test_an_account_without_credentials_fails_with_words(account):
    TwilioAccount.objects.update(auth_token="", api_key_sid="", api_key_secret="")

    run = sync(TwilioAccount.objects.get(pk=account.pk), "usage")

    assert (run.state, run.error) == (SyncRun.State.FAILED, "There are no credentials for this account.")


def test_a_number_is_known_from_the_moment_it_is_listed_and_gone_when_it_is_gone(twilio, account):
    assert set(NumberActivity.objects.values_list("state", flat=True)) <= {"unknown", "new", "hosted"}
    complete(account, "usage")
    idle = NumberActivity.objects.filter(state="idle", number__emergency_address=None).first()
    twilio.direct("DELETE", f"/2010-04-01/Accounts/{account.pk}/IncomingPhoneNumbers/{idle.pk}.json")

    complete(account)

    assert not NumberActivity.objects.filter(pk=idle.pk).exists()
    assert NumberActivity.objects.count() == PhoneNumber.objects.present().count()


def test_numbers_of_suspended_and_trial_accounts_are_urgent(twilio, account):
    complete(account, "usage")
    assert not NumberActivity.objects.aggregate(Sum("urgency"))["urgency__sum"]
    twilio.set_account(account.pk, type="Trial")

    complete(account, "accounts")

    assert set(NumberActivity.objects.values_list("urgency", flat=True)) == {1}


def test_numbers_cost_what_their_account_or_its_parent_pays(account):
    assert set(NumberActivity.objects.values_list("monthly_cost", "currency")) == {(0, "")}

    complete(account, "prices")

    assert not NumberActivity.objects.filter(country="US", currency="").exists()
    for row in NumberActivity.objects.filter(country="US", number_type="local")[:3]:
        assert (str(row.monthly_cost), row.currency) == ("1.00000", "USD")
