"""The resources of porting. Nobody agrees on how a status is written, and neither do these (contract 4.6):
words in a request and its numbers, snake case in a number by itself, in a create's answer and in webhooks.
"""

from typing import Any, ClassVar

import msgspec

from portal.sandbox.call import NUMBERS
from portal.sandbox.resources import Shown

PATH = "/v1/Porting"
BASE = f"https://{NUMBERS}{PATH}"

IN_REVIEW, WAITING = "in_review", "waiting_for_signature"
IN_PROGRESS, ACTION_REQUIRED = "in_progress", "action_required"
SUBMITTED, PENDING, REJECTED = "port_submitted", "port_pending", "port_rejected"
COMPLETED, CANCELING, CANCELED, EXPIRED = "completed", "canceling", "canceled", "expired"

STATUSES = (
    IN_REVIEW, WAITING, IN_PROGRESS, ACTION_REQUIRED, COMPLETED, CANCELING, CANCELED, EXPIRED,
)  # fmt: skip
NUMBER_STATUSES = (
    IN_REVIEW, WAITING, SUBMITTED, PENDING, REJECTED, COMPLETED, CANCELING, CANCELED, EXPIRED,
)  # fmt: skip
OVER = (COMPLETED, CANCELED, EXPIRED)
WITH_CARRIER = (SUBMITTED, PENDING)


def words(status: str) -> str:
    """`Waiting for Signature`."""
    return " ".join(word if word == "for" else word.capitalize() for word in status.split("_"))


class PortIn(Shown, kw_only=True):
    """A port-in request (doc page 15), with the times it was filed for as they were sent.

    `signed_at` and `waiting_since` are seconds; `caller` is the account that filed it.
    """

    KIND: ClassVar[str] = "port_in"
    SHOWN: ClassVar[tuple[str, ...]] = (
        "account_sid",
        "notification_emails",
        "target_port_in_date",
        "target_port_in_time_range_start",
        "target_port_in_time_range_end",
        "order_cancellation_reason",
        "losing_carrier_information",
        "bundle_sid",
        "portability_advance_carrier",
        "auto_cancel_approval_numbers",
        "documents",
        "date_created",
    )

    caller: str
    losing_carrier_information: dict[str, Any]
    documents: list[str]
    status: str = IN_REVIEW
    notification_emails: list[str] | None = None
    target_port_in_date: str | None = None
    target_port_in_time_range_start: str | None = None
    target_port_in_time_range_end: str | None = None
    order_cancellation_reason: str | None = None
    bundle_sid: str | None = None
    portability_advance_carrier: str | None = None
    auto_cancel_approval_numbers: str | None = None
    support_ticket_id: int | None = None
    waiting_since: int | None = None
    signed_at: int | None = None

    @property
    def url(self) -> str:
        return f"{BASE}/PortIn/{self.sid}"

    @property
    def signer(self) -> str:
        return str(self.losing_carrier_information["authorized_representative_email"])


class PortInNumber(Shown, kw_only=True):
    """A number of a request (doc page 16). `given` is what the carrier compares: what was filed for it.

    `number_sid` is its IncomingPhoneNumber, once there is one.
    """

    KIND: ClassVar[str] = "port_in_number"

    port_in_sid: str
    phone_number: str
    country: str | None
    number_type: str
    status: str = IN_REVIEW
    pin: str | None = None
    portable: bool = True
    missing_required_fields: bool = False
    not_portable_code: int | None = None
    rejection_code: int | None = None
    port_date: str | None = None
    number_sid: str | None = None
    given: dict[str, Any] = {}

    def parent(self) -> str | None:
        return self.port_in_sid

    def in_request(self, *, is_new: bool = False) -> dict[str, Any]:
        """As a request lists it; a request that was just made writes the status in snake case."""
        rejected = self.rejection_code
        return {
            "phone_number": self.phone_number,
            "number_type": self.number_type if self.portable else None,
            "portable": self.portable,
            "not_portability_reason": NOT_PORTABLE.get(self.not_portable_code or 0),
            "not_portability_reason_code": self.not_portable_code,
            "port_in_phone_number_sid": self.sid,
            "port_in_phone_number_status": self.status if is_new else words(self.status),
            "rejection_reason": REJECTIONS.get(rejected or 0),
            "rejection_reason_code": None if rejected is None else str(rejected),
            "port_date": self.port_date,
            "status_last_time_updated_timestamp": self.date_updated,
            "external_porting_vendor_phone_number_id": None,
        }

    def by_itself(self) -> dict[str, Any]:
        known = self.portable
        return {
            "port_in_request_sid": self.port_in_sid,
            "account_sid": self.account_sid,
            "phone_number_type": self.number_type if known else None,
            "date_created": self.date_created,
            "country": self.country if known else None,
            "missing_required_fields": self.missing_required_fields if known else None,
            "last_updated": self.date_updated,
            "phone_number": self.phone_number,
            "portable": self.portable,
            "not_portability_reason": NOT_PORTABLE.get(self.not_portable_code or 0),
            "not_portability_reason_code": self.not_portable_code,
            "port_in_phone_number_status": self.status,
            "phone_number_sid": self.sid,
            "port_out_pin": int(self.pin) if self.pin and self.pin.isdigit() else None,
            "rejection_reason": REJECTIONS.get(self.rejection_code or 0),
            "rejection_reason_code": self.rejection_code,
            "port_date": self.port_date,
            "url": f"{BASE}/PortIn/{self.port_in_sid}/PhoneNumber/{self.sid}",
        }


class PortingDocument(Shown, kw_only=True):
    """A document of the Documents API (doc page 12), which nothing but its upload shows."""

    KIND: ClassVar[str] = "porting_document"
    SHOWN: ClassVar[tuple[str, ...]] = (
        "sid",
        "account_sid",
        "document_type",
        "version",
        "status",
        "date_created",
        "date_updated",
        "friendly_name",
        "mime_type",
        "failure_reason",
        "created_by",
        "reviewer",
        "attributes",
    )

    document_type: str
    friendly_name: str | None
    created_by: str
    mime_type: str | None = None
    version: int = 1
    status: str = "DRAFT"
    failure_reason: str | None = None
    reviewer: str | None = None
    attributes: list[dict[str, Any]] = msgspec.field(
        default_factory=lambda: [{"name": "address_sids", "value": None}]
    )


class WebhookConfiguration(Shown, kw_only=True):
    """Where an account has its porting events sent (doc page 17): one for each account.

    A configuration that was deleted is still used for a while, until `cached_until` (seconds).
    """

    KIND: ClassVar[str] = "porting_webhook"

    port_in_target_url: str | None = None
    port_out_target_url: str | None = None
    notifications_of: list[str] = []
    port_in_target_date_created: str | None = None
    port_out_target_date_created: str | None = None
    deleted_url: str | None = None
    cached_until: int = 0


NOT_PORTABLE = {
    22130: "UNSUPPORTED",
    22131: "ALREADY_IN_THE_TARGET_ACCOUNT",
    22132: "ALREADY_IN_TWILIO_DIFFERENT_OWNER",
    22133: "MANUAL_PORTING_AVAILABLE",
    22135: "ERROR_INTERNAL_SERVER_ERROR",
    22136: "ALREADY_IN_ONE_OF_YOUR_TWILIO_ACCOUNTS",
    22171: "MISSING_REQUIRED_FIELDS",
}
REJECTIONS = {
    22150: "Contact Support Required",
    22151: "Phone Number with Carrier Restriction",
    22152: "Phone Number Inactive or Disconnected",
    22153: "Invalid End User Name",
    22154: "Invalid Address",
    22155: "Invalid Pin",
    22156: "Invalid Account Number",
    22157: "Invalid Subscription Right",
    22158: "Port Date Rejected",
    22159: "Not Portable",
    22171: "Missing Required Fields",
    400: "Bad Request",
    410: "Unknown Error",
}
