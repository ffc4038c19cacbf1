"""Whether Twilio signed a request: https://www.twilio.com/docs/usage/security#validating-requests.

A form is signed as the URL and its sorted names and values. Of JSON the URL alone is signed, and carries the
hash of the body as `bodySHA256`. The SDK's validator does the arithmetic and trips over four things, which
are kept from it here: it raises for a body that is bytes, takes JSON without a hash for a form, answers True
for empty parameters without a look at the body, and logs what it does not know.
"""

from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from twilio.request_validator import HMAC_SHA1, HMAC_SHA256, RequestValidator, get_signature_algorithm

SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
_ALGORITHMS = (HMAC_SHA1, HMAC_SHA256)


class Form(Protocol):
    """Names with all their values, as Django's QueryDict has them."""

    def __iter__(self) -> object: ...
    def getlist(self, key: str) -> list[str]: ...


def has_body_hash(url: str) -> bool:
    """Whether the URL says which body was signed with it."""
    return bool(body_hash(url))


def body_hash(url: str) -> str:
    """The SHA-256 of the body that the URL speaks of; "" when it speaks of none."""
    return parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]


def key_named(header: str) -> str:
    """The id of the shared key that a settings header names; "" for a signature with the auth token."""
    parts = dict(part.strip().partition("=")[::2] for part in header.split(","))
    return parts.get("key", "")


def is_signed(
    url: str,
    body: Form | str,
    signature: str,
    *,
    secret: str,
    settings_header: str = "",
    is_get: bool = False,
) -> bool:
    """Whether `signature` was made with this secret, for this URL and this form or raw JSON text.

    A GET has an empty form: its fields stand in the URL, which the signature covers. False for whatever
    cannot be checked; nothing is raised.
    """
    try:
        algorithm = get_signature_algorithm(settings_header).upper()
        if not secret or not signature or algorithm not in _ALGORITHMS or not (body or is_get):
            return False
        if isinstance(body, str) and not has_body_hash(url):
            return False
        return bool(RequestValidator(secret).validate(url, body, signature, algorithm))
    except Exception:  # whatever a stranger sent is no reason to answer anything but no
        return False
