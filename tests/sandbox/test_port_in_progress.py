"""What becomes of a port-in request as time goes by, and what people do to it by hand."""

from datetime import timedelta

import pytest

from portal.sandbox.porting.settings import PortingSettings
from tests.sandbox.porting import LOSING_CARRIER, PORT_IN, PREFIX, fetch, file_port_in, statuses

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BY_HAND = PortingSettings(automatic=False)


def owner(name):
    return {**LOSING_CARRIER, "authorized_representative_email": f"{name}@thornlea.example.com"}


def numbers_of(api, number):
    return api.get("/IncomingPhoneNumbers", PhoneNumber=number)["incoming_phone_numbers"]


def a_hosted_number(api):
    """One that can be ported."""
    hosted = api.get("/IncomingPhoneNumbers", Origin="hosted", PageSize=1000)["incoming_phone_numbers"]
    path = "/v1/Porting/Portability/PhoneNumber"
    return next(
        one
        for one in hosted
        if one["status"] == "in-use" and api.numbers("GET", f"{path}/{one['phone_number']}")["portable"]
    )


def cancel(api, sid, number=""):
    path = f"{PORT_IN}/{sid}" + (f"/PhoneNumber/{number}" if number else "")
    return api.numbers("DELETE", path)


def number_sid(api, sid, index=0):
    return fetch(api, sid)["phone_numbers"][index]["port_in_phone_number_sid"]


def submitted(api, *endings, **changes):
    """A request that is with the losing carrier, who waits to be told."""
    api.sandbox.porting.set(BY_HAND)
    sid = file_port_in(api, *endings, **changes)
    api.sandbox.porting.review(sid)
    api.sandbox.porting.sign(sid)
    return sid


def test_a_port_goes_on_by_itself_to_its_day(api, sandbox):
    sid = file_port_in(api, "00", "75", target_port_in_time_range_start="10:00:00-05:00")
    sandbox.clock.advance(MINUTE)
    assert statuses(api, sid) == ["Waiting for Signature"] * 3
    assert fetch(api, sid)["signature_request_url"] == f"http://sandbox.test/porting/sign/{sid}"
    sandbox.clock.advance(10 * MINUTE)
    assert statuses(api, sid) == ["In Progress", "Port Submitted", "Port Submitted"]
    assert fetch(api, sid)["signature_request_url"] is None
    sandbox.clock.advance(10 * MINUTE)
    assert statuses(api, sid) == ["In Progress", "Port Pending", "Port Pending"]
    dates = [one["port_date"] for one in fetch(api, sid)["phone_numbers"]]
    assert dates == ["2026-07-01T15:00:00Z", "2026-07-04T15:00:00Z"]
    sandbox.clock.advance(17 * DAY)
    assert statuses(api, sid) == ["In Progress", "Completed", "Port Pending"]
    (owned,) = numbers_of(api, f"{PREFIX}00")
    assert (owned["origin"], owned["status"], owned["type"]) == ("twilio", "in-use", "local")
    assert owned["capabilities"] == {"voice": True, "sms": True, "mms": True, "fax": False}
    sandbox.clock.advance(3 * DAY)
    assert statuses(api, sid) == ["Completed"] * 3


def test_ported_numbers_belong_to_the_account_they_were_ported_to(api, sub, sandbox):
    sid = submitted(api, "00", account_sid=sub.account)
    sandbox.porting.complete(sid)
    assert numbers_of(api, f"{PREFIX}00") == []
    (owned,) = numbers_of(sub, f"{PREFIX}00")
    emergency = sub.get("/Addresses", IsoCountry="US", EmergencyEnabled="true")["addresses"][0]["sid"]
    assert sub.post(f"/IncomingPhoneNumbers/{owned['sid']}", EmergencyAddressSid=emergency).status == 200


def test_what_is_not_portable_is_dropped_and_what_lacks_a_pin_sent_back(api, sandbox):
    sid = file_port_in(api, "00", "55", "90")
    sandbox.clock.advance(MINUTE)
    assert statuses(api, sid) == ["Action Required", "Waiting for Signature", "Port Rejected", "Canceled"]
    assert fetch(api, sid)["phone_numbers"][1]["rejection_reason_code"] == "22171"
    assert fetch(api, sid)["signature_request_url"]
    sandbox.clock.advance(20 * MINUTE)
    assert statuses(api, sid) == ["Action Required", "Port Pending", "Port Rejected", "Canceled"]
    assert cancel(api, sid, number_sid(api, sid, 1)).status == 204
    assert statuses(api, sid)[0] == "In Progress"


def test_nothing_portable_cancels_the_request(api, sandbox):
    sid = file_port_in(api, "90", "91")
    sandbox.clock.advance(MINUTE)
    assert statuses(api, sid) == ["Canceled"] * 3
    assert fetch(api, sid)["order_cancellation_reason"] == "None of the phone numbers is portable"


def test_a_letter_nobody_signs_is_canceled_on_the_thirtieth_day(api, sandbox):
    sid = file_port_in(api, "00", losing_carrier_information=owner("never"))
    sandbox.clock.advance(MINUTE + 30 * DAY - timedelta(seconds=1))
    assert statuses(api, sid) == ["Waiting for Signature"] * 2
    sandbox.clock.advance(timedelta(seconds=1))
    assert statuses(api, sid) == ["Canceled"] * 2
    assert fetch(api, sid)["order_cancellation_reason"].endswith("not signed within 30 days")
    with pytest.raises(ValueError, match="nothing to sign"):
        sandbox.porting.sign(sid)


def test_or_expires_if_the_specification_is_right(api, sandbox):
    sandbox.porting.set(PortingSettings(ends_expired=True))
    sid = file_port_in(api, "00", losing_carrier_information=owner("never"))
    sandbox.clock.advance(31 * DAY)
    assert statuses(api, sid) == ["Expired"] * 2


def test_a_letter_may_be_declined(api, sandbox):
    by_itself = file_port_in(api, "00", losing_carrier_information=owner("declines"))
    sandbox.clock.advance(11 * MINUTE)
    assert statuses(api, by_itself) == ["Canceled"] * 2
    sandbox.porting.set(BY_HAND)
    by_hand = file_port_in(api, "00")
    sandbox.porting.review(by_hand)
    sandbox.porting.decline(by_hand)
    assert fetch(api, by_hand)["order_cancellation_reason"].endswith("declined")


@pytest.mark.parametrize(
    ("ending", "change"),
    [
        ("63", {"customer_name": "Thornlea Dental LLC"}),
        ("64", {"address": {**LOSING_CARRIER["address"], "zip": "04102"}}),
        ("66", {"account_number": "A-101"}),
        ("67", {"authorized_representative": "Casimir Ashcombe"}),
    ],
)
def test_a_rejection_lasts_until_its_field_changes(api, sandbox, ending, change):
    def outcome(carrier):
        sid = file_port_in(api, ending, losing_carrier_information=carrier)
        sandbox.clock.advance(timedelta(hours=1))
        found = fetch(api, sid)["phone_numbers"][0]
        if found["port_in_phone_number_status"] == "Port Rejected":
            assert found["rejection_reason_code"] == f"221{50 + int(ending[1])}"
            assert statuses(api, sid)[0] == "Action Required"
            cancel(api, sid)
            assert statuses(api, sid) == ["Canceled"] * 2
        return found["port_in_phone_number_status"]

    assert outcome(LOSING_CARRIER) == "Port Rejected"
    assert outcome(LOSING_CARRIER) == "Port Rejected"
    assert outcome({**LOSING_CARRIER, **change}) == "Port Pending"


def test_some_rejections_only_need_another_try_and_one_is_for_ever(api, sandbox):
    outcomes = []
    for ending in ("61", "61", "69", "69"):
        sid = file_port_in(api, ending)
        sandbox.clock.advance(timedelta(hours=1))
        outcomes.append(statuses(api, sid)[1])
        cancel(api, sid)
        sandbox.clock.advance(timedelta(hours=1))
    assert outcomes == ["Port Rejected", "Port Pending", "Port Rejected", "Port Rejected"]


def test_the_carrier_is_played_by_hand(api, sandbox):
    sid = submitted(api, "00", "01", "02", "03")
    sandbox.porting.accept(sid, f"{PREFIX}00", f"{PREFIX}01", date="2026-07-06T15:00:00Z")
    sandbox.porting.reject(sid, 22154, f"{PREFIX}02")
    sandbox.porting.complete(sid, f"{PREFIX}03")
    assert statuses(api, sid) == [
        "Action Required", "Port Pending", "Port Pending", "Port Rejected", "Completed",
    ]  # fmt: skip
    sandbox.porting.set_date(sid, "2026-07-08", f"{PREFIX}01")
    sandbox.clock.advance(22 * DAY)
    assert statuses(api, sid)[1:3] == ["Completed", "Port Pending"]
    sandbox.clock.advance(DAY)
    assert statuses(api, sid)[1:3] == ["Completed", "Completed"]
    rejected = api.numbers("GET", f"{PORT_IN}/{sid}/PhoneNumber/{number_sid(api, sid, 2)}")
    assert (rejected["rejection_reason_code"], rejected["rejection_reason"]) == (22154, "Invalid Address")


def test_what_the_carrier_cannot_do_is_an_error(sandbox, api):
    sid = submitted(api, "00")
    with pytest.raises(ValueError, match="no rejection code"):
        sandbox.porting.reject(sid, 22160)
    with pytest.raises(LookupError):
        sandbox.porting.accept(sid, "+12075550199")
    with pytest.raises(ValueError, match="lies ahead"):
        sandbox.porting.accept(sid, date="2026-01-01")
    with pytest.raises(ValueError, match="port_pending"):
        sandbox.porting.set_date(sid, "2026-07-08")
    with pytest.raises(LookupError):
        sandbox.porting.sign("KW" + "0" * 32)


def test_cancelling_before_the_carrier_has_it_is_immediate(api, sandbox):
    sid = file_port_in(api, "00", "01")
    sandbox.clock.advance(MINUTE)
    assert cancel(api, sid, number_sid(api, sid)).status == 204
    assert statuses(api, sid) == ["Waiting for Signature", "Canceled", "Waiting for Signature"]
    assert cancel(api, sid).status == 204
    assert statuses(api, sid) == ["Canceled"] * 3
    assert fetch(api, sid)["order_cancellation_reason"] == "Canceled by the customer"
    assert cancel(api, sid).code == 400
    sandbox.clock.advance(DAY)
    assert statuses(api, sid) == ["Canceled"] * 3


def test_the_carrier_has_to_agree_to_a_cancellation(api, sandbox):
    sid = file_port_in(api, "00")
    sandbox.clock.advance(30 * MINUTE)
    assert cancel(api, sid).status == 204
    assert statuses(api, sid) == ["Canceling"] * 2
    sandbox.clock.advance(5 * MINUTE)
    assert statuses(api, sid) == ["Canceled"] * 2
    by_hand = submitted(api, "01")
    cancel(api, by_hand)
    sandbox.porting.confirm_cancel(by_hand)
    assert statuses(api, by_hand) == ["Canceled"] * 2
    with pytest.raises(ValueError, match="nothing"):
        sandbox.porting.confirm_cancel(by_hand)


def test_cancelling_ends_72_hours_before_the_port_date(api, sandbox):
    sid = submitted(api, "00")
    sandbox.porting.accept(sid, date="2026-07-01T15:00:00Z")
    sandbox.clock.set(sandbox.clock.now().replace(month=6, day=28, hour=15, minute=0, second=0))
    refused = cancel(api, sid)
    assert (refused.status, refused.code) == (400, 400)
    assert "72 hours" in refused["message"]
    assert cancel(api, sid, number_sid(api, sid)).code == 400
    sandbox.clock.advance(-timedelta(seconds=1))
    assert cancel(api, sid).status == 204


def test_a_hosted_number_has_two_sids_while_it_is_ported(api, sandbox):
    hosted = a_hosted_number(api)
    number = hosted["phone_number"]
    sid = submitted(api, number)
    assert {one["status"] for one in numbers_of(api, number)} == {"in-use", "pending"}
    sandbox.porting.complete(sid)
    (owned,) = numbers_of(api, number)
    assert owned["sid"] != hosted["sid"]
    assert (owned["origin"], owned["status"]) == ("twilio", "in-use")


def test_a_hosted_number_that_is_not_ported_keeps_its_one_sid(api, sandbox):
    number = a_hosted_number(api)["phone_number"]
    sid = submitted(api, number)
    assert len(numbers_of(api, number)) == 2
    sandbox.porting.reject(sid, 22153)
    assert len(numbers_of(api, number)) == 1
