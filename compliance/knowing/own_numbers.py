"""Our own registration numbers, and whether one stands where a customer's belongs (F11, page 41)."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from compliance.models import OwnNumber
from portal.models import User
from portal.secrets import fingerprint

# Shorter than this, what is left of a value is not telling enough to be a number of somebody's.
_SHORTEST = 5


class AlreadyKnown(Exception):
    """This number is in the list already."""


def folded(value: Any) -> str:
    """A number without what people add to it: `DE 123-456` and `de123456` are one."""
    return "".join(char for char in str(value).casefold() if char.isalnum())


def add_own_number(*, label: str, value: str, actor: User) -> OwnNumber:
    try:
        with transaction.atomic():
            return OwnNumber.objects.create(
                label=label, value=value, fingerprint=_fingerprint(value), added_by=actor
            )
    except IntegrityError:
        raise AlreadyKnown from None


def own_numbers_in(values: Mapping[str, Any]) -> dict[str, OwnNumber]:
    """The fields in which one of our own numbers stands. One query, none where nothing could be one."""
    sought = {
        _fingerprint(value): name
        for name, value in values.items()
        if isinstance(value, str) and len(folded(value)) >= _SHORTEST
    }
    if not sought:
        return {}
    return {sought[row.fingerprint]: row for row in OwnNumber.objects.filter(fingerprint__in=sought)}


def is_telling(value: str) -> bool:
    """Whether a value is long enough to be looked for."""
    return len(folded(value)) >= _SHORTEST


def _fingerprint(value: Any) -> str:
    return fingerprint("own-number", folded(value))
