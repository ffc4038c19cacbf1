"""Port-in requests (doc page 15) and their numbers (16): create, fetch, list by token, cancel.

Requests are those of the account the numbers go to; its parent finds them by their sid as well (inferred: the
pages do not say, but a row of the list names no account).
"""

import re
from typing import Any

import msgspec

from portal.sandbox import elsewhere
from portal.sandbox.access import check_access, has
from portal.sandbox.call import NUMBERS, Call, Route
from portal.sandbox.clock import iso8601, seconds_of
from portal.sandbox.errors import refusal
from portal.sandbox.porting import progress
from portal.sandbox.porting.dates import in_utc
from portal.sandbox.porting.portability import family_member, why_not_portable
from portal.sandbox.porting.resources import (
    ACTION_REQUIRED,
    COMPLETED,
    PATH,
    WAITING,
    PortIn,
    PortInNumber,
    words,
)
from portal.sandbox.porting.state import numbers_of
from portal.sandbox.porting.validation import Form
from portal.sandbox.porting.webhooks import bad_request, read_json
from portal.sandbox.resources import Account, Address
from portal.sandbox.store import Store
from portal.sandbox.wire import DELETED, Answer, encode, ok

PORT_IN = PATH + "/PortIn"
LOSING_CARRIER = (
    "customer_type",
    "customer_name",
    "account_number",
    "account_telephone_number",
    "authorized_representative",
    "authorized_representative_email",
    "address_sid",
    "authorized_representative_katakana",
    "sub_municipality",
    "building",
    "katakana_name",
)
ADDRESS = ("street", "street_2", "city", "state", "zip", "country")
SUGGESTIONS = {
    ACTION_REQUIRED: "Cancel the rejected phone numbers and submit them again with the corrected information",
    WAITING: "Sign the letter of authorization",
}
FIRST_TICKET = 1_000_000
MAX_PAGE = 100


def create_port_in(call: Call) -> Answer:
    """File a request: 202. It is answered as it was sent; a later fetch has times in UTC."""
    check_access(call, "porting")
    form = Form(call, read_json(call))
    form.check()
    assert form.target is not None
    if not has(call, "porting", form.target.sid):
        raise refusal(20403)
    port_in = _make(call, form, form.target)
    call.store.add(port_in)
    numbers = [_make_number(call, port_in, one, form.target) for one in form.numbers]
    for number in numbers:
        call.store.add(number)
    progress.file(call.store, port_in, call.now)
    sent = {name: form.body.get(name) for name in in_utc(port_in)}
    return Answer(202, encode({**show(call, port_in, numbers, is_new=True), **sent}))


def _make(call: Call, form: Form, target: Account) -> PortIn:
    body = form.body
    given = form.losing_carrier
    emails = [str(email) for email in body.get("notification_emails") or []]
    serial = call.store.value("SELECT count(*) FROM document WHERE kind = 'port_in'")
    return PortIn(
        sid=call.new_sid("KW"),
        account_sid=target.sid,
        caller=call.account.sid,
        losing_carrier_information={
            **{name: given.get(name) for name in LOSING_CARRIER},
            "address": _address(call.store, given),
        },
        documents=[str(sid) for sid in body["documents"]],
        notification_emails=emails or None,
        target_port_in_date=body.get("target_port_in_date"),
        target_port_in_time_range_start=body.get("target_port_in_time_range_start"),
        target_port_in_time_range_end=body.get("target_port_in_time_range_end"),
        bundle_sid=body.get("bundle_sid"),
        portability_advance_carrier=body.get("portability_advance_carrier"),
        auto_cancel_approval_numbers=body.get("auto_cancel_approval_numbers"),
        support_ticket_id=FIRST_TICKET + serial if emails else None,
        date_created=call.moment,
        date_updated=call.moment,
    )


def _address(store: Store, given: dict[str, Any]) -> dict[str, Any]:
    """The address that was typed, or a copy of the one that was named (doc page 15)."""
    if isinstance(given.get("address"), dict):
        return {name: given["address"].get(name) for name in ADDRESS}
    address = store.find(Address, str(given["address_sid"]))
    assert address is not None
    values = (
        address.street,
        address.street_secondary,
        address.city,
        address.region,
        address.postal_code,
        address.iso_country,
    )
    return dict(zip(ADDRESS, values, strict=True))


def _make_number(call: Call, port_in: PortIn, one: dict[str, Any], target: Account) -> PortInNumber:
    phone_number, pin = str(one["phone_number"]), one.get("pin")
    carrier = port_in.losing_carrier_information
    kind = elsewhere.type_of(phone_number)
    code = why_not_portable(call.store, phone_number, target, has_address=True)
    return PortInNumber(
        sid=call.new_sid("PU"),
        account_sid=target.sid,
        port_in_sid=port_in.sid,
        phone_number=phone_number,
        country=elsewhere.country_of(phone_number),
        number_type=kind,
        pin=str(pin) if pin else None,
        portable=code is None,
        not_portable_code=code,
        missing_required_fields=kind == elsewhere.MOBILE and not (pin and carrier.get("account_number")),
        given={
            **{name: carrier.get(name) for name in ("customer_name", "customer_type", "address")},
            "pin": pin,
            "account_number": carrier.get("account_number"),
            "authorized_representative": carrier.get("authorized_representative"),
            "target_port_in_date": port_in.target_port_in_date,
        },
        date_created=call.moment,
        date_updated=call.moment,
    )


def show(call: Call, port_in: PortIn, numbers: list[PortInNumber], *, is_new: bool = False) -> dict[str, Any]:
    """A request as it is answered. While it waits for a signature, it names the sandbox's page for that."""
    answer = {
        **without_numbers(port_in),
        "phone_numbers": [number.in_request(is_new=is_new) for number in numbers],
        "signature_request_url": None,
    }
    if port_in.status == WAITING or any(number.status == WAITING for number in numbers):
        answer["signature_request_url"] = f"{call.own_url}/porting/sign/{port_in.sid}"
    if port_in.support_ticket_id is not None:
        answer["support_ticket_id"] = port_in.support_ticket_id
    return answer


def without_numbers(port_in: PortIn) -> dict[str, Any]:
    return {
        "port_in_request_sid": port_in.sid,
        "url": port_in.url,
        **port_in.shown(),
        **in_utc(port_in),
        "port_in_request_status": words(port_in.status),
    }


def find(call: Call) -> PortIn:
    check_access(call, "porting")
    found = call.store.find(PortIn, call.params["PortInRequestSid"])
    if found is None or family_member(call, found.account_sid) is None:
        raise call.absent()
    return found


def fetch_port_in(call: Call) -> Answer:
    port_in = find(call)
    return ok(show(call, port_in, numbers_of(call.store, port_in)))


def cancel_port_in(call: Call) -> Answer:
    port_in = find(call)
    progress.cancel(call.store, port_in, numbers_of(call.store, port_in), call.now)
    return DELETED


def _find_number(call: Call) -> tuple[PortIn, PortInNumber]:
    port_in = find(call)
    number = call.store.find(PortInNumber, call.params["PhoneNumberSid"])
    if number is None or number.port_in_sid != port_in.sid:
        raise call.absent()
    return port_in, number


def fetch_number(call: Call) -> Answer:
    return ok(_find_number(call)[1].by_itself())


def cancel_number(call: Call) -> Answer:
    """204 as the specification has it; page 16 speaks of 201."""
    port_in, number = _find_number(call)
    progress.cancel(call.store, port_in, [number], call.now)
    return DELETED


def list_port_ins(call: Call) -> Answer:
    """A page, newest first, from the request that `Token` names on; `meta` has tokens and no key."""
    check_access(call, "porting")
    size = call.query.get("Size") or "20"
    if not size.isdigit() or not 1 <= int(size) <= MAX_PAGE:
        raise bad_request(f"size: must be between 1 and {MAX_PAGE}")
    conditions, parameters = _conditions(call)
    table = f"document WHERE kind = 'port_in' AND account = ?{conditions}"
    below, previous = "", None
    if token := call.query.get("Token"):
        place = call.store.position("document", token)
        if place is None:
            raise bad_request("token: is not valid")
        before = call.store.rows(
            f"SELECT sid FROM {table} AND position > ? ORDER BY position LIMIT ?",  # noqa: S608
            [*parameters, place, int(size)],
        )
        previous = before[-1][0] if before else None
        below, parameters = " AND position <= ?", [*parameters, place]
    rows = call.store.rows(
        f"SELECT sid, body FROM {table}{below} ORDER BY position DESC LIMIT ?",  # noqa: S608
        [*parameters, int(size) + 1],
    )
    found = [msgspec.json.decode(body, type=PortIn) for _, body in rows[: int(size)]]
    return ok(
        {
            "meta": {
                "next_token": rows[-1][0] if len(rows) > int(size) else None,
                "previous_token": previous,
            },
            "port_in_requests": [_row(call.store, one) for one in found],
        }
    )


def _conditions(call: Call) -> tuple[str, list[object]]:
    """A status however it is spelled, sids with commas between them, and days it was filed on."""
    query = call.query
    sql, parameters = "", [call.account.sid]
    if status := re.sub(r"[\s-]+", "_", query.get("PortInRequestStatus", "").strip().lower()):
        sql += " AND json_extract(body, '$.status') = ?"
        parameters.append(status)
    if sids := [sid for sid in query.get("PortInRequestSid", "").split(",") if sid]:
        sql += f" AND sid IN ({', '.join('?' * len(sids))})"
        parameters += sids
    for name, operator in (("CreatedAfter", ">="), ("CreatedBefore", "<")):
        if text := query.get(name):
            try:
                moment = iso8601(seconds_of(text))
            except ValueError:
                raise bad_request(f"{name[0].lower()}{name[1:]}: must be a date") from None
            sql += f" AND json_extract(body, '$.date_created') {operator} ?"
            parameters.append(moment)
    return sql, list(parameters)


def _row(store: Store, port_in: PortIn) -> dict[str, Any]:
    requested, ported = store.row(
        "SELECT count(*), total(json_extract(body, '$.status') = ?) FROM document"
        " WHERE parent = ? AND kind = 'port_in_number'",
        (COMPLETED, port_in.sid),
    )
    return {
        "port_in_request_sid": port_in.sid,
        "port_in_request_status": words(port_in.status),
        "status_last_updated_timestamp": port_in.date_updated,
        "phone_numbers_requested": requested,
        "phone_numbers_ported": int(ported),
        "suggested_action": SUGGESTIONS.get(port_in.status),
    }


ROUTES = (
    Route("POST", NUMBERS, PORT_IN, create_port_in),
    Route("GET", NUMBERS, PORT_IN + "/PortInRequests", list_port_ins),
    Route("GET", NUMBERS, PORT_IN + "/{PortInRequestSid}", fetch_port_in),
    Route("DELETE", NUMBERS, PORT_IN + "/{PortInRequestSid}", cancel_port_in),
    Route("GET", NUMBERS, PORT_IN + "/{PortInRequestSid}/PhoneNumber/{PhoneNumberSid}", fetch_number),
    Route("DELETE", NUMBERS, PORT_IN + "/{PortInRequestSid}/PhoneNumber/{PhoneNumberSid}", cancel_number),
)
