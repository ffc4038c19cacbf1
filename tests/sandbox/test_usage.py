"""Calls and messages: filters, dates in all their spellings, and who counts as idle; and prices."""

from email.utils import parsedate_to_datetime

import pytest

from portal.sandbox.dates import parse_date
from portal.sandbox.errors import ApiError
from tests.sandbox.conftest import NOON


def rows(api, path, query=None, **more):
    """Every row of a list, from all of its pages."""
    reply = api.get(path, {"PageSize": 1000, **(query or {}), **more})
    assert reply.status == 200, reply.json
    found = reply[path[1:].lower()]
    while following := reply["next_page_uri"]:
        reply = api.follow(following)
        found += reply[path[1:].lower()]
    return found


@pytest.mark.parametrize("path", ["/Messages", "/Calls"])
def test_a_row_looks_the_same_by_itself(api, path, sub):
    row = rows(api, path)[0]
    assert api.get(f"{path}/{row['sid']}").json == row
    assert sub.get(f"{path}/{row['sid']}").code == 20404


@pytest.mark.parametrize("path", ["/Messages", "/Calls"])
def test_from_and_to_are_exact(api, path):
    row = rows(api, path)[3]
    sent = rows(api, path, From=row["from"])
    assert row["sid"] in {found["sid"] for found in sent}
    assert {found["from"] for found in sent} == {row["from"]}
    assert {found["to"] for found in rows(api, path, To=row["to"], From=row["from"])} == {row["to"]}


def test_calls_are_filtered_by_status(api):
    assert {row["status"] for row in rows(api, "/Calls", Status="busy")} == {"busy"}
    assert all(row["duration"] is None for row in rows(api, "/Calls", Status="no-answer"))
    assert rows(api, "/Calls", ParentCallSid="CA" + "0" * 32) == []


@pytest.mark.parametrize(
    ("path", "parameter", "key"),
    [("/Messages", "DateSent", "date_sent"), ("/Calls", "StartTime", "start_time")],
)
def test_date_filters_cut_the_list(api, path, parameter, key):
    everything = {row["sid"]: parsedate_to_datetime(row[key]) for row in rows(api, path)}
    day = "2026-06-01"

    def fitting(test):
        return {sid for sid, at in everything.items() if test(at.strftime("%Y-%m-%d"))}

    assert {row["sid"] for row in rows(api, path, {parameter: day})} == fitting(lambda at: at == day)
    assert {row["sid"] for row in rows(api, path, {f"{parameter}>": day})} == fitting(lambda at: at >= day)
    before = (lambda at: at <= day) if path == "/Messages" else (lambda at: at < day)
    assert {row["sid"] for row in rows(api, path, {f"{parameter}<": day})} == fitting(before)
    both = {f"{parameter}>": "2026-05-30", f"{parameter}<": day}
    assert {row["sid"] for row in rows(api, path, both)} == fitting(
        lambda at: at >= "2026-05-30" and before(at)
    )
    assert fitting(lambda at: at == day)


def test_calls_are_filtered_by_their_end(api):
    found = rows(api, "/Calls", {"EndTime>": "2026-06-10", "EndTime<": "2026-06-11"})
    assert found
    assert {parsedate_to_datetime(row["end_time"]).day for row in found} == {10}


@pytest.mark.parametrize(
    "text",
    [
        "2019-06-19T22:04:00Z",
        "2019-06-19T22:04:00+00:00",
        "2019-06-19 22:04:00.000",
        "Wed, 19 Jun 2019 22:04:00 -0000",
        "06/19/2019 15:04:00 MST",
    ],
)
def test_a_moment_is_read_in_every_format_of_the_examples(text):
    assert parse_date(text) == (1560981840, 1)


def test_a_date_is_a_whole_day():
    assert parse_date("2019-06-19") == (1560902400, 86_400)
    with pytest.raises(ApiError) as refused:
        parse_date("yesterday")
    assert refused.value.code == 20422


def test_about_one_number_in_eight_is_idle(sandbox):
    """Doc page 02: three calls of twelve seconds or three messages in a month make a number active."""
    month = int(NOON.timestamp()) - 30 * 86_400
    numbers = sandbox.store.rows("SELECT phone_number FROM number WHERE origin = 'twilio'")
    idle = 0
    for (number,) in numbers:
        calls = sandbox.store.value(
            "SELECT count(*) FROM call WHERE (sender = ?1 OR recipient = ?1)"
            " AND status = 'completed' AND seconds >= 12 AND at >= ?2",
            (number, month),
        )
        texts = sandbox.store.value(
            "SELECT count(*) FROM message WHERE (sender = ?1 OR recipient = ?1) AND at >= ?2", (number, month)
        )
        idle += calls < 3 and texts < 3
    assert 0.08 < idle / len(numbers) < 0.18


def test_numbers_are_used_from_never_to_all_day_and_on_weekdays_above_all(sandbox):
    used = sandbox.store.rows(
        "SELECT count(*) FROM (SELECT iif(direction = 'inbound', recipient, sender) AS ours FROM call"
        " UNION ALL SELECT iif(direction = 'inbound', recipient, sender) FROM message) GROUP BY ours"
    )
    counts = sorted(count for (count,) in used)
    assert counts[0] < 3 < counts[len(counts) // 2] < 15
    assert counts[-1] > 100
    [workdays, weekend] = (
        sandbox.store.value(f"SELECT count(*) FROM call WHERE strftime('%w', at, 'unixepoch') {test}")
        for test in ("BETWEEN '1' AND '5'", "IN ('0', '6')")
    )
    assert workdays / 5 > 1.3 * weekend / 2


def test_prices_are_text_and_toll_free_has_a_space(api):
    reply = api.price("/us")
    assert reply["phone_number_prices"] == [
        {"number_type": "local", "base_price": "1.15", "current_price": "1.00"},
        {"number_type": "toll free", "base_price": "2.15", "current_price": "2.00"},
    ]
    assert (reply["url"], reply["price_unit"]) == (
        "https://pricing.twilio.com/v1/PhoneNumbers/Countries/US",
        "USD",
    )
    assert {row["number_type"] for row in api.price("/FR")["phone_number_prices"]} == {
        "local",
        "mobile",
        "national",
    }


def test_a_country_that_is_not_sold_answers_nulls(api):
    reply = api.price("/ZZ")
    assert reply.status == 200
    assert set(reply.json.values()) == {None}
    assert len(reply.json) == 5
