"""Calls, to be read: who called whom when, and for how long."""

from typing import Any

from portal.sandbox import paging
from portal.sandbox.call import API, Call, Route
from portal.sandbox.clock import rfc2822
from portal.sandbox.dates import date_conditions
from portal.sandbox.friendly import format_number
from portal.sandbox.store import Row
from portal.sandbox.wire import Answer, encode

CALLS = "/2010-04-01/Accounts/{AccountSid}/Calls"
COLUMNS = "position, sid, account, sender, recipient, at, seconds, direction, status, number_sid"
SUBRESOURCES = {
    "notifications": "Notifications",
    "recordings": "Recordings",
    "payments": "Payments",
    "events": "Events",
    "siprec": "Siprec",
    "streams": "Streams",
    "transcriptions": "Transcriptions",
    "user_defined_message_subscriptions": "UserDefinedMessageSubscriptions",
    "user_defined_messages": "UserDefinedMessages",
}


def list_calls(call: Call) -> Answer:
    window = paging.read_window(call.request.query, lambda sid: call.store.position("call", sid))
    sql, parameters = date_conditions(call.query, "StartTime", "at", includes_end=False)
    ended, more = date_conditions(call.query, "EndTime", "(at + seconds)", includes_end=False)
    sql, parameters = sql + ended, [*parameters, *more]
    for parameter, column in (("From", "sender"), ("To", "recipient"), ("Status", "status")):
        if value := call.query.get(parameter):
            sql += f" AND {column} = ?"
            parameters.append(value)
    if call.query.get("ParentCallSid"):
        sql += " AND 0"
    end, bounds = window.clause()
    rows = call.store.rows(
        f"SELECT {COLUMNS} FROM call WHERE account = ?{sql}{end}",  # noqa: S608
        [call.account.sid, *parameters, *bounds],
    )
    listed: list[Row] = [(row[0], row[1], render(row)) for row in rows]
    return paging.v2010_list(call.request, "calls", paging.cut_page(window, listed))


def fetch_call(call: Call) -> Answer:
    row = call.store.row(
        f"SELECT {COLUMNS} FROM call WHERE sid = ? AND account = ?",  # noqa: S608
        (call.params["Sid"], call.account.sid),
    )
    if row is None:
        raise call.absent()
    return Answer(200, render(row))


def render(row: Any) -> bytes:
    """A call as JSON; `row` has the columns of COLUMNS. A call nobody answered has no duration."""
    _, sid, account, sender, recipient, at, seconds, direction, status, number_sid = row
    is_completed = status == "completed"
    uri = f"/2010-04-01/Accounts/{account}/Calls/{sid}"
    return encode(
        {
            "account_sid": account,
            "answered_by": None,
            "api_version": "2010-04-01",
            "caller_name": None,
            "date_created": rfc2822(at),
            "date_updated": rfc2822(at + seconds),
            "direction": direction,
            "duration": str(seconds) if is_completed else None,
            "end_time": rfc2822(at + seconds),
            "forwarded_from": None,
            "from": sender,
            "from_formatted": format_number(sender),
            "group_sid": None,
            "parent_call_sid": None,
            "phone_number_sid": number_sid,
            "price": f"-{0.0085 * (1 + seconds // 60):.4f}" if is_completed else None,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": sid,
            "start_time": rfc2822(at),
            "status": status,
            "subresource_uris": {name: f"{uri}/{path}.json" for name, path in SUBRESOURCES.items()},
            "to": recipient,
            "to_formatted": format_number(recipient),
            "trunk_sid": None,
            "uri": f"{uri}.json",
        }
    )


ROUTES = (
    Route("GET", API, CALLS + ".json", list_calls),
    Route("GET", API, CALLS + "/{Sid}.json", fetch_call),
)
