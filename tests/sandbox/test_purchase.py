"""Buying a number, and Twilio's order of refusals."""

import pytest

from portal.sandbox.regulatory.resources import Bundle
from tests.sandbox.conftest import for_sale, owned


def address(api, country):
    rows = api.get("/Addresses", IsoCountry=country)["addresses"]
    return rows[0]["sid"]


def bundle(api, country, kind="local", status="twilio-approved"):
    """One of the account's bundles for a kind of number."""
    with api.sandbox.store.lock:
        found = api.sandbox.store.all(Bundle)
    wanted = (api.account, country, kind, status)
    return next(
        one.sid for one in found if (one.account_sid, one.iso_country, one.number_type, one.status) == wanted
    )


def test_a_number_is_bought_with_its_settings(api):
    number = for_sale(api, AreaCode="415")
    bought = api.post(
        "/IncomingPhoneNumbers",
        PhoneNumber=number,
        FriendlyName="Front desk",
        VoiceUrl="https://example.com/voice",
        SmsUrl="https://example.com/sms",
        SmsMethod="GET",
        VoiceCallerIdLookup="true",
    )
    assert bought.status == 201
    assert (bought["phone_number"], bought["friendly_name"], bought["type"]) == (
        number,
        "Front desk",
        "local",
    )
    assert (bought["voice_url"], bought["sms_method"], bought["voice_caller_id_lookup"]) == (
        "https://example.com/voice",
        "GET",
        True,
    )
    assert api.get(f"/IncomingPhoneNumbers/{bought['sid']}").json == bought.json


def test_a_number_without_settings_gets_twilios_defaults(api):
    number = for_sale(api, AreaCode="206")
    bought = api.post("/IncomingPhoneNumbers", PhoneNumber=number)
    assert bought["friendly_name"] == f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    assert (bought["sms_url"], bought["voice_url"], bought["trunk_sid"]) == ("", None, None)
    assert (bought["voice_method"], bought["emergency_address_status"]) == ("POST", "unregistered")
    assert bought["date_created"] == bought["date_updated"] == "Mon, 15 Jun 2026 12:00:00 +0000"


def test_an_area_code_buys_any_number_in_it(api):
    bought = api.post("/IncomingPhoneNumbers", AreaCode="604")
    assert bought["phone_number"].startswith("+1604555")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, 20001),
        ({"PhoneNumber": "415-555-0123"}, 21421),
        ({"PhoneNumber": "+1415555"}, 21421),
        ({"PhoneNumber": "+14155550999"}, 21422),
        ({"AreaCode": "41"}, 21451),
        ({"AreaCode": "999"}, 21452),
    ],
)
def test_what_cannot_be_bought_is_refused(api, form, code):
    refused = api.post("/IncomingPhoneNumbers", **form)
    assert (refused.status, refused.code) == (400, code)


def test_the_same_number_is_sold_once(api, sub):
    number = for_sale(api)
    assert api.post("/IncomingPhoneNumbers", PhoneNumber=number).status == 201
    assert api.post("/IncomingPhoneNumbers", PhoneNumber=number).code == 21422
    assert sub.post("/IncomingPhoneNumbers", PhoneNumber=number).code == 21422


def test_an_area_code_runs_dry(api, sandbox):
    sandbox.store.db.execute("DELETE FROM stock WHERE phone_number LIKE '+1808%'")
    assert api.post("/IncomingPhoneNumbers", AreaCode="808").code == 21452


def test_address_then_bundle_are_asked_for_in_twilios_order(api):
    number = for_sale(api, "DE", "Local")
    form = {"PhoneNumber": number}
    refused = api.post("/IncomingPhoneNumbers", **form)
    assert refused.code == 21631
    assert refused["message"] == "Phone Number Requires an Address but the 'AddressSid' parameter was empty"
    form["AddressSid"] = address(api, "US")
    assert api.post("/IncomingPhoneNumbers", **form).code == 21615
    form["AddressSid"] = address(api, "DE")
    refused = api.post("/IncomingPhoneNumbers", **form)
    assert refused.code == 21649
    assert refused["message"] == "Bundle required and not provided for country: [DE] and numberType: [LOCAL]"
    form["BundleSid"] = "BU" + "0" * 32
    assert api.post("/IncomingPhoneNumbers", **form).code == 21651
    form["BundleSid"] = bundle(api, "DE")
    bought = api.post("/IncomingPhoneNumbers", **form)
    assert (bought.status, bought["address_sid"]) == (201, form["AddressSid"])
    assert bought["bundle_sid"] == form["BundleSid"]


def test_no_address_requirement_does_not_mean_no_bundle(api):
    number = for_sale(api, "GB", "Mobile")
    assert api.post("/IncomingPhoneNumbers", PhoneNumber=number).code == 21649


def test_any_address_will_do_where_any_is_asked_for(api):
    number = for_sale(api, "GB", "Local")
    bought = api.post(
        "/IncomingPhoneNumbers",
        PhoneNumber=number,
        AddressSid=address(api, "US"),
        BundleSid=bundle(api, "GB"),
    )
    assert bought.status == 201


def test_a_foreign_address_is_asked_for_where_the_law_wants_one(api):
    number = for_sale(api, "FI", "TollFree")
    assert api.post("/IncomingPhoneNumbers", PhoneNumber=number).code == 21631
    assert api.post("/IncomingPhoneNumbers", PhoneNumber=number, AddressSid=address(api, "US")).status == 201


def test_papers_of_another_account_do_not_count(api, sub):
    number = for_sale(api, "GB", "Local")
    refused = api.post("/IncomingPhoneNumbers", PhoneNumber=number, AddressSid=address(sub, "GB"))
    assert refused.code == 21613
    refused = api.post(
        "/IncomingPhoneNumbers",
        PhoneNumber=number,
        AddressSid=address(api, "GB"),
        BundleSid=bundle(sub, "GB"),
    )
    assert refused.code == 21651


@pytest.mark.parametrize(
    ("kind", "wrong"), [("Local", "TollFree"), ("TollFree", "Local"), ("Mobile", "Local")]
)
def test_sub_lists_sell_only_their_type(api, kind, wrong):
    assert api.post(f"/IncomingPhoneNumbers/{kind}", PhoneNumber=for_sale(api, "US", wrong)).code == 21458


def test_a_trial_account_owns_one_number(api, sandbox):
    made = api.send("POST", "/2010-04-01/Accounts.json", form={"FriendlyName": "Trial"})
    sandbox.set_account(made["sid"], type="Trial")
    trial = api.on(made["sid"])
    assert trial.post("/IncomingPhoneNumbers", PhoneNumber=for_sale(api)).status == 201
    assert trial.post("/IncomingPhoneNumbers", PhoneNumber=for_sale(api)).code == 21404


def test_a_restricted_account_buys_nothing(api, sandbox):
    sandbox.set_account(api.account, restricted=True)
    refused = api.post("/IncomingPhoneNumbers", PhoneNumber=for_sale(api))
    assert (refused.status, refused.code) == (403, 22300)
    sandbox.set_account(api.account, restricted=False)
    assert api.post("/IncomingPhoneNumbers", PhoneNumber=for_sale(api)).status == 201


def test_a_refused_purchase_changes_nothing(api, sandbox):
    number = for_sale(api)
    before = list(sandbox.dump("numbers"))
    assert api.post("/IncomingPhoneNumbers", PhoneNumber=number, VoiceUrl="ftp://example.com").code == 21402
    assert list(sandbox.dump("numbers")) == before
    assert for_sale(api) == number


def test_a_number_of_the_data_set_cannot_be_bought(api):
    assert api.post("/IncomingPhoneNumbers", PhoneNumber=owned(api)["phone_number"]).code == 21422
