"""The command line: sync_twilio, connect_account, setup_demo."""

import io
import json
import threading

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now

from inventory.management.commands.setup_demo import PASSWORD
from portal.mirror import runs
from portal.models import Membership, Role, SyncRun, TwilioAccount, User
from portal.sandbox.faults import Fault
from tests.mirroring import complete, mirrored, truth

pytestmark = pytest.mark.django_db


def run(*arguments):
    """What a command says, and its exit code."""
    out, code = io.StringIO(), 0
    try:
        call_command(*arguments, stdout=out)
    except SystemExit as exit_:
        code = exit_.code
    return out.getvalue(), code


def sync(*arguments):
    said, code = run("sync_twilio", "--json", *arguments)
    *lines, summary = [json.loads(line) for line in said.splitlines()]
    return lines, summary, code


# sync_twilio


def test_it_reads_everything_of_every_account(twilio, parent):
    lines, summary, code = sync()

    assert code == 0
    accounts = {keys.account_sid for keys in (twilio.credentials, *twilio.subaccounts)}
    assert {(line["account"], line["resource"]) for line in lines} == {
        (parent.pk if resource in settings.SYNC_BY_PARENTS else account, resource)
        for resource in settings.SYNC_INTERVALS
        for account in accounts
    }
    assert {line["state"] for line in lines} == {"done"}
    assert summary == {
        "summary": True,
        "runs": len(lines),
        "failed": 0,
        **{name: sum(line[name] for line in lines) for name in FIGURES},
        "seconds": summary["seconds"],
    }
    assert summary["added"] > 600
    for account in TwilioAccount.objects.all():
        assert mirrored(account) == truth(twilio, account)


FIGURES = ("pages", "seen", "added", "changed", "missing", "requests", "retries")


def test_each_line_says_what_one_run_did(parent):
    [line], _, _ = sync("--only", "numbers")

    row = SyncRun.objects.get()
    assert line == {
        "account": parent.pk, "resource": "numbers", "state": "done", "error": "",
        **{name: getattr(row, name) for name in FIGURES},
        "seconds": line["seconds"],
    }  # fmt: skip
    assert line["seconds"] >= 0
    assert row.trigger == SyncRun.Trigger.COMMAND


def test_it_can_be_told_to_read_one_account(twilio, parent):
    complete(parent, "accounts")
    account = twilio.subaccounts[1].account_sid

    lines, _, code = sync("--account", account)

    assert code == 0
    assert {line["account"] for line in lines} == {account}
    assert "accounts" not in {line["resource"] for line in lines}, "those are read through the parent"


def test_it_exits_1_when_anything_failed_and_reads_the_rest(twilio, parent):
    complete(parent, "accounts")
    failing = twilio.subaccounts[0].account_sid
    twilio.faults.add(Fault(kind="status", status=401, account=failing))

    lines, summary, code = sync("--only", "numbers")

    assert code == 1
    assert summary["failed"] == 1
    states = {line["account"]: (line["state"], line["error"]) for line in lines}
    assert states.pop(failing)[0] == "failed"
    assert {state for state, _ in states.values()} == {"done"}
    assert len(states) == 3


@pytest.mark.django_db(transaction=True)
def test_a_fault_of_ours_fails_one_run_and_not_the_command(twilio, parent):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inventory_address RENAME TO hidden")
        try:
            lines, _, code = sync()
        finally:
            cursor.execute("ALTER TABLE hidden RENAME TO inventory_address")

    assert code == 1
    failed = [line for line in lines if line["state"] != "done"]
    assert {line["resource"] for line in failed} == {"addresses"}
    assert {line["error"] for line in failed} == {"A fault in Numberdesk: ProgrammingError."}


def test_it_speaks_in_words_too(twilio, parent):
    said, code = run("sync_twilio", "--only", "numbers")

    assert code == 0
    assert f"{parent}" in said
    seen = SyncRun.objects.get().seen
    assert f"{seen} seen, {seen} new, 0 changed, 0 missing" in said
    assert said.splitlines()[-1].startswith(f"1 runs complete: {seen} objects seen")
    twilio.faults.add(Fault(kind="status", status=401))
    said, code = run("sync_twilio", "--only", "numbers")
    assert code == 1
    assert "failed: " in said


@pytest.mark.parametrize("arguments", [[], ["--account", "AC" + "0" * 32]])
def test_it_says_when_there_is_nothing_to_read(arguments):
    with pytest.raises(CommandError, match="no account"):
        run("sync_twilio", *arguments)


def test_it_knows_only_the_resources_there_are(parent):
    with pytest.raises(CommandError, match="invalid choice"):
        run("sync_twilio", "--only", "messages")


def test_it_takes_over_what_a_dead_worker_left(parent):
    run_ = runs.request_run(parent, "numbers", trigger=SyncRun.Trigger.SCHEDULE)
    SyncRun.objects.update(state=SyncRun.State.RUNNING, heartbeat_at=Now(), started_at=Now())

    [line], _, code = sync("--only", "numbers")

    assert (line["state"], code) == ("done", 0)
    run_.refresh_from_db()
    assert run_.state == SyncRun.State.DONE
    assert SyncRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_a_worker_that_is_at_it(twilio, parent):
    run_ = runs.request_run(parent, "numbers", trigger=SyncRun.Trigger.SCHEDULE)
    at_it, go_on = threading.Event(), threading.Event()

    def read(account, run, progress):
        at_it.set()
        go_on.wait(10)
        return runs.Tally(pages=7, seen=77)

    def work():
        runs.execute(run_.pk, read)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    at_it.wait(10)
    threading.Timer(0.3, go_on.set).start()

    [line], _, code = sync("--only", "numbers")

    worker.join()
    assert (line["pages"], line["seen"], code) == (7, 77, 0)
    assert not twilio.journal.entries(path="*/IncomingPhoneNumbers.json")


# connect_account


@pytest.fixture
def environ(twilio, monkeypatch):
    """The credentials as the environment gives them."""
    keys = twilio.credentials
    values = {
        "TWILIO_ACCOUNT_SID": keys.account_sid,
        "TWILIO_AUTH_TOKEN": keys.auth_token,
        "TWILIO_API_KEY": keys.api_key,
        "TWILIO_API_SECRET": keys.api_secret,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_it_connects_an_account_and_keeps_its_credentials_to_itself(twilio, environ):
    said, _ = run("connect_account")

    keys, account = twilio.credentials, TwilioAccount.objects.get()
    assert (account.auth_token, account.api_key_sid) == (keys.auth_token, keys.api_key)
    assert (account.friendly_name, account.status) == ("Quillmere Group", "active")
    assert account.pk in said
    assert keys.auth_token not in said
    assert keys.api_secret not in said


def test_an_api_key_alone_connects_an_account(twilio, environ):
    environ.delenv("TWILIO_AUTH_TOKEN")

    run("connect_account")

    account = TwilioAccount.objects.get()
    assert account.auth_token == ""
    complete(account)


def test_it_asks_for_what_is_missing(twilio, environ):
    keys = twilio.credentials
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY", "TWILIO_API_SECRET"):
        environ.delenv(name)
    environ.setattr("builtins.input", lambda prompt: keys.account_sid)
    environ.setattr("getpass.getpass", lambda prompt: keys.auth_token)

    run("connect_account")

    assert TwilioAccount.objects.get().auth_token == keys.auth_token


def test_credentials_that_twilio_does_not_take_are_not_kept(twilio, parent, environ):
    environ.setenv("TWILIO_AUTH_TOKEN", "wrong")

    with pytest.raises(CommandError, match="Twilio did not accept this: Authenticate"):
        run("connect_account")

    assert TwilioAccount.objects.get().auth_token == twilio.credentials.auth_token


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TWILIO_ACCOUNT_SID", "SK" + "0" * 32, "An account SID is AC"),
        ("TWILIO_ACCOUNT_SID", "AC/../x", "An account SID is AC"),
        ("TWILIO_API_SECRET", "", "Give both"),
    ],
)
def test_what_cannot_be_right_is_not_even_tried(name, value, words, twilio, environ):
    environ.setenv(name, value)

    with pytest.raises(CommandError, match=words):
        run("connect_account")

    assert not twilio.journal.entries()


def test_connecting_again_replaces_the_credentials(twilio, parent, environ):
    environ.delenv("TWILIO_API_KEY")
    environ.delenv("TWILIO_API_SECRET")

    run("connect_account")

    account = TwilioAccount.objects.get()
    assert (account.api_key_sid, account.api_key_secret) == ("", "")
    assert account.auth_token


# setup_demo


def test_the_demo_has_a_sign_in_for_every_role(environ, settings):
    settings.DEMO = True

    run("setup_demo")
    run("setup_demo")

    assert User.objects.count() == Membership.objects.count() == len(Role)
    for role in Role:
        user = User.objects.get(email=f"{role.value}@example.com")
        assert user.check_password(PASSWORD)
        assert user.memberships.get().all_accounts
        assert user.is_superuser == (role == Role.ADMIN)
    assert TwilioAccount.objects.count() == 1


@pytest.mark.parametrize(("demo", "base_url"), [(False, "http://sandbox.test"), (True, "")])
def test_demo_sign_ins_are_never_made_beside_a_real_account(demo, base_url, environ, settings):
    settings.DEMO, settings.TWILIO_BASE_URL = demo, base_url

    with pytest.raises(CommandError, match="never beside a real account"):
        run("setup_demo")

    assert not User.objects.exists()
