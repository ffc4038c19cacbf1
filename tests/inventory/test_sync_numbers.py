"""The number mirror against the sandbox: what a listing brings, tells and never does."""

import json

import pytest

from inventory import tasks
from inventory.models import PhoneNumber
from portal.mirror import runs
from portal.models import Change, SyncRun, TwilioAccount
from portal.sandbox.core import Sandbox

pytestmark = pytest.mark.django_db


def sync(account: TwilioAccount) -> SyncRun:
    run = runs.request_run(account, "numbers", trigger=SyncRun.Trigger.COMMAND)
    tasks.sync_numbers(run.pk)
    run.refresh_from_db()
    return run


def mirrored(account: TwilioAccount) -> list[dict]:
    rows = PhoneNumber.objects.present().filter(account=account).order_by("sid")
    return [row.payload for row in rows]


def truth(twilio: Sandbox, account: TwilioAccount) -> list[dict]:
    return [json.loads(line) for line in twilio.dump("numbers", account.pk)]


def test_it_mirrors_every_number_field_by_field(twilio, parent):
    run = sync(parent)

    assert run.state == SyncRun.State.DONE
    assert mirrored(parent) == truth(twilio, parent)
    assert run.seen == run.added == len(mirrored(parent))
    assert not Change.objects.exists()


def test_it_writes_nothing_when_nothing_changed(twilio, parent):
    sync(parent)
    before = list(PhoneNumber.objects.order_by("sid").values_list("sid", "synced_at"))

    run = sync(parent)

    assert (run.added, run.changed, run.missing) == (0, 0, 0)
    assert list(PhoneNumber.objects.order_by("sid").values_list("sid", "synced_at")) == before
