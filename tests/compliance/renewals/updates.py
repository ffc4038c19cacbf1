"""Bundles whose regulation has changed, at the sandbox and in the mirror."""

from datetime import timedelta

from django.db.models import F

from compliance.bundles.actions import submit_bundle
from compliance.models import Bundle
from compliance.sync import refetch_bundle
from portal.models import Change, Operation, TwilioAccount
from portal.sandbox.core import Sandbox
from portal.sandbox.regulatory import resources as wire
from portal.sandbox.regulatory.verdicts import Verdict

UNTIL = "2027-03-01T00:00:00Z"


def numbered_bundle(twilio: Sandbox, account: TwilioAccount) -> str:
    """The sid of an approved bundle of the account that numbers use."""
    rows = twilio.store.rows("SELECT DISTINCT bundle FROM number WHERE bundle IS NOT NULL")
    used = {sid for (sid,) in rows}
    own = [one for one in twilio.store.all(wire.Bundle) if one.account_sid == account.pk]
    return next(one.sid for one in own if one.sid in used and one.status == "twilio-approved")


def end_of(twilio: Sandbox, account: TwilioAccount, sid: str, until: str = UNTIL) -> Bundle:
    """Give a bundle a last day at Twilio, and read it."""
    twilio.judge(sid, Verdict(valid_until=until))
    return read(account, sid)


def read(account: TwilioAccount, sid: str) -> Bundle:
    refetch_bundle(account, sid, source=Change.Source.READ)
    return Bundle.objects.select_related("account", "regulation").get(pk=sid)


def approve(twilio: Sandbox, copy: Bundle, person: object) -> Bundle:
    """Submit a copy and have it approved."""
    submit_bundle(bundle=copy, actor=person)
    twilio.judge(copy.pk, Verdict(status="twilio-approved"))
    return read(copy.account, copy.pk)


def items_at_twilio(twilio: Sandbox, sid: str) -> set[str]:
    return {item.object_sid for item in twilio.store.below(wire.ItemAssignment, sid)}


def copies_at_twilio(twilio: Sandbox, sid: str) -> list[str]:
    return [one.sid for one in twilio.store.all(wire.Bundle) if one.parent_sid == sid]


def age(kind: str) -> None:
    """Let the time pass after which a lost answer, or a lost worker, is looked into."""
    long_ago = timedelta(minutes=5)
    rows = Operation.objects.filter(kind=kind)
    rows.update(started_at=F("started_at") - long_ago, ended_at=F("ended_at") - long_ago)
