"""Porting's calls to Twilio: credentials and plain values in, snapshots out.

The Porting API of numbers.twilio.com/v1, pages 12 to 17 of the documentation, in public beta. Nothing that
creates is idempotent. A request says `port_in_request_sid` where other objects say `sid`, and its numbers
stand inside of it: both are made into snapshots here, with the sids that the mirror keys on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec

from portal.twilio import uploads
from portal.twilio.client import Call
from portal.twilio.errors import Unavailable
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_REQUEST, IN_A_TASK, Patience
from portal.twilio.plain import read_request_id, read_told, send
from portal.twilio.snapshots import Snapshot

_API = "https://numbers.twilio.com/v1/Porting"
_PAGE_SIZE = 100  # the most that the list takes
_MOST_PAGES = 1000
# Twilio looks into each of up to a thousand numbers before it answers.
FILING_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Summary:
    """A request as the list shows it: enough to tell whether it has to be read."""

    sid: str
    status: str
    updated: str
    requested: int
    ported: int
    suggested_action: str


@dataclass(frozen=True, slots=True)
class PortInSnapshot:
    """One request and its numbers, from one answer."""

    request: Snapshot
    numbers: tuple[Snapshot, ...]


@dataclass(frozen=True, slots=True)
class Portability:
    """Whether a number can be ported (page 13), as Twilio wrote it; codes are 22130 to 22136 and others."""

    phone_number: str
    portable: bool
    needs_pin_and_account: bool
    reason: str
    code: int | None
    number_type: str
    country: str
    account_sid: str


def fetch_portability(
    login: Login, phone_number: str, *, account_sid: str = "", patience: Patience = IN_A_TASK
) -> Portability:
    """Ask about one number; `account_sid` is where it would go.

    That it cannot be ported is an answer, with HTTP status 200 or 400 (contract §4, row 8).
    """
    url = f"{_API}/Portability/PhoneNumber/{quote(phone_number, safe='+')}"
    params = {"TargetAccountSid": account_sid} if account_sid else None
    return send(
        login,
        "portability.fetch",
        "GET",
        url,
        params=params,
        answers=(400,),
        read=partial(_portability, phone_number),
        patience=patience,
    )


def _portability(phone_number: str, call: Call) -> Portability:
    told = read_told(call)
    if "portable" not in told:
        raise ValueError("Not an answer about a number.")
    code = told.get("not_portable_reason_code")
    return Portability(
        phone_number=phone_number,
        portable=told.get("portable") is True,
        needs_pin_and_account=told.get("pin_and_account_number_required") is True,
        reason=str(told.get("not_portable_reason") or ""),
        code=code if isinstance(code, int) else None,
        number_type=str(told.get("number_type") or ""),
        country=str(told.get("country") or ""),
        account_sid=str(told.get("account_sid") or ""),
    )


def iter_summaries(login: Login, **filters: str) -> Iterator[Summary]:
    """Every request that these credentials may read, page by page; `filters` are those of page 15.

    The list goes on at a token and tells no end but its absence.
    """
    token, read = "", set[str]()
    for _ in range(_MOST_PAGES):
        params = {"Size": _PAGE_SIZE, **filters, **({"Token": token} if token else {})}
        url = f"{_API}/PortIn/PortInRequests"
        told = send(login, "port_in.list", "GET", url, params=params, read=read_told, patience=IN_A_TASK)
        for one in told.get("port_in_requests") or ():
            yield _summary(one)
        token = str((told.get("meta") or {}).get("next_token") or "")
        if not token:
            return
        if token in read:
            raise Unavailable("Twilio's list of port-in requests points back at itself.")
        read.add(token)
    raise Unavailable("Twilio's list of port-in requests does not end.")


def fetch_port_in(login: Login, sid: str, *, patience: Patience = IN_A_REQUEST) -> PortInSnapshot:
    url = f"{_API}/PortIn/{sid}"
    return send(login, "port_in.fetch", "GET", url, read=partial(_port_in, login, sid), patience=patience)


def create_port_in(login: Login, values: Mapping[str, Any]) -> PortInSnapshot:
    """File a request (page 15). Never sent twice: a lost answer is looked for in the list.

    Waits for up to `FILING_TIMEOUT` seconds, so it is for the workers.

    Its refusals carry the HTTP status as their code, and say in words which field is wrong.
    """
    url = f"{_API}/PortIn"
    return send(
        login, "port_in.create", "POST", url, json=dict(values), read=partial(_port_in, login, "KW"),
        timeout=FILING_TIMEOUT,
    )  # fmt: skip


def cancel_port_in(login: Login, sid: str) -> str:
    """Cancel a request and all its numbers, 72 hours before the port date at the latest. The request's id."""
    return send(login, "port_in.cancel", "DELETE", f"{_API}/PortIn/{sid}", read=read_request_id)


def cancel_number(login: Login, sid: str, number_sid: str) -> str:
    """Cancel one number of a request, under the same rule (page 16). Any 2xx is a yes (contract §4.10)."""
    url = f"{_API}/PortIn/{sid}/PhoneNumber/{number_sid}"
    return send(login, "port_in_number.cancel", "DELETE", url, read=read_request_id)


def fetch_webhook(login: Login) -> dict[str, Any]:
    """The one webhook configuration of the account (page 17). Absent where there is none."""
    url = f"{_API}/Configuration/Webhook"
    return send(login, "porting_webhook.fetch", "GET", url, read=read_told)


def set_webhook(login: Login, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set it. What is not said is gone: the new configuration replaces the old one whole."""
    url = f"{_API}/Configuration/Webhook"
    return send(login, "porting_webhook.set", "POST", url, json=dict(values), read=read_told)


def delete_webhook(login: Login, kind: str = "PORT_IN") -> str:
    """Take it away. Twilio caches it, so events may come for some minutes still."""
    url = f"{_API}/Configuration/Webhook/{kind}"
    return send(login, "porting_webhook.delete", "DELETE", url, read=read_request_id)


def upload_document(
    login: Login, *, document_type: str, friendly_name: str, name: str, content: bytes, content_type: str
) -> Snapshot:
    """Upload a document of a port-in (page 12), such as a utility bill. Its answer tells `mime_type`."""
    return uploads.upload(
        login,
        "port_in_document.create",
        "/v1/Documents",
        values={"document_type": document_type, "friendly_name": friendly_name},
        name=name,
        content=content,
        content_type=content_type,
    )


def _port_in(login: Login, expected: str, call: Call) -> PortInSnapshot:
    """A request and its numbers; what the numbers say stands with them and no more in the request."""
    told = read_told(call)
    sid = told.get("port_in_request_sid")
    if not isinstance(sid, str) or not sid.startswith(expected):
        raise ValueError("Not the port-in request that was asked about.")
    numbers = [one for one in told.pop("phone_numbers", None) or () if isinstance(one, dict)]
    account_sid = told.get("account_sid") or login.account_sid
    request = {**told, "sid": sid, "account_sid": account_sid, "reader_sid": login.account_sid}
    return PortInSnapshot(
        _snapshot(request, call),
        tuple(
            _snapshot(
                {
                    **number,
                    "sid": number["port_in_phone_number_sid"],
                    "account_sid": account_sid,
                    "port_in_request_sid": sid,
                },
                call,
            )
            for number in numbers
            if number.get("port_in_phone_number_sid")
        ),
    )


def _snapshot(payload: Mapping[str, Any], call: Call) -> Snapshot:
    body = msgspec.json.encode(payload)
    return Snapshot(str(payload["sid"]), body, call.requested_at, call.request_id)


def _summary(told: Mapping[str, Any]) -> Summary:
    return Summary(
        sid=str(told.get("port_in_request_sid") or ""),
        status=str(told.get("port_in_request_status") or ""),
        updated=str(told.get("status_last_updated_timestamp") or ""),
        requested=_count(told.get("phone_numbers_requested")),
        ported=_count(told.get("phone_numbers_ported")),
        suggested_action=str(told.get("suggested_action") or ""),
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0
