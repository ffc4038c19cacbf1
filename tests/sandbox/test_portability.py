"""Portability of numbers that other carriers, or Twilio, have (doc page 13)."""

import pytest

from portal.sandbox.elsewhere import FATES
from portal.sandbox.porting.settings import PortingSettings
from tests.sandbox.conftest import Api, owned
from tests.sandbox.porting import PREFIX, file_port_in


def check(api: Api, number: str, **query: str):
    number = number if len(number) > 2 else PREFIX + number
    return api.numbers("GET", f"/v1/Porting/Portability/PhoneNumber/{number}", **query)


@pytest.mark.parametrize(
    ("number", "code", "reason", "kind", "country"),
    [
        ("00", None, None, "LOCAL", "US"),
        ("55", None, None, "MOBILE", "US"),
        ("64", None, None, "LOCAL", "US"),
        ("90", 22130, "UNSUPPORTED", "UNKNOWN", "US"),
        ("91", 22132, "ALREADY_IN_TWILIO_DIFFERENT_OWNER", "LOCAL", "US"),
        ("92", 22133, "MANUAL_PORTING_AVAILABLE", "LOCAL", "US"),
        ("94", 22171, "MISSING_REQUIRED_FIELDS", "LOCAL", "US"),
        ("+18005550142", 22133, "MANUAL_PORTING_AVAILABLE", "TOLL-FREE", "US"),
        ("+14165550142", 22133, "MANUAL_PORTING_AVAILABLE", "LOCAL", "CA"),
        ("+442079460958", 22133, "MANUAL_PORTING_AVAILABLE", "LOCAL", "GB"),
        ("+5712345678", 22130, "UNSUPPORTED", "UNKNOWN", "CO"),
        ("+81312340000", None, None, "LOCAL", "JP"),
    ],
)
def test_the_number_tells_what_comes_of_it(api, number, code, reason, kind, country):
    found = check(api, number)
    assert found.status == 200
    assert found["portable"] is (code is None)
    assert (found["not_portable_reason_code"], found["not_portable_reason"]) == (code, reason)
    assert (found["number_type"], found["country"]) == (kind, country)
    assert found["pin_and_account_number_required"] is (kind == "MOBILE")
    assert found["account_sid"] is None


def test_an_address_is_what_some_numbers_lack(api):
    address = api.get("/Addresses")["addresses"][0]["sid"]
    assert check(api, "94", AddressSid=address)["portable"] is True
    assert check(api, "94", AddressSid="AD" + "0" * 32)["portable"] is False


def test_a_check_that_failed_is_repeated_with_success(api):
    assert check(api, "93")["not_portable_reason_code"] == 22135
    assert check(api, "93")["portable"] is True


def test_numbers_in_twilio_are_somebodys(api, sub):
    number = owned(api, origin="twilio")["phone_number"]
    mine = check(api, number)
    assert (mine["not_portable_reason_code"], mine["account_sid"]) == (22131, api.account)
    other = check(api, number, TargetAccountSid=sub.account)
    assert (other["not_portable_reason_code"], other["account_sid"]) == (22136, api.account)
    assert check(sub, number)["not_portable_reason"] == "ALREADY_IN_ONE_OF_YOUR_TWILIO_ACCOUNTS"


def test_a_number_on_its_way_is_not_portable_again_until_it_is_given_up(api, sub):
    sid = file_port_in(api, "00")
    assert check(api, "00")["not_portable_reason_code"] == 22131
    assert check(sub, "00")["not_portable_reason_code"] == 22136
    api.numbers("DELETE", f"/v1/Porting/PortIn/{sid}")
    assert check(api, "00")["portable"] is True


def test_a_number_that_is_only_hosted_is_still_elsewhere(api):
    number = owned(api, origin="hosted")["phone_number"]
    assert check(api, number)["not_portable_reason_code"] not in (22131, 22132, 22136)


@pytest.mark.parametrize("number", ["2075550100", "+1207555010", "+10005550100", "nonsense"])
def test_what_is_no_number_is_refused(api, number):
    assert check(api, number).code == 22102


def test_a_target_must_be_an_account_of_the_family(api, sub):
    for sid in ("AC" + "0" * 32, "nobody"):
        refused = check(api, "00", TargetAccountSid=sid)
        assert (refused.status, refused.code) == (400, 20003)
    assert check(sub, "00", TargetAccountSid=api.account).code == 20003


def test_the_reason_may_come_as_a_refusal(api, sandbox):
    sandbox.porting.set(PortingSettings(not_portable_is_400=True))
    refused = check(api, "93")
    assert (refused.status, refused.code, refused["portable"]) == (400, 22135, False)
    assert check(api, "93").status == 200


def test_the_table_of_fates_tells_them_all():
    told = " ".join(f"{one.porting} {one.hosting}" for one in FATES)
    for code in ("22130", "22132", "22133", "22135", "22150–22159", "22171"):
        assert code in told
