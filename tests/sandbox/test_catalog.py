"""AvailableNumbers of the Global Catalog (doc pages 4 to 7)."""

import pytest

PREVIEW = "preview.twilio.com"
USE_CASES = (
    "conversations.voice", "conversations.sms", "verifications.voice", "verifications.sms",
    "notifications.voice", "notifications.sms", "marketing.voice", "marketing.sms", "lead-tracking.voice",
    "lead-tracking.sms", "contact-centers.voice", "contact-centers.sms", "pbx-collaborations.voice",
)  # fmt: skip


def search(api, *pairs, **query):
    raw = "&".join(f"{name}={value}" for name, value in (*pairs, *query.items()))
    return api.send("GET", "/Numbers/AvailableNumbers", host=PREVIEW, raw_query=raw)


def test_an_account_without_the_preview_is_told_that_there_is_nothing(sub):
    reply = search(sub)
    assert (reply.status, reply.code) == (404, 20404)


def test_an_account_is_let_in_and_out(sandbox, sub):
    sandbox.set_account(sub.account, catalog=True)
    assert search(sub).status == 200
    sandbox.set_account(sub.account, catalog=False)
    assert search(sub).status == 404


def test_numbers_are_told_by_their_attributes(api):
    reply = search(api, Type="tollfree", **{"Geography.IsoCountry": "US", "PageSize": "1"})
    [number] = reply["items"]
    assert number["phone_number"].startswith("+1")
    assert (number["type"], number["lifecycle"]) == ("tollfree", "generally-available")
    assert (number["base_recurring_price"], number["base_setup_price"]) == ("2.15", "0.0")
    assert number["capabilities"]["voice"]["inbound_reachability"] == "global"
    assert number["capabilities"]["mms"] is not None
    assert number["regulatory"] == {"address_requirements": "none"}
    assert number["geography"]["iso_country"] == "US"
    assert reply["meta"]["key"] == "items"


def test_what_is_for_sale_here_is_for_sale_there(api):
    number = search(api, **{"Geography.IsoCountry": "US", "Type": "local", "PageSize": "1"})["items"][0]
    assert api.post("/IncomingPhoneNumbers", PhoneNumber=number["phone_number"]).status == 201
    assert not search(api, PhoneNumber=number["phone_number"].replace("+", "%2B"))["items"]


@pytest.mark.parametrize("use_case", USE_CASES)
def test_every_saved_search_of_page_7_finds_numbers(use_case, api):
    found = search(api, SavedSearch=f"twilio.use-case.{use_case}", PageSize="60")["items"]
    assert found
    assert {number["lifecycle"] for number in found} == {"generally-available"}
    capability = use_case.rpartition(".")[2]
    assert all(number["capabilities"][capability]["inbound_connectivity"] for number in found)


def test_saved_searches_add_up(api):
    both = search(
        api,
        ("SavedSearch", "twilio.use-case.conversations.voice"),
        ("SavedSearch", "twilio.use-case.conversations.sms"),
        ("Geography.IsoCountry", "GB"),
    )
    assert not both["items"], "British local numbers take no messages, and mobile ones are on no trunk"
    one = search(api, ("SavedSearch", "twilio.use-case.conversations.voice"), ("Geography.IsoCountry", "GB"))
    assert one["items"]


def test_lead_tracking_is_for_local_numbers_and_is_also_called_call_tracking(api):
    for name in ("lead-tracking.voice", "call-tracking.Voice"):
        found = search(api, SavedSearch=f"twilio.use-case.{name}", PageSize="60")["items"]
        assert {number["type"] for number in found} == {"local"}


def test_an_attribute_narrows_and_a_price_bounds(api):
    only = {"Geography.IsoCountry": "DE", "PageSize": "1000"}
    mobile = search(api, **only, MinBaseRecurringPrice="10")["items"]
    assert {number["type"] for number in mobile} == {"mobile"}
    assert {n["type"] for n in search(api, **only, MaxBaseRecurringPrice="2")["items"]} == {"local"}
    texts = search(api, **only, **{"Capabilities.Sms.InboundConnectivity": "true"})["items"]
    assert {number["type"] for number in texts} == {"mobile"}


def test_a_name_in_other_case_is_no_filter(api):
    assert search(api, type="tollfree", PageSize="3").json["items"] == search(api, PageSize="3").json["items"]


@pytest.mark.parametrize(
    "query", [{"SavedSearch": "twilio.use-case.gardening.voice"}, {"MinBaseRecurringPrice": "cheap"}]
)
def test_what_makes_no_sense_is_refused(query, api):
    assert search(api, **query).code == 20422


def test_pages_lead_on_and_back(api):
    first = search(api, **{"Geography.IsoCountry": "SE", "PageSize": "40"})
    second = follow(api, first["meta"]["next_page_url"])
    assert not numbers(first) & numbers(second)
    assert follow(api, second["meta"]["previous_page_url"])["items"] == first["items"]
    seen, page = numbers(first), first
    while page["meta"]["next_page_url"]:
        page = follow(api, page["meta"]["next_page_url"])
        seen |= numbers(page)
    assert seen == numbers(search(api, **{"Geography.IsoCountry": "SE", "PageSize": "1000"}))


def follow(api, url):
    path, _, query = url.removeprefix(f"https://{PREVIEW}").partition("?")
    return api.send("GET", path, host=PREVIEW, raw_query=query)


def numbers(reply):
    return {number["phone_number"] for number in reply["items"]}
