"""OutgoingCallerIds: numbers the account may show without owning them, once a call has verified them."""

from portal.sandbox.call import API, Call, Route
from portal.sandbox.documents import fetch_document, list_documents
from portal.sandbox.errors import ApiError, refusal
from portal.sandbox.friendly import E164, format_number
from portal.sandbox.resources import CallerId
from portal.sandbox.settings import read_name, read_url
from portal.sandbox.wire import DELETED, Answer, encode, ok

CALLER_IDS = "/2010-04-01/Accounts/{AccountSid}/OutgoingCallerIds"
MAX_DELAY = 60
# How long the call takes that asks for the code; the sandbox answers it by itself.
CALL_SECONDS = 30


def list_caller_ids(call: Call) -> Answer:
    filters = {
        "phone_number": call.query.get("PhoneNumber") or None,
        "friendly_name": call.query.get("FriendlyName") or None,
    }
    return list_documents(call, CallerId, "outgoing_caller_ids", filters)


def request_validation(call: Call) -> Answer:
    """Start the verification call (200, not 201). The number becomes a caller id when it is over."""
    phone_number = call.form.get("PhoneNumber", "").strip()
    if not E164.fullmatch(phone_number):
        raise refusal(21401)
    account = call.account.sid
    if call.store.row("SELECT 1 FROM number WHERE phone_number = ? AND account = ?", (phone_number, account)):
        raise refusal(21449)
    if any(known.phone_number == phone_number for known in _of_account(call)):
        raise refusal(21450)
    delay = call.form.get("CallDelay", "") or "0"
    if not delay.isdigit() or int(delay) > MAX_DELAY:
        raise refusal(21454)
    if callback := call.form.get("StatusCallback"):
        try:
            read_url(callback)
        except ApiError:
            raise refusal(21456) from None
    sid = call.new_sid("PN")
    caller_id = CallerId(
        sid=sid,
        account_sid=account,
        friendly_name=read_name(call.form.get("FriendlyName", "")) or format_number(phone_number),
        phone_number=phone_number,
        date_created=call.date,
        date_updated=call.date,
    )
    call.schedule(int(delay) + CALL_SECONDS, "add_caller_id", sid, encode(caller_id).decode())
    return ok(
        {
            "account_sid": account,
            "call_sid": call.new_sid("CA"),
            "friendly_name": caller_id.friendly_name,
            "phone_number": phone_number,
            "validation_code": f"{int(sid[2:10], 16) % 1_000_000:06d}",
        }
    )


def _of_account(call: Call) -> list[CallerId]:
    return [caller_id for caller_id in call.store.all(CallerId) if caller_id.account_sid == call.account.sid]


def fetch_caller_id(call: Call) -> Answer:
    return ok(fetch_document(call, CallerId))


def update_caller_id(call: Call) -> Answer:
    caller_id = fetch_document(call, CallerId)
    if "FriendlyName" in call.form:
        name = read_name(call.form["FriendlyName"])
        caller_id.friendly_name = name or format_number(caller_id.phone_number)
        caller_id.touch(call.now)
        call.store.save(caller_id)
    return ok(caller_id)


def delete_caller_id(call: Call) -> Answer:
    call.store.remove(fetch_document(call, CallerId))
    return DELETED


ROUTES = (
    Route("GET", API, CALLER_IDS + ".json", list_caller_ids),
    Route("POST", API, CALLER_IDS + ".json", request_validation),
    Route("GET", API, CALLER_IDS + "/{Sid}.json", fetch_caller_id),
    Route("POST", API, CALLER_IDS + "/{Sid}.json", update_caller_id),
    Route("DELETE", API, CALLER_IDS + "/{Sid}.json", delete_caller_id),
)
