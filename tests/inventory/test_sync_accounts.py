"""Accounts: their tokens are kept and never shown, and one in trouble troubles no other."""

import json
import logging

import pytest
from django.db import connection

from inventory import gateway
from portal.models import Change, SyncRun, TwilioAccount
from portal.sandbox.faults import Fault
from portal.twilio.errors import Rejected
from tests.answers import Answer, answering
from tests.mirroring import complete, mirrored, sync, truth

pytestmark = pytest.mark.django_db


@pytest.fixture
def subaccounts(twilio, parent):
    complete(parent, "accounts")
    return [TwilioAccount.objects.get(pk=keys.account_sid) for keys in twilio.subaccounts]


def set_status(twilio, account, status):
    twilio.direct("POST", f"/2010-04-01/Accounts/{account.pk}.json", Status=status)


def test_it_mirrors_the_account_and_its_subaccounts(twilio, parent):
    run = complete(parent, "accounts")

    accounts = {account.pk: account for account in TwilioAccount.objects.all()}
    for line in twilio.dump("accounts"):
        said = json.loads(line)
        token = said.pop("auth_token")
        account = accounts.pop(said["sid"])
        assert account.payload == said
        assert account.owner_sid == parent.pk
        assert account.is_subaccount == (account.pk != parent.pk)
        assert account.auth_token == token
    assert not accounts
    assert (run.seen, run.added) == (4, 3)


def test_an_unchanged_list_of_accounts_writes_nothing(parent):
    complete(parent, "accounts")
    before = states()

    run = complete(parent, "accounts")

    assert (run.added, run.changed) == (0, 0)
    assert states() == before


def states():
    with connection.cursor() as cursor:
        cursor.execute("SELECT sid, xmin::text, ctid::text FROM portal_twilioaccount ORDER BY sid")
        return cursor.fetchall()


def test_no_token_is_stored_in_clear_logged_or_told(twilio, parent, caplog):
    caplog.set_level(logging.DEBUG)
    complete(parent, "accounts")
    twilio.direct("POST", f"/2010-04-01/Accounts/{twilio.subaccounts[0].account_sid}.json", FriendlyName="x")
    complete(parent, "accounts")
    gateway.fetch_account(parent.token_login(), parent.pk)

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(a)::text FROM portal_twilioaccount AS a")
        kept = "".join(row for (row,) in cursor.fetchall())
        cursor.execute("SELECT row_to_json(c)::text FROM portal_change AS c")
        kept += "".join(row for (row,) in cursor.fetchall())
    assert Change.objects.count() == 1
    for keys in (twilio.credentials, *twilio.subaccounts):
        for secret in (keys.auth_token, keys.api_secret):
            assert secret not in kept
            assert secret not in caplog.text
    assert "auth_token" not in json.dumps([account.payload for account in TwilioAccount.objects.all()])


def test_nothing_of_a_secret_s_name_is_kept_in_the_payload(parent):
    account = {"sid": parent.pk, "owner_account_sid": parent.pk, "status": "active"}
    secrets = {"auth_token": "a", "secondary_auth_token": "b", "api_secret": "c", "Password": "d"}
    with answering(Answer(200, {"accounts": [account | secrets], "next_page_uri": None})):
        complete(parent, "accounts")

    parent.refresh_from_db()
    assert parent.payload.keys() == {"sid", "owner_account_sid", "status"}


def test_a_page_of_accounts_is_never_printed_with_its_tokens(twilio, parent):
    [page] = gateway.iter_account_pages(parent.token_login())

    assert len(page.auth_tokens) == 4
    for keys in (twilio.credentials, *twilio.subaccounts):
        assert keys.auth_token not in repr(page)


def test_a_token_that_was_changed_at_twilio_is_taken_over(twilio, parent, subaccounts):
    account = subaccounts[0]
    account.auth_token = "0" * 32
    account.save(update_fields=["auth_token"])
    assert sync(account).state == SyncRun.State.FAILED

    complete(parent, "accounts")

    complete(TwilioAccount.objects.get(pk=account.pk))


def test_a_token_is_not_taken_where_somebody_gave_an_api_key(twilio, parent, subaccounts):
    account, keys = subaccounts[0], twilio.subaccounts[0]
    account.auth_token, account.api_key_sid, account.api_key_secret = "", keys.api_key, keys.api_secret
    account.save()

    complete(parent, "accounts")

    account.refresh_from_db()
    assert account.auth_token == ""
    complete(account)


def test_a_record_that_is_no_account_does_not_keep_the_others_out(twilio, parent):
    records = [json.loads(line) for line in twilio.dump("accounts")]
    with answering(Answer(200, {"accounts": [5, None, {}, *records], "next_page_uri": None})):
        run = complete(parent, "accounts")

    assert run.seen == 4
    assert run.error == "Left out, for they cannot be read: 3."
    assert TwilioAccount.objects.count() == 4


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_an_account_that_twilio_shut_fails_alone_and_loses_nothing(status, twilio, parent, subaccounts):
    shut, open_ = subaccounts[:2]
    complete(shut)
    complete(open_)
    numbers = mirrored(shut)
    set_status(twilio, shut, status)

    complete(parent, "accounts")
    run = sync(shut)
    complete(open_)

    assert run.state == SyncRun.State.FAILED
    assert "Twilio error" in run.error
    assert mirrored(shut) == numbers, "nothing is concluded from a list that was refused"
    assert mirrored(open_) == truth(twilio, open_)
    shut.refresh_from_db()
    assert shut.status == status


def test_an_account_without_credentials_fails_alone(twilio, parent, subaccounts):
    alone = subaccounts[0]
    TwilioAccount.objects.filter(pk=alone.pk).update(auth_token="", owner_sid="AC" + "f" * 32)

    run = sync(TwilioAccount.objects.get(pk=alone.pk))

    assert (run.state, run.error) == (SyncRun.State.FAILED, "There are no credentials for this account.")
    complete(subaccounts[1])


def test_wrong_credentials_end_in_the_row(twilio, parent):
    twilio.faults.add(Fault(kind="status", status=401, body="json"))

    run = sync(parent, "accounts")

    assert run.state == SyncRun.State.FAILED
    assert run.request_id


def test_a_subaccount_that_is_gone_is_missing(twilio, parent, subaccounts):
    """Closed subaccounts leave the list after thirty days."""
    gone = subaccounts[2]
    records = [json.loads(line) for line in twilio.dump("accounts") if gone.pk.encode() not in line[:50]]
    listed = Answer(200, {"accounts": records, "next_page_uri": None})
    absent = Answer(404, {"code": 20404, "message": "The requested resource was not found", "status": 404})

    with answering(listed, absent):
        assert complete(parent, "accounts").missing == 1

    gone.refresh_from_db()
    assert gone.missing_since
    assert gone not in TwilioAccount.objects.watched()


def test_fetching_an_account_needs_the_right_credentials(twilio, parent):
    twilio.faults.add(Fault(kind="status", status=401))
    with pytest.raises(Rejected):
        gateway.fetch_account(parent.token_login(), parent.pk)
