"""Hosted number orders of v2: create, read, verify by call, delete, and what becomes of them."""

from datetime import timedelta

import pytest
from twilio.request_validator import RequestValidator

from portal.sandbox.faults import Fault
from portal.sandbox.hosting.settings import HostingSettings
from tests.sandbox.hosting import (
    CALLBACK,
    DAY,
    EMAIL,
    MINUTE,
    SECOND,
    call,
    listen,
    make_order,
    number,
    order,
    order_form,
    received_order,
    send_document,
    status,
    verified_order,
)

BY_HAND = HostingSettings(automatic=False)


def refused(api, ending="00", **form):
    return api.hosted("POST", "/Orders", **order_form(api, ending, **form))


def without(form, name):
    return {key: value for key, value in form.items() if key != name}


def number_of(api, sid):
    return api.get(f"/IncomingPhoneNumbers/{order(api, sid)['incoming_phone_number_sid']}")


def test_an_order_is_made_with_its_number(api):
    sid = make_order(
        api, "00", FriendlyName="Front desk", CcEmails=["a@example.com", "b@example.com"],
        SmsUrl="https://sms.example.com/in", StatusCallbackUrl=CALLBACK, ContactTitle="Owner",
    )  # fmt: skip
    found = order(api, sid)
    assert (found["status"], found["failure_reason"]) == ("twilio-processing", "")
    assert found["capabilities"] == {"voice": False, "sms": True, "mms": False}
    assert found["cc_emails"] == ["a@example.com", "b@example.com"]
    assert (found["email"], found["contact_title"]) == (EMAIL, "Owner")
    assert "unique_name" not in found
    prepared = number_of(api, sid)
    assert (prepared["origin"], prepared["status"], prepared["friendly_name"]) == (
        "hosted",
        "pending",
        "Front desk",
    )
    assert (prepared["sms_url"], prepared["status_callback"]) == ("https://sms.example.com/in", CALLBACK)
    assert prepared["capabilities"] == {"voice": False, "sms": True, "mms": False, "fax": False}


def test_it_can_be_configured_before_it_is_ready_but_not_moved(api, sub):
    sid = make_order(api, "00")
    path = f"/IncomingPhoneNumbers/{order(api, sid)['incoming_phone_number_sid']}"
    assert api.post(path, SmsUrl="https://sms.example.com/late").status == 200
    assert api.post(path, AccountSid=sub.account).code == 22121


@pytest.mark.parametrize(
    ("ending", "form", "code"),
    [
        ("00", {"PhoneNumber": "nonsense"}, 22102),
        ("+10005550100", {}, 22102),
        ("+442079460958", {}, 22103),
        ("55", {}, 22110),
        ("20", {}, 22110),
        ("00", {"Email": "nobody"}, 22104),
        ("00", {"CcEmails": "nobody"}, 22104),
        ("00", {"AddressSid": "AD" + "0" * 32}, 22109),
        ("00", {"ContactPhoneNumber": "207"}, 22102),
        ("00", {"SmsCapability": "false"}, 22119),
        ("00", {"FriendlyName": "x" * 129}, 22116),
        ("00", {"SmsUrl": "nowhere"}, 22105),
        ("00", {"StatusCallbackUrl": "nowhere"}, 22105),
        ("00", {"SmsMethod": "PUT"}, 22106),
        ("00", {"SmsApplicationSid": "AP" + "0" * 32}, 22108),
        ("00", {"AccountSid": "AC1"}, 21470),
        ("00", {"AccountSid": "AC" + "0" * 32}, 21471),
    ],
)
def test_an_order_that_cannot_be_is_refused(api, ending, form, code):
    assert refused(api, ending, **form).code == code


@pytest.mark.parametrize("name", ["PhoneNumber", "ContactPhoneNumber", "AddressSid", "Email"])
def test_what_v2_requires(api, name):
    answer = api.hosted("POST", "/Orders", **without(order_form(api, "00"), name))
    assert answer.code == 20001
    assert name in answer["message"]


def test_the_same_number_is_not_ordered_twice(api):
    make_order(api, "00")
    assert refused(api).code == 22110


def test_the_parent_orders_for_a_subaccount(api, sub):
    address = sub.get("/Addresses", IsoCountry="US")["addresses"][0]["sid"]
    sid = make_order(api, "00", AccountSid=sub.account, AddressSid=address)
    assert order(sub, sid)["account_sid"] == sub.account
    assert api.hosted("GET", f"/Orders/{sid}").status == 404


def test_orders_are_listed_and_filtered(api):
    first, second = make_order(api, "00"), received_order(api, "01", FriendlyName="Two")
    page = api.hosted("GET", "/Orders", {"PageSize": 1})
    assert page["meta"]["key"] == "items"
    assert page["items"][0]["sid"] == second

    def sids(**query):
        return [one["sid"] for one in api.hosted("GET", "/Orders", query)["items"]]

    assert sids(PhoneNumber=number("00")) == [first]
    assert sids(FriendlyName="Two", Status="received") == [second]
    assert sids(IncomingPhoneNumberSid=order(api, first)["incoming_phone_number_sid"]) == [first]
    assert api.hosted("GET", "/Orders", {"Status": "lost"}).code == 22111


def test_an_order_goes_on_by_itself_to_completion(api, sandbox):
    sid = make_order(api, "00")
    sandbox.clock.advance(30 * SECOND)
    assert status(api, sid) == "received"
    answered = call(api, sid, VerificationCallDelay=15)
    assert answered["status"] == "pending-verification"
    assert (answered["verification_attempts"], answered["verification_call_delay"]) == (1, 15)
    assert len(answered["verification_code"]) == 6
    assert len(answered["verification_call_sids"]) == 1
    sandbox.clock.advance(59 * SECOND)
    assert status(api, sid) == "pending-verification"
    sandbox.clock.advance(SECOND)
    assert status(api, sid) == "verified"
    document = send_document(api, sid)
    assert (status(api, sid), order(api, sid)["signing_document_sid"]) == ("pending-loa", document)
    sandbox.clock.advance(10 * MINUTE)
    assert status(api, sid) == "carrier-processing"
    sandbox.clock.advance(15 * MINUTE)
    assert status(api, sid) == "testing"
    sandbox.clock.advance(5 * MINUTE)
    assert status(api, sid) == "completed"
    assert number_of(api, sid)["status"] == "in-use"


@pytest.mark.parametrize(
    ("ending", "end", "words"),
    [
        ("30", "failed", "already enabled for messaging by another provider"),
        ("32", "action-required", "carrier information is unavailable"),
        ("33", "action-required", "a problem processing"),
    ],
)
def test_some_numbers_are_not_for_hosting_after_all(api, sandbox, ending, end, words):
    sid = make_order(api, ending)
    sandbox.clock.advance(30 * SECOND)
    if ending != "30":
        call(api, sid)
        sandbox.clock.advance(45 * SECOND)
        send_document(api, sid)
        sandbox.clock.advance(timedelta(hours=1))
    assert status(api, sid) == end
    assert words in order(api, sid)["failure_reason"]


def test_toll_free_numbers_take_longer(api, sandbox):
    sid = verified_order(api, "+18005550142")
    assert number_of(api, sid)["type"] == "tollfree"
    sandbox.hosting.sign(send_document(api, sid))
    sandbox.clock.advance(44 * MINUTE)
    assert status(api, sid) == "carrier-processing"
    sandbox.clock.advance(MINUTE)
    assert status(api, sid) == "testing"


def test_a_verified_caller_id_is_proof_enough_and_goes(api, sandbox):
    known = api.get("/OutgoingCallerIds", PhoneNumber="+16175550168")["outgoing_caller_ids"]
    assert known
    sid = received_order(api, "+16175550168")
    assert status(api, sid) == "verified"
    assert api.get("/OutgoingCallerIds", PhoneNumber="+16175550168")["outgoing_caller_ids"] == []


def test_within_ten_minutes_the_code_stays_the_same(api, sandbox):
    sandbox.hosting.set(BY_HAND)
    sid = received_order(api, "00")
    first = call(api, sid)["verification_code"]
    sandbox.hosting.hang_up(sid)
    sandbox.clock.advance(9 * MINUTE)
    assert call(api, sid)["verification_code"] == first
    sandbox.clock.advance(MINUTE)
    assert order(api, sid)["verification_code"] is None
    with pytest.raises(ValueError, match="no call"):
        sandbox.hosting.press(sid, first)
    third = call(api, sid)
    assert third["verification_code"] != first
    assert sandbox.hosting.code_of(sid) == third["verification_code"]
    assert sandbox.hosting.press(sid, third["verification_code"])
    assert (status(api, sid), order(api, sid)["verification_code"]) == ("verified", None)


def test_after_four_wrong_codes_twilio_hangs_up_and_after_three_calls_it_is_over(api, sandbox):
    sandbox.hosting.set(BY_HAND)
    sid = received_order(api, "00")
    for attempt in (1, 2, 3):
        assert call(api, sid)["verification_attempts"] == attempt
        for _ in range(4):
            assert not sandbox.hosting.press(sid, "000000x")
    assert status(api, sid) == "action-required"
    assert "maximum number of verification attempts" in order(api, sid)["failure_reason"]
    assert call(api, sid).code == 22100


def test_three_calls_that_nobody_answers(api, sandbox):
    sid = received_order(api, "31")
    for _ in range(3):
        call(api, sid)
        sandbox.clock.advance(MINUTE)
    assert status(api, sid) == "action-required"


def test_the_third_code_that_runs_out_is_the_last(api, sandbox):
    sandbox.hosting.set(BY_HAND)
    sid = received_order(api, "00")
    for _ in range(3):
        call(api, sid)
        assert status(api, sid) == "pending-verification"
        sandbox.clock.advance(10 * MINUTE)
    assert status(api, sid) == "action-required"


def test_a_menu_is_passed_with_pauses(api, sandbox):
    sid = received_order(api, "34")
    for extension, end in (("25", "pending-verification"), ("wwww2wwwwww5", "verified")):
        assert call(api, sid, VerificationCallExtension=extension)["verification_call_extension"] == extension
        sandbox.clock.advance(MINUTE)
        assert status(api, sid) == end


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"Status": "pending-verification", "VerificationCallExtension": "two"}, 22117),
        ({"Status": "pending-verification", "VerificationCallDelay": "61"}, 21454),
        ({"Status": "completed"}, 22112),
        ({"Status": "lost"}, 22111),
        ({}, 20001),
    ],
)
def test_updates_that_cannot_be_are_refused(api, form, code):
    sid = received_order(api, "00")
    assert api.hosted("POST", f"/Orders/{sid}", **form).code == code
    assert order(api, sid)["verification_attempts"] == 0


def test_there_is_no_call_before_or_after_its_time(api):
    assert call(api, make_order(api, "00")).code == 22112
    assert call(api, verified_order(api, "01")).code == 22112


def test_orders_are_deleted_until_the_carrier_has_them(api, sandbox):
    new = make_order(api, "00")
    assert api.hosted("DELETE", f"/Orders/{new}").code == 22111
    received = received_order(api, "01")
    prepared = order(api, received)["incoming_phone_number_sid"]
    waiting = verified_order(api, "02")
    send_document(api, waiting)
    for sid in (received, waiting):
        assert api.hosted("DELETE", f"/Orders/{sid}").status == 204
        assert api.hosted("GET", f"/Orders/{sid}").status == 404
    assert api.get(f"/IncomingPhoneNumbers/{prepared}").status == 404
    signed = verified_order(api, "03")
    sandbox.hosting.sign(send_document(api, signed))
    assert api.hosted("DELETE", f"/Orders/{signed}").code == 22111
    sandbox.hosting.complete(signed)
    assert api.hosted("DELETE", f"/Orders/{signed}").code == 22111


def test_who_waits_too_long_is_given_up(api, sandbox):
    received, verified = received_order(api, "00"), verified_order(api, "01")
    sandbox.clock.advance(7 * DAY - SECOND)
    assert status(api, received) == "received"
    sandbox.clock.advance(SECOND)
    assert status(api, received) == "action-required"
    assert "idle in the verification process for seven days" in order(api, received)["failure_reason"]
    prepared = order(api, received)["incoming_phone_number_sid"]
    sandbox.clock.advance(7 * DAY)
    assert status(api, received) == "failed"
    assert api.get(f"/IncomingPhoneNumbers/{prepared}").status == 404
    assert status(api, verified) == "verified"
    sandbox.clock.advance(16 * DAY)
    assert status(api, verified) == "failed"
    assert make_order(api, "00")


def test_a_specialist_resolves_or_gives_up(api, sandbox):
    sid = verified_order(api, "32")
    sandbox.hosting.sign(send_document(api, sid))
    sandbox.hosting.advance(sid)
    assert status(api, sid) == "action-required"
    sandbox.hosting.resolve(sid)
    sandbox.hosting.complete(sid)
    assert status(api, sid) == "completed"
    with pytest.raises(ValueError, match="completed"):
        sandbox.hosting.fail(sid)
    other = received_order(api, "00")
    sandbox.hosting.require_action(other, "Something else.")
    assert order(api, other)["failure_reason"] == "Something else."
    sandbox.hosting.fail(other)
    assert status(api, other) == "failed"
    with pytest.raises(LookupError):
        sandbox.hosting.verify("HR" + "0" * 32)


def test_every_change_is_called_back_by_post_or_get(api, sandbox):
    for ending, method in (("00", "POST"), ("01", "GET")):
        sid = make_order(api, ending, StatusCallbackUrl=f"{CALLBACK}?tenant=7", StatusCallbackMethod=method)
        sandbox.hosting.process(sid)
        call(api, sid)
        said = listen(sandbox)
        fields = {"HostedNumberOrderSid": sid, "PhoneNumber": number(ending)}
        tenant = {"tenant": "7"} if method == "GET" else {}
        assert said == [
            (method, {**tenant, "Status": "received", **fields}),
            (method, {**tenant, "Status": "pending-verification", **fields}),
        ]


def test_callbacks_are_signed_by_the_orders_account(sub, sandbox):
    validator = RequestValidator(sub.keys.auth_token)
    verdicts = []

    def get(url, headers):
        verdicts.append(validator.validate(url, {}, headers["X-Twilio-Signature"]))
        return "200"

    received_order(sub, "00", StatusCallbackUrl=CALLBACK, StatusCallbackMethod="GET")
    sandbox.deliver(lambda *_: "200", get)
    sandbox.faults.add(Fault(kind="callback-tampered"))
    received_order(sub, "01", StatusCallbackUrl=CALLBACK, StatusCallbackMethod="GET")
    sandbox.deliver(lambda *_: "200", get)
    assert verdicts == [True, False]


def test_an_unanswered_callback_is_not_repeated(api, sandbox):
    received_order(api, "00", StatusCallbackUrl=CALLBACK)
    sent = []
    sandbox.deliver(lambda url, headers, body: sent.append(url) or "503")
    sandbox.clock.advance(DAY)
    sandbox.deliver(lambda url, headers, body: sent.append(url) or "503")
    assert len([url for url in sent if url == CALLBACK]) == 1
