"""Callbacks as Twilio sends them: signed over the configured public URL."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from django.test import Client

PUBLIC = "https://numbers.example.com"
PATH = "/webhooks/parcels/"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PARCEL = "PX" + "1" * 32


def post(
    body: bytes | str, signature: str, *, path: str = PATH, kind: str = FORM, client: Client | None = None,
    **headers: str,
) -> Any:  # fmt: skip
    """Send a body; `headers` by their names with underscores."""
    sent = {"Content-Type": kind} if kind else {}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    if signature:
        sent["X-Twilio-Signature"] = signature
    client = client or Client(raise_request_exception=True)
    return client.generic("POST", path, body, content_type=kind, headers=sent)


def post_form(token: str, form: dict[str, str], *, url: str = PUBLIC + PATH, **options: Any) -> Any:
    """A form callback signed with a token for a URL."""
    return post(urlencode(form), sign(token, url, form), **options)


def post_json(token: str, value: Any, *, hashed: bool = True, **options: Any) -> Any:
    """A JSON callback: the URL is signed, and says the body's hash."""
    body = json.dumps(value)
    query = f"?bodySHA256={hashlib.sha256(body.encode()).hexdigest()}" if hashed else ""
    url = f"{PUBLIC}{PATH}{query}"
    return post(body, sign(token, url, {}), path=PATH + query, kind=JSON, **options)


def sign(secret: str, url: str, form: dict[str, str], algorithm: Any = hashlib.sha1) -> str:
    """X-Twilio-Signature, worked out by hand."""
    text = url + "".join(name + value for name, value in sorted(form.items()))
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), algorithm).digest()).decode()
