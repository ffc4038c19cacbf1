"""IncomingPhoneNumbers: lists and their filters, fetch, release."""

import json

import pytest

from tests.sandbox.conftest import Api, owned


def listed(api, path="", **query):
    reply = api.get(f"/IncomingPhoneNumbers{path}", PageSize=1000, **query)
    assert reply.status == 200, reply.json
    return reply["incoming_phone_numbers"]


def test_a_number_looks_the_same_in_the_list_and_by_itself(api):
    row = listed(api)[0]
    assert api.get(f"/IncomingPhoneNumbers/{row['sid']}").json == row
    assert row["uri"] == f"{api.base}/IncomingPhoneNumbers/{row['sid']}.json"
    assert set(row["capabilities"]) == {"voice", "sms", "mms", "fax"}


def test_newest_numbers_come_first(api):
    positions = [row["sid"] for row in listed(api)]
    dump = {json.loads(line)["sid"] for line in api.sandbox.dump("numbers", api.account)}
    assert set(positions) == dump


@pytest.mark.parametrize(
    ("path", "kind"), [("/Local", "local"), ("/Mobile", "mobile"), ("/TollFree", "tollfree")]
)
def test_sub_lists_hold_one_type_and_do_not_say_so(api, path, kind):
    rows = listed(api, path)
    assert {row["sid"] for row in rows} == {row["sid"] for row in listed(api) if row["type"] == kind}
    assert all("type" not in row for row in rows)
    assert rows


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ("555", lambda number: "555" in number),
        ("+447", lambda number: number.startswith("+447")),
        ("55501*1", lambda number: any(f"55501{digit}1" in number for digit in "0123456789")),
        ("+1***5550*", lambda number: number.startswith("+1") and number[5:9] == "5550"),
    ],
)
def test_a_part_of_a_number_finds_it(api, wanted, fits):
    expected = {row["phone_number"] for row in listed(api) if fits(row["phone_number"])}
    assert expected
    assert {row["phone_number"] for row in listed(api, PhoneNumber=wanted)} == expected


def test_a_whole_number_finds_itself(api):
    number = listed(api)[7]["phone_number"]
    assert [row["phone_number"] for row in listed(api, PhoneNumber=number)] == [number]


def test_a_pattern_that_is_none_is_refused(api):
    assert api.get("/IncomingPhoneNumbers", PhoneNumber="call me").code == 21421


def test_names_are_matched_exactly(api):
    number = owned(api, type="local")
    api.post(f"/IncomingPhoneNumbers/{number['sid']}", FriendlyName="Back office")
    assert [row["sid"] for row in listed(api, FriendlyName="Back office")] == [number["sid"]]
    assert listed(api, FriendlyName="Back offic") == []


def test_beta_and_origin_filter(api):
    rows = listed(api)
    assert {row["sid"] for row in listed(api, Beta="false")} == {
        row["sid"] for row in rows if not row["beta"]
    }
    assert len(listed(api, Beta="true")) == len(rows)
    hosted = listed(api, Origin="hosted")
    assert {row["sid"] for row in hosted} == {row["sid"] for row in rows if row["origin"] == "hosted"}
    assert api.get("/IncomingPhoneNumbers", Beta="perhaps").code == 20422


def test_a_number_of_another_account_is_not_there(api, sub):
    theirs = owned(sub)
    assert api.get(f"/IncomingPhoneNumbers/{theirs['sid']}").code == 20404
    assert api.post(f"/IncomingPhoneNumbers/{theirs['sid']}", FriendlyName="x").code == 20404
    assert api.delete(f"/IncomingPhoneNumbers/{theirs['sid']}").code == 20404


def test_a_released_number_is_gone(api):
    number = owned(api)
    reply = api.delete(f"/IncomingPhoneNumbers/{number['sid']}")
    assert (reply.status, reply.json) == (204, None)
    assert api.get(f"/IncomingPhoneNumbers/{number['sid']}").code == 20404
    assert api.delete(f"/IncomingPhoneNumbers/{number['sid']}").code == 20404


def test_an_emergency_address_holds_a_number_back(api):
    number = next(row for row in listed(api) if row["emergency_address_sid"])
    path = f"/IncomingPhoneNumbers/{number['sid']}"
    refused = api.delete(path)
    assert (refused.status, refused.code) == (409, 20409)
    assert api.post(path, EmergencyAddressSid="")["emergency_address_status"] == "pending-unregistration"
    assert api.delete(path).status == 204


def test_hosted_numbers_have_no_voice(api: Api):
    hosted = listed(api, Origin="hosted")
    assert hosted
    for number in hosted:
        assert number["capabilities"] == {"voice": False, "sms": True, "mms": False, "fax": False}
        assert number["voice_url"] is None
        assert number["voice_method"] is None
