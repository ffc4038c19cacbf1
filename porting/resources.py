"""How Twilio's records of porting and hosting become rows."""

from datetime import date
from typing import Any

from portal.mirror.records import iso8601, text
from portal.mirror.resource import Payload, Resource
from portal.numbering import country_of, normal_type
from portal.secrets import encrypt, encrypt_json
from porting.models import AuthorizationDocument, HostedOrder, PortInNumber, PortInRequest
from porting.statuses import first_of, normal_code, normal_status

_QUIET = frozenset({"date_updated", "url", "links", "uri"})


def _port_in_columns(payload: Payload) -> dict[str, Any]:
    documents, mails = payload.get("documents"), payload.get("notification_emails")
    signature_url = text(payload.get("signature_request_url"), 2000)
    return {
        "account_id": text(payload.get("account_sid"), 34),
        "reader_id": text(payload.get("reader_sid"), 34),
        "status": normal_status(payload.get("port_in_request_status")),
        "target_date": _day(payload.get("target_port_in_date")),
        "window_start": text(payload.get("target_port_in_time_range_start"), 20),
        "window_end": text(payload.get("target_port_in_time_range_end"), 20),
        "cancellation_reason": text(payload.get("order_cancellation_reason"), 2000),
        "ticket": text(payload.get("support_ticket_id"), 40),
        "bundle_sid": text(payload.get("bundle_sid"), 34),
        "document_sids": [text(sid, 34) for sid in documents] if isinstance(documents, list) else [],
        "losing_carrier": encrypt_json(payload.get("losing_carrier_information") or {}),
        "notification_emails": encrypt_json(mails if isinstance(mails, list) else []),
        "signature_url": encrypt(signature_url) if signature_url else "",
        "remote_created_at": iso8601(payload.get("date_created")),
    }


def _port_in_number_columns(payload: Payload) -> dict[str, Any]:
    number = text(payload.get("phone_number"), 20)
    portable = payload.get("portable")
    return {
        "account_id": text(payload.get("account_sid"), 34),
        "request_id": text(payload.get("port_in_request_sid"), 34),
        "phone_number": number,
        "country": text(payload.get("country"), 2).upper() or country_of(number),
        "number_type": normal_type(text(first_of(payload, "number_type", "phone_number_type"), 30)),
        "status": normal_status(payload.get("port_in_phone_number_status")),
        "portable": portable if isinstance(portable, bool) else None,
        "not_portable_code": normal_code(
            first_of(payload, "not_portability_reason_code", "not_portable_reason_code")
        ),
        "not_portable_reason": text(first_of(payload, "not_portability_reason", "not_portable_reason")),
        "rejection_code": normal_code(payload.get("rejection_reason_code")),
        "rejection_reason": text(payload.get("rejection_reason"), 2000),
        "port_date": iso8601(payload.get("port_date")),
        "remote_updated_at": iso8601(
            first_of(payload, "status_last_time_updated_timestamp", "last_updated", "last_date_updated")
        ),
    }


def _hosted_order_columns(payload: Payload) -> dict[str, Any]:
    number, mails = text(payload.get("phone_number"), 20), payload.get("cc_emails")
    attempts = payload.get("verification_attempts")
    return {
        "account_id": text(payload.get("account_sid"), 34),
        "phone_number": number,
        "country": country_of(number) if number else "",
        "friendly_name": text(payload.get("friendly_name")),
        "status": normal_status(payload.get("status")),
        "failure_reason": text(payload.get("failure_reason"), 2000),
        "number_sid": text(payload.get("incoming_phone_number_sid"), 34),
        "address_sid": text(payload.get("address_sid"), 34),
        "signing_document_sid": text(payload.get("signing_document_sid"), 34),
        "bulk_sid": text(payload.get("bulk_hosting_request_sid"), 34),
        "next_step": text(payload.get("next_step"), 120),
        "verification_attempts": attempts if isinstance(attempts, int) and 0 <= attempts < 1000 else 0,
        "email": _sealed(payload.get("email")),
        "cc_emails": encrypt_json(mails if isinstance(mails, list) else []),
        "contact_phone_number": _sealed(payload.get("contact_phone_number")),
        "contact_title": _sealed(payload.get("contact_title")),
        "verification_code": _sealed(payload.get("verification_code")),
        "remote_created_at": iso8601(payload.get("date_created")),
        "remote_updated_at": iso8601(payload.get("date_updated")),
    }


def _authorization_columns(payload: Payload) -> dict[str, Any]:
    mails = payload.get("cc_emails")
    return {
        "account_id": text(payload.get("account_sid"), 34),
        "status": normal_status(payload.get("status")),
        "address_sid": text(payload.get("address_sid"), 34),
        "email": _sealed(payload.get("email")),
        "cc_emails": encrypt_json(mails if isinstance(mails, list) else []),
        "remote_created_at": iso8601(payload.get("date_created")),
        "remote_updated_at": iso8601(payload.get("date_updated")),
    }


PORT_INS = Resource(
    "port_ins",
    PortInRequest,
    (
        "account_id", "reader_id", "status", "target_date", "window_start", "window_end",
        "cancellation_reason", "ticket", "bundle_sid", "document_sids", "losing_carrier",
        "notification_emails", "signature_url", "remote_created_at",
    ),
    _port_in_columns,
    quiet=_QUIET,
    private=frozenset({"losing_carrier_information", "notification_emails", "signature_request_url"}),
)  # fmt: skip
PORT_IN_NUMBERS = Resource(
    "port_in_numbers",
    PortInNumber,
    (
        "account_id", "request_id", "phone_number", "country", "number_type", "status", "portable",
        "not_portable_code", "not_portable_reason", "rejection_code", "rejection_reason", "port_date",
        "remote_updated_at",
    ),
    _port_in_number_columns,
    scope="request_id",
    quiet=_QUIET | {"status_last_time_updated_timestamp", "last_updated"},
    private=frozenset({"pin", "port_out_pin"}),
)  # fmt: skip
HOSTED_ORDERS = Resource(
    "hosted_orders",
    HostedOrder,
    (
        "account_id", "phone_number", "country", "friendly_name", "status", "failure_reason", "number_sid",
        "address_sid", "signing_document_sid", "bulk_sid", "next_step", "verification_attempts", "email",
        "cc_emails", "contact_phone_number", "contact_title", "verification_code", "remote_created_at",
        "remote_updated_at",
    ),
    _hosted_order_columns,
    quiet=_QUIET,
    private=frozenset(
        {
            "email", "cc_emails", "contact_phone_number", "contact_title", "verification_code",
            "verification_call_extension", "extension",
        }
    ),
)  # fmt: skip
AUTHORIZATIONS = Resource(
    "authorizations",
    AuthorizationDocument,
    (
        "account_id", "status", "address_sid", "email", "cc_emails", "remote_created_at",
        "remote_updated_at",
    ),
    _authorization_columns,
    quiet=_QUIET,
    private=frozenset({"email", "cc_emails"}),
)  # fmt: skip


def _sealed(value: Any) -> str:
    words = text(value, 500)
    return encrypt(words) if words else ""


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
