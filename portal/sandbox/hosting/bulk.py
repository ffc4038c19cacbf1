"""Bulk hosting, as far as the specification's two examples tell: its request has no schema and no page.

Taken are `friendly_name`, `notification_email`, `phone_numbers` (text, or objects as in a bulk eligibility
check) and what an authorization document needs: `address_sid`, `email`, `contact_title`,
`contact_phone_number`, `cc_emails`. With these, orders are at once on a document that waits for its
signature, as in the example; without, they are received. A number that cannot be hosted has a failed order.
(All but the answers is inferred.)
"""

from typing import Any

from portal.sandbox.access import check_access
from portal.sandbox.call import NUMBERS, Call, Route
from portal.sandbox.clock import iso8601
from portal.sandbox.errors import refusal
from portal.sandbox.hosting import documents, eligibility, progress, settings
from portal.sandbox.hosting.orders import number_of
from portal.sandbox.hosting.resources import (
    FAILED,
    RECEIVED,
    V2,
    AuthorizationDocument,
    BulkOrder,
    HostedOrder,
)
from portal.sandbox.lists import fetch
from portal.sandbox.records import add_number
from portal.sandbox.resources import Account, Address
from portal.sandbox.store import Store
from portal.sandbox.wire import Answer, encode, ok

PATH = V2.orders + "/Bulk"
TERMS = ("address_sid", "email", "contact_phone_number", "contact_title", "cc_emails")
NEEDED = TERMS[:3]
MORE = (
    "For more information, call the Hosted Number Eligibility API:"
    " https://www.twilio.com/docs/phone-numbers/hosted-numbers-api/eligibility-api-overview"
)


def create_bulk(call: Call) -> Answer:
    check_access(call, "hosting")
    body = eligibility.read_json(call)
    wanted = (
        eligibility.read_wanted(call, body, most=documents.MOST_ORDERS) if body.get("phone_numbers") else []
    )
    address = body.get("address_sid")
    if address and call.store.find(Address, str(address), call.account.sid) is None:
        raise refusal(22109)
    name = body.get("friendly_name")
    bulk = BulkOrder(
        sid=call.new_sid("BH"),
        account_sid=call.account.sid,
        friendly_name=str(name) if name else None,
        notification_email=body.get("notification_email"),
        wanted=wanted,
        terms={key: body.get(key) for key in TERMS},
        date_created=call.moment,
        date_updated=call.moment,
    )
    call.store.add(bulk)
    pause = settings.read(call.store).bulk
    call.schedule(pause, "begin_bulk_hosting", bulk.sid)
    call.schedule(2 * pause, "end_bulk_hosting", bulk.sid)
    return Answer(202, encode(_shown(bulk, [])))


def fetch_bulk(call: Call) -> Answer:
    """The orders by status, in snake case and with counts as text. A status none has finds none."""
    check_access(call, "hosting")
    bulk = fetch(call, BulkOrder, call.params["BulkHostingSid"])
    groups: dict[str, list[dict[str, Any]]] = {}
    for order in _orders_of(call.store, bulk):
        groups.setdefault(order.status.replace("-", "_"), []).append(_row(order))
    wanted = call.query.get("OrderStatus", "").lower().replace("-", "_")
    results = [
        {
            "order_status": status,
            "count": str(len(orders)),
            "get_more_info": MORE if status == FAILED else None,
            "orders": orders,
        }
        for status, orders in groups.items()
        if wanted in ("", status)
    ]
    return ok(_shown(bulk, results))


def _orders_of(store: Store, bulk: BulkOrder) -> list[HostedOrder]:
    sids = store.rows(
        "SELECT sid FROM document WHERE kind = 'hosted_order'"
        " AND json_extract(body, '$.bulk_hosting_request_sid') = ? ORDER BY position",
        (bulk.sid,),
    )
    return [order for (sid,) in sids if (order := store.find(HostedOrder, sid)) is not None]


def _row(order: HostedOrder) -> dict[str, Any]:
    return {
        "hosting_order_sid": order.sid,
        "phone_number": order.phone_number,
        "account_sid": order.account_sid,
        "failure_reason": order.failure_reason or None,
        "next_step": order.next_step,
        "url": order.shown()["url"],
        "email": order.email,
        "signing_document_sid": order.signing_document_sid,
    }


def _shown(bulk: BulkOrder, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "bulk_hosting_sid": bulk.sid,
        "request_status": bulk.request_status,
        "friendly_name": bulk.friendly_name,
        "notification_email": bulk.notification_email,
        "date_created": bulk.date_created,
        "date_completed": bulk.date_completed,
        "url": f"https://{NUMBERS}{PATH}/{bulk.sid}",
        "total_count": len(bulk.wanted),
        "results": results,
    }


def _begin(store: Store, at: int, sid: str, _: str) -> None:
    bulk = store.find(BulkOrder, sid)
    if bulk:
        bulk.request_status = "IN_PROGRESS"
        bulk.touch(at)
        store.save(bulk)


def _end(store: Store, at: int, sid: str, _: str) -> None:
    bulk = store.find(BulkOrder, sid)
    caller = store.find(Account, bulk.account_sid) if bulk else None
    if bulk is None or caller is None:
        return
    orders = [_make_order(store, bulk, caller, number, account, at) for number, account in bulk.wanted]
    hosted = [order for order in orders if order.status != FAILED and order.account_sid == caller.sid]
    if hosted and all(bulk.terms.get(key) for key in NEEDED):
        document = AuthorizationDocument(
            sid=store.new_sid("PX"),
            account_sid=caller.sid,
            address_sid=bulk.terms["address_sid"],
            email=bulk.terms["email"],
            contact_phone_number=bulk.terms["contact_phone_number"],
            contact_title=bulk.terms.get("contact_title"),
            cc_emails=bulk.terms.get("cc_emails") or [],
            date_created=iso8601(at),
            date_updated=iso8601(at),
        )
        store.add(document)
        documents.send(store, document, hosted, at)
    bulk.request_status, bulk.date_completed = "PROCESSED", iso8601(at)
    bulk.touch(at)
    store.save(bulk)


def _make_order(
    store: Store, bulk: BulkOrder, caller: Account, number: str, account: str, at: int
) -> HostedOrder:
    found = eligibility.check(store, number, account, caller, at)
    is_eligible = found["eligibility_status"] == "ELIGIBLE"
    terms = bulk.terms
    order = HostedOrder(
        sid=store.new_sid("HR"),
        account_sid=account if is_eligible else caller.sid,
        phone_number=number,
        incoming_phone_number_sid=store.new_sid("PN") if is_eligible else None,
        status=RECEIVED if is_eligible else FAILED,
        failure_reason="" if is_eligible else found["ineligibility_reason"],
        next_step=None if is_eligible else found["next_step"],
        address_sid=terms.get("address_sid"),
        email=terms.get("email"),
        cc_emails=terms.get("cc_emails") or [],
        contact_title=terms.get("contact_title"),
        contact_phone_number=terms.get("contact_phone_number"),
        bulk_hosting_request_sid=bulk.sid,
        date_created=iso8601(at),
        date_updated=iso8601(at),
        since=at,
    )
    store.add(order)
    if is_eligible:
        add_number(store, number_of(order, at, {}))
        progress.set_status(store, order, RECEIVED, at)
    return order


ACTIONS = {"begin_bulk_hosting": _begin, "end_bulk_hosting": _end}
ROUTES = (
    Route("POST", NUMBERS, PATH, create_bulk),
    Route("GET", NUMBERS, PATH + "/{BulkHostingSid}", fetch_bulk),
)
