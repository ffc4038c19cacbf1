"""IncomingPhoneNumbers (doc page 23): lists, fetch and release; purchase and update are elsewhere."""

import re

from portal.sandbox import paging
from portal.sandbox.call import API, Call, Handler, Route
from portal.sandbox.errors import refusal
from portal.sandbox.hosting.progress import retire
from portal.sandbox.purchase import buy, buy_local, buy_mobile, buy_toll_free
from portal.sandbox.records import find_number, without_type
from portal.sandbox.stock import put_back
from portal.sandbox.store import Row
from portal.sandbox.update import update_number
from portal.sandbox.wire import DELETED, Answer, ok

NUMBERS = "/2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers"


def list_numbers(call: Call) -> Answer:
    return _list(call, None)


def _list(call: Call, only: str | None) -> Answer:
    """A page, newest first. Sub-lists hold one type of numbers."""
    window = paging.read_window(call.request.query, lambda sid: call.store.position("number", sid))
    sql, parameters = _conditions(call, only)
    end, bounds = window.clause()
    rows: list[Row] = call.store.rows(
        f"SELECT position, sid, body FROM number WHERE {sql}{end}",  # noqa: S608
        [*parameters, *bounds],
    )
    if only:
        rows = [(position, sid, without_type(body)) for position, sid, body in rows]
    return paging.v2010_list(call.request, "incoming_phone_numbers", paging.cut_page(window, rows))


def _conditions(call: Call, only: str | None) -> tuple[str, list[object]]:
    sql = "account = ?"
    parameters: list[object] = [call.account.sid]
    if only:
        sql += " AND type = ?"
        parameters.append(only)
    if wanted := call.query.get("PhoneNumber", "").strip():
        sql += " AND phone_number LIKE ?"
        parameters.append(_like(wanted))
    if name := call.query.get("FriendlyName"):
        sql += " AND friendly_name = ?"
        parameters.append(name)
    if origin := call.query.get("Origin"):
        sql += " AND origin = ?"
        parameters.append(origin)
    if call.flag("Beta", call.query) is False:
        sql += " AND beta = 0"
    return sql, parameters


def _like(wanted: str) -> str:
    """A part of a number, `*` standing for any digit; with its `+` it is the beginning."""
    if not re.fullmatch(r"\+?[\d*]+", wanted):
        raise refusal(21421, "Invalid Pattern Provided")
    return ("" if wanted.startswith("+") else "%") + wanted.replace("*", "_") + "%"


def _sub_list(only: str) -> Handler:
    def list_numbers_of_type(call: Call) -> Answer:
        return _list(call, only)

    return list_numbers_of_type


def fetch_number(call: Call) -> Answer:
    return ok(find_number(call))


def release_number(call: Call) -> Answer:
    """Give a number back; not while an emergency address is set or the number is being ported out.

    A hosted one is not Twilio's to sell: it goes back to being its carrier's alone.
    """
    number = find_number(call)
    if number.emergency_address_sid:
        message = "The emergency address of this phone number must be removed before it is released"
        raise refusal(20409, message)
    if number.status == "porting-out":
        raise refusal(22350)
    call.store.forget("number", number.sid)
    if number.origin == "hosted":
        retire(call.store, number, call.now)
    else:
        put_back(call.store, number.phone_number, call.now)
    return DELETED


ROUTES = (
    Route("GET", API, NUMBERS + ".json", list_numbers),
    Route("POST", API, NUMBERS + ".json", buy),
    Route("GET", API, NUMBERS + "/Local.json", _sub_list("local")),
    Route("POST", API, NUMBERS + "/Local.json", buy_local),
    Route("GET", API, NUMBERS + "/Mobile.json", _sub_list("mobile")),
    Route("POST", API, NUMBERS + "/Mobile.json", buy_mobile),
    Route("GET", API, NUMBERS + "/TollFree.json", _sub_list("tollfree")),
    Route("POST", API, NUMBERS + "/TollFree.json", buy_toll_free),
    Route("GET", API, NUMBERS + "/{Sid}.json", fetch_number),
    Route("POST", API, NUMBERS + "/{Sid}.json", update_number),
    Route("DELETE", API, NUMBERS + "/{Sid}.json", release_number),
)
