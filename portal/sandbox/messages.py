"""Messages, to be read: who sent what when. Sending is not the sandbox's business."""

from typing import Any

from portal.sandbox import paging
from portal.sandbox.call import API, Call, Route
from portal.sandbox.clock import rfc2822
from portal.sandbox.dates import date_conditions
from portal.sandbox.store import Row
from portal.sandbox.wire import Answer, encode

MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages"
COLUMNS = "position, sid, account, sender, recipient, at, direction, status, body"
SEGMENT = 153
UNREACHABLE = (30003, "Unreachable destination handset")


def list_messages(call: Call) -> Answer:
    window = paging.read_window(call.request.query, lambda sid: call.store.position("message", sid))
    sql, parameters = date_conditions(call.query, "DateSent", "at", includes_end=True)
    for parameter, column in (("From", "sender"), ("To", "recipient")):
        if value := call.query.get(parameter):
            sql += f" AND {column} = ?"
            parameters.append(value)
    end, bounds = window.clause()
    rows = call.store.rows(
        f"SELECT {COLUMNS} FROM message WHERE account = ?{sql}{end}",  # noqa: S608
        [call.account.sid, *parameters, *bounds],
    )
    listed: list[Row] = [(row[0], row[1], render(row)) for row in rows]
    return paging.v2010_list(call.request, "messages", paging.cut_page(window, listed))


def fetch_message(call: Call) -> Answer:
    row = call.store.row(
        f"SELECT {COLUMNS} FROM message WHERE sid = ? AND account = ?",  # noqa: S608
        (call.params["Sid"], call.account.sid),
    )
    if row is None:
        raise call.absent()
    return Answer(200, render(row))


def render(row: Any) -> bytes:
    """A message as JSON; `row` has the columns of COLUMNS."""
    _, sid, account, sender, recipient, at, direction, status, body = row
    error_code, error_message = UNREACHABLE if status == "undelivered" else (None, None)
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    return encode(
        {
            "account_sid": account,
            "api_version": "2010-04-01",
            "body": body,
            "date_created": rfc2822(at),
            "date_sent": rfc2822(at),
            "date_updated": rfc2822(at + 2),
            "direction": direction,
            "error_code": error_code,
            "error_message": error_message,
            "from": sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": str(1 + len(body) // SEGMENT),
            "price": "-0.00790",
            "price_unit": "USD",
            "sid": sid,
            "status": status,
            "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
            "to": recipient,
            "uri": f"{uri}.json",
        }
    )


ROUTES = (
    Route("GET", API, MESSAGES + ".json", list_messages),
    Route("GET", API, MESSAGES + "/{Sid}.json", fetch_message),
)
