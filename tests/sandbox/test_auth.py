"""Who may reach what: tokens, keys, subaccounts, suspended accounts."""

import pytest

from tests.sandbox.conftest import Api


def signed_in(api: Api, user: str, password: str) -> Api:
    return Api(api.sandbox, api.keys, api.account, (user, password))


@pytest.mark.parametrize("user", [("", ""), ("AC" + "0" * 32, "x"), ("SK" + "0" * 32, "x")])
def test_a_stranger_is_asked_to_authenticate(api, user):
    reply = signed_in(api, *user).get("/IncomingPhoneNumbers")
    assert (reply.status, reply.code) == (401, 20003)
    assert reply.json == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }
    assert reply.headers["WWW-Authenticate"].startswith("Basic")


def test_a_wrong_token_is_no_token(api, sub):
    assert signed_in(api, api.keys.account_sid, sub.keys.auth_token).get("").code == 20003
    assert signed_in(api, api.keys.api_key, "wrong").get("").code == 20003


def test_an_api_key_signs_in_for_its_own_account(api):
    by_key = signed_in(api, api.keys.api_key, api.keys.api_secret)
    assert by_key.get("/IncomingPhoneNumbers", PageSize=1).status == 200


def test_the_token_of_the_parent_reaches_its_subaccounts(api, sub):
    assert api.on(sub.account).get("/IncomingPhoneNumbers", PageSize=1).status == 200
    assert api.on(sub.account).get("")["sid"] == sub.account


def test_the_key_of_the_parent_does_not(api, sub):
    by_key = signed_in(api, api.keys.api_key, api.keys.api_secret)
    assert by_key.on(sub.account).get("/IncomingPhoneNumbers").code == 20003


def test_a_subaccount_reaches_neither_its_parent_nor_its_siblings(api, sub, sandbox):
    assert sub.on(api.account).get("/IncomingPhoneNumbers").code == 20003
    assert sub.on(sandbox.subaccounts[1].account_sid).get("").code == 20003
    assert sub.get("/IncomingPhoneNumbers", PageSize=1).status == 200


def test_an_account_that_does_not_exist_is_not_there(api):
    assert api.on("AC" + "9" * 32).get("/IncomingPhoneNumbers").code == 20404


def test_what_is_no_account_sid_is_no_account(api):
    assert api.on("nonsense").get("").code == 20404
    assert api.on("nonsense").get("/Calls").code == 20404


def test_prices_are_those_of_whoever_signs_in(api, sub):
    assert api.price("/US").status == sub.price("/US").status == 200
    assert signed_in(api, "AC", "x").price("/US").code == 20003


def test_a_suspended_account_cannot_sign_in_and_its_parent_can_only_read(api, sub):
    assert api.on(sub.account).post("", Status="suspended")["status"] == "suspended"
    assert (sub.get("/IncomingPhoneNumbers").status, sub.get("").code) == (401, 20003)
    assert (sub.price("/US").status, sub.price("/US").code) == (403, 20403)
    parent = api.on(sub.account)
    assert parent.get("/IncomingPhoneNumbers", PageSize=1).status == 200
    refused = parent.post("/IncomingPhoneNumbers", AreaCode="415")
    assert (refused.status, refused.code) == (403, 20005)
    parent.post("", Status="active")
    assert sub.get("").status == 200


def test_what_is_not_there_is_said_in_twilios_words(api):
    reply = api.get("/Nonsense")
    assert reply.status == 404
    assert reply["message"] == f"The requested resource {api.base}/Nonsense.json was not found"
    assert reply["more_info"] == "https://www.twilio.com/docs/errors/20404"


def test_a_method_that_is_not_allowed_is_405(api):
    reply = api.delete("/IncomingPhoneNumbers")
    assert (reply.status, reply.code) == (405, 20004)


def test_every_answer_names_its_request_and_type(api):
    first, second = api.get(""), api.get("/Nonsense")
    for reply in (first, second):
        assert reply.headers["Content-Type"] == "application/json;charset=utf-8"
        assert reply.headers["Twilio-Request-Id"].startswith("RQ")
        assert len(reply.headers["Twilio-Request-Id"]) == 34
    assert first.headers["Twilio-Request-Id"] != second.headers["Twilio-Request-Id"]
