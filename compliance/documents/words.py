"""What staff read of a document: its type, the names of its fields, its reasons, its age."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from compliance.ages import Age, age_of
from compliance.documents.querysets import lacks_file
from compliance.labels import DOCUMENT_STATES
from compliance.models import RegulatoryType, SupportingDocument
from compliance.rejections import Rejection, explain_all
from portal.labels import Label, label_for
from portal.secrets import fingerprint

# Twilio's names of what is no personal value; everything else is masked.
OPEN_FIELDS = frozenset({"issue_date", "expiration_date", "expiry_date"})
ADDRESSES = "address_sids"
_WORDS = {"id": "ID", "sid": "SID", "vat": "VAT"}


@dataclass(frozen=True, slots=True)
class Line:
    """One document as a list shows it."""

    document: SupportingDocument
    bundles: list[Any]
    today: date

    @property
    def label(self) -> Label:
        return label_for(DOCUMENT_STATES, self.document.status)

    @property
    def type_words(self) -> str:
        return type_words(self.document.type)

    @property
    def reasons(self) -> tuple[Rejection, ...]:
        return reasons_of(self.document)

    @property
    def lacks_file(self) -> bool:
        return lacks_file(self.document)

    @property
    def age(self) -> Age | None:
        return document_age(self.document)

    @property
    def age_words(self) -> str:
        return age_words(self.age, self.today)

    @property
    def age_tone(self) -> str:
        left = self.age.days_left(self.today) if self.age else 999
        return "bad" if left <= 0 else "wait" if left <= 30 else "off"


def document_age(document: SupportingDocument) -> Age | None:
    return age_of(
        type=document.type,
        issued_on=document.issued_on,
        expires_on=document.expires_on,
        uploaded_on=(document.remote_created_at or document.first_seen_at).date(),
    )


def age_words(age: Age | None, today: date) -> str:
    """`3 days left`, `2 days too old`."""
    if age is None:
        return ""
    left = age.days_left(today)
    if left > 0:
        return f"{left} day{'s' if left > 1 else ''} left"
    return f"{-left} day{'s' if left < -1 else ''} too old" if left else "too old from today"


def reasons_of(document: SupportingDocument) -> tuple[Rejection, ...]:
    """Why Twilio refused it, each with the fix; nothing for one that it did not refuse."""
    refused = document.status == SupportingDocument.Status.REJECTED
    if not (refused or document.error_codes or document.failure_reason):
        return ()
    return explain_all(document.error_codes, document.failure_reason)


def type_words(type: str) -> str:
    """`utility_bill` as `Utility bill`, a type that nobody has heard of as well."""
    words = " ".join(_WORDS.get(word, word) for word in type.replace("_", " ").split())
    return words[:1].upper() + words[1:] or "Document"


def field_labels(type: str) -> Mapping[str, str]:
    """Twilio's names of the fields that documents of this type have (page 33), in its order."""
    rows = RegulatoryType.objects.filter(kind=RegulatoryType.Kind.DOCUMENT, machine_name=type)
    return labels_of(rows.values_list("payload__fields", flat=True).first())


def labels_of(told: object) -> Mapping[str, str]:
    """Names by machine name, from the `fields` that Twilio tells of a type."""
    fields = [field for field in told if isinstance(field, dict)] if isinstance(told, list) else []
    return {
        str(field["machine_name"]): str(field.get("friendly_name") or type_words(field["machine_name"]))
        for field in fields
        if field.get("machine_name")
    }


def mark_of(friendly_name: str, attributes: Mapping[str, Any]) -> str:
    """A fingerprint of what can be changed, to see whether somebody else changed it."""
    return fingerprint("document", friendly_name, json.dumps(attributes, sort_keys=True))


def today() -> date:
    return timezone.now().date()
