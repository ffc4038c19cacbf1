"""What a bundle holds: its end users and its documents, without a single personal value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from compliance.models import EndUser, SupportingDocument


@dataclass(frozen=True, slots=True)
class Contents:
    end_users: Sequence[EndUser]
    documents: Sequence[SupportingDocument]
    unknown: Sequence[str]  # assigned, and not read yet or not visible

    @property
    def count(self) -> int:
        return len(self.end_users) + len(self.documents) + len(self.unknown)


def contents_of(sids: Sequence[str], visible: Any) -> Contents:
    """The items of a bundle in the order of these sids. Two queries."""
    light = ("payload", "attributes", "value_fingerprints")
    end_users = visible(EndUser.objects.filter(pk__in=sids)).defer(*light)
    documents = visible(SupportingDocument.objects.filter(pk__in=sids)).defer(*light)
    found = {item.pk: item for item in (*end_users, *documents)}
    ordered = [found[sid] for sid in sids if sid in found]
    return Contents(
        [item for item in ordered if isinstance(item, EndUser)],
        [item for item in ordered if isinstance(item, SupportingDocument)],
        [sid for sid in sids if sid not in found],
    )
