"""The list of bundles with a last day: what it holds, shows, filters and exports."""

from datetime import UTC, datetime, timedelta

import pytest

from compliance.models import Bundle, Reminder
from portal.models import Role
from tests.factories import make_account, make_bundle, make_number, make_regulation, make_user
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

LIST = "/deadlines/"
NOW = datetime.now(UTC)


def until(days: float) -> str:
    return (NOW + timedelta(days=days)).isoformat()


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def stock(account):
    germany = make_regulation("DE")
    japan = make_regulation("JP", "mobile")
    soon = make_bundle(account, germany, friendly_name="Soon", valid_until=until(5.5))
    make_bundle(account, japan, friendly_name="Later", valid_until=until(45.5))
    make_bundle(account, germany, friendly_name="Over", status="twilio-rejected", valid_until=until(-2.5))
    make_bundle(account, germany, friendly_name="Without")
    copy = make_bundle(
        account, germany, friendly_name="Soon (update)", status="draft", valid_until=until(5.5)
    )
    Bundle.objects.filter(pk=copy.pk).update(copy_of=soon.pk, status_since=NOW - timedelta(days=3))
    for _ in range(2):
        make_number(account, bundle_sid=soon.pk)
    return soon


def names(client, **params):
    page = Page.part(client, url_of(LIST, **params), "deadlines")
    return [link.text for link in page.all("a[data-row-link]")]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["Over", "Soon", "Later"]),
        ({"sort": "-days"}, ["Later", "Soon", "Over"]),
        ({"sort": "name"}, ["Later", "Over", "Soon"]),
        ({"due": "overdue"}, ["Over"]),
        ({"due": "1"}, []),
        ({"due": "7"}, ["Soon"]),
        ({"due": "60"}, ["Soon", "Later"]),
        ({"update": "none"}, ["Over", "Later"]),
        ({"update": "any"}, ["Soon"]),
        ({"update": "draft"}, ["Soon"]),
        ({"update": "stalled"}, ["Soon"]),
        ({"update": "review"}, []),
        ({"country": "JP"}, ["Later"]),
        ({"q": "lat"}, ["Later"]),
        ({"q": "100%"}, []),
        ({"due": "never", "update": "?"}, ["Over", "Soon", "Later"]),
        ({"page": "nonsense"}, ["Over", "Soon", "Later"]),
    ],
)
def test_it_is_sorted_and_narrowed_as_the_url_says(as_viewer, stock, params, found):
    assert names(as_viewer, **params) == found


def test_a_bundle_is_found_by_its_sid(as_viewer, stock):
    assert names(as_viewer, q=stock.pk) == ["Soon"]


def test_it_says_how_long_is_left_what_carries_it_and_how_the_update_stands(as_viewer, stock):
    Reminder.objects.create(bundle=stock, occasion="7", moment=stock.valid_until)

    page = Page.of(as_viewer, LIST)

    over, soon, later = (row.text for row in page.all("tbody tr"))
    assert "overdue by 2 days" in over
    assert "Rejected, last day passed" in over
    assert "5 days left" in soon
    assert "reminded 7 days before" in soon
    assert f"Copy in progress since {NOW - timedelta(days=3):%-d %b %Y} Stalled" in soon
    assert "Not started" in later
    assert "none" in later
    numbers = page.one(f'a[href="/numbers/?bundle={stock.pk}"]')
    assert numbers.text == "2"


def test_only_the_last_fifth_is_red(as_viewer, account):
    regulation = make_regulation("FR")
    for days in (50.5, 25.5, 11.5, -1.5):
        make_bundle(account, regulation, valid_until=until(days))

    page = Page.of(as_viewer, LIST)

    tones = [row.all("td .badge")[0]["class"].split("--")[1] for row in page.all("tbody tr")]
    assert tones == ["bad", "bad", "wait", "off"]


def test_it_says_what_changed_in_the_regulation(as_viewer, account):
    before = make_regulation("IT")
    make_bundle(account, before, valid_until=until(20.5))
    vat = {"machine_name": "vat_number", "friendly_name": "VAT number", "description": ""}
    changed = {**before.payload["requirements"]}
    changed["end_user"] = [
        {**changed["end_user"][0], "detailed_fields": [*changed["end_user"][0]["detailed_fields"], vat]}
    ]
    make_regulation("IT", sid=before.pk, requirements=changed)

    page = Page.of(as_viewer, LIST)

    assert "VAT number is needed now." in page.one("tbody tr").text
    assert page.all(f'a[href="/regulations/{before.pk}/versions/"]')


def test_the_figures_lead_to_their_lists(as_viewer, stock):
    page = Page.of(as_viewer, LIST)

    figures = {one.one("dt").text: one.one("dd").text for one in page.all(".figures > div")}
    assert figures == {"Overdue": "1", "Within 7 days": "1", "Within 30 days": "1", "All": "3"}
    assert page.one(".figures a[href*=overdue]")


def test_the_file_has_the_rows_of_the_list(as_support, stock):
    answer = as_support.get(url_of("/deadlines/export/", due="7"))

    text = b"".join(answer.streaming_content).decode()
    lines = text.splitlines()
    assert answer["Content-Type"].startswith("text/csv")
    assert len(lines) == 2
    assert stock.pk in lines[1]
    assert '"5 days left","2","Copy in progress"' in lines[1]
    assert "compliance@example.com" not in text


def test_only_those_who_may_can_start_updates(as_viewer, client, stock):
    assert not Page.of(as_viewer, LIST).all("#selection")
    client.force_login(make_user(Role.COMPLIANCE))
    assert Page.of(client, LIST).one("#selection button").text == "Start updates"


def test_a_bundle_of_a_foreign_account_is_not_there(client, stock):
    client.force_login(make_user(Role.COMPLIANCE, accounts=[make_account()]))

    assert not Page.of(client, LIST).rows
    assert client.get(f"/deadlines/{stock.pk}/").status_code == 404


def test_an_empty_list_says_what_it_will_hold(as_viewer):
    page = Page.of(as_viewer, LIST)

    assert "valid_until" in page.one(".empty").text


def test_a_filter_that_leaves_nothing_can_be_taken_away(as_viewer, stock):
    page = Page.of(as_viewer, url_of(LIST, update="approved"))

    assert page.one(".empty h2").text == "No bundle matches all of these filters"
    assert page.one(".empty .chip")["href"] == "?"


def test_htmx_gets_the_list_alone(as_viewer, stock):
    assert_is_region(as_viewer, LIST, "deadlines")


@pytest.mark.parametrize("path", [LIST, "/deadlines/export/"])
def test_it_is_read_only(as_support, path):
    assert as_support.post(path).status_code == 405


def test_who_may_not_export_is_told_so(as_viewer, stock):
    assert as_viewer.get("/deadlines/export/").status_code == 403


def test_it_takes_the_same_queries_for_many_bundles(as_viewer, account, stock):
    germany = make_regulation("ES")
    for _ in range(20):
        make_number(account, bundle_sid=make_bundle(account, germany, valid_until=until(9)).pk)
    with counted("deadline_list"):
        as_viewer.get(LIST)
