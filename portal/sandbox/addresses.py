"""Addresses, and the numbers that depend on one."""

import re

from portal.sandbox import paging
from portal.sandbox.call import API, Call, Route
from portal.sandbox.dataset.plan import EMERGENCY_COUNTRIES
from portal.sandbox.documents import fetch_document, list_documents
from portal.sandbox.errors import refusal
from portal.sandbox.postal import POSTAL_CODES, PostalAddress, validate
from portal.sandbox.resources import Address
from portal.sandbox.settings import read_name, snake
from portal.sandbox.store import Row
from portal.sandbox.wire import DELETED, Answer, created, decode, encode, ok

ADDRESSES = "/2010-04-01/Accounts/{AccountSid}/Addresses"
REQUIRED = ("CustomerName", "Street", "City", "Region", "PostalCode", "IsoCountry")
MAX_NAME = 64
MAX_EMERGENCY_NAME = 32
MAX_CUSTOMER_NAME_BYTES = 64  # "16 4-byte characters, or 21 3-byte characters"
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


def create_address(call: Call) -> Answer:
    """All of REQUIRED must be there (21628); `AutoCorrectAddress` is true unless it says otherwise."""
    missing = next((name for name in REQUIRED if not call.form.get(name, "").strip()), None)
    if missing:
        raise refusal(21628, f"Address Validation Error: {missing} is required")
    country = call.form["IsoCountry"].strip().upper()
    if not re.fullmatch("[A-Z]{2}", country):
        raise refusal(21628, "Address Validation Error: IsoCountry is not a country code")
    address = Address(
        sid=call.new_sid("AD"),
        account_sid=call.account.sid,
        customer_name=call.form["CustomerName"],
        street=call.form["Street"],
        city=call.form["City"],
        region=call.form["Region"],
        postal_code=call.form["PostalCode"],
        iso_country=country,
        date_created=call.date,
        date_updated=call.date,
    )
    _write(call, address)
    call.store.add(address)
    return created(address)


def fetch_address(call: Call) -> Answer:
    return ok(fetch_document(call, Address))


def update_address(call: Call) -> Answer:
    """Change an address; one that a verified document rests on keeps all but its name (21630)."""
    address = fetch_document(call, Address)
    if address.verified and set(call.form) - {"FriendlyName", "AutoCorrectAddress"}:
        raise refusal(21630)
    for parameter in REQUIRED:
        if parameter in call.form and parameter != "IsoCountry":
            if not call.form[parameter].strip():
                raise refusal(21628, f"Address Validation Error: {parameter} is required")
            setattr(address, snake(parameter), call.form[parameter])
    _write(call, address)
    address.touch(call.now)
    call.store.save(address)
    return ok(address)


def _write(call: Call, address: Address) -> None:
    """Set what both requests may set, then check the whole."""
    enabled = call.flag("EmergencyEnabled", call.form)
    if enabled is not None:
        address.emergency_enabled = enabled
    if address.emergency_enabled and address.iso_country not in EMERGENCY_COUNTRIES:
        raise refusal(21628, "Address Validation Error: emergency calling is not available in this country")
    most = MAX_EMERGENCY_NAME if address.emergency_enabled else MAX_NAME
    if "FriendlyName" in call.form:
        address.friendly_name = read_name(call.form["FriendlyName"], most) or None
    if "StreetSecondary" in call.form:
        address.street_secondary = call.form["StreetSecondary"] or None
    if len(address.customer_name.encode()) > MAX_CUSTOMER_NAME_BYTES:
        raise refusal(21628, "Address Validation Error: CustomerName is too long")
    given = PostalAddress(address.street, address.city, address.region, address.postal_code)
    may_correct = call.flag("AutoCorrectAddress", call.form) is not False
    correct = validate(given, address.iso_country)
    if correct != given and not may_correct:
        raise refusal(21629, _suggestion(address, correct))
    address.street, address.city = correct.street, correct.city
    address.region, address.postal_code = correct.region, correct.postal_code
    address.validated = address.iso_country in POSTAL_CODES


def _suggestion(address: Address, correct: PostalAddress) -> str:
    """Twilio's words for 21629, personal data and all (Emergency Calling for SIP Interfaces API)."""
    return (
        "Failed to validate address. Check the suggested address. | "
        f"FriendlyName: {address.friendly_name or ''}, CustomerName: {address.customer_name}, "
        f"Street: {correct.street}, Locality: {correct.city}, Region: {correct.region}, "
        f"PostalCode: {correct.postal_code}, IsoCountry: {address.iso_country}"
    )


def delete_address(call: Call) -> Answer:
    """Refused (409 20409) while a number cites the address."""
    address = fetch_document(call, Address)
    if call.store.row("SELECT 1 FROM number WHERE address = ?1 OR emergency_address = ?1", (address.sid,)):
        raise refusal(20409, "The address is associated with a phone number")
    if address.verified:
        raise refusal(21630)
    call.store.remove(address)
    return DELETED


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
    Route("POST", API, ADDRESSES + ".json", create_address),
    Route("GET", API, ADDRESSES + "/{Sid}.json", fetch_address),
    Route("POST", API, ADDRESSES + "/{Sid}.json", update_address),
    Route("DELETE", API, ADDRESSES + "/{Sid}.json", delete_address),
    Route("GET", API, ADDRESSES + "/{AddressSid}/DependentPhoneNumbers.json", list_dependents),
)
