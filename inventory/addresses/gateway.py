"""Calls about addresses that change something, and the numbers that depend on one.

The Address resource of api.twilio.com (https://www.twilio.com/docs/usage/api/address). Creating is not
idempotent: the same address sent twice is two addresses.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from portal.twilio.client import connect, remote_call
from portal.twilio.login import Login
from portal.twilio.pages import Page, iter_pages
from portal.twilio.patience import IN_A_REQUEST
from portal.twilio.snapshots import Snapshot, read_created, read_snapshot

_API = "https://api.twilio.com/2010-04-01/Accounts"


def create_address(login: Login, values: Mapping[str, Any]) -> Snapshot:
    """`values` are the SDK's names. 21628: cannot be validated; 21629: only after a correction."""
    with remote_call("address.create", writes=True) as call:
        connect(login).addresses.create(**values)
        return read_created(call, "AD")


def update_address(login: Login, sid: str, values: Mapping[str, Any]) -> Snapshot:
    """Everything but the country can change; 21630 when a verified document rests on the address."""
    with remote_call("address.update", writes=True) as call:
        connect(login).addresses(sid).update(**values)
        return read_snapshot(call, sid)


def delete_address(login: Login, sid: str) -> str:
    """Delete it for good; returns the id of the request."""
    with remote_call("address.delete", writes=True) as call:
        connect(login).addresses(sid).delete()
        return call.request_id


def iter_dependent_pages(login: Login, sid: str) -> Iterator[Page]:
    """Numbers that cite the address, for regulation or for emergencies; `Voice`, `SMS`, `MMS` in capitals."""
    url = f"{_API}/{login.account_sid}/Addresses/{sid}/DependentPhoneNumbers.json"
    client = connect(login)
    return iter_pages(client, "address.dependents", url, "dependent_phone_numbers", patience=IN_A_REQUEST)
