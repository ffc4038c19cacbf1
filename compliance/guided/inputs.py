"""The tasks of a bundle by name, where each is done, and the inputs that a problem leads to."""

from dataclasses import dataclass

from django.urls import reverse

from compliance.guided.fields import input_name
from compliance.requirements import DocumentNeed

END_USER, ADDRESS, WAY, CONTACT, REGULATION = "end-user", "address", "way", "contact", "regulation"
_DOCUMENT = "document:"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to put right, and the very input where it is done."""

    words: str
    url: str
    task: str


def document_task(need: DocumentNeed) -> str:
    return f"{_DOCUMENT}{need.requirement_name}"


def task_url(bundle_sid: str, key: str) -> str:
    if key.startswith(_DOCUMENT):
        return reverse("compliance:bundle-document", args=[bundle_sid, key.removeprefix(_DOCUMENT)])
    return reverse(f"compliance:bundle-{key}", args=[bundle_sid])


def anchor(field_name: str) -> str:
    """The id of the input of a field of what the bundle holds; of the choice itself without a field."""
    if field_name in ("file", "status"):
        return "id_keep-the-file"
    return f"id_keep-{input_name(field_name)}" if field_name else "id_use"
