"""Addresses: what is required, corrected, refused, and which numbers depend on one."""

import pytest

from tests.sandbox.conftest import owned

BOISE = {
    "CustomerName": "Ferrow Labs",
    "Street": "12 Sample Street",
    "City": "Boise",
    "Region": "ID",
    "PostalCode": "83702",
    "IsoCountry": "US",
}


def test_an_address_is_made_and_read_back(api):
    made = api.post("/Addresses", **BOISE, FriendlyName="Lab", StreetSecondary="Floor 2")
    assert (made.status, made["friendly_name"], made["street_secondary"]) == (201, "Lab", "Floor 2")
    assert (made["validated"], made["verified"], made["emergency_enabled"]) == (True, False, False)
    assert api.get(f"/Addresses/{made['sid']}").json == made.json
    assert made["sid"] in {
        row["sid"] for row in api.get("/Addresses", CustomerName="Ferrow Labs")["addresses"]
    }


@pytest.mark.parametrize("missing", list(BOISE))
def test_every_part_of_an_address_is_required(api, missing):
    refused = api.post("/Addresses", **{name: value for name, value in BOISE.items() if name != missing})
    assert refused.code == 21628
    assert missing in refused["message"]
    assert api.post("/Addresses", **{**BOISE, missing: " "}).code == 21628


@pytest.mark.parametrize(
    "wrong",
    [
        {"Street": "P.O. Box 99"},
        {"Street": "po box 1"},
        {"PostalCode": "8370"},
        {"IsoCountry": "USA"},
        {"IsoCountry": "DE", "PostalCode": "10117", "Street": "Postfach 7"},
        {"IsoCountry": "GB", "PostalCode": "12345"},
        {"IsoCountry": "DE", "PostalCode": "10117", "EmergencyEnabled": "true"},
    ],
)
def test_an_address_that_cannot_be_right_is_refused(api, wrong):
    refused = api.post("/Addresses", **{**BOISE, **wrong})
    assert (refused.status, refused.code) == (400, 21628)


def test_an_address_is_corrected_unless_that_is_not_wanted(api):
    sloppy = {**BOISE, "Street": "12  Sample Street ", "Region": "id"}
    refused = api.post("/Addresses", **sloppy, AutoCorrectAddress="false")
    assert refused.code == 21629
    assert refused["message"] == (
        "Failed to validate address. Check the suggested address. | FriendlyName: , "
        "CustomerName: Ferrow Labs, Street: 12 Sample Street, Locality: Boise, Region: ID, "
        "PostalCode: 83702, IsoCountry: US"
    )
    made = api.post("/Addresses", **sloppy)
    assert (made["street"], made["region"]) == ("12 Sample Street", "ID")
    british = {**BOISE, "IsoCountry": "GB", "PostalCode": "ls14ab", "Region": "West Yorkshire"}
    assert api.post("/Addresses", **british)["postal_code"] == "LS1 4AB"
    assert api.post("/Addresses", **BOISE, AutoCorrectAddress="false").status == 201


def test_a_country_without_rules_takes_any_address(api):
    made = api.post("/Addresses", **{**BOISE, "IsoCountry": "KE", "PostalCode": "-", "Street": "PO Box 5"})
    assert (made.status, made["validated"]) == (201, False)


def test_names_have_a_length(api):
    assert api.post("/Addresses", **BOISE, FriendlyName="x" * 65).code == 20002
    assert api.post("/Addresses", **BOISE, FriendlyName="x" * 33, EmergencyEnabled="true").code == 20002
    assert api.post("/Addresses", **BOISE, FriendlyName="x" * 64).status == 201


def test_a_customers_name_is_measured_in_bytes(api):
    assert api.post("/Addresses", **{**BOISE, "CustomerName": "é" * 32}).status == 201
    assert api.post("/Addresses", **{**BOISE, "CustomerName": "é" * 33}).code == 21628


def test_british_addresses_may_be_for_emergencies(api):
    british = {**BOISE, "IsoCountry": "GB", "PostalCode": "LS1 4AB", "Region": "West Yorkshire"}
    assert api.post("/Addresses", **british, EmergencyEnabled="true")["emergency_enabled"] is True


def test_an_address_is_changed_but_not_its_country(api):
    made = api.post("/Addresses", **BOISE)
    after = api.post(f"/Addresses/{made['sid']}", FriendlyName="Lab", City="Nampa", IsoCountry="CA")
    assert (after["friendly_name"], after["city"], after["iso_country"]) == ("Lab", "Nampa", "US")
    assert api.post(f"/Addresses/{made['sid']}", PostalCode="x").code == 21628
    assert api.post(f"/Addresses/{made['sid']}", Street="").code == 21628


def test_a_verified_address_keeps_all_but_its_name(api, sandbox):
    from portal.sandbox.resources import Address

    made = api.post("/Addresses", **BOISE)
    address = sandbox.store.find(Address, made["sid"])
    address.verified = True
    sandbox.store.save(address)
    assert api.post(f"/Addresses/{made['sid']}", City="Nampa").code == 21630
    assert api.post(f"/Addresses/{made['sid']}", FriendlyName="Lab")["friendly_name"] == "Lab"
    assert api.delete(f"/Addresses/{made['sid']}").code == 21630


def test_lists_are_filtered(api):
    assert {row["iso_country"] for row in api.get("/Addresses", IsoCountry="de")["addresses"]} == {"DE"}
    emergency = api.get("/Addresses", EmergencyEnabled="true")["addresses"]
    assert {row["iso_country"] for row in emergency} == {"US", "CA", "GB"}
    assert not any(
        row["emergency_enabled"] for row in api.get("/Addresses", EmergencyEnabled="false")["addresses"]
    )
    made = api.post("/Addresses", **BOISE, FriendlyName="Lab")
    assert [row["sid"] for row in api.get("/Addresses", FriendlyName="Lab")["addresses"]] == [made["sid"]]


def test_an_address_in_use_cannot_be_deleted(api):
    made = api.post("/Addresses", **BOISE)
    number = owned(api, address_requirements="none", type="local")
    api.post(f"/IncomingPhoneNumbers/{number['sid']}", AddressSid=made["sid"])
    refused = api.delete(f"/Addresses/{made['sid']}")
    assert (refused.status, refused.code) == (409, 20409)
    api.post(f"/IncomingPhoneNumbers/{number['sid']}", AddressSid="")
    assert api.delete(f"/Addresses/{made['sid']}").status == 204
    assert api.get(f"/Addresses/{made['sid']}").code == 20404


def test_dependent_numbers_write_their_capabilities_in_capitals(api):
    address = next(
        row for row in api.get("/Addresses", IsoCountry="GB")["addresses"]
        if api.get(f"/Addresses/{row['sid']}/DependentPhoneNumbers")["dependent_phone_numbers"]
    )  # fmt: skip
    reply = api.get(f"/Addresses/{address['sid']}/DependentPhoneNumbers", PageSize=1000)
    rows = reply["dependent_phone_numbers"]
    for row in rows:
        assert set(row["capabilities"]) == {"Voice", "SMS", "MMS"}
        assert api.follow(row["uri"])["address_sid"] == address["sid"]
    assert "address_sid" not in rows[0]


def test_emergency_addresses_have_dependents_too(api):
    number = owned(api, emergency_address_status="registered", emergency_address_sid=owned_emergency(api))
    reply = api.get(f"/Addresses/{number['emergency_address_sid']}/DependentPhoneNumbers", PageSize=1000)
    assert number["sid"] in {row["sid"] for row in reply["dependent_phone_numbers"]}


def owned_emergency(api):
    rows = api.get("/IncomingPhoneNumbers", PageSize=1000)["incoming_phone_numbers"]
    return next(
        row["emergency_address_sid"] for row in rows if row["emergency_address_status"] == "registered"
    )


def test_an_address_of_another_account_is_not_there(api, sub):
    theirs = sub.get("/Addresses")["addresses"][0]["sid"]
    assert api.get(f"/Addresses/{theirs}").code == 20404
    assert api.get(f"/Addresses/{theirs}/DependentPhoneNumbers").code == 20404
    assert api.delete(f"/Addresses/{theirs}").code == 20404
