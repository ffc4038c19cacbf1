"""Authorization documents (doc page 9) of both versions, and the orders that depend on one.

A document goes to its signer as soon as it is made. The preview can open it again and change it; v2 can only
delete it. What is revoked leaves its orders verified (page 11), and so does a signer who declines (inferred).
Seven days without a signature end it as failed, and its orders as action-required.
"""

from typing import Any

from portal.sandbox.access import check_access
from portal.sandbox.call import NUMBERS, PREVIEW, Call, Route
from portal.sandbox.errors import refusal
from portal.sandbox.hosting import progress, settings
from portal.sandbox.hosting.orders import (
    order_filters,
    read_address,
    read_cc,
    read_contact_number,
    read_email,
)
from portal.sandbox.hosting.resources import (
    ACTION_REQUIRED,
    CANCELED,
    DOCUMENT_STATUSES,
    FAILED,
    OPENED,
    PENDING_LOA,
    PREVIEWED,
    SIGNED,
    SIGNING,
    V2,
    VERIFIED,
    AuthorizationDocument,
    HostedOrder,
    version_of,
)
from portal.sandbox.hosting.settings import DAY
from portal.sandbox.lists import equals, fetch, list_resources, required, to_fields
from portal.sandbox.store import Store
from portal.sandbox.wire import DELETED, Answer, created, ok

MOST_ORDERS = 15_000
LOA_DAYS = 7


def show(call: Call, document: AuthorizationDocument) -> dict[str, Any]:
    body = to_fields(document)
    preview = version_of(call) is PREVIEWED
    return AuthorizationDocument.show_preview(body) if preview else AuthorizationDocument.show(body)


def list_documents(call: Call) -> Answer:
    check_access(call, version_of(call).product)
    status = call.query.get("Status", "")
    if status and status not in DOCUMENT_STATUSES:
        raise refusal(22122)
    conditions, parameters = equals({"status": status or None, "email": call.query.get("Email") or None})
    preview = version_of(call) is PREVIEWED
    return list_resources(
        call,
        AuthorizationDocument,
        conditions=conditions,
        parameters=parameters,
        key="items",
        show=AuthorizationDocument.show_preview if preview else AuthorizationDocument.show,
    )


def create_document(call: Call) -> Answer:
    """One document for all orders that are named; each must be the account's and verified (22101)."""
    version = version_of(call)
    check_access(call, version.product)
    names = ("HostedNumberOrderSids", "AddressSid", "Email", "ContactPhoneNumber")
    required(call, *names, *(("ContactTitle",) if version is PREVIEWED else ()))
    document = AuthorizationDocument(
        sid=call.new_sid("PX"),
        account_sid=call.account.sid,
        address_sid=read_address(call, call.account.sid) or "",
        email=read_email(call.form["Email"]) or "",
        contact_phone_number=read_contact_number(call.form["ContactPhoneNumber"]) or "",
        contact_title=call.form.get("ContactTitle", "").strip() or None,
        cc_emails=read_cc(call),
        date_created=call.moment,
        date_updated=call.moment,
    )
    orders = _named_orders(call, document)
    call.store.add(document)
    send(call.store, document, orders, call.now)
    return created(show(call, document))


def _named_orders(call: Call, document: AuthorizationDocument) -> list[HostedOrder]:
    sids = [value for name, value in call.request.form if name == "HostedNumberOrderSids"]
    sids = list(dict.fromkeys(sids))
    if not 1 <= len(sids) <= MOST_ORDERS:
        raise refusal(22101)
    found = []
    for sid in sids:
        order = call.store.find(HostedOrder, sid, call.account.sid)
        is_ours = order is not None and order.signing_document_sid == document.sid
        if order is None or not (order.status == VERIFIED or is_ours):
            raise refusal(22101)
        found.append(order)
    return found


def send(store: Store, document: AuthorizationDocument, orders: list[HostedOrder], now: int) -> None:
    """Send a document to its signer, with its orders waiting for it."""
    document.status, document.sent_at = SIGNING, now
    document.touch(now)
    store.save(document)
    for order in orders:
        order.signing_document_sid = document.sid
        progress.set_status(store, order, PENDING_LOA, now)
    store.schedule(now + LOA_DAYS * DAY, "expire_hosted_loa", document.sid, str(now))
    automatic = settings.read(store)
    if automatic.automatic:
        store.schedule(now + automatic.sign, "sign_hosted_loa", document.sid, str(now))


def orders_of(store: Store, document: AuthorizationDocument) -> list[HostedOrder]:
    """The orders that wait for a document, or were signed for with it."""
    sids = store.rows(
        "SELECT sid FROM document WHERE kind = 'hosted_order' AND account = ?"
        " AND json_extract(body, '$.signing_document_sid') = ? ORDER BY position",
        (document.account_sid, document.sid),
    )
    return [order for (sid,) in sids if (order := store.find(HostedOrder, sid)) is not None]


def fetch_document(call: Call) -> Answer:
    return ok(show(call, _find(call)))


def _find(call: Call, name: str = "Sid") -> AuthorizationDocument:
    check_access(call, version_of(call).product)
    return fetch(call, AuthorizationDocument, call.params[name])


def update_document(call: Call) -> Answer:
    """Open a document again, change it while it is open, send it (preview only).

    22122 for a status that is neither opened nor signing, 22107 for what is signed, over, or with its signer.
    """
    document = _find(call)
    status = call.form.get("Status", "")
    if status and status not in (OPENED, SIGNING):
        raise refusal(22122)
    if document.status not in (OPENED, SIGNING):
        raise refusal(22107)
    changes = set(call.form) - {"Status"}
    if changes and document.status == SIGNING and status != OPENED:
        raise refusal(22107)
    if status == OPENED and document.status == SIGNING:
        reopen(call.store, document, call.now)
    _change(call, document)
    call.store.save(document)
    if status == SIGNING and document.status == OPENED:
        send(call.store, document, orders_of(call.store, document), call.now)
    return ok(show(call, document))


def reopen(store: Store, document: AuthorizationDocument, now: int) -> None:
    """Take a document back from its signer, to change it."""
    document.status = OPENED
    document.touch(now)
    store.save(document)


def _change(call: Call, document: AuthorizationDocument) -> None:
    form = call.form
    if "HostedNumberOrderSids" in form:
        named = _named_orders(call, document)
        kept = {order.sid for order in named}
        _let_go(call.store, [one for one in orders_of(call.store, document) if one.sid not in kept], call.now)
        for order in named:
            order.signing_document_sid = document.sid
            progress.set_status(call.store, order, PENDING_LOA, call.now)
    document.address_sid = read_address(call, call.account.sid) or document.address_sid
    document.email = read_email(form.get("Email", "")) or document.email
    document.contact_title = form.get("ContactTitle", "").strip() or document.contact_title
    document.contact_phone_number = (
        read_contact_number(form.get("ContactPhoneNumber", "")) or document.contact_phone_number
    )
    if "CcEmails" in form:
        document.cc_emails = read_cc(call)


def delete_document(call: Call) -> Answer:
    """Revoke a document that is not signed yet (22107 otherwise)."""
    document = _find(call)
    if document.status not in (OPENED, SIGNING):
        raise refusal(22107)
    _let_go(call.store, orders_of(call.store, document), call.now)
    call.store.remove(document)
    return DELETED


def _let_go(store: Store, orders: list[HostedOrder], now: int) -> None:
    for order in orders:
        if order.status == PENDING_LOA:
            order.signing_document_sid = None
            progress.set_status(store, order, VERIFIED, now)


def sign(store: Store, document: AuthorizationDocument, now: int) -> None:
    """The signer signs: the orders go to the carrier."""
    _end(store, document, SIGNED, now)
    for order in orders_of(store, document):
        if order.status == PENDING_LOA:
            progress.submit(store, order, now)


def decline(store: Store, document: AuthorizationDocument, now: int) -> None:
    """The signer cancels the document."""
    _end(store, document, CANCELED, now)
    _let_go(store, orders_of(store, document), now)


def expire(store: Store, document: AuthorizationDocument, now: int) -> None:
    """Nobody signed in time."""
    _end(store, document, FAILED, now)
    for order in orders_of(store, document):
        if order.status == PENDING_LOA:
            progress.set_status(store, order, ACTION_REQUIRED, now, progress.UNSIGNED)


def _end(store: Store, document: AuthorizationDocument, status: str, now: int) -> None:
    if document.status != SIGNING:
        raise ValueError(f"it is {document.status}")
    document.status = status
    document.touch(now)
    store.save(document)


def list_dependents(call: Call) -> Answer:
    document = _find(call, "SigningDocumentSid")
    conditions, parameters = order_filters(call)
    preview = version_of(call) is PREVIEWED
    return list_resources(
        call,
        HostedOrder,
        conditions=f"{conditions} AND json_extract(body, '$.signing_document_sid') = ?",
        parameters=(*parameters, document.sid),
        key="items",
        show=HostedOrder.show_preview_dependent if preview else HostedOrder.show_dependent,
    )


def _sign_due(store: Store, at: int, sid: str, sent: str) -> None:
    document = store.find(AuthorizationDocument, sid)
    if document is None or (document.status, document.sent_at) != (SIGNING, int(sent)):
        return
    name = document.email.partition("@")[0].lower()
    if name.startswith("declines"):
        decline(store, document, at)
    elif not name.startswith("never"):
        sign(store, document, at)


def _expire_due(store: Store, at: int, sid: str, sent: str) -> None:
    document = store.find(AuthorizationDocument, sid)
    if document and (document.status, document.sent_at) == (SIGNING, int(sent)):
        expire(store, document, at)


ACTIONS = {"sign_hosted_loa": _sign_due, "expire_hosted_loa": _expire_due}
ROUTES = (
    *(
        Route(method, version.host, version.documents + path, handler)
        for version in (V2, PREVIEWED)
        for method, path, handler in (
            ("GET", "", list_documents),
            ("POST", "", create_document),
            ("GET", "/{Sid}", fetch_document),
            ("GET", "/{SigningDocumentSid}/DependentHostedNumberOrders", list_dependents),
        )
    ),
    Route("DELETE", NUMBERS, V2.documents + "/{Sid}", delete_document),
    Route("POST", PREVIEW, PREVIEWED.documents + "/{Sid}", update_document),
)
