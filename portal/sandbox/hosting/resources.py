"""The resources of hosting, as either version writes them (contract 4.11)."""

from typing import Any, ClassVar, NamedTuple

import msgspec

from portal.sandbox.access import Product
from portal.sandbox.call import NUMBERS, PREVIEW, Call
from portal.sandbox.resources import Shown

PROCESSING, RECEIVED, VERIFYING, VERIFIED = (
    "twilio-processing", "received", "pending-verification", "verified",
)  # fmt: skip
PENDING_LOA, WITH_CARRIER, TESTING, COMPLETED = "pending-loa", "carrier-processing", "testing", "completed"
FAILED, ACTION_REQUIRED = "failed", "action-required"
STATUSES = (
    PROCESSING, RECEIVED, VERIFYING, VERIFIED, PENDING_LOA, WITH_CARRIER, TESTING, COMPLETED, FAILED,
    ACTION_REQUIRED,
)  # fmt: skip
DELETABLE = (RECEIVED, VERIFYING, VERIFIED, PENDING_LOA)
OPENED, SIGNING, SIGNED, CANCELED = "opened", "signing", "signed", "canceled"
DOCUMENT_STATUSES = (OPENED, SIGNING, SIGNED, CANCELED, FAILED)
# v2 knows seven statuses of an order that a document lists: what the others are called there (inferred).
OF_DEPENDENT = {PROCESSING: RECEIVED, VERIFYING: RECEIVED, TESTING: WITH_CARRIER}


class Version(NamedTuple):
    """Where a version of the API is, and who may use it."""

    product: Product
    host: str
    orders: str
    documents: str
    max_name: int


V2 = Version("hosting", NUMBERS, "/v2/HostedNumber/Orders", "/v2/HostedNumber/AuthorizationDocuments", 128)
PREVIEWED = Version(
    "hosting_preview",
    PREVIEW,
    "/HostedNumbers/HostedNumberOrders",
    "/HostedNumbers/AuthorizationDocuments",
    64,
)
VERSIONS = (V2, PREVIEWED)


def version_of(call: Call) -> Version:
    return PREVIEWED if call.request.host == PREVIEW else V2


class HostedOrder(Shown, kw_only=True):
    """A hosted number order (doc page 8).

    The verification code is there while it is good, until `code_until` (seconds). A call is on the line while
    `call_open`, with `wrong` codes typed so far. `since` is when the status was set, `released_at` when its
    number was given back after completion.
    """

    KIND: ClassVar[str] = "hosted_order"
    COMMON: ClassVar[tuple[str, ...]] = (
        "sid",
        "account_sid",
        "incoming_phone_number_sid",
        "address_sid",
        "signing_document_sid",
        "phone_number",
        "capabilities",
        "friendly_name",
        "status",
        "failure_reason",
        "date_created",
        "date_updated",
        "email",
        "cc_emails",
    )
    CONTACT: ClassVar[tuple[str, ...]] = (
        "contact_title",
        "contact_phone_number",
        "bulk_hosting_request_sid",
        "next_step",
    )
    VERIFICATION: ClassVar[tuple[str, ...]] = (
        "verification_attempts",
        "verification_call_sids",
        "verification_code",
        "verification_type",
    )
    SHOWN: ClassVar[tuple[str, ...]] = (*COMMON, *CONTACT, *VERIFICATION)

    phone_number: str
    incoming_phone_number_sid: str | None
    address_sid: str | None = None
    signing_document_sid: str | None = None
    capabilities: dict[str, bool] = msgspec.field(
        default_factory=lambda: {"voice": False, "sms": True, "mms": False}
    )
    friendly_name: str | None = None
    unique_name: str | None = None
    status: str = PROCESSING
    failure_reason: str = ""
    email: str | None = None
    cc_emails: list[str] = []
    contact_title: str | None = None
    contact_phone_number: str | None = None
    bulk_hosting_request_sid: str | None = None
    next_step: str | None = None
    verification_attempts: int = 0
    verification_call_sids: list[str] = []
    verification_type: str = "phone-call"
    verification_document_sid: str | None = None
    verification_code: str | None = None
    call_delay: int = 0
    extension: str | None = None
    status_callback_url: str | None = None
    status_callback_method: str = "POST"
    code_until: int = 0
    call_open: bool = False
    wrong: int = 0
    since: int = 0
    released_at: int | None = None

    @classmethod
    def show(cls, body: dict[str, Any]) -> dict[str, Any]:
        """As v2 writes it; there is no verification but by call."""
        return {
            **super().show(body),
            "verification_type": "phone-call",
            "verification_call_delay": body["call_delay"],
            "verification_call_extension": body["extension"],
            "url": f"https://{V2.host}{V2.orders}/{body['sid']}",
        }

    @classmethod
    def show_preview(cls, body: dict[str, Any]) -> dict[str, Any]:
        return {
            **cls.show_preview_dependent(body),
            "url": f"https://{PREVIEWED.host}{PREVIEWED.orders}/{body['sid']}",
        }

    @classmethod
    def show_dependent(cls, body: dict[str, Any]) -> dict[str, Any]:
        status = body["status"]
        shown = {key: body[key] for key in (*cls.COMMON, *cls.CONTACT)}
        return {**shown, "status": OF_DEPENDENT.get(status, status)}

    @classmethod
    def show_preview_dependent(cls, body: dict[str, Any]) -> dict[str, Any]:
        names = ("unique_name", "verification_document_sid", "extension", "call_delay", *cls.VERIFICATION)
        return {key: body[key] for key in (*cls.COMMON, *names)}


class AuthorizationDocument(Shown, kw_only=True):
    """An authorization document (doc page 9). `sent_at` is when it went to the signer."""

    KIND: ClassVar[str] = "authorization_document"
    SHOWN: ClassVar[tuple[str, ...]] = (
        "sid",
        "address_sid",
        "status",
        "email",
        "cc_emails",
        "date_created",
        "date_updated",
    )

    address_sid: str
    email: str
    contact_phone_number: str
    contact_title: str | None = None
    cc_emails: list[str] = []
    status: str = SIGNING
    sent_at: int = 0

    @classmethod
    def show(cls, body: dict[str, Any]) -> dict[str, Any]:
        return cls._with_url(body, V2)

    @classmethod
    def show_preview(cls, body: dict[str, Any]) -> dict[str, Any]:
        return cls._with_url(body, PREVIEWED)

    @classmethod
    def _with_url(cls, body: dict[str, Any], version: Version) -> dict[str, Any]:
        url = f"https://{version.host}{version.documents}/{body['sid']}"
        links = {"dependent_hosted_number_orders": f"{url}/DependentHostedNumberOrders"}
        return {**{key: body[key] for key in cls.SHOWN}, "url": url, "links": links}


class BulkEligibility(Shown, kw_only=True):
    """A bulk eligibility check (doc page 10). `wanted` are its numbers, each with the account to host it."""

    KIND: ClassVar[str] = "bulk_eligibility"

    friendly_name: str
    wanted: list[tuple[str, str]]
    status: str = "QUEUED"
    results: list[dict[str, Any]] = []
    date_completed: str | None = None


class BulkOrder(Shown, kw_only=True):
    """A bulk hosting request, known from the specification's examples only. `wanted` is as above."""

    KIND: ClassVar[str] = "bulk_hosted_order"

    friendly_name: str | None
    notification_email: str | None
    wanted: list[tuple[str, str]]
    terms: dict[str, Any]
    refused: list[dict[str, Any]] = []
    request_status: str = "QUEUED"
    date_completed: str | None = None
