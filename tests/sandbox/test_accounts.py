"""Accounts: the family, its secrets, and the life of a subaccount."""

from tests.sandbox.conftest import Api


def test_the_parent_sees_itself_and_its_subaccounts_with_their_tokens(api, sandbox):
    listed = api.send("GET", "/2010-04-01/Accounts.json")["accounts"]
    assert {row["sid"] for row in listed} == {sandbox.credentials.account_sid} | {
        keys.account_sid for keys in sandbox.subaccounts
    }
    tokens = {row["sid"]: row["auth_token"] for row in listed}
    assert tokens == {
        keys.account_sid: keys.auth_token for keys in (sandbox.credentials, *sandbox.subaccounts)
    }
    assert {row["owner_account_sid"] for row in listed} == {api.account}


def test_a_subaccount_sees_only_itself(sub):
    assert [row["sid"] for row in sub.send("GET", "/2010-04-01/Accounts.json")["accounts"]] == [sub.account]


def test_lists_are_filtered_by_name_and_status(api, sub):
    def names(**query):
        return [
            row["friendly_name"]
            for row in api.send("GET", "/2010-04-01/Accounts.json", query=query)["accounts"]
        ]

    assert names(FriendlyName="Quillmere Care") == ["Quillmere Care"]
    api.on(sub.account).post("", Status="suspended")
    assert names(Status="suspended") == ["Quillmere Care"]
    assert len(names(Status="active")) == 3


def test_a_new_subaccount_can_sign_in(api):
    made = api.send("POST", "/2010-04-01/Accounts.json", form={"FriendlyName": "Ferrow Labs"})
    assert (made.status, made["status"], made["type"]) == (201, "active", "Full")
    keys = type(api.keys)(made["sid"], made["auth_token"], "", "")
    newcomer = Api(api.sandbox, keys)
    assert newcomer.get("")["friendly_name"] == "Ferrow Labs"
    assert newcomer.get("/IncomingPhoneNumbers")["incoming_phone_numbers"] == []


def test_only_the_parent_makes_subaccounts(sub):
    refused = sub.send("POST", "/2010-04-01/Accounts.json", form={"FriendlyName": "x"})
    assert (refused.status, refused.code) == (403, 20006)


def test_a_closed_subaccount_stays_closed_and_loses_its_numbers(api, sub):
    other = api.on(sub.account)
    assert other.post("", Status="closed")["status"] == "closed"
    assert other.post("", Status="active").code == 21479
    assert other.get("/IncomingPhoneNumbers").code == 20005
    assert other.get("")["status"] == "closed"
    assert list(api.sandbox.dump("numbers", sub.account)) == []


def test_states_that_cannot_be_are_refused(api, sub):
    assert api.post("", Status="suspended").code == 21477
    assert api.on(sub.account).post("", Status="asleep").code == 21475
    assert api.post("", FriendlyName="x" * 65).code == 20002
    assert sub.post("", Status="closed").code == 20006


def test_a_rename_moves_the_date(api, sandbox):
    before = api.get("").json
    after = api.post("", FriendlyName="Quillmere & Daughters")
    assert after["friendly_name"] == "Quillmere & Daughters"
    assert after["date_updated"] != before["date_updated"]
    assert after["date_created"] == before["date_created"]
