"""Many numbers at once, as one listing of Twilio brings them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from inventory import sync
from inventory.models import PhoneNumber
from inventory.usage import standing
from portal.mirror.engine import read_listing
from portal.models import SyncRun, TwilioAccount
from portal.numbering import country_of
from portal.sandbox.core import Sandbox
from portal.twilio.pages import Effort, Page
from tests.factories import make_number, make_sid
from tests.mirroring import truth

OURS = ("owner", "cost_centre", "tags")


def make_numbers(account: TwilioAccount, rows: Sequence[dict[str, Any]]) -> list[PhoneNumber]:
    """The numbers of an account that has none yet, in the order given; fields as for `make_number`."""
    if not rows:
        return []
    first = make_number(account, **rows[0])
    payloads = [first.payload]
    for row in rows[1:]:
        theirs = {name: value for name, value in row.items() if name not in OURS}
        count = len(payloads)
        payloads.append(
            {
                **first.payload,
                "sid": make_sid("PN"),
                "phone_number": f"+1202555{count:04d}",
                "friendly_name": f"Number {count}",
                **theirs,
            }
        )
    list_numbers(account, payloads)
    for row, payload in zip(rows, payloads, strict=True):
        if ours := {name: row[name] for name in OURS if name in row}:
            PhoneNumber.objects.filter(pk=payload["sid"]).update(**ours)
    by_sid = PhoneNumber.objects.select_related("account").in_bulk([payload["sid"] for payload in payloads])
    return [by_sid[payload["sid"]] for payload in payloads]


def list_numbers(account: TwilioAccount, payloads: Sequence[dict[str, Any]]) -> None:
    """A complete listing of the account: what it lacks is missing from now on."""
    run = SyncRun.objects.create(
        account=account, resource="numbers", trigger="command", state="done", finished_at=datetime.now(UTC)
    )
    records = [msgspec.Raw(msgspec.json.encode(payload)) for payload in payloads]
    page = Page(records, datetime.now(UTC), Effort())
    read_listing(sync.NUMBERS, account.pk, [page], fetch=None, run=run)
    standing.refresh_account(account)


def number_of(twilio: Sandbox, account: TwilioAccount, *, country: str = "US") -> PhoneNumber:
    """A number that Twilio has too: it can do calls and messages, and web addresses answer."""
    record = next(
        record
        for record in truth(twilio, account)
        if country_of(record["phone_number"]) == country
        and all(record["capabilities"][name] for name in ("voice", "sms"))
        and record["voice_url"]
        and not (record["trunk_sid"] or record["voice_application_sid"] or record["sms_application_sid"])
        and not record["emergency_address_sid"]
        and record["status"] == "in-use"
    )
    return make_number(account, **record)
