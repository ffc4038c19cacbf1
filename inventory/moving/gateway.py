"""Giving numbers back, and moving them between the accounts of a family (page 23)."""

from dataclasses import dataclass
from datetime import datetime

from portal.twilio.client import connect, remote_call
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_REQUEST, Patience
from portal.twilio.snapshots import Snapshot, read_snapshot


@dataclass(frozen=True, slots=True)
class Gone:
    """Twilio's word that it has let an object go."""

    asked_at: datetime
    request_id: str


def release_number(login: Login, sid: str, *, patience: Patience = IN_A_REQUEST) -> Gone:
    """Give a number back to Twilio. 22350 while it is being ported out; 20409 with an emergency address."""
    with remote_call("number.release", writes=True, patience=patience) as call:
        connect(login).incoming_phone_numbers(sid).delete()
        return Gone(call.requested_at, call.request_id)


def transfer_number(
    login: Login,
    sid: str,
    *,
    account_sid: str,
    address_sid: str = "",
    bundle_sid: str = "",
    patience: Patience = IN_A_REQUEST,
) -> Snapshot:
    """Move a number to another account. `login` is the parent's, on the account that has the number.

    21470 to 21474 tell of accounts that do not belong together, 21613 and 21649 of an address or a
    bundle that is not the new account's.
    """
    papers = {"address_sid": address_sid, "bundle_sid": bundle_sid}
    given = {name: value for name, value in papers.items() if value}
    with remote_call("number.transfer", writes=True, patience=patience) as call:
        connect(login).incoming_phone_numbers(sid).update(account_sid=account_sid, **given)
        return read_snapshot(call, sid)
