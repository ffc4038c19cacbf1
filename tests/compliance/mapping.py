"""Numbers that Twilio and the mirror have, and bundles that do for them."""

import json
from datetime import UTC, datetime

from compliance import resources
from compliance.mapping import tally
from compliance.mapping.offers import usable_bundles
from compliance.models import Bundle
from inventory.models import PhoneNumber
from portal.mirror.engine import apply_snapshots
from portal.models import Change, TwilioAccount
from portal.sandbox.core import Sandbox
from portal.twilio.snapshots import Snapshot
from tests.mirroring import complete


def read_papers(twilio: Sandbox, account: TwilioAccount) -> None:
    """Numbers, addresses and regulations as syncs read them, and bundles without what is in them."""
    for resource in ("regulations", "addresses", "numbers"):
        complete(account, resource)
    now = datetime.now(UTC)
    bundles = [Snapshot(json.loads(line)["sid"], line, now) for line in twilio.dump("bundles", account.pk)]
    apply_snapshots(resources.BUNDLES, bundles, source=Change.Source.SYNC)
    twilio.journal.clear()


def standing_so(account: TwilioAccount, *reasons: str) -> list[PhoneNumber]:
    """The account's numbers that stand as they do for these reasons."""
    rows = PhoneNumber.objects.present().select_related("account").filter(account=account)
    return list(rows.filter(tally.find(reasons).condition).order_by("phone_number"))


def usable(number: PhoneNumber) -> list[Bundle]:
    return list(usable_bundles(number.account_id, number.country, number.number_type, asked_for=True))


def without_bundle(account: TwilioAccount) -> tuple[PhoneNumber, Bundle]:
    """A number that lacks nothing but a bundle, and a bundle that does."""
    for number in standing_so(account, "no-bundle"):
        if bundles := usable(number):
            return number, bundles[0]
    raise AssertionError("no number lacks a bundle that the account has")


def with_another(account: TwilioAccount) -> tuple[PhoneNumber, Bundle]:
    """A number that complies, and another bundle that does for it."""
    for number in standing_so(account, "bundle-approved"):
        for bundle in usable(number):
            if bundle.pk != number.bundle_sid:
                return number, bundle
    raise AssertionError("no number could have another bundle")
