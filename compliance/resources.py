"""How Twilio's records of compliance become rows."""

import re
from datetime import date, datetime
from functools import partial
from typing import Any

from compliance.models import (
    Bundle,
    EndUser,
    Evaluation,
    ItemAssignment,
    Regulation,
    RegulatoryType,
    SupportingDocument,
)
from portal.mirror.records import iso8601, text
from portal.mirror.resource import Payload, Resource
from portal.numbering import normal_type
from portal.secrets import encrypt, encrypt_json, fingerprint

_SPACE = re.compile(r"\s+")
_QUIET = frozenset({"date_updated", "url", "links"})


def value_fingerprint(name: str, value: Any) -> str:
    """What stands for an attribute where it is compared: case and spaces make no difference."""
    return fingerprint("attribute", name, _SPACE.sub(" ", str(value)).strip().casefold())


def _regulation_columns(payload: Payload) -> dict[str, Any]:
    return {
        "catalog": "regulations",
        "friendly_name": text(payload.get("friendly_name")),
        "iso_country": text(payload.get("iso_country"), 2).upper(),
        "number_type": normal_type(text(payload.get("number_type"), 30)),
        "end_user_type": text(payload.get("end_user_type"), 30).lower(),
    }


def _type_columns(kind: str, payload: Payload) -> dict[str, Any]:
    return {
        "kind": str(kind),
        "friendly_name": text(payload.get("friendly_name")),
        "machine_name": text(payload.get("machine_name"), 100),
    }


def _bundle_columns(payload: Payload) -> dict[str, Any]:
    email = text(payload.get("email"))
    return {
        "account_id": text(payload.get("account_sid"), 34),
        "regulation_id": text(payload.get("regulation_sid"), 34) or None,
        "friendly_name": text(payload.get("friendly_name")),
        "status": text(payload.get("status"), 40).lower().replace("_", "-"),
        "valid_until": iso8601(payload.get("valid_until")),
        "email": encrypt(email) if email else "",
        "status_callback": text(payload.get("status_callback"), 2000),
        **_dates(payload),
    }


def _item_assignment_columns(payload: Payload) -> dict[str, Any]:
    return {
        "account_id": text(payload.get("account_sid"), 34),
        "bundle_id": text(payload.get("bundle_sid"), 34),
        "object_sid": text(payload.get("object_sid"), 34),
        **_dates(payload),
    }


def _evaluation_columns(payload: Payload) -> dict[str, Any]:
    return {
        "account_id": text(payload.get("account_sid"), 34),
        "bundle_id": text(payload.get("bundle_sid"), 34),
        "regulation_sid": text(payload.get("regulation_sid"), 34),
        "status": text(payload.get("status"), 40),
        **_dates(payload),
    }


def _regulatory_item_columns(payload: Payload) -> dict[str, Any]:
    attributes = payload.get("attributes")
    values = attributes if isinstance(attributes, dict) else {}
    filled = {text(name, 100): value for name, value in values.items() if value not in (None, "", [], {})}
    return {
        "account_id": text(payload.get("account_sid"), 34),
        "friendly_name": text(payload.get("friendly_name")),
        "type": text(payload.get("type"), 100),
        "attributes": encrypt_json(values),
        "field_names": sorted(filled),
        "value_fingerprints": sorted(value_fingerprint(name, value) for name, value in filled.items()),
        **_dates(payload),
    }


def _document_columns(payload: Payload) -> dict[str, Any]:
    columns = _regulatory_item_columns(payload)
    attributes = payload.get("attributes")
    values = attributes if isinstance(attributes, dict) else {}
    cited = values.get("address_sids")
    errors = payload.get("errors")
    reason = text(payload.get("failure_reason"), 2000)
    return {
        **columns,
        "status": text(payload.get("status"), 40).lower().replace("_", "-"),
        "mime_type": text(payload.get("mime_type"), 100),
        "failure_reason": encrypt(reason) if reason else "",
        "error_codes": [
            text(error.get("code"), 10)
            for error in (errors if isinstance(errors, list) else [])
            if isinstance(error, dict)
        ],
        "address_sids": [text(sid, 34) for sid in cited] if isinstance(cited, list) else [],
        "issued_on": _day(values.get("issue_date")),
        "expires_on": _day(values.get("expiration_date") or values.get("expiry_date")),
    }


_ITEM_FIELDS = (
    "account_id", "friendly_name", "type", "attributes", "field_names", "value_fingerprints",
    "remote_created_at", "remote_updated_at",
)  # fmt: skip
REGULATIONS = Resource(
    "regulations",
    Regulation,
    ("catalog", "friendly_name", "iso_country", "number_type", "end_user_type"),
    _regulation_columns,
    scope="catalog",
    quiet=_QUIET,
)
END_USER_TYPES = Resource(
    "regulatory_types",
    RegulatoryType,
    ("kind", "friendly_name", "machine_name"),
    partial(_type_columns, RegulatoryType.Kind.END_USER),
    scope="kind",
    quiet=_QUIET,
)
DOCUMENT_TYPES = Resource(
    "regulatory_types",
    RegulatoryType,
    ("kind", "friendly_name", "machine_name"),
    partial(_type_columns, RegulatoryType.Kind.DOCUMENT),
    scope="kind",
    quiet=_QUIET,
)
BUNDLES = Resource(
    "bundles",
    Bundle,
    (
        "account_id", "regulation_id", "friendly_name", "status", "valid_until", "email", "status_callback",
        "remote_created_at", "remote_updated_at",
    ),
    _bundle_columns,
    quiet=_QUIET,
    private=frozenset({"email"}),
)  # fmt: skip
ITEM_ASSIGNMENTS = Resource(
    "item_assignments",
    ItemAssignment,
    ("account_id", "bundle_id", "object_sid", "remote_created_at", "remote_updated_at"),
    _item_assignment_columns,
    scope="bundle_id",
    quiet=_QUIET,
)
EVALUATIONS = Resource(
    "evaluations",
    Evaluation,
    ("account_id", "bundle_id", "regulation_sid", "status", "remote_created_at", "remote_updated_at"),
    _evaluation_columns,
    scope="bundle_id",
    quiet=_QUIET,
)
END_USERS = Resource(
    "end_users",
    EndUser,
    _ITEM_FIELDS,
    _regulatory_item_columns,
    quiet=_QUIET,
    private=frozenset({"attributes"}),
)
DOCUMENTS = Resource(
    "documents",
    SupportingDocument,
    (
        *_ITEM_FIELDS, "status", "mime_type", "failure_reason", "error_codes", "address_sids", "issued_on",
        "expires_on",
    ),
    _document_columns,
    quiet=_QUIET,
    edition=2,
    private=frozenset({"attributes", "failure_reason"}),
)  # fmt: skip


def _dates(payload: Payload) -> dict[str, datetime | None]:
    return {
        "remote_created_at": iso8601(payload.get("date_created")),
        "remote_updated_at": iso8601(payload.get("date_updated")),
    }


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
