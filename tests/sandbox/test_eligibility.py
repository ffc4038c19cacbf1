"""Whether a number can be hosted, and what to do if not (doc page 10): one, or a thousand later on."""

from datetime import timedelta

import pytest

from portal.sandbox.elsewhere import UNHOSTABLE
from tests.sandbox.conftest import Api, owned
from tests.sandbox.hosting import (
    ELIGIBILITY,
    eligibility_body,
    make_order,
    number,
    order,
    send_document,
    verified_order,
)

EDIT = "EDIT_INELIGIBLE_NUMBER_AND_RUN_ELIGIBILITY_CHECK_AGAIN"


def check(api: Api, ending: str, **fields):
    body = eligibility_body(ending)
    body["phone_numbers"][0].update(fields)
    return api.numbers("POST", ELIGIBILITY, body)["results"][0]


def found(result):
    return result["eligibility_sub_status"], result["ineligibility_reason"], result["next_step"]


def test_an_eligible_number_is_written_as_in_the_pages_example(api):
    result = check(api, "+18665559900")
    assert found(result) == ("ELIGIBLE", "None", "CREATE_HOSTED_NUMBER_ORDER")
    assert (result["phone_number_type"], result["iso_country_code"]) == ("TOLLFREE", "USA")
    assert result["hosting_account_sid"] == api.account


@pytest.mark.parametrize("ending", UNHOSTABLE)
def test_the_number_tells_why_it_cannot_be_hosted(api, ending):
    result = check(api, str(ending))
    assert found(result) == UNHOSTABLE[ending]
    assert result["eligibility_status"] == "INELIGIBLE"


@pytest.mark.parametrize(
    ("ending", "reason", "step", "kind"),
    [
        ("+4933334444", "COUNTRY_NOT_SUPPORTED", "NONE", "LOCAL"),
        ("55", "NUMBER_TYPE_INELIGIBLE", "NUMBER_TYPE_CANNOT_BE_HOSTED", "MOBILE"),
        ("2075550100", "NUMBER_FORMAT_INELIGIBLE", EDIT, "UNKNOWN"),
        ("+10005550100", "INVALID_PHONE_NUMBER", EDIT, "UNKNOWN"),
    ],
)  # fmt: skip
def test_what_can_never_be_hosted(api, ending, reason, step, kind):
    result = check(api, ending)
    assert found(result)[1:] == (reason, step)
    assert result["phone_number_type"] == kind


def test_a_check_that_failed_is_repeated_with_success(api):
    assert check(api, "24")["next_step"] == "RETRY_THE_ELIGIBILITY_CHECK"
    assert check(api, "24")["eligibility_status"] == "ELIGIBLE"


def test_the_account_to_host_it_must_be_there_and_ones_own(api, sub):
    assert check(api, "00", hosting_account_sid=sub.account)["eligibility_status"] == "ELIGIBLE"
    assert found(check(api, "00", hosting_account_sid="AC" + "0" * 32)) == (
        "INVALID_HOSTING_ACCOUNT_SID",
        "HOSTING_ACCOUNT_SID_DOES_NOT_EXIST",
        "UPDATE_HOSTING_ACCOUNT_SID",
    )
    assert found(check(sub, "00", hosting_account_sid=api.account))[1] == (
        "HOSTING_ACCOUNT_SID_DOES_NOT_BELONG_TO_YOUR_ACCOUNT"
    )


def test_numbers_in_twilio_are_told_apart(api):
    ours = owned(api, origin="twilio", type="local", address_requirements="none")
    assert found(check(api, ours["phone_number"]))[1] == "ALREADY_IN_TWILIO_FOR_BOTH_CAPABILITIES"
    assert check(api, ours["phone_number"])["inventory_account_sid"] == api.account
    hosted = owned(api, origin="hosted")["phone_number"]
    assert found(check(api, hosted))[1:] == UNHOSTABLE[28][1:]
    sid = make_order(api, "00")
    result = check(api, "00")
    assert found(result)[1:] == ("ALREADY_IN_TWILIO_AND_IN_HOSTING_PROCESS", "MANAGE_HOSTING_ORDER")
    assert (result["hosting_order_sid"], result["hosting_order_status"]) == (sid, "twilio-processing")


def test_a_number_that_was_given_back_is_remembered_for_three_days(api, sandbox):
    sid = verified_order(api, "00")
    sandbox.hosting.sign(send_document(api, sid))
    sandbox.hosting.complete(sid)
    assert api.delete(f"/IncomingPhoneNumbers/{order(api, sid)['incoming_phone_number_sid']}").status == 204
    assert found(check(api, "00"))[1] == "ALREADY_IN_TWILIO_BUT_NOT_IN_USE"
    sandbox.clock.advance(timedelta(days=3))
    assert check(api, "00")["eligibility_status"] == "ELIGIBLE"
    assert api.get("/AvailablePhoneNumbers/US/Local", Contains=number("00"))["available_phone_numbers"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"phone_numbers": []}, 22124),
        ({"phone_numbers": None}, 22124),
        ({"phone_numbers": [{}]}, 22102),
        ({"phone_numbers": [{"phone_number": "+12075550100", "hosting_account_sid": "AC1"}]}, 21470),
        ({"friendly_name": ""}, 22116),
        ({"friendly_name": "x" * 129}, 22116),
    ],
)
def test_requests_that_make_no_sense_are_refused(api, body, code):
    for path in ("", "/Bulk"):
        refused = api.numbers("POST", f"{ELIGIBILITY}{path}", eligibility_body("00", **body))
        assert (refused.status, refused.code) == (400, code)


def test_how_many_numbers_fit(api):
    two = eligibility_body("00", "01")
    assert api.numbers("POST", ELIGIBILITY, two).code == 22125
    many = eligibility_body(*(f"+1207555{serial:04d}" for serial in range(1001)))
    assert api.numbers("POST", f"{ELIGIBILITY}/Bulk", many).code == 22125
    del two["friendly_name"]
    assert api.numbers("POST", f"{ELIGIBILITY}/Bulk", two).code == 22127


def test_a_bulk_check_is_answered_in_time(api, sandbox):
    endings = ["00", "20", "55", "01"]
    made = api.numbers("POST", f"{ELIGIBILITY}/Bulk", eligibility_body(*endings))
    assert (made.status, made["status"], made["results"]) == (202, "QUEUED", [])
    path = f"{ELIGIBILITY}/Bulk/{made['request_id']}"
    sandbox.clock.advance(timedelta(seconds=5))
    half = api.numbers("GET", path)
    assert (half["status"], len(half["results"]), half["date_completed"]) == ("PROCESSING", 2, None)
    sandbox.clock.advance(timedelta(seconds=5))
    whole = api.numbers("GET", path)
    assert (whole["status"], whole["date_completed"]) == ("SUCCESSFUL", "2026-06-15T12:00:10Z")
    assert [one["phone_number"] for one in whole["results"]] == [number(ending) for ending in endings]
    assert [one["eligibility_status"] for one in whole["results"]] == [
        "ELIGIBLE", "INELIGIBLE", "INELIGIBLE", "ELIGIBLE",
    ]  # fmt: skip
    assert {one["iso_country_code"] for one in whole["results"]} == {"US"}


def test_a_check_is_its_accounts_own(api, sub):
    made = api.numbers("POST", f"{ELIGIBILITY}/Bulk", eligibility_body("00"))
    assert sub.numbers("GET", f"{ELIGIBILITY}/Bulk/{made['request_id']}").status == 404


def test_an_account_without_hosting_finds_nothing(api, sandbox):
    sandbox.set_account(api.account, hosting=False)
    assert api.numbers("POST", ELIGIBILITY, eligibility_body("00")).code == 20404
    assert api.hosted("GET", "/Orders").code == 20404
    assert api.hosted("GET", "/AuthorizationDocuments").code == 20404
