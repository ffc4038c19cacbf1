"""Encryption at rest for credentials and personal data.

Fields hold Fernet tokens made with the newest of `FIELD_ENCRYPTION_KEYS` and readable with all of
them, so a key is rotated by putting a new one in front and running `manage.py rotate_keys`. The keys
are no relation of SECRET_KEY: a session key can be changed without touching a row.
"""

import functools
import hashlib
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class CannotDecrypt(Exception):
    """None of the configured keys opens this value."""


def _fernet() -> MultiFernet:
    return _fernet_of(tuple(settings.FIELD_ENCRYPTION_KEYS))


@functools.cache
def _fernet_of(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS must be one or more Fernet keys, newest first, separated by commas."
        ) from error


def encrypt(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode()


def encrypt_json(value: Any) -> str:
    """A token as `EncryptedJSONField` keeps it."""
    return encrypt(json.dumps(value, separators=(",", ":")))


def decrypt(token: str) -> str:
    """Raise CannotDecrypt for a value that no configured key opens."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise CannotDecrypt("No key in FIELD_ENCRYPTION_KEYS opens this value.") from error


def rotate(token: str) -> str:
    """The same secret under the newest key."""
    try:
        return _fernet().rotate(token.encode()).decode()
    except InvalidToken as error:
        raise CannotDecrypt("No key in FIELD_ENCRYPTION_KEYS opens this value.") from error


def fingerprint(*parts: str) -> str:
    """16 hex digits that stand for a value in comparisons and never lead back to it.

    Made with DIGEST_KEY, so whoever has the database alone cannot try values out.
    """
    text = "\0".join(parts).encode()
    return hmac.digest(settings.DIGEST_KEY.encode(), text, hashlib.sha256).hex()[:16]


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is a Fernet token in the database. Empty stays empty; lookups by value are refused."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted and cannot be searched.")
        return super().get_lookup(lookup_name)


class EncryptedJSONField(EncryptedTextField):
    """A JSON value that is a Fernet token in the database."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return json.loads(decrypt(value)) if value else None

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else encrypt_json(value)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return json.dumps(self.value_from_object(obj))
