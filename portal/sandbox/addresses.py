"""Addresses, and the numbers that depend on one."""

from portal.sandbox import paging
from portal.sandbox.call import API, Call, Route
from portal.sandbox.documents import fetch_document, list_documents
from portal.sandbox.resources import Address
from portal.sandbox.store import Row
from portal.sandbox.wire import Answer, decode, encode, ok

ADDRESSES = "/2010-04-01/Accounts/{AccountSid}/Addresses"
DEPENDENT_KEYS = (
    "sid",
    "account_sid",
    "friendly_name",
    "phone_number",
    "voice_url",
    "voice_method",
    "voice_fallback_url",
    "voice_fallback_method",
    "voice_caller_id_lookup",
    "date_created",
    "date_updated",
    "sms_url",
    "sms_method",
    "sms_fallback_url",
    "sms_fallback_method",
    "address_requirements",
    "capabilities",
    "status_callback",
    "status_callback_method",
    "api_version",
    "voice_application_sid",
    "sms_application_sid",
    "trunk_sid",
    "emergency_status",
    "emergency_address_sid",
    "uri",
)


def list_addresses(call: Call) -> Answer:
    filters = {
        "customer_name": call.query.get("CustomerName") or None,
        "friendly_name": call.query.get("FriendlyName") or None,
        "iso_country": call.query.get("IsoCountry", "").upper() or None,
        "emergency_enabled": call.flag("EmergencyEnabled", call.query),
    }
    return list_documents(call, Address, "addresses", filters)


def fetch_address(call: Call) -> Answer:
    return ok(fetch_document(call, Address))


def list_dependents(call: Call) -> Answer:
    """Numbers that cite the address, for regulation or for emergencies; `Voice`, `SMS`, `MMS` in capitals."""
    address = fetch_document(call, Address, call.params["AddressSid"])
    window = paging.read_window(call.request.query, lambda sid: call.store.position("number", sid))
    end, bounds = window.clause()
    rows: list[Row] = call.store.rows(
        f"SELECT position, sid, body FROM number WHERE (address = ? OR emergency_address = ?){end}",  # noqa: S608
        [address.sid, address.sid, *bounds],
    )
    rows = [(position, sid, _dependent(body)) for position, sid, body in rows]
    return paging.v2010_list(call.request, "dependent_phone_numbers", paging.cut_page(window, rows))


def _dependent(body: bytes) -> bytes:
    number = decode(body)
    able = number["capabilities"]
    number["capabilities"] = {"Voice": able["voice"], "SMS": able["sms"], "MMS": able["mms"]}
    return encode({key: number[key] for key in DEPENDENT_KEYS})


ROUTES = (
    Route("GET", API, ADDRESSES + ".json", list_addresses),
    Route("GET", API, ADDRESSES + "/{Sid}.json", fetch_address),
    Route("GET", API, ADDRESSES + "/{AddressSid}/DependentPhoneNumbers.json", list_dependents),
)
