"""Hosted number orders (doc page 8) of both versions: lists, create, update, delete.

The preview wants a number and SmsCapability; v2 wants whom to ask as well. Only the preview has unique names,
proof by phone bill, and codes that are sent to the API instead of being typed on the line.
"""

import re
from collections.abc import Mapping
from typing import Any

from portal.sandbox import elsewhere
from portal.sandbox.access import check_access
from portal.sandbox.call import Call, Route
from portal.sandbox.clock import rfc2822
from portal.sandbox.dataset.numbers import HOSTED_SETUP
from portal.sandbox.errors import ApiError, refusal
from portal.sandbox.friendly import E164, format_number
from portal.sandbox.hosting import progress, verification
from portal.sandbox.hosting.eligibility import check
from portal.sandbox.hosting.resources import (
    DELETABLE,
    PREVIEWED,
    RECEIVED,
    STATUSES,
    VERIFYING,
    VERSIONS,
    HostedOrder,
    version_of,
)
from portal.sandbox.lists import equals, fetch, list_resources, required, to_fields
from portal.sandbox.records import add_number
from portal.sandbox.resources import Account, Address, Application, Capabilities, Number
from portal.sandbox.settings import read_method, read_url
from portal.sandbox.wire import DELETED, Answer, created, ok

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
UNIQUE_NAME = re.compile(r"[\w.-]{1,64}")
IDENTITY = re.compile("RI[0-9a-fA-F]{32}")
PROOFS = ("phone-call", "phone-bill")


def show(call: Call, order: HostedOrder) -> dict[str, Any]:
    """As the version that is asked writes it."""
    body = to_fields(order)
    return HostedOrder.show_preview(body) if version_of(call) is PREVIEWED else HostedOrder.show(body)


def list_orders(call: Call) -> Answer:
    check_access(call, version_of(call).product)
    conditions, parameters = order_filters(call)
    preview = version_of(call) is PREVIEWED
    return list_resources(
        call,
        HostedOrder,
        conditions=conditions,
        parameters=parameters,
        key="items",
        show=HostedOrder.show_preview if preview else HostedOrder.show,
    )


def order_filters(call: Call) -> tuple[str, tuple[object, ...]]:
    query = call.query
    status = query.get("Status", "")
    if status and status not in STATUSES:
        raise refusal(22111)
    return equals(
        {
            "status": status or None,
            "phone_number": query.get("PhoneNumber") or None,
            "incoming_phone_number_sid": query.get("IncomingPhoneNumberSid") or None,
            "friendly_name": query.get("FriendlyName") or None,
            "unique_name": query.get("UniqueName") or None,
            "capabilities.sms": call.flag("SmsCapability", query),
        }
    )


def create_order(call: Call) -> Answer:
    """An order, and the number it will be (status pending until then; both told by page 8)."""
    version = version_of(call)
    check_access(call, version.product)
    if version is PREVIEWED:
        required(call, "PhoneNumber", "SmsCapability")
    else:
        required(call, "PhoneNumber", "ContactPhoneNumber", "AddressSid", "Email")
    order = make_order(call, call.form["PhoneNumber"].strip(), _account(call))
    _read_contact(call, order)
    _read_names(call, order)
    _read_proof(call, order)
    if call.flag("SmsCapability", call.form) is False:
        raise refusal(22119)
    order.status_callback_url = read(22105, read_url, call.form.get("StatusCallbackUrl", ""))
    method = read(22106, read_method, call.form.get("StatusCallbackMethod", ""))
    order.status_callback_method = method or "POST"
    _add(call, order)
    return created(show(call, order))


def make_order(call: Call, phone_number: str, account: Account) -> HostedOrder:
    """An order for a number that can be hosted: 22102 for none, 22103 for its country, 22110 for the rest."""
    if not E164.fullmatch(phone_number):
        raise refusal(22102)
    found = check(call.store, phone_number, account.sid, call.account, call.now)
    if found["eligibility_sub_status"] == "COUNTRY_INELIGIBLE":
        raise refusal(22103)
    if found["eligibility_sub_status"] == "INVALID_PHONE_NUMBER":
        raise refusal(22102)
    if found["eligibility_status"] != "ELIGIBLE":
        raise refusal(22110)
    return HostedOrder(
        sid=call.new_sid("HR"),
        account_sid=account.sid,
        phone_number=phone_number,
        incoming_phone_number_sid=call.new_sid("PN"),
        date_created=call.moment,
        date_updated=call.moment,
    )


def _add(call: Call, order: HostedOrder) -> None:
    call.store.add(order)
    add_number(call.store, number_of(order, call.now, _setup(call, order)))
    progress.file(call.store, order, call.now)


def number_of(order: HostedOrder, at: int, setup: Mapping[str, Any]) -> Number:
    """The number of an order as page 1 shows one: it has no voice, and is no number in use yet."""
    return Number(
        account_sid=order.account_sid,
        address_requirements="none",
        capabilities=Capabilities(sms=True),
        date_created=rfc2822(at),
        date_updated=rfc2822(at),
        friendly_name=order.friendly_name or format_number(order.phone_number),
        origin="hosted",
        phone_number=order.phone_number,
        sid=order.incoming_phone_number_sid or "",
        status="pending",
        type=elsewhere.type_of(order.phone_number).lower().replace("-", ""),
        **{**HOSTED_SETUP, **setup},
    )


def _setup(call: Call, order: HostedOrder) -> dict[str, Any]:
    """What the order says of the number's messages; the callback's URL is on it as well (page 8)."""
    form, setup = call.form, {}
    for name in ("sms_url", "sms_fallback_url", "sms_method", "sms_fallback_method"):
        parameter = "".join(word.title() for word in name.split("_"))
        is_url = name.endswith("url")
        value = read(22105 if is_url else 22106, read_url if is_url else read_method, form.get(parameter, ""))
        if value:
            setup[name] = value
    if application := form.get("SmsApplicationSid", ""):
        if call.store.find(Application, application, order.account_sid) is None:
            raise refusal(22108)
        setup["sms_application_sid"] = application
    if order.status_callback_url:
        setup["status_callback"] = order.status_callback_url
        setup["status_callback_method"] = order.status_callback_method
    return setup


def _account(call: Call) -> Account:
    """The account the order is for: the caller's, or a subaccount of the parent that asks (21470, 21471)."""
    sid = call.form.get("AccountSid", "").strip()
    if not sid or sid == call.account.sid:
        return call.account
    if not re.fullmatch("AC[0-9a-fA-F]{32}", sid):
        raise refusal(21470)
    account = call.store.find(Account, sid)
    if account is None or account.owner_account_sid != call.account.sid:
        raise refusal(21471)
    return account


def read(code: int, reader: Any, text: str) -> str | None:
    """A value that the reader takes, or a refusal with the code hosting has for it."""
    if not text.strip():
        return None
    try:
        value: str = reader(text.strip())
    except ApiError:
        raise refusal(code) from None
    return value


def read_email(text: str) -> str | None:
    if text.strip() and not EMAIL.fullmatch(text.strip()):
        raise refusal(22104)
    return text.strip() or None


def read_cc(call: Call) -> list[str]:
    """`CcEmails` is repeated for each of them."""
    return [email for name, text in call.request.form if name == "CcEmails" and (email := read_email(text))]


def read_contact_number(text: str) -> str | None:
    if text.strip() and not E164.fullmatch(text.strip()):
        raise refusal(22102)
    return text.strip() or None


def read_address(call: Call, account: str) -> str | None:
    sid = call.form.get("AddressSid", "").strip()
    if sid and call.store.find(Address, sid, account) is None:
        raise refusal(22109)
    return sid or None


def _read_contact(call: Call, order: HostedOrder) -> None:
    if "AddressSid" in call.form:
        order.address_sid = read_address(call, order.account_sid)
    if "Email" in call.form:
        order.email = read_email(call.form["Email"])
    if "CcEmails" in call.form:
        order.cc_emails = read_cc(call)
    order.contact_title = call.form.get("ContactTitle", "").strip() or order.contact_title
    order.contact_phone_number = (
        read_contact_number(call.form.get("ContactPhoneNumber", "")) or order.contact_phone_number
    )


def _read_names(call: Call, order: HostedOrder) -> None:
    """22116 for a name that is too long, 22115 for a unique one that is not, or is none."""
    version, form = version_of(call), call.form
    if "FriendlyName" in form:
        if len(form["FriendlyName"]) > version.max_name:
            raise refusal(22116)
        order.friendly_name = form["FriendlyName"] or None
    if version is PREVIEWED and (name := form.get("UniqueName", "")):
        taken = call.store.row(
            "SELECT 1 FROM document WHERE kind = 'hosted_order' AND account = ? AND sid != ?"
            " AND json_extract(body, '$.unique_name') = ?",
            (order.account_sid, order.sid, name),
        )
        if taken or not UNIQUE_NAME.fullmatch(name):
            raise refusal(22115)
        order.unique_name = name


def _read_proof(call: Call, order: HostedOrder) -> None:
    """How ownership is proved, in the preview: 22120 for no such proof, 22118 for no such bill."""
    if version_of(call) is not PREVIEWED:
        return
    proof = call.form.get("VerificationType", "") or order.verification_type
    if proof not in PROOFS:
        raise refusal(22120)
    document = call.form.get("VerificationDocumentSid", "") or order.verification_document_sid or ""
    if document and not IDENTITY.fullmatch(document):
        raise refusal(22118)
    if proof == "phone-bill" and not document:
        raise refusal(22118)
    order.verification_type, order.verification_document_sid = proof, document or None


def fetch_order(call: Call) -> Answer:
    return ok(show(call, _find(call)))


def _find(call: Call) -> HostedOrder:
    check_access(call, version_of(call).product)
    return fetch(call, HostedOrder)


def update_order(call: Call) -> Answer:
    """Move on to verification; in the preview also prove it, and change what the order says."""
    order = _find(call)
    preview = version_of(call) is PREVIEWED
    if not preview:
        required(call, "Status")
    status = call.form.get("Status", "")
    if status and status not in STATUSES:
        raise refusal(22111)
    _read_call(call, order, "" if preview else "VerificationCall")
    if preview:
        _read_names(call, order)
        _read_contact(call, order)
        _read_proof(call, order)
        order.touch(call.now)
        call.store.save(order)
        if code := call.form.get("VerificationCode", ""):
            _prove(call, order, code)
            return ok(show(call, order))
    if status == VERIFYING:
        _verify(call, order)
    elif status and status != order.status:
        raise refusal(22112)
    return ok(show(call, order))


def _read_call(call: Call, order: HostedOrder, prefix: str) -> None:
    """`CallDelay` and `Extension`; v2 writes `VerificationCall` before both."""
    if delay := call.form.get(f"{prefix or 'Call'}Delay", ""):
        order.call_delay = verification.read_delay(delay)
    if (text := call.form.get(f"{prefix}Extension")) is not None:
        order.extension = verification.read_extension(text) if text else None


def _verify(call: Call, order: HostedOrder) -> None:
    if order.verification_type != "phone-bill":
        verification.start_call(call.store, order, call.now)
        return
    if order.status not in (RECEIVED, VERIFYING):
        raise refusal(22112)
    progress.set_status(call.store, order, VERIFYING, call.now)
    progress.await_bill(call.store, order, call.now)


def _prove(call: Call, order: HostedOrder, code: str) -> None:
    """A code sent to the API: 22114 if none is waited for, 22113 if it is another one."""
    if order.status != VERIFYING or order.verification_code is None:
        raise refusal(22114)
    if code != order.verification_code:
        raise refusal(22113)
    progress.verify(call.store, order, call.now)


def delete_order(call: Call) -> Answer:
    """Cancel an order, and its number with it; not once the carrier has it (22111)."""
    order = _find(call)
    if order.status not in DELETABLE:
        raise refusal(22111, f"A Hosted Number Order in status {order.status} cannot be deleted")
    progress.drop_number(call.store, order)
    call.store.remove(order)
    return DELETED


ROUTES = tuple(
    Route(method, version.host, version.orders + path, handler)
    for version in VERSIONS
    for method, path, handler in (
        ("GET", "", list_orders),
        ("POST", "", create_order),
        ("GET", "/{Sid}", fetch_order),
        ("POST", "/{Sid}", update_order),
        ("DELETE", "/{Sid}", delete_order),
    )
)
