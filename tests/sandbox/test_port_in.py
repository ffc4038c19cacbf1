"""Port-in requests as they are filed, read and refused (doc pages 12, 15, 16)."""

import pytest

from tests.sandbox.conftest import Api
from tests.sandbox.porting import (
    ADDRESS,
    LOSING_CARRIER,
    PORT_IN,
    PREFIX,
    bill,
    fetch,
    file_port_in,
    port_in_body,
    statuses,
)


def refused(api: Api, *endings: str, **changes):
    answer = api.numbers("POST", PORT_IN, port_in_body(api, *(endings or ("00",)), **changes))
    assert answer.status in (400, 403)
    return answer


def without(values, *names):
    return {name: value for name, value in values.items() if name not in names}


def test_a_request_is_filed_and_read(api):
    body = port_in_body(
        api,
        "00",
        "01",
        target_port_in_date="2026-07-01",
        target_port_in_time_range_start="20:15:00-08:00",
        target_port_in_time_range_end="23:15:00-08:00",
        notification_emails=["desk@example.com"],
    )
    made = api.numbers("POST", PORT_IN, body)
    assert made.status == 202
    assert made["target_port_in_time_range_start"] == "20:15:00-08:00"
    assert made["port_in_request_status"] == "In Review"
    assert [one["port_in_phone_number_status"] for one in made["phone_numbers"]] == ["in_review"] * 2
    assert isinstance(made["support_ticket_id"], int)

    found = fetch(api, made["port_in_request_sid"])
    assert [one["port_in_phone_number_status"] for one in found["phone_numbers"]] == ["In Review"] * 2
    assert found["target_port_in_date"] == "2026-07-02"
    assert found["target_port_in_time_range_start"] == "04:15:00Z"
    assert found["losing_carrier_information"]["address"] == ADDRESS
    assert found["signature_request_url"] is None
    assert "pin" not in str(found)


def test_a_number_by_itself_has_other_names_for_the_same(api):
    body = port_in_body(api, "51")
    body["phone_numbers"][0]["pin"] = "4321"
    made = api.numbers("POST", PORT_IN, body).json
    sid = made["phone_numbers"][0]["port_in_phone_number_sid"]
    found = api.numbers("GET", f"{PORT_IN}/{made['port_in_request_sid']}/PhoneNumber/{sid}")
    assert found["phone_number_sid"] == sid
    assert found["port_in_phone_number_status"] == "in_review"
    assert (found["phone_number_type"], found["country"]) == ("MOBILE", "US")
    assert (found["port_out_pin"], found["missing_required_fields"]) == (4321, False)


def test_an_address_is_copied_by_its_sid(api):
    address = api.get("/Addresses", IsoCountry="US")["addresses"][0]
    carrier = {**without(LOSING_CARRIER, "address"), "address_sid": address["sid"]}
    found = fetch(api, file_port_in(api, "00", losing_carrier_information=carrier))
    assert found["losing_carrier_information"]["address"]["street"] == address["street"]
    assert found["losing_carrier_information"]["address"]["zip"] == address["postal_code"]


def test_a_subaccounts_request_is_found_by_its_parent(api, sub):
    sid = file_port_in(api, "00", account_sid=sub.account)
    assert fetch(api, sid)["account_sid"] == sub.account
    assert fetch(sub, sid)["account_sid"] == sub.account
    listed = {
        one["port_in_request_sid"]
        for one in sub.numbers("GET", f"{PORT_IN}/PortInRequests")["port_in_requests"]
    }
    assert sid in listed
    other = Api(api.sandbox, api.sandbox.subaccounts[1])
    assert other.numbers("GET", f"{PORT_IN}/{sid}").status == 404
    assert other.numbers("DELETE", f"{PORT_IN}/{sid}").status == 404


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"phone_numbers": []}, "phoneNumbers: size must be between 1 and 1000"),
        (
            {"phone_numbers": [{"phone_number": f"+1207555{serial:04d}"} for serial in range(1001)]},
            "phoneNumbers: size must be between 1 and 1000",
        ),
        (
            {"phone_numbers": [{"phone_number": "207"}]},
            "phoneNumbers[0].phoneNumber: must be in E.164 format",
        ),
        (
            {"phone_numbers": [{"phone_number": f"{PREFIX}00"}] * 2},
            "phoneNumbers[1].phoneNumber: must be unique",
        ),
        ({"documents": []}, "Invalid documents"),
        ({"documents": ["RD" + "0" * 32]}, "Invalid documents"),
        ({"account_sid": None}, "accountSid: must not be null"),
        ({"losing_carrier_information": None}, "losingCarrierInformation: must not be null"),
        (
            {"losing_carrier_information": without(LOSING_CARRIER, "customer_name", "address")},
            "losingCarrierInformation.customerName: must not be blank,"
            " losingCarrierInformation.address: must not be null",
        ),
        (
            {"losing_carrier_information": {**LOSING_CARRIER, "customer_type": "Firm"}},
            "losingCarrierInformation.customerType: must be one of Business, Individual",
        ),
        (
            {"losing_carrier_information": {**LOSING_CARRIER, "address": without(ADDRESS, "zip")}},
            "losingCarrierInformation.address.zip: must not be blank",
        ),
        ({"notification_emails": ["desk"]}, "notificationEmails[0]: must be a well-formed email address"),
        ({"target_port_in_date": "2026-06-21"}, "targetPortInDate: must be at least 7 days in the future"),
        ({"target_port_in_date": "next week"}, "targetPortInDate: must be an ISO local date"),
        (
            {"target_port_in_time_range_start": "10:00"},
            "targetPortInTimeRangeStart: must be an ISO offset time",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named(api, changes, message):
    answer = refused(api, **changes)
    assert (answer.status, answer.code, answer["message"]) == (400, 400, message)
    assert answer["more_info"].endswith("/errors/400")


def test_a_body_that_is_no_json_is_refused(api):
    answer = api.send("POST", PORT_IN, host="numbers.twilio.com", body=b"{", content_type="application/json")
    assert (answer.status, answer.code) == (400, 400)


def test_another_familys_account_cannot_be_ported_into(api, sub, sandbox):
    assert refused(sub, account_sid=api.account).code == 20403
    sandbox.set_account(api.account, porting=False)
    assert refused(api).code == 20403
    assert api.numbers("GET", f"{PORT_IN}/PortInRequests").status == 403


def test_documents_are_ones_own_utility_bills_with_content(api, sub):
    empty = bill(api, b"")
    assert (empty.status, empty["mime_type"]) == (201, None)
    assert refused(api, documents=[empty["sid"]])["message"] == "Invalid documents"
    assert refused(api, documents=[bill(sub)["sid"]])["message"] == "Invalid documents"
    assert file_port_in(api, "00", account_sid=sub.account, documents=[bill(sub)["sid"]])


def test_an_upload_is_a_draft_and_an_unknown_type_refused(api):
    made = bill(api)
    assert (made.status, made["status"], made["mime_type"]) == (201, "DRAFT", "application/pdf")
    answer = bill(api, document_type="poem")
    assert (answer.status, answer.code, answer["http_status_code"]) == (400, 70002, 400)
    assert bill(api, kind="text/plain").code == 20422
    assert bill(api, b"x" * (10 * 1024 * 1024 + 1)).status == 413


def test_the_law_is_looked_at_too(api):
    assert refused(api, "00", "+81312340000").code == 22172
    assert refused(api, bundle_sid="BU" + "0" * 32).code == 22170
    carrier = {**without(LOSING_CARRIER, "address"), "address_sid": "AD" + "0" * 32}
    assert refused(api, losing_carrier_information=carrier).code == 22173


def test_japan_has_fields_and_a_notice_of_its_own(api):
    number = "+81312340000"
    assert "portabilityAdvanceCarrier" in refused(api, number)["message"]
    given = {"portability_advance_carrier": "ntt_east", "auto_cancel_approval_numbers": "2"}
    assert "autoCancelApprovalNumbers" in refused(api, number, **given)["message"]
    given["auto_cancel_approval_numbers"] = "1"
    assert "at least 10 days" in refused(api, number, **given, target_port_in_date="2026-06-24")["message"]
    assert file_port_in(api, number, **given)


def test_numbers_that_are_not_portable_come_along_and_say_why(api):
    sid = file_port_in(api, "00", "90")
    dropped = fetch(api, sid)["phone_numbers"][1]
    assert (dropped["portable"], dropped["not_portability_reason_code"]) == (False, 22130)
    assert dropped["number_type"] is None


def test_requests_are_listed_by_token_and_filtered(api, sandbox):
    before = len(api.numbers("GET", f"{PORT_IN}/PortInRequests", Size=100)["port_in_requests"])
    made = [file_port_in(api, ending) for ending in ("00", "01", "02")]
    newest = api.numbers("GET", f"{PORT_IN}/PortInRequests", Size=2)
    assert "key" not in newest["meta"]
    assert [one["port_in_request_sid"] for one in newest["port_in_requests"]] == made[:0:-1]
    assert newest["meta"]["previous_token"] is None
    rest = api.numbers("GET", f"{PORT_IN}/PortInRequests", Size=100, Token=newest["meta"]["next_token"])
    assert rest["port_in_requests"][0]["port_in_request_sid"] == made[0]
    assert len(rest["port_in_requests"]) == before + 1
    assert rest["meta"]["next_token"] is None
    row = rest["port_in_requests"][0]
    assert (row["phone_numbers_requested"], row["phone_numbers_ported"]) == (1, 0)

    def found(**query):
        listed = api.numbers("GET", f"{PORT_IN}/PortInRequests", Size=100, **query)["port_in_requests"]
        return [one["port_in_request_sid"] for one in listed]

    sandbox.porting.review(made[0])
    assert made[0] in found(PortInRequestStatus="Waiting for Signature")
    assert made[0] not in found(PortInRequestStatus="In Review")
    assert found(PortInRequestSid=",".join(made)) == made[::-1]
    assert set(made) <= set(found(CreatedAfter="2026-06-15"))
    assert not set(made) & set(found(CreatedBefore="2026-06-15"))
    for query in ({"Size": 101}, {"Token": "KW1"}, {"CreatedAfter": "lately"}):
        assert api.numbers("GET", f"{PORT_IN}/PortInRequests", **query).code == 400


def test_a_thousand_numbers_are_one_request(api):
    numbers = [{"phone_number": f"+1207555{serial:04d}", "pin": None} for serial in range(2000, 3000)]
    sid = file_port_in(api, phone_numbers=numbers)
    assert len(statuses(api, sid)) == 1001


def test_sids_that_are_nobodys_are_not_found(api):
    sid = file_port_in(api, "00")
    for path in (f"KW{'0' * 32}", f"{sid}/PhoneNumber/PU{'0' * 32}"):
        assert api.numbers("GET", f"{PORT_IN}/{path}").status == 404
        assert api.numbers("DELETE", f"{PORT_IN}/{path}").status == 404
