"""Eligibility (doc page 10): single checks, answered at once, and bulk ones, answered later.

Values are in upper case, as all the page's examples have them; its table has them in kebab case. A number
that is none is a result like any other; one that is missing is refused.
"""

import re
from typing import Any

import msgspec

from portal.sandbox import elsewhere
from portal.sandbox.access import check_access
from portal.sandbox.call import NUMBERS, Call, Route
from portal.sandbox.clock import iso8601
from portal.sandbox.errors import refusal
from portal.sandbox.friendly import E164
from portal.sandbox.hosting import settings
from portal.sandbox.hosting.resources import COMPLETED, FAILED, BulkEligibility, HostedOrder
from portal.sandbox.lists import fetch
from portal.sandbox.porting.portability import is_first_check
from portal.sandbox.resources import Account, Number
from portal.sandbox.store import Store
from portal.sandbox.wire import Answer, decode, encode, ok

PATH = "/v1/HostedNumber/Eligibility"
MOST = 1000
MAX_NAME = 128
RETIREMENT = 3 * 86_400  # pages 1, 11: how long a released hosted number stays known
EDIT = "EDIT_INELIGIBLE_NUMBER_AND_RUN_ELIGIBILITY_CHECK_AGAIN"
UPDATE = "UPDATE_HOSTING_ACCOUNT_SID"
IN_TWILIO = "ALREADY_IN_TWILIO"
ALPHA_3 = {"US": "USA", "CA": "CAN"}
Finding = tuple[str, str, str]
ELIGIBLE: Finding = ("ELIGIBLE", "None", "CREATE_HOSTED_NUMBER_ORDER")


def check_one(call: Call) -> Answer:
    """One number. An eligible toll-free one is `TOLLFREE` and in `USA`, as in the page's example."""
    check_access(call, "hosting")
    body = read_json(call)
    if "friendly_name" in body:
        _check_name(body["friendly_name"])
    ((number, account),) = read_wanted(call, body, most=1)
    result = check(call.store, number, account, call.account, call.now)
    result["phone_number_type"] = result["phone_number_type"].replace("_", "")
    if result["eligibility_status"] == "ELIGIBLE":
        result["iso_country_code"] = ALPHA_3[result["iso_country_code"]]
    return ok({"results": [result]})


def create_bulk(call: Call) -> Answer:
    check_access(call, "hosting")
    body = read_json(call)
    if body.get("friendly_name") is None:
        raise refusal(22127)
    bulk = BulkEligibility(
        sid=call.new_sid("EC"),
        account_sid=call.account.sid,
        friendly_name=_check_name(body["friendly_name"]),
        wanted=read_wanted(call, body, most=MOST),
        date_created=call.moment,
        date_updated=call.moment,
    )
    call.store.add(bulk)
    pause = settings.read(call.store).bulk
    call.schedule(pause, "begin_bulk_eligibility", bulk.sid)
    call.schedule(2 * pause, "end_bulk_eligibility", bulk.sid)
    return Answer(202, encode(_show_bulk(bulk)))


def fetch_bulk(call: Call) -> Answer:
    check_access(call, "hosting")
    return ok(_show_bulk(fetch(call, BulkEligibility, call.params["RequestId"])))


def _show_bulk(bulk: BulkEligibility) -> dict[str, Any]:
    return {
        "status": bulk.status,
        "date_completed": bulk.date_completed,
        "url": f"https://{NUMBERS}{PATH}/Bulk/{bulk.sid}",
        "friendly_name": bulk.friendly_name,
        "results": bulk.results,
        "request_id": bulk.sid,
        "date_created": bulk.date_created,
    }


def read_json(call: Call) -> dict[str, Any]:
    try:
        body = decode(call.request.body)
    except msgspec.DecodeError:
        raise refusal(20422, "Malformed JSON request") from None
    if not isinstance(body, dict):
        raise refusal(20422, "Malformed JSON request")
    return body


def _check_name(name: object) -> str:
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME:
        raise refusal(22116)
    return name


def read_wanted(call: Call, body: dict[str, Any], *, most: int) -> list[tuple[str, str]]:
    """The numbers of a request, each with the account to host it. Refused as the page says."""
    given = body.get("phone_numbers")
    if not isinstance(given, list) or not given:
        raise refusal(22124)
    if len(given) > most:
        words = "one" if most == 1 else most
        raise refusal(22125, f"Number of phone numbers cannot exceed {words}")
    wanted = []
    for one in given:
        values = one if isinstance(one, dict) else {"phone_number": one}
        number, account = values.get("phone_number"), values.get("hosting_account_sid")
        if not number:
            raise refusal(22102, "Phone Number is required")
        if account and not re.fullmatch("AC[0-9a-fA-F]{32}", str(account)):
            raise refusal(21470, "Invalid Account SID")
        wanted.append((str(number), str(account or call.account.sid)))
    return wanted


def check(store: Store, number: str, account: str, caller: Account, now: int) -> dict[str, Any]:
    """One result, with the keys of the page and those that only the specification's example has."""
    order = open_order(store, number)
    status, reason, step = _find(store, number, account, caller, now, order)
    held = _holding(store, number)
    is_known = elsewhere.is_number(number)
    return {
        "phone_number": number,
        "hosting_account_sid": account,
        "eligibility_status": "ELIGIBLE" if status == "ELIGIBLE" else "INELIGIBLE",
        "eligibility_sub_status": status,
        "ineligibility_reason": reason,
        "next_step": step,
        "phone_number_type": elsewhere.type_of(number).replace("-", "_") if is_known else "UNKNOWN",
        "iso_country_code": elsewhere.country_of(number) if is_known else None,
        "voice_provider": None,
        "messaging_provider": None,
        "hosting_order_sid": order.sid if order else None,
        "hosting_order_status": order.status if order else None,
        "inventory_status": held.status if held else None,
        "inventory_account_sid": held.account_sid if held else None,
    }


def _find(
    store: Store, number: str, account: str, caller: Account, now: int, order: HostedOrder | None
) -> Finding:
    if not E164.fullmatch(number):
        return "NUMBER_FORMAT_INELIGIBLE", "NUMBER_FORMAT_INELIGIBLE", EDIT
    country = elsewhere.country_of(number)
    if country is None:
        return "INVALID_PHONE_NUMBER", "INVALID_PHONE_NUMBER", EDIT
    host = store.find(Account, account)
    if host is None:
        return "INVALID_HOSTING_ACCOUNT_SID", "HOSTING_ACCOUNT_SID_DOES_NOT_EXIST", UPDATE
    if caller.sid not in (host.sid, host.owner_account_sid):
        return "INVALID_HOSTING_ACCOUNT_SID", "HOSTING_ACCOUNT_SID_DOES_NOT_BELONG_TO_YOUR_ACCOUNT", UPDATE
    if country not in elsewhere.HOSTED_COUNTRIES:
        return "COUNTRY_INELIGIBLE", "COUNTRY_NOT_SUPPORTED", "NONE"
    if order:
        return IN_TWILIO, "ALREADY_IN_TWILIO_AND_IN_HOSTING_PROCESS", "MANAGE_HOSTING_ORDER"
    if held := _holding(store, number):
        return _in_twilio(store, held, host)
    if _is_retiring(store, number, now):
        return elsewhere.UNHOSTABLE[21]
    if elsewhere.type_of(number) == elsewhere.MOBILE:
        return "NUMBER_TYPE_INELIGIBLE", "NUMBER_TYPE_INELIGIBLE", "NUMBER_TYPE_CANNOT_BE_HOSTED"
    ending = elsewhere.ending_of(number)
    if ending in elsewhere.FLAKY_CHECK and not is_first_check(store, f"hosting:{number}"):
        return ELIGIBLE
    return elsewhere.UNHOSTABLE.get(ending if ending is not None else -1, ELIGIBLE)


def _in_twilio(store: Store, held: Number, host: Account) -> Finding:
    owner = store.find(Account, held.account_sid)
    if owner is None or owner.owner_account_sid != host.owner_account_sid:
        return elsewhere.UNHOSTABLE[23]
    if held.origin == "hosted":
        return elsewhere.UNHOSTABLE[28]
    if held.capabilities.sms:
        return IN_TWILIO, "ALREADY_IN_TWILIO_FOR_BOTH_CAPABILITIES", "NONE"
    return elsewhere.UNHOSTABLE[22]


def _holding(store: Store, number: str) -> Number | None:
    body = store.value("SELECT body FROM number WHERE phone_number = ?", (number,))
    return msgspec.json.decode(body, type=Number) if body is not None else None


def orders_for(store: Store, number: str) -> list[HostedOrder]:
    bodies = store.rows(
        "SELECT body FROM document WHERE kind = 'hosted_order' AND json_extract(body, '$.phone_number') = ?",
        (number,),
    )
    return [msgspec.json.decode(body, type=HostedOrder) for (body,) in bodies]


def open_order(store: Store, number: str) -> HostedOrder | None:
    """The order that is under way for a number."""
    orders = orders_for(store, number)
    return next((one for one in orders if one.status not in (COMPLETED, FAILED)), None)


def _is_retiring(store: Store, number: str, now: int) -> bool:
    return any(one.released_at and now < one.released_at + RETIREMENT for one in orders_for(store, number))


def _begin(store: Store, at: int, sid: str, _: str) -> None:
    """Half of the results are there while the request is processed, as in the page's example."""
    _check_numbers(store, at, sid, is_over=False)


def _end(store: Store, at: int, sid: str, _: str) -> None:
    _check_numbers(store, at, sid, is_over=True)


def _check_numbers(store: Store, at: int, sid: str, *, is_over: bool) -> None:
    bulk = store.find(BulkEligibility, sid)
    caller = store.find(Account, bulk.account_sid) if bulk else None
    if bulk is None or caller is None:
        return
    end = len(bulk.wanted) if is_over else len(bulk.wanted) // 2
    todo = bulk.wanted[len(bulk.results) : end]
    bulk.results += [check(store, number, account, caller, at) for number, account in todo]
    bulk.status = "SUCCESSFUL" if is_over else "PROCESSING"
    bulk.date_completed = iso8601(at) if is_over else None
    bulk.touch(at)
    store.save(bulk)


ACTIONS = {"begin_bulk_eligibility": _begin, "end_bulk_eligibility": _end}
ROUTES = (
    Route("POST", NUMBERS, PATH, check_one),
    Route("POST", NUMBERS, PATH + "/Bulk", create_bulk),
    Route("GET", NUMBERS, PATH + "/Bulk/{RequestId}", fetch_bulk),
)
