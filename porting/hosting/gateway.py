"""Hosting's calls to Twilio: credentials and plain values in, snapshots and pages out.

Eligibility of numbers.twilio.com/v1 (page 10); hosted number orders and authorization documents of
numbers.twilio.com/v2, or of the preview that pages 8 and 9 describe and that v2 replaces (contract §4.11).
Nothing that creates is idempotent.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec
from django.conf import settings

from portal.twilio.bodies import UNREADABLE, read_object
from portal.twilio.client import Call, connect
from portal.twilio.login import Login
from portal.twilio.pages import Page, iter_pages
from portal.twilio.patience import IN_A_REQUEST, IN_A_TASK, Patience
from portal.twilio.plain import read_request_id, read_told, send
from portal.twilio.snapshots import Snapshot

_ELIGIBILITY = "https://numbers.twilio.com/v1/HostedNumber/Eligibility"
# In v2 alone; no page tells of it (contract §4, row 12).
_BULK = "https://numbers.twilio.com/v2/HostedNumber/Orders/Bulk"


@dataclass(frozen=True, slots=True)
class Version:
    """Where a version of the API is."""

    orders: str
    documents: str


VERSIONS: Mapping[str, Version] = {
    "v2": Version(
        "https://numbers.twilio.com/v2/HostedNumber/Orders",
        "https://numbers.twilio.com/v2/HostedNumber/AuthorizationDocuments",
    ),
    "preview": Version(
        "https://preview.twilio.com/HostedNumbers/HostedNumberOrders",
        "https://preview.twilio.com/HostedNumbers/AuthorizationDocuments",
    ),
}


def _version() -> Version:
    return VERSIONS[settings.HOSTING_API]


def check_eligibility(
    login: Login, phone_number: str, *, patience: Patience = IN_A_REQUEST
) -> dict[str, Any]:
    """Whether one number can be hosted, and Twilio's next step; {} for an answer without a result."""
    body = {"phone_numbers": [{"phone_number": phone_number, "hosting_account_sid": login.account_sid}]}
    told = send(
        login, "eligibility.create", "POST", _ELIGIBILITY, json=body, read=read_told, patience=patience
    )
    results = told.get("results")
    found = results[0] if isinstance(results, list) and results else None
    return found if isinstance(found, dict) else {}


def create_bulk_eligibility(
    login: Login, phone_numbers: Sequence[str], *, friendly_name: str
) -> dict[str, Any]:
    """Have up to 1,000 numbers checked; the answer's `request_id` is asked about later (page 10)."""
    numbers = [{"phone_number": one, "hosting_account_sid": login.account_sid} for one in phone_numbers]
    body = {"friendly_name": friendly_name, "phone_numbers": numbers}
    url = f"{_ELIGIBILITY}/Bulk"
    return send(login, "eligibility_bulk.create", "POST", url, json=body, read=read_told)


def fetch_bulk_eligibility(login: Login, request_id: str) -> dict[str, Any]:
    """Its `status` and, once that is SUCCESSFUL or COMPLETE, its `results`."""
    url = f"{_ELIGIBILITY}/Bulk/{request_id}"
    return send(login, "eligibility_bulk.fetch", "GET", url, read=read_told, patience=IN_A_TASK)


def fetch_caller_ids(login: Login) -> set[str]:
    """The Verified Caller IDs of the account: to host one deletes it, and needs no call (page 11)."""
    url = f"https://api.twilio.com/2010-04-01/Accounts/{login.account_sid}/OutgoingCallerIds.json"
    pages = iter_pages(connect(login), "caller_id.list", url, "outgoing_caller_ids")
    records = (read_object(record)[0] for page in pages for record in page.records)
    return {str(record.get("phone_number") or "") for record in records} - {""}


def iter_order_pages(login: Login, **filters: str) -> Iterator[Page]:
    return iter_pages(connect(login), "hosted_order.list", _version().orders, "items", params=filters)


def fetch_orders(login: Login, **filters: str) -> Iterator[Snapshot]:
    """The same one by one."""
    return _snapshots(iter_order_pages(login, **filters))


def fetch_order(login: Login, sid: str, *, patience: Patience = IN_A_REQUEST) -> Snapshot:
    url, read = f"{_version().orders}/{sid}", partial(_snapshot, login, sid)
    return send(login, "hosted_order.fetch", "GET", url, read=read, patience=patience)


def create_order(login: Login, values: Mapping[str, Any], *, patience: Patience = IN_A_REQUEST) -> Snapshot:
    """`values` as page 8 writes them; v2 wants PhoneNumber, ContactPhoneNumber, AddressSid and Email."""
    url, read = _version().orders, partial(_snapshot, login, "HR")
    return send(login, "hosted_order.create", "POST", url, form=values, read=read, patience=patience)


def update_order(login: Login, sid: str, values: Mapping[str, Any]) -> Snapshot:
    """Status, VerificationCallDelay, VerificationCallExtension; in preview VerificationCode and more."""
    url, read = f"{_version().orders}/{sid}", partial(_snapshot, login, sid)
    return send(login, "hosted_order.update", "POST", url, form=values, read=read)


def delete_order(login: Login, sid: str) -> str:
    """Delete an order that is received, being verified, verified or waits for its LOA. The request's id."""
    url = f"{_version().orders}/{sid}"
    return send(login, "hosted_order.delete", "DELETE", url, read=read_request_id)


def create_bulk_hosting(login: Login, body: Mapping[str, Any]) -> dict[str, Any]:
    """Have Twilio order many numbers by itself; its `bulk_hosting_sid` is asked about later.

    What stands in `body` no page and no schema tells, so it is sent as it is. Twilio lists no such requests:
    one whose answer is lost cannot be found again.
    """
    return send(login, "hosted_order_bulk.create", "POST", _BULK, json=dict(body), read=read_told)


def fetch_bulk_hosting(
    login: Login, sid: str, *, order_status: str = "", patience: Patience = IN_A_REQUEST
) -> dict[str, Any]:
    """Its `request_status`, and in `results` its orders by status, or those of one status alone."""
    params = {"OrderStatus": order_status} if order_status else None
    url = f"{_BULK}/{sid}"
    return send(
        login, "hosted_order_bulk.fetch", "GET", url, params=params, read=read_told, patience=patience
    )


def iter_document_pages(login: Login, **filters: str) -> Iterator[Page]:
    """Authorization documents. They do not say whose they are, so that is put in."""
    pages = iter_pages(connect(login), "authorization.list", _version().documents, "items", params=filters)
    for page in pages:
        yield replace(page, records=[_owned(record, login.account_sid) for record in page.records])


def fetch_documents(login: Login, **filters: str) -> Iterator[Snapshot]:
    """The same one by one."""
    return _snapshots(iter_document_pages(login, **filters))


def fetch_document(login: Login, sid: str, *, patience: Patience = IN_A_REQUEST) -> Snapshot:
    url, read = f"{_version().documents}/{sid}", partial(_snapshot, login, sid)
    return send(login, "authorization.fetch", "GET", url, read=read, patience=patience)


def create_document(login: Login, values: Mapping[str, Any]) -> Snapshot:
    """`values` as page 9 writes them; lists (HostedNumberOrderSids, CcEmails) are sent as repeated keys."""
    url, read = _version().documents, partial(_snapshot, login, "PX")
    return send(login, "authorization.create", "POST", url, form=values, read=read)


def update_document(login: Login, sid: str, values: Mapping[str, Any]) -> Snapshot:
    """The preview's way to change or cancel an opened document; v2 deletes instead (contract §4.11)."""
    url, read = f"{_version().documents}/{sid}", partial(_snapshot, login, sid)
    return send(login, "authorization.update", "POST", url, form=values, read=read)


def delete_document(login: Login, sid: str) -> str:
    """Revoke a document that nobody has signed; its orders are verified again. The request's id."""
    url = f"{_version().documents}/{sid}"
    return send(login, "authorization.delete", "DELETE", url, read=read_request_id)


def iter_dependent_pages(login: Login, sid: str) -> Iterator[Page]:
    """The orders that a document names, up to 15,000."""
    url = f"{_version().documents}/{sid}/DependentHostedNumberOrders"
    return iter_pages(connect(login), "authorization.orders", url, "items", patience=IN_A_REQUEST)


def _owned(record: msgspec.Raw, account_sid: str) -> msgspec.Raw:
    try:
        told, _ = read_object(record)
    except UNREADABLE:
        return record  # the mirror counts it as unreadable
    return msgspec.Raw(msgspec.json.encode({**told, "account_sid": told.get("account_sid") or account_sid}))


def _snapshot(login: Login, expected: str, call: Call) -> Snapshot:
    told = read_told(call)
    if not str(told["sid"]).startswith(expected):
        raise ValueError("Not the object that was asked about.")
    owned = {**told, "account_sid": told.get("account_sid") or login.account_sid}
    return Snapshot(str(told["sid"]), msgspec.json.encode(owned), call.requested_at, call.request_id)


def _snapshots(pages: Iterator[Page]) -> Iterator[Snapshot]:
    for page in pages:
        for record in page.records:
            told, body = read_object(record)
            yield Snapshot(str(told["sid"]), body, page.requested_at, page.effort.request_id)
