"""How fresh the copy of Twilio is: the page about it, Refresh now, and its progress."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal import tasks
from portal.health import RESOURCE_NAMES
from portal.models import Role, SyncRun
from portal.sandbox.faults import Fault
from tests.factories import make_account, make_user
from tests.mirroring import broker_away, change, complete, sync, truth
from tests.pages import Page, assert_is_region, htmx, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

HEALTH = "/sync/"
State = SyncRun.State


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


def make_run(account, resource="numbers", state=State.DONE, ago=timedelta(minutes=3), **fields):
    is_over = state in (State.DONE, State.FAILED)
    moments = {"queued_at": Now() - ago, "finished_at": Now() - ago if is_over else None}
    if state == State.RUNNING:
        moments["heartbeat_at"] = Now()
    fields = {"trigger": SyncRun.Trigger.SCHEDULE, **moments, **fields}
    return SyncRun.objects.create(account=account, resource=resource, state=state, **fields)


def lines(client):
    """The table of resources: what each cell says, by account, resource and the head of its column."""
    table = Page.of(client, HEALTH).all("#health table")[0]
    heads = [th.text for th in table.all("thead th")][1:]
    found, account = {}, ""
    for row in table.all("tbody tr"):
        account = row.one("th").text if row.all("th") else account
        cells = dict(zip(heads, [td.text for td in row.all("td")], strict=True))
        found[account, cells["Resource"]] = cells
    return found


# The page


def test_it_has_a_line_for_every_resource_of_every_account(as_support, account):
    make_account(friendly_name="Sub", owner_sid=account.pk)

    page = Page.of(as_support, HEALTH)

    everything = {RESOURCE_NAMES[name] for name in settings.SYNC_INTERVALS}
    found = lines(as_support)
    assert {resource for name, resource in found if name == "Ours"} == everything
    subaccounts = {resource for name, resource in found if name.startswith("Sub")}
    of_parents = {RESOURCE_NAMES[name] for name in settings.SYNC_BY_PARENTS}
    assert subaccounts == everything - of_parents, "those are read by the parents"
    spans = [int(cell["rowspan"]) for cell in page.all("th[rowspan]")]
    assert spans == [len(everything), len(everything - of_parents)]
    assert {cells["Last run"] for cells in found.values()} == {"Never read"}
    assert {cells["Seen"] for cells in found.values()} == {"–"}


def test_a_line_says_how_the_last_run_went_and_what_the_last_complete_one_found(as_support, account):
    make_run(account, seen=2412, added=0, changed=7, missing=1, requests=3, ago=timedelta(minutes=20))
    make_run(account, state=State.FAILED, error="Twilio cannot be reached.", request_id="RQ123")
    make_run(account, "prices", State.RUNNING)
    make_run(account, "addresses", State.QUEUED)

    found = lines(as_support)

    numbers = found["Ours", "Numbers"]
    assert numbers["Last run"] == "Failed Twilio cannot be reached. RQ123"
    assert numbers["Complete"] == "20 min ago"
    assert [numbers[head] for head in ("Every", "Seen", "New", "Changed", "Missing")] == [
        "15 min", "2,412", "0", "7", "1",
    ]  # fmt: skip
    assert found["Ours", "Prices"]["Last run"] == "Running"
    assert found["Ours", "Prices"]["Every"] == "24 h"
    assert found["Ours", "Addresses"]["Last run"] == "Waiting"
    assert found["Ours", "Addresses"]["Complete"] == "never"


def test_a_run_whose_worker_died_is_called_interrupted(as_support, account):
    make_run(account, state=State.RUNNING, heartbeat_at=Now() - timedelta(hours=1))

    assert lines(as_support)["Ours", "Numbers"]["Last run"] == "Interrupted"


def test_it_tells_the_last_runs_newest_first_and_who_asked(as_support, account, support):
    for minutes in range(40):
        make_run(account, ago=timedelta(minutes=minutes + 5), seen=minutes)
    make_run(
        account, "prices", trigger=SyncRun.Trigger.PERSON, requested_by=support, ago=timedelta(minutes=1)
    )

    rows = Page.of(as_support, HEALTH).all("#health table")[1].all("tbody tr")

    assert len(rows) == 30
    texts = [[cell.text for cell in row.all("td")] for row in rows]
    assert texts[0][1:5] == [str(support), "Ours", "Prices", "Complete"]
    assert texts[1][1:5] == ["Schedule", "Ours", "Numbers", "Complete"]
    assert [row[6] for row in texts[1:]] == [str(seen) for seen in range(29)]


def test_it_warns_when_nothing_happens_by_itself(as_support, account):
    def warning():
        notices = Page.of(as_support, HEALTH).all(".notice--bad")
        return notices[0].text if notices else ""

    assert "last showed itself never" in warning()
    tasks.beat_tick()
    assert not warning()
    cache.set(tasks.BEAT_KEY, timezone.now() - timedelta(minutes=10), timeout=None)
    assert "last showed itself 10 min ago" in warning()


# Refresh now


@pytest.fixture
def ready(parent, twilio):
    complete(parent)
    SyncRun.objects.update(queued_at=Now() - timedelta(minutes=5), finished_at=Now() - timedelta(minutes=5))
    return parent


def refresh(client, resource="numbers", headers=None, **fields):
    return client.post(reverse("sync-refresh", args=[resource]), fields, headers=headers)


def test_refresh_now_asks_for_a_run_and_leads_back_to_where_it_was_pressed(as_support, ready, support):
    answer = refresh(as_support, next="/numbers/?q=desk")

    assert (answer.status_code, answer["Location"]) == (302, "/numbers/?q=desk")
    run = SyncRun.objects.unfinished().get()
    assert (run.account, run.resource, run.trigger, run.requested_by) == (ready, "numbers", "person", support)


def test_pressed_twice_it_asks_once(as_support, ready):
    refresh(as_support)
    refresh(as_support)

    assert SyncRun.objects.unfinished().count() == 1


def test_with_htmx_it_shows_progress_until_it_is_over(as_support, twilio, ready):
    sid = truth(twilio, ready)[0]["sid"]
    change(twilio, ready, sid, FriendlyName="Night desk")

    progress = Page(refresh(as_support, headers=htmx("progress"), next="/numbers/?q=desk"))
    box = progress.one("#progress")
    assert box.text.startswith("Reading from Twilio. You may go on working.")
    assert "waiting for a worker" in box.text
    assert (box["hx-trigger"], box["hx-target"]) == ("every 1s", "#progress")
    poll = box["hx-get"]

    waiting = as_support.get(poll, headers=htmx("progress"))
    assert waiting.status_code == 200
    SyncRun.objects.unfinished().update(
        state=State.RUNNING, heartbeat_at=Now(), pages=2, seen=1500, changed=1
    )
    running = Page(as_support.get(poll, headers=htmx("progress")))
    assert "2 pages, 1,500 seen, 0 new, 1 changed, 0 missing" in running.one("li").text
    assert running.one("#progress")["hx-get"] == poll, "it goes on asking the same"

    SyncRun.objects.unfinished().update(state=State.QUEUED)
    sync(ready)
    over = as_support.get(poll, headers=htmx("progress"))
    assert over.status_code == 286, "which ends the polling"
    page = Page(over)
    assert re.match(r"Read \d+ objects, 1 changed\.", page.one("#progress").text)
    assert page.link("Show the list as it is now") == "/numbers/?q=desk"
    assert not page.one("#progress").get("hx-get")
    assert page.one("#progress")["data-announce"]


def test_a_reading_that_failed_says_why_and_that_it_is_over(as_support, twilio, ready):
    poll = Page(refresh(as_support, headers=htmx("progress"))).one("#progress")["hx-get"]
    twilio.faults.add(Fault(kind="status", status=503))
    sync(ready)

    over = as_support.get(poll, headers=htmx("progress"))

    assert over.status_code == 286
    line = Page(over).one("li").text
    assert line.startswith(f"{ready} Failed Twilio")


def test_without_javascript_progress_is_a_page(as_support, ready):
    refresh(as_support)
    since = timezone.now() - timedelta(minutes=1)

    page = Page.of(as_support, url_of("/sync/numbers/progress/", since=since.isoformat()))

    assert page.one("h1").text == "Refresh"
    assert "Reading from Twilio." in page.one("#progress").text


def test_it_reads_one_account_where_one_is_named_and_those_that_are_read_at_all(as_support):
    one, two, off = make_account(), make_account(), make_account()
    type(off).objects.filter(pk=off.pk).update(is_watched=False)

    refresh(as_support, account=one.pk)
    assert [run.account_id for run in SyncRun.objects.all()] == [one.pk]
    refresh(as_support)
    assert {run.account_id for run in SyncRun.objects.all()} == {one.pk, two.pk}


def test_accounts_are_read_through_their_parents(as_support, account):
    make_account(owner_sid=account.pk)

    refresh(as_support, "accounts")

    assert [run.account_id for run in SyncRun.objects.all()] == [account.pk]


def test_when_there_is_nothing_to_read_it_says_so(as_support):
    assert "Nothing to refresh." in Page(refresh(as_support, headers=htmx("progress"))).one("#progress").text
    refresh(as_support)
    assert "There is no account to read." in Page.of(as_support, HEALTH).messages


def test_when_the_queue_is_down_the_wish_is_kept_and_it_says_so(as_support, account):
    with broker_away():
        refresh(as_support, next=HEALTH)

    assert SyncRun.objects.get().state == State.QUEUED
    [message] = Page.of(as_support, HEALTH).messages
    assert message.startswith("The refresh is waiting: the queue is down.")


def test_when_the_queue_is_down_htmx_is_told_so_too(as_support, account):
    with broker_away():
        page = Page(refresh(as_support, headers=htmx("progress")))

    assert "the queue is down" in page.one("#progress").text
    assert not Page.of(as_support, HEALTH).messages, "it was said already"


# Who may, and what there is not


def test_it_is_for_those_who_may_read_from_twilio(as_viewer, account):
    assert refresh(as_viewer).status_code == 403
    assert as_viewer.get(HEALTH).status_code == 403
    assert not SyncRun.objects.exists()
    person = make_user(Role.VIEWER)
    person.memberships.create(role=Role.SUPPORT).accounts.add(account)
    make_account(friendly_name="Theirs")
    client = Client()
    client.force_login(person)
    refresh(client)
    assert [run.account_id for run in SyncRun.objects.all()] == [account.pk]


@pytest.mark.parametrize(
    "path",
    [
        "/sync/people/progress/?since=2026-01-01T00:00:00Z",
        "/sync/numbers/progress/",
        "/sync/numbers/progress/?since=yesterday",
        "/sync/numbers/progress/?since=2026-13-01T00:00:00Z",
        "/sync/numbers/progress/?since=2026-01-01T00:00:00",
    ],
)
def test_progress_of_nothing_is_no_page(as_support, account, path):
    assert as_support.get(path).status_code == 404


def test_it_knows_no_other_resources_and_no_other_methods(as_support, account):
    assert refresh(as_support, "people").status_code == 404
    assert as_support.get(reverse("sync-refresh", args=["numbers"])).status_code == 405
    assert as_support.post(reverse("sync-progress", args=["numbers"])).status_code == 405
    assert as_support.post(HEALTH).status_code == 405


def test_the_part_for_htmx_is_the_pages_own(as_support, account):
    make_run(account)
    assert_is_region(as_support, HEALTH, "health")


def test_every_refresh_on_the_page_asks_for_its_own_line(as_support, account):
    other = make_account(friendly_name="Other")
    page = Page.of(as_support, HEALTH)
    asked = {(form["action"], form.one("input[name=account]")["value"]) for form in page.all("#health form")}

    assert asked == {
        (f"/sync/{resource}/refresh/", each.pk)
        for resource in settings.SYNC_INTERVALS
        for each in (account, other)
    }


def test_it_takes_as_many_queries_for_many_accounts_as_for_one(as_support, account):
    make_run(account)
    with counted("sync_health"):
        Page.of(as_support, HEALTH)
    for _ in range(8):
        another = make_account()
        for resource in settings.SYNC_INTERVALS:
            make_run(another, resource, requested_by=make_user())
            make_run(another, resource, State.FAILED)
    with counted("sync_health"):
        Page.of(as_support, HEALTH)
