"""Changing a number: Twilio's normalisations and refusals, and the move to another account."""

import json
from datetime import timedelta

import pytest

from tests.sandbox.conftest import owned
from tests.sandbox.test_purchase import address, bundle


@pytest.fixture
def number(api):
    return owned(api, type="local", address_requirements="none", origin="twilio", bundle_sid=None)


@pytest.fixture
def change(api, number):
    return lambda **form: api.post(f"/IncomingPhoneNumbers/{number['sid']}", **form)


def application(api):
    return api.get("/Applications")["applications"][0]["sid"]


def test_only_what_is_named_changes(change, number, sandbox):
    after = change(FriendlyName="Night desk")
    assert after.status == 200
    assert after["date_updated"] == "Mon, 15 Jun 2026 12:00:00 +0000"
    changed = {key for key in number if number[key] != after[key]}
    assert changed == {"friendly_name", "date_updated"}
    sandbox.clock.advance(timedelta(minutes=1))
    assert change(FriendlyName="Day desk")["date_updated"] == "Mon, 15 Jun 2026 12:01:00 +0000"


@pytest.mark.parametrize(
    ("parameter", "value", "key", "stored", "cleared"),
    [
        ("VoiceUrl", "https://example.com/v", "voice_url", "https://example.com/v", None),
        ("VoiceMethod", "get", "voice_method", "GET", "POST"),
        ("SmsUrl", "http://example.com/s", "sms_url", "http://example.com/s", ""),
        ("SmsMethod", "GET", "sms_method", "GET", "POST"),
        ("StatusCallback", "https://example.com/c", "status_callback", "https://example.com/c", ""),
        ("StatusCallbackMethod", "GET", "status_callback_method", "GET", "POST"),
        ("VoiceReceiveMode", "fax", "voice_receive_mode", "fax", "voice"),
        ("VoiceCallerIdLookup", "true", "voice_caller_id_lookup", True, False),
        ("IdentitySid", "RI" + "a" * 32, "identity_sid", "RI" + "a" * 32, None),
        ("TrunkSid", "TK" + "a" * 32, "trunk_sid", "TK" + "a" * 32, None),
    ],
)
def test_a_setting_is_written_and_cleared(change, parameter, value, key, stored, cleared):
    assert change(**{parameter: value})[key] == stored
    assert change(**{parameter: ""})[key] == cleared


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"FriendlyName": "x" * 65}, 20002),
        ({"VoiceUrl": "example.com/v"}, 21402),
        ({"SmsUrl": "ftp://example.com"}, 21402),
        ({"StatusCallback": "https://"}, 21402),
        ({"VoiceMethod": "PUT"}, 21403),
        ({"SmsFallbackMethod": "no"}, 21403),
        ({"VoiceApplicationSid": "AP" + "0" * 32}, 21420),
        ({"SmsApplicationSid": "AP" + "0" * 32}, 21420),
        ({"VoiceApplicationSid": "PN1"}, 20423),
        ({"TrunkSid": "TK1"}, 20423),
        ({"VoiceReceiveMode": "telex"}, 20422),
        ({"VoiceCallerIdLookup": "maybe"}, 20422),
        ({"EmergencyStatus": "Perhaps"}, 22222),
        ({"AddressSid": "AD" + "0" * 32}, 21613),
        ({"BundleSid": "BU" + "0" * 32}, 21651),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(api, change, number, form, code):
    refused = change(**form)
    assert (refused.status, refused.code) == (400, code)
    assert api.get(f"/IncomingPhoneNumbers/{number['sid']}").json == number


def test_a_name_of_64_characters_is_kept_and_an_empty_one_becomes_the_number(change, number):
    assert change(FriendlyName="x" * 64)["friendly_name"] == "x" * 64
    digits = number["phone_number"]
    assert change(FriendlyName="")["friendly_name"] == f"({digits[2:5]}) {digits[5:8]}-{digits[8:]}"


def test_a_trunk_and_a_voice_application_exclude_each_other(api, change):
    sid = application(api)
    assert change(VoiceApplicationSid=sid)["voice_application_sid"] == sid
    trunk = "TK" + "b" * 32
    after = change(TrunkSid=trunk)
    assert (after["trunk_sid"], after["voice_application_sid"]) == (trunk, "")
    after = change(VoiceApplicationSid=sid)
    assert (after["trunk_sid"], after["voice_application_sid"]) == (None, sid)


def test_a_fallback_needs_something_to_fall_back_from(change):
    change(VoiceUrl="", SmsUrl="", VoiceApplicationSid="", SmsApplicationSid="")
    assert change(VoiceFallbackUrl="https://example.com/f").code == 21405
    assert change(SmsFallbackUrl="https://example.com/f").code == 21406
    both = {"VoiceUrl": "https://example.com/v", "VoiceFallbackUrl": "https://example.com/f"}
    assert change(**both)["voice_fallback_url"] == "https://example.com/f"


def test_a_number_is_asked_only_for_what_it_can_do(api):
    abroad = owned(api, type="local", address_requirements="any")
    path = f"/IncomingPhoneNumbers/{abroad['sid']}"
    assert api.post(path, SmsUrl="https://example.com/s").code == 21407
    assert api.post(path, VoiceCallerIdLookup="true").code == 21409
    assert api.post(path, EmergencyStatus="Active").code == 22222


def test_an_application_of_another_account_is_not_accessible(sub, change):
    assert change(VoiceApplicationSid=application(sub)).code == 21420


def test_papers_that_the_law_asks_for_cannot_be_cleared(api):
    abroad = owned(api, type="local", address_requirements="local")
    path = f"/IncomingPhoneNumbers/{abroad['sid']}"
    assert api.post(path, AddressSid="").code == 21631
    assert api.post(path, BundleSid="").code == 21649
    assert api.post(path, AddressSid=address(api, "US")).code == 21615


def test_an_emergency_address_is_registered_after_a_moment(api, change, number, sandbox):
    place = api.get("/Addresses", EmergencyEnabled="true")["addresses"][0]["sid"]
    after = change(EmergencyAddressSid=place, EmergencyStatus="Active")
    assert after["emergency_address_status"] == "pending-registration"
    assert after["emergency_status"] == "Inactive", "ignored since October 2021"
    sandbox.clock.advance(timedelta(seconds=30))
    after = api.get(f"/IncomingPhoneNumbers/{number['sid']}")
    assert after["emergency_address_status"] == "registered"
    assert after["date_updated"] == "Mon, 15 Jun 2026 12:00:15 +0000"


def test_an_emergency_address_is_removed_after_a_moment_and_only_then_another_is_taken(api, change, sandbox):
    place, another = (row["sid"] for row in api.get("/Addresses", EmergencyEnabled="true")["addresses"][:2])
    change(EmergencyAddressSid=place)
    sandbox.clock.advance(timedelta(seconds=30))
    refused = change(EmergencyAddressSid=another)
    assert (refused.status, refused.code) == (409, 20409)
    after = change(EmergencyAddressSid="")
    assert (after["emergency_address_sid"], after["emergency_address_status"]) == (
        None,
        "pending-unregistration",
    )
    assert change(EmergencyAddressSid=another).code == 20409
    sandbox.clock.advance(timedelta(seconds=30))
    after = change(EmergencyAddressSid=another)
    assert (after["emergency_address_sid"], after["emergency_address_status"]) == (
        another,
        "pending-registration",
    )


def test_a_british_number_takes_an_emergency_address(api):
    address = {
        "CustomerName": "Ferrow Labs", "Street": "12 Sample Street", "City": "Leeds", "IsoCountry": "GB",
        "Region": "West Yorkshire", "PostalCode": "LS1 4AB", "EmergencyEnabled": "true",
    }  # fmt: skip
    british = next(
        json.loads(line) for line in api.sandbox.dump("numbers", api.account)
        if json.loads(line)["phone_number"].startswith("+44") and json.loads(line)["capabilities"]["voice"]
    )  # fmt: skip
    place = api.post("/Addresses", **address)["sid"]
    after = api.post(f"/IncomingPhoneNumbers/{british['sid']}", EmergencyAddressSid=place)
    assert after["emergency_address_status"] == "pending-registration"


def test_an_emergency_address_must_be_one(api, change):
    assert change(EmergencyAddressSid=address(api, "DE")).code == 21628
    assert change(EmergencyAddressSid="AD" + "0" * 32).code == 21613


def test_the_parent_moves_a_number_to_a_subaccount(api, sub, change, number):
    moved = change(AccountSid=sub.account, FriendlyName="Moved")
    assert (moved.status, moved["account_sid"], moved["friendly_name"]) == (200, sub.account, "Moved")
    assert moved["uri"] == f"{sub.base}/IncomingPhoneNumbers/{number['sid']}.json"
    assert api.get(f"/IncomingPhoneNumbers/{number['sid']}").code == 20404
    assert sub.get(f"/IncomingPhoneNumbers/{number['sid']}").json == moved.json
    back = api.on(sub.account).post(f"/IncomingPhoneNumbers/{number['sid']}", AccountSid=api.account)
    assert back["account_sid"] == api.account


def test_what_belonged_to_the_old_account_stays_behind(api, sub, change):
    change(VoiceApplicationSid=application(api), SmsApplicationSid=application(api))
    place = api.get("/Addresses", EmergencyEnabled="true")["addresses"][0]["sid"]
    change(EmergencyAddressSid=place)
    moved = change(AccountSid=sub.account)
    assert moved["voice_application_sid"] == moved["sms_application_sid"] == ""
    assert (moved["emergency_address_sid"], moved["emergency_address_status"]) == (None, "unregistered")


def test_a_transfer_needs_the_parents_token_and_a_sibling(api, sub, sandbox, change):
    theirs = owned(sub, address_requirements="none", bundle_sid=None)
    path = f"/IncomingPhoneNumbers/{theirs['sid']}"
    assert sub.post(path, AccountSid=api.account).code == 21474
    assert change(AccountSid="AC" + "9" * 32).code == 21473
    assert change(AccountSid="nobody").code == 21470
    api.on(sub.account).post("", Status="suspended")
    assert change(AccountSid=sub.account).code == 21472


def test_a_transfer_asks_for_the_number_in_the_path_of_its_owner(api, sub):
    theirs = owned(sub)
    assert api.post(f"/IncomingPhoneNumbers/{theirs['sid']}", AccountSid=api.account).code == 20404


def test_a_transfer_takes_papers_of_the_target(api, sub):
    abroad = owned(api, type="local", address_requirements="local")
    country = next(
        row["iso_country"]
        for row in api.get("/Addresses")["addresses"]
        if row["sid"] == abroad["address_sid"]
    )
    path = f"/IncomingPhoneNumbers/{abroad['sid']}"
    assert api.post(path, AccountSid=sub.account).code == 21613
    assert api.post(path, AccountSid=sub.account, AddressSid=abroad["address_sid"]).code == 21613
    theirs = address(sub, country)
    assert api.post(path, AccountSid=sub.account, AddressSid=theirs).code == 21649
    papers = {"AddressSid": theirs, "BundleSid": bundle(sub, country)}
    moved = api.post(path, AccountSid=sub.account, **papers)
    assert (moved["account_sid"], moved["address_sid"], moved["bundle_sid"]) == (
        sub.account,
        theirs,
        papers["BundleSid"],
    )
