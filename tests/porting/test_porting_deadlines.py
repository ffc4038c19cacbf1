"""The board of deadlines, what the overview takes from it, and the daily reminder (M6)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from portal.models import Role
from portal.sandbox.hosting.settings import HostingSettings
from porting.deadlines import count_days, late_after
from porting.models import HostedOrder, PortInRequest
from tests.factories import make_account, make_sid, make_user
from tests.mirroring import complete
from tests.pages import Page, assert_is_region, url_of
from tests.porting.filing import LOSING_CARRIER
from tests.porting.following.requests import by_hand, filed, read, rejected
from tests.porting.hosting import received
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
BOARD = "/porting/deadlines/"
NOW = timezone.now()


@pytest.fixture(autouse=True)
def _by_hand(twilio):
    by_hand(twilio)
    twilio.hosting.set(HostingSettings(automatic=False))


@pytest.fixture
def waiting(twilio, parent):
    """A request that waits for its signature since today."""
    return to_sign(twilio, parent, "00")


def to_sign(twilio, parent, *endings):
    sid = filed(parent, *endings).pk
    twilio.porting.review(sid)
    return read(parent, sid)


def age(request, days):
    since = timezone.now() - timedelta(days=days, minutes=1)
    type(request).objects.filter(pk=request.pk).update(status_since=since)


def content(answer):
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def rows(client, **params):
    return [row.text for row in Page.of(client, url_of(BOARD, **params)).all("#deadlines tbody tr")]


@pytest.mark.parametrize(("days", "fifth"), [(30, timedelta(days=24)), (7, timedelta(hours=134, minutes=24))])
def test_red_is_the_last_fifth_of_any_limit_to_the_second(days, fifth):
    second = timedelta(seconds=1)
    assert late_after(days) == fifth
    assert not count_days(NOW - fifth + second, days, NOW).is_late
    assert count_days(NOW - fifth, days, NOW).is_late
    assert not count_days(NOW - timedelta(days=days) + second, days, NOW).is_over
    assert count_days(NOW - timedelta(days=days), days, NOW).is_over


@pytest.mark.parametrize(
    ("elapsed", "day"), [(0, 1), (86_399, 1), (86_400, 2), (86_400 * 6, 7), (86_400 * 7, 7)]
)
def test_a_day_is_24_hours_from_the_moment_on(elapsed, day):
    assert count_days(NOW - timedelta(seconds=elapsed), 7, NOW).day == day


def test_neither_the_zone_nor_summer_time_moves_a_deadline():
    berlin, utc = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
    since = datetime(2026, 10, 24, 23, 30, tzinfo=berlin).astimezone(utc)
    an_hour_less = datetime(2026, 10, 31, 22, 30, tzinfo=berlin).astimezone(utc)
    found = count_days(since, 7, an_hour_less)
    assert (found.until, found.is_over) == (an_hour_less, True)


def test_the_count_never_leaves_its_limit():
    assert count_days(NOW + timedelta(hours=1), 30, NOW).day == 1
    assert count_days(NOW - timedelta(days=90), 30, NOW).day == 30


def test_requests_orders_and_letters_stand_in_the_order_of_their_ends(
    twilio, parent, address, as_porter, waiting
):
    received(twilio, parent, address, "07")
    bad = rejected(twilio, parent, 22153, "63")

    found = rows(as_porter)

    assert next(i for i, row in enumerate(found) if "+1 207-555-0107" in row) < next(
        i for i, row in enumerate(found) if waiting.pk[-4:] in row
    )
    assert bad.pk[-4:] in found[-1], "what has no limit comes last"
    assert "Day 1 of 7" in " ".join(found)
    assert "The representative signs the letter" in " ".join(found)


def test_it_is_narrowed_to_what_is_late_or_ours(twilio, parent, as_porter, waiting):
    bad = rejected(twilio, parent, 22153, "63")
    assert rows(as_porter, show="late") == []
    [ours] = rows(as_porter, show="ours")
    assert bad.pk[-4:] in ours
    assert ours.startswith("+1 207-555-01"), "it is known by its numbers"

    age(waiting, 24)
    [late] = rows(as_porter, show="late")
    assert "Day 25 of 30" in late
    assert rows(as_porter, show="orders") == []
    assert len(rows(as_porter, show="requests")) == 2


def test_the_clock_runs_out_and_what_is_over_leaves_the_board(twilio, parent, as_porter, waiting):
    for day in (10, 29):
        twilio.clock.advance(timedelta(days=10 if day == 10 else 19))
        assert read(parent, waiting.pk).status == "waiting_for_signature"
        age(waiting, day)
        assert f"Day {day + 1} of 30" in rows(as_porter)[0]
    twilio.clock.advance(timedelta(days=1, hours=1))

    over = read(parent, waiting.pk)

    assert (over.status, "not signed within 30 days" in over.cancellation_reason) == ("canceled", True)
    assert rows(as_porter) == []


def test_pages_are_turned_by_key_forwards_and_backwards(parent, as_porter, waiting):
    template = PortInRequest.objects.get(pk=waiting.pk)
    for n in range(60):
        template.pk = f"KW{n:032x}"
        template.status_since = NOW - timedelta(hours=n)
        template.save(force_insert=True)

    page = Page.of(as_porter, url_of(BOARD, size=25))
    seen = page.rows
    while page.has_link("Next"):
        page = Page.of(as_porter, BOARD + page.link("Next"))
        seen += page.rows
    assert len(seen) == len(set(seen)) == 61
    assert "51–61 of 61" in page.one("nav.pages").text
    back = Page.of(as_porter, BOARD + page.link("Previous"))
    assert back.rows == seen[25:50]
    last = Page.of(as_porter, BOARD + back.link("Last"))
    assert last.rows == seen[50:]
    assert as_porter.get(url_of(BOARD, page="bm9uc2Vuc2U")).status_code == 200


def test_the_overview_leads_to_what_runs_out(twilio, parent, manager, waiting):
    complete(parent)
    age(waiting, 28)
    client = Client()
    client.force_login(manager)

    page = Page.of(client, "/")

    assert f"{BOARD}?show=late" in {link["href"] for link in page.all("a")}
    assert "Porting deadlines run out soon" in page.one("main").text


def test_nobody_sees_what_is_of_another_account(twilio, parent, waiting):
    client = Client()
    client.force_login(make_user(Role.PORTING, accounts=[make_account()]))

    assert rows(client) == []
    assert waiting.pk not in content(client.get(f"{BOARD}export/"))


def test_what_is_of_an_account_that_is_not_mirrored_yet_is_neither_shown_nor_counted(
    parent, as_porter, waiting
):
    PortInRequest.objects.update(account=make_sid("AC"))
    assert rows(as_porter) == []
    assert "Nothing is open" in Page.of(as_porter, BOARD).text


def test_each_line_leads_to_what_can_be_done_about_it(twilio, parent, address, as_porter, as_viewer, waiting):
    received(twilio, parent, address, "07")
    bad = rejected(twilio, parent, 22153, "63")

    page = Page.of(as_porter, BOARD)
    steps = {link.text.partition(":")[0]: link["href"] for link in page.all("#deadlines tbody td a")}

    assert steps["Page to sign"] == f"/port-ins/{waiting.pk}/reveal/signature_url/"
    assert steps["Fix rejected numbers"] == f"/port-ins/{bad.pk}/fix/"
    assert as_porter.get(steps["Page to sign"]).status_code == 200
    assert as_porter.get(steps["Open the call room"]).status_code == 200
    assert not Page.of(as_viewer, BOARD).all("#deadlines tbody td a")


def test_the_csv_has_the_board_and_nothing_personal(twilio, parent, as_porter, as_viewer, waiting):
    rejected(twilio, parent, 22153, "63")
    age(waiting, 26)

    answer = content(as_porter.get(f"{BOARD}export/"))

    head, first, second = answer.strip().splitlines()
    assert "SID (sid)" in head
    assert f'"Port-in request","{waiting.pk}"' in first
    assert '"27","30"' in first
    assert "action_required" in second
    assert not any(isinstance(text, str) and text in answer for text in LOSING_CARRIER.values())
    assert waiting.pk not in content(as_porter.get(f"{BOARD}export/", {"show": "ours"}))
    assert as_viewer.get(f"{BOARD}export/").status_code == 403


def test_an_order_that_waits_for_a_call_is_ours(twilio, parent, address, as_porter):
    [order] = received(twilio, parent, address, "08")
    HostedOrder.objects.filter(pk=order.pk).update(status_since=datetime.now(tz=NOW.tzinfo))
    assert any("+1 207-555-0108" in row for row in rows(as_porter, show="ours"))


def test_it_costs_as_many_queries_for_one_as_for_many(twilio, parent, as_porter, waiting):
    as_porter.get(BOARD)
    with counted("porting_deadline_list"):
        as_porter.get(BOARD)
    to_sign(twilio, parent, "01")
    with counted("porting_deadline_list"):
        as_porter.get(BOARD)
    assert_is_region(as_porter, BOARD, "deadlines")
    assert as_porter.post(BOARD).status_code == 405
