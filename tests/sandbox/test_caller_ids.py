"""OutgoingCallerIds: verification by a call, which the sandbox answers by itself; and applications."""

from datetime import timedelta

import pytest

from tests.sandbox.conftest import owned

STRANGER = "+12125550199"


def numbers(api, **query):
    return [row["phone_number"] for row in api.get("/OutgoingCallerIds", **query)["outgoing_caller_ids"]]


def test_a_number_becomes_a_caller_id_once_the_call_is_over(api, sandbox):
    asked = api.post("/OutgoingCallerIds", PhoneNumber=STRANGER, FriendlyName="Lobby")
    assert asked.status == 200
    assert set(asked.json) == {"account_sid", "call_sid", "friendly_name", "phone_number", "validation_code"}
    assert len(asked["validation_code"]) == 6
    assert STRANGER not in numbers(api)
    sandbox.clock.advance(timedelta(seconds=31))
    assert numbers(api, PhoneNumber=STRANGER) == [STRANGER]
    assert numbers(api, FriendlyName="Lobby") == [STRANGER]
    assert api.post("/OutgoingCallerIds", PhoneNumber=STRANGER).code == 21450


def test_a_delay_holds_the_call_back(api, sandbox):
    api.post("/OutgoingCallerIds", PhoneNumber=STRANGER, CallDelay=60)
    sandbox.clock.advance(timedelta(seconds=45))
    assert STRANGER not in numbers(api)
    sandbox.clock.advance(timedelta(seconds=45))
    assert STRANGER in numbers(api)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"PhoneNumber": "12125550199"}, 21401),
        ({"PhoneNumber": ""}, 21401),
        ({"PhoneNumber": STRANGER, "CallDelay": "61"}, 21454),
        ({"PhoneNumber": STRANGER, "StatusCallback": "nowhere"}, 21456),
        ({"PhoneNumber": STRANGER, "FriendlyName": "x" * 65}, 20002),
    ],
)
def test_what_cannot_be_called_is_refused(api, form, code):
    assert api.post("/OutgoingCallerIds", **form).code == code


def test_a_number_of_the_account_needs_no_verification(api):
    assert api.post("/OutgoingCallerIds", PhoneNumber=owned(api)["phone_number"]).code == 21449


def test_a_caller_id_is_renamed_and_removed(api):
    sid = api.get("/OutgoingCallerIds")["outgoing_caller_ids"][0]["sid"]
    path = f"/OutgoingCallerIds/{sid}"
    assert api.post(path, FriendlyName="Reception 2")["friendly_name"] == "Reception 2"
    assert api.get(path)["friendly_name"] == "Reception 2"
    assert api.delete(path).status == 204
    assert api.get(path).code == 20404


def test_applications_are_listed_by_name_and_fetched(api, sub):
    rows = api.get("/Applications")["applications"]
    assert len(rows) == 8
    assert api.get(f"/Applications/{rows[0]['sid']}").json == rows[0]
    assert [row["sid"] for row in api.get("/Applications", FriendlyName="Two-way SMS")["applications"]] == [
        row["sid"] for row in rows if row["friendly_name"] == "Two-way SMS"
    ]
    assert sub.get(f"/Applications/{rows[0]['sid']}").code == 20404
