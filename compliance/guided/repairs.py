"""Where the reasons for a rejection are put right."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from compliance.guided.inputs import CONTACT, END_USER, Problem, anchor, document_task, task_url
from compliance.models import EndUser, SupportingDocument
from compliance.rejections import Rejection, explain_all
from compliance.requirements import DocumentNeed

if TYPE_CHECKING:
    from compliance.guided.draft import Draft

Place = tuple[str, Sequence[str]]  # a task's page, and the fields it asks for of the document


def rejections_of(
    draft: "Draft", document: EndUser | SupportingDocument, need: DocumentNeed
) -> list[Problem]:
    """Why Twilio refused a document, told once however much the document is to prove."""
    assert isinstance(document, SupportingDocument)
    served = list(_served_by(draft, document))
    if not served or served[0].requirement_name != need.requirement_name:
        return []
    key = document_task(need)
    places = [_place(draft, document, one) for one in served]
    if document.status == document.Status.EXPIRED:
        return [
            Problem(f"“{document}” has expired: send another one", f"{places[0][0]}#{anchor('file')}", key)
        ]
    return [
        Problem(f"{reason.words} {reason.fix}", fix_url(draft, reason, places), key)
        for reason in explain_all(document.error_codes, document.failure_reason)
    ]


def fix_url(draft: "Draft", reason: Rejection, places: Sequence[Place] = ()) -> str:
    """The input where a reason is put right. Without places it may be about any of the documents."""
    places = places or list(_all_places(draft))
    if reason.where == "contact":
        return f"{task_url(draft.bundle.pk, CONTACT)}#id_email"
    if reason.where == "end_user" or not places:
        fields = [one.name for one in draft.end_user_need.fields] if draft.end_user_need else []
        found = next((name for name in reason.fields if name in fields), "")
        return f"{task_url(draft.bundle.pk, END_USER)}#{anchor(found)}"
    if reason.needs_file:
        return f"{places[0][0]}#{anchor('file')}"
    for name in reason.fields:
        for url, names in places:
            if name in names:
                return f"{url}#{anchor(name)}"
    url, names = places[0]
    return f"{url}#{anchor(names[0] if names else 'file')}"


def _all_places(draft: "Draft") -> Iterator[Place]:
    for need in draft.needs:
        held = draft.held(need)
        if held and isinstance(held.item, SupportingDocument):
            yield _place(draft, held.item, need)


def _served_by(draft: "Draft", document: SupportingDocument) -> Iterator[DocumentNeed]:
    for need in draft.needs:
        held = draft.held(need)
        if held and held.item == document:
            yield need


def _place(draft: "Draft", document: SupportingDocument, need: DocumentNeed) -> Place:
    accepted = need.accepts(document.type)
    return task_url(draft.bundle.pk, document_task(need)), [
        one.name for one in accepted.fields
    ] if accepted else []
