"""Porting webhooks (doc page 17): their configuration, and what they say.

The parent has the events of all its subaccounts sent to it; a subaccount with a configuration of its own gets
its own events there as well (inferred from "tied to the account used to create the request or its parent").
They are signed by the account whose configuration it is. Event names are filtered by and never sent. Only an
HTTP 200 will do; everything else is retried.
"""

from typing import Any

import msgspec

from portal.sandbox import callbacks
from portal.sandbox.access import check_access
from portal.sandbox.call import NUMBERS, Call, Route
from portal.sandbox.clock import iso8601
from portal.sandbox.errors import ApiError
from portal.sandbox.porting.resources import (
    BASE,
    CANCELED,
    COMPLETED,
    EXPIRED,
    IN_PROGRESS,
    NOT_PORTABLE,
    PATH,
    PENDING,
    REJECTED,
    REJECTIONS,
    SUBMITTED,
    WAITING,
    PortIn,
    PortInNumber,
    WebhookConfiguration,
)
from portal.sandbox.resources import Account, make_sid
from portal.sandbox.settings import read_url
from portal.sandbox.store import Store
from portal.sandbox.wire import DELETED, Answer, created, decode, ok

CONFIGURATION = PATH + "/Configuration/Webhook"
OF_REQUESTS = {
    WAITING: "PortInWaitingForSignature",
    IN_PROGRESS: "PortInInProgress",
    COMPLETED: "PortInCompleted",
    "action_required": "PortInActionRequired",
    CANCELED: "PortInCanceled",
    EXPIRED: "PortInExpired",
}
OF_NUMBERS = {
    WAITING: "PortInPhoneNumberWaitingForSignature",
    SUBMITTED: "PortInPhoneNumberSubmitted",
    PENDING: "PortInPhoneNumberPending",
    COMPLETED: "PortInPhoneNumberCompleted",
    REJECTED: "PortInPhoneNumberRejected",
    CANCELED: "PortInPhoneNumberCanceled",
}
EVENTS = (*OF_REQUESTS.values(), *OF_NUMBERS.values(), "PortOutPhoneNumberCompleted")
CACHED = 180  # "a few minutes": a deleted configuration is used so long (seconds)


def bad_request(message: str) -> ApiError:
    """How porting refuses what it cannot read: with the code 400, which is none of Twilio's (doc page 15)."""
    return ApiError(400, message, 400)


def read_json(call: Call) -> dict[str, Any]:
    try:
        body = decode(call.request.body)
    except msgspec.DecodeError:
        raise bad_request("Malformed JSON request") from None
    if not isinstance(body, dict):
        raise bad_request("Malformed JSON request")
    return body


def fetch_configuration(call: Call) -> Answer:
    """All null where there is none (inferred: every key of the specification is nullable)."""
    check_access(call, "porting")
    found = find_configuration(call.store, call.account.sid)
    return ok(
        {
            **_shown(found),
            "port_in_target_date_created": found.port_in_target_date_created if found else None,
            "port_out_target_date_created": found.port_out_target_date_created if found else None,
        }
    )


def configure(call: Call) -> Answer:
    """Overwrite the account's configuration, what is not named included. An event there is not: 400."""
    check_access(call, "porting")
    body = read_json(call)
    urls = [body.get(f"port_{way}_target_url") or None for way in ("in", "out")]
    if not any(urls):
        raise bad_request("portInTargetUrl: must not be null")
    for url in urls:
        if url is not None:
            read_url(str(url))
    wanted = body.get("notifications_of") or []
    if not isinstance(wanted, list) or not set(map(str, wanted)) <= set(EVENTS):
        raise bad_request("notificationsOf: contains an unknown notification event")
    found = find_configuration(call.store, call.account.sid)
    configuration = WebhookConfiguration(
        sid=make_sid("WC", call.account.sid),
        account_sid=call.account.sid,
        port_in_target_url=urls[0],
        port_out_target_url=urls[1],
        notifications_of=list(dict.fromkeys(map(str, wanted))),
        port_in_target_date_created=call.moment if urls[0] else None,
        port_out_target_date_created=call.moment if urls[1] else None,
        date_created=call.moment,
        date_updated=call.moment,
    )
    (call.store.save if found else call.store.add)(configuration)
    return created(_shown(configuration))


def delete_configuration(call: Call) -> Answer:
    """Forget one of the two URLs. The one for porting in is called for some minutes more."""
    check_access(call, "porting")
    found = find_configuration(call.store, call.account.sid)
    kind = call.params["WebhookType"]
    if kind not in ("PORT_IN", "PORT_OUT"):
        raise bad_request("webhookType: must be PORT_IN or PORT_OUT")
    if found is None:
        raise call.absent()
    if kind == "PORT_IN":
        if not found.port_in_target_url:
            raise call.absent()
        found.deleted_url, found.cached_until = found.port_in_target_url, call.now + CACHED
        found.port_in_target_url = found.port_in_target_date_created = None
    else:
        found.port_out_target_url = found.port_out_target_date_created = None
    call.store.save(found)
    return DELETED


def find_configuration(store: Store, account: str) -> WebhookConfiguration | None:
    return store.find(WebhookConfiguration, make_sid("WC", account))


def _shown(found: WebhookConfiguration | None) -> dict[str, Any]:
    return {
        "url": f"{BASE}/Configuration/Webhook",
        "port_in_target_url": found.port_in_target_url if found else None,
        "port_out_target_url": found.port_out_target_url if found else None,
        "notifications_of": found.notifications_of if found else [],
    }


def tell_of_request(store: Store, port_in: PortIn, now: int) -> None:
    event = OF_REQUESTS.get(port_in.status)
    if event:
        body = dict.fromkeys(("port_in_phone_number_sid", "phone_number", "portable"))
        _send(store, port_in.account_sid, port_in.sid, event, now, {"status": port_in.status, **body})


def tell_of_number(store: Store, number: PortInNumber, now: int) -> None:
    event = OF_NUMBERS.get(number.status)
    if event is None:
        return
    body = {
        "port_in_phone_number_sid": number.sid,
        "phone_number": number.phone_number,
        "status": number.status,
        "portable": str(number.portable).lower(),
        "not_portable_reason_code": number.not_portable_code,
        "not_portable_reason": NOT_PORTABLE.get(number.not_portable_code or 0),
        "rejection_reason": REJECTIONS.get(number.rejection_code or 0),
        "rejection_reason_code": number.rejection_code,
    }
    _send(store, number.account_sid, number.port_in_sid, event, now, body)


def _send(store: Store, account: str, port_in: str, event: str, now: int, body: dict[str, Any]) -> None:
    whole = {
        "port_in_request_sid": port_in,
        "port_in_phone_number_sid": None,
        "last_date_updated": _date(store, now),
        "phone_number": None,
        "status": None,
        "portable": None,
        "not_portable_reason_code": None,
        "not_portable_reason": None,
        "rejection_reason": None,
        "rejection_reason_code": None,
        **body,
    }
    for configuration in _configurations(store, account):
        wanted = configuration.notifications_of
        url = configuration.port_in_target_url
        if url is None and now < configuration.cached_until:
            url = configuration.deleted_url
        if url and (not wanted or event in wanted):
            callbacks.enqueue(
                store,
                now,
                configuration.account_sid,
                port_in,
                url,
                whole,
                kind="json",
                retries=callbacks.RETRIES,
            )


def _configurations(store: Store, account: str) -> list[WebhookConfiguration]:
    """The parent's, and the account's own if it is a subaccount."""
    owner = store.find(Account, account)
    sids = dict.fromkeys([owner.owner_account_sid if owner else account, account])
    return [found for sid in sids if (found := find_configuration(store, sid))]


def _date(store: Store, now: int) -> str:
    """`2024-01-25 00:00:00.000`: no zone, thousandths; on the page its hyphens do not break."""
    moment = iso8601(now)
    day = moment[:10]
    if callbacks.read_settings(store).page_hyphens:
        day = day.replace("-", "\N{NON-BREAKING HYPHEN}")
    return f"{day} {moment[11:19]}.000"


ROUTES = (
    Route("GET", NUMBERS, CONFIGURATION, fetch_configuration),
    Route("POST", NUMBERS, CONFIGURATION, configure),
    Route("DELETE", NUMBERS, CONFIGURATION + "/{WebhookType}", delete_configuration),
)
