"""Pages: sizes, tokens, previous pages, and the envelopes the SDK depends on."""

import pytest

from tests.sandbox.conftest import for_sale

ENVELOPE = {
    "end", "first_page_uri", "next_page_uri", "page", "page_size", "previous_page_uri", "start", "uri",
}  # fmt: skip


def sids(reply, key="incoming_phone_numbers"):
    return [row["sid"] for row in reply[key]]


def test_a_list_has_fifty_rows_unless_asked_otherwise(api):
    reply = api.get("/IncomingPhoneNumbers")
    assert len(sids(reply)) == reply["page_size"] == 50
    assert (reply["page"], reply["start"], reply["end"]) == (0, 0, 49)
    assert set(reply.json) == ENVELOPE | {"incoming_phone_numbers"}


def test_next_pages_show_every_row_once(api, sandbox):
    reply = api.get("/IncomingPhoneNumbers", PageSize=40, Beta="true")
    seen = sids(reply)
    pages = 1
    while reply["next_page_uri"]:
        last = seen[-1]
        assert f"Page={pages}&PageToken=PA{last}" in reply["next_page_uri"]
        assert "Beta=true&PageSize=40" in reply["next_page_uri"]
        reply = api.follow(reply["next_page_uri"])
        assert (reply["page"], reply["start"]) == (pages, 40 * pages)
        seen += sids(reply)
        pages += 1
    expected = sandbox.store.value("SELECT count(*) FROM number WHERE account = ?", (api.account,))
    assert len(seen) == len(set(seen)) == expected
    assert reply["end"] == expected - 1


def test_previous_pages_lead_back_to_the_first(api):
    first = api.get("/IncomingPhoneNumbers", PageSize=30)
    second = api.follow(first["next_page_uri"])
    third = api.follow(second["next_page_uri"])
    assert f"PageToken=PB{sids(third)[0]}" in third["previous_page_uri"]
    back = api.follow(third["previous_page_uri"])
    assert (sids(back), back["page"]) == (sids(second), 1)
    assert sids(api.follow(back["next_page_uri"])) == sids(third)
    start = api.follow(back["previous_page_uri"])
    assert (sids(start), start["page"], start["previous_page_uri"]) == (sids(first), 0, None)
    assert first["previous_page_uri"] is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"PageSize": 1001}, 20007),
        ({"PageSize": 0}, 20422),
        ({"PageSize": "many"}, 20422),
        ({"Page": 1}, 20422),
        ({"Page": 1, "PageToken": "nonsense"}, 21481),
        ({"Page": 1, "PageToken": "PAPN" + "0" * 32}, 21481),
    ],
)
def test_it_refuses_pages_that_make_no_sense(api, query, code):
    reply = api.get("/IncomingPhoneNumbers", **query)
    assert (reply.code, reply.status) == (code, 400)


def test_the_largest_page_is_a_thousand(api):
    assert api.get("/IncomingPhoneNumbers", PageSize=1000)["page_size"] == 1000


def test_a_token_outlives_the_number_it_names(api):
    """Page drift: the last row of a page is released before the next page is read."""
    first = api.get("/IncomingPhoneNumbers", PageSize=5)
    expected = sids(api.follow(first["next_page_uri"]))
    last = first["incoming_phone_numbers"][-1]
    if last["emergency_address_sid"]:
        api.post(f"/IncomingPhoneNumbers/{last['sid']}", EmergencyAddressSid="")
    assert api.delete(f"/IncomingPhoneNumbers/{last['sid']}").status == 204
    assert sids(api.follow(first["next_page_uri"])) == expected


def test_a_number_bought_meanwhile_stands_first_and_disturbs_no_later_page(api):
    first = api.get("/IncomingPhoneNumbers", PageSize=5)
    expected = sids(api.follow(first["next_page_uri"]))
    bought = api.post("/IncomingPhoneNumbers", PhoneNumber=for_sale(api))
    assert sids(api.follow(first["next_page_uri"])) == expected
    assert sids(api.get("/IncomingPhoneNumbers", PageSize=5))[0] == bought["sid"]


def test_an_empty_list_is_a_page_too(api):
    reply = api.get("/IncomingPhoneNumbers", FriendlyName="nobody")
    assert (reply["incoming_phone_numbers"], reply["end"], reply["next_page_uri"]) == ([], 0, None)


@pytest.mark.parametrize("path", ["/Addresses", "/Applications", "/OutgoingCallerIds", "/Messages", "/Calls"])
def test_every_list_pages_the_same_way(api, path):
    key = {"/OutgoingCallerIds": "outgoing_caller_ids"}.get(path, path[1:].lower())
    reply = api.get(path, PageSize=2)
    whole = sids(api.get(path, PageSize=1000), key)
    seen = sids(reply, key)
    while reply["next_page_uri"] and len(seen) < 12:
        reply = api.follow(reply["next_page_uri"])
        seen += sids(reply, key)
    assert seen == whole[: len(seen)]
    assert len(seen) > 2


def test_prices_have_meta_with_absolute_urls_and_their_key(api):
    reply = api.price(PageSize=8)
    assert reply["meta"]["key"] == "countries"
    names = [row["country"] for row in reply["countries"]]
    while reply["meta"]["next_page_url"]:
        url = reply["meta"]["next_page_url"]
        assert url.startswith("https://pricing.twilio.com/v1/PhoneNumbers/Countries?PageSize=8&Page=")
        query = dict(pair.split("=") for pair in url.partition("?")[2].split("&"))
        reply = api.price(**query)
        names += [row["country"] for row in reply["countries"]]
    assert len(names) == 20
    assert names == sorted(names)
    back = dict(pair.split("=") for pair in reply["meta"]["previous_page_url"].partition("?")[2].split("&"))
    assert [row["country"] for row in api.price(**back)["countries"]] == names[8:16]
