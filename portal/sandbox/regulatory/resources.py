"""The resources of RegulatoryCompliance: what Twilio shows of them, and what only its reviewers know."""

from typing import Any, ClassVar

from portal.sandbox.call import NUMBERS
from portal.sandbox.resources import Shown

PATH = "/v2/RegulatoryCompliance"
BASE = f"https://{NUMBERS}{PATH}"

DRAFT, PENDING, IN_REVIEW = "draft", "pending-review", "in-review"
REJECTED, APPROVED, PROVISIONAL = "twilio-rejected", "twilio-approved", "provisionally-approved"
STATUSES = (DRAFT, PENDING, IN_REVIEW, REJECTED, APPROVED, PROVISIONAL)
UNDER_REVIEW = (PENDING, IN_REVIEW)

END_USER_TYPES = ("individual", "business")
NUMBER_TYPES = ("local", "mobile", "national", "toll-free")
# The lines whose type no regulation is written for fall under another one.
TYPE_OF_LINE = {"tollfree": "toll-free", "voip": "national", "sharedcost": "national"}
# The same, as requests may spell it (contract section 4, row 4).
SPELLINGS = {"tollfree": "toll-free", "toll free": "toll-free", "toll_free": "toll-free"}


class Regulatory(Shown, kw_only=True):
    """A resource of this API, with the URL it is found at."""

    COLLECTION: ClassVar[str]

    @classmethod
    def show(cls, body: dict[str, Any]) -> dict[str, Any]:
        return {**super().show(body), "url": f"{BASE}/{cls.COLLECTION}/{body['sid']}"}


class Bundle(Regulatory, kw_only=True):
    """A regulatory bundle (doc page 31).

    `approved_version` is the version of the regulation it was last approved under, `parent_sid` the
    bundle it is a copy of, `failure_reason` what the last callback said.
    """

    KIND: ClassVar[str] = "bundle"
    COLLECTION: ClassVar[str] = "Bundles"
    COPY: ClassVar[tuple[str, ...]] = (
        "sid",
        "account_sid",
        "regulation_sid",
        "friendly_name",
        "status",
        "valid_until",
        "email",
        "status_callback",
        "date_created",
        "date_updated",
    )
    SHOWN: ClassVar[tuple[str, ...]] = COPY

    regulation_sid: str
    friendly_name: str
    email: str
    iso_country: str
    number_type: str
    end_user_type: str
    status: str = DRAFT
    valid_until: str | None = None
    status_callback: str | None = None
    is_test: bool = False
    parent_sid: str | None = None
    failure_reason: str = ""
    approved_version: int = 0

    def parent(self) -> str | None:
        return self.parent_sid

    @classmethod
    def show(cls, body: dict[str, Any]) -> dict[str, Any]:
        answer = super().show(body)
        links = {
            "evaluations": "Evaluations",
            "item_assignments": "ItemAssignments",
            "bundle_copies": "Copies",
        }
        return {**answer, "links": {name: f"{answer['url']}/{path}" for name, path in links.items()}}

    @classmethod
    def show_copy(cls, body: dict[str, Any]) -> dict[str, Any]:
        """A bundle as Copies and ReplaceItems write it: without `url` and `links` (doc pages 38, 39)."""
        return {key: body[key] for key in cls.COPY}


class EndUser(Regulatory, kw_only=True):
    KIND: ClassVar[str] = "end_user"
    COLLECTION: ClassVar[str] = "EndUsers"
    SHOWN: ClassVar[tuple[str, ...]] = (
        "sid",
        "account_sid",
        "friendly_name",
        "type",
        "attributes",
        "date_created",
        "date_updated",
    )

    friendly_name: str
    type: str
    attributes: dict[str, Any] = {}


class SupportingDocument(Regulatory, kw_only=True):
    """A supporting document. `errors` are codes of the review, `{"code": 18001}` (the specification's)."""

    KIND: ClassVar[str] = "supporting_document"
    COLLECTION: ClassVar[str] = "SupportingDocuments"
    SHOWN: ClassVar[tuple[str, ...]] = (
        "sid",
        "account_sid",
        "friendly_name",
        "mime_type",
        "status",
        "failure_reason",
        "errors",
        "type",
        "attributes",
        "date_created",
        "date_updated",
    )

    friendly_name: str
    type: str
    attributes: dict[str, Any] = {}
    mime_type: str | None = None
    status: str = DRAFT
    failure_reason: str | None = None
    errors: list[dict[str, Any]] | None = None

    def address_sids(self) -> list[str]:
        """The addresses it cites; whatever else stands in the attribute is none."""
        cited = self.attributes.get("address_sids")
        return [sid for sid in cited if isinstance(sid, str)] if isinstance(cited, list) else []


class BelowBundle(Regulatory, kw_only=True):
    """What is listed below a bundle and addressed there."""

    bundle_sid: str

    def parent(self) -> str | None:
        return self.bundle_sid

    @classmethod
    def show(cls, body: dict[str, Any]) -> dict[str, Any]:
        return {**super().show(body), "url": below_bundle(body, cls.COLLECTION)}


class ItemAssignment(BelowBundle, kw_only=True):
    KIND: ClassVar[str] = "item_assignment"
    COLLECTION: ClassVar[str] = "ItemAssignments"
    SHOWN: ClassVar[tuple[str, ...]] = ("sid", "bundle_sid", "account_sid", "object_sid", "date_created")

    object_sid: str


class Evaluation(BelowBundle, kw_only=True):
    KIND: ClassVar[str] = "evaluation"
    COLLECTION: ClassVar[str] = "Evaluations"
    SHOWN: ClassVar[tuple[str, ...]] = (
        "sid",
        "account_sid",
        "regulation_sid",
        "bundle_sid",
        "status",
        "results",
        "date_created",
    )

    regulation_sid: str
    status: str
    results: list[dict[str, Any]]


class Regulation(Regulatory, kw_only=True):
    """A regulation (doc page 32), kept with its constraints. A retired one is fetched but not listed."""

    KIND: ClassVar[str] = "regulation"
    COLLECTION: ClassVar[str] = "Regulations"
    SHOWN: ClassVar[tuple[str, ...]] = (
        "sid",
        "friendly_name",
        "iso_country",
        "number_type",
        "end_user_type",
        "requirements",
    )

    friendly_name: str
    iso_country: str
    number_type: str
    end_user_type: str
    requirements: dict[str, Any]
    version: int = 1
    retired: bool = False


class EndUserType(Regulatory, kw_only=True):
    KIND: ClassVar[str] = "end_user_type"
    COLLECTION: ClassVar[str] = "EndUserTypes"
    SHOWN: ClassVar[tuple[str, ...]] = ("sid", "friendly_name", "machine_name", "fields")

    friendly_name: str
    machine_name: str
    fields: list[dict[str, Any]]


class SupportingDocumentType(EndUserType, kw_only=True):
    KIND: ClassVar[str] = "supporting_document_type"
    COLLECTION: ClassVar[str] = "SupportingDocumentTypes"


def below_bundle(body: dict[str, Any], collection: str) -> str:
    return f"{BASE}/Bundles/{body['bundle_sid']}/{collection}/{body['sid']}"


def normal_type(text: str) -> str:
    """A number type as regulations write it: `toll-free`, whichever way it was spelled."""
    lowered = text.strip().lower()
    return SPELLINGS.get(lowered, lowered)
