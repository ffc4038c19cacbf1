"""Supporting documents with their files (page 27). Documents that are data alone: `compliance.gateway`."""

import json
from collections.abc import Mapping
from typing import Any

from portal.twilio import uploads
from portal.twilio.login import Login
from portal.twilio.snapshots import Snapshot

_DOCUMENTS = "/v2/RegulatoryCompliance/SupportingDocuments"


def upload_document(
    login: Login,
    *,
    friendly_name: str,
    type: str,
    attributes: Mapping[str, Any],
    name: str,
    content: bytes,
    content_type: str,
) -> Snapshot:
    """Create a document with its file. The answer lacks `failure_reason` and `errors`; its URL is wrong."""
    values = {"FriendlyName": friendly_name, "Type": type, "Attributes": json.dumps(dict(attributes))}
    return uploads.upload(
        login, "document.upload", _DOCUMENTS,
        values=values, name=name, content=content, content_type=content_type,
    )  # fmt: skip


def replace_file(login: Login, sid: str, *, name: str, content: bytes, content_type: str) -> Snapshot:
    """Give a document another file (page 28 names the same host for it)."""
    return uploads.upload(
        login, "document.replace_file", _DOCUMENTS,
        values={}, name=name, content=content, content_type=content_type, sid=sid,
    )  # fmt: skip
