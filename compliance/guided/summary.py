"""The answers of a bundle as they are checked before it is submitted, and what differs from the last time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.urls import reverse

from compliance.bundles.actions import SUBMIT_BUNDLE
from compliance.evaluations import Comparison, compare
from compliance.guided.draft import Draft
from compliance.guided.fields import day_words
from compliance.guided.inputs import ADDRESS, CONTACT, END_USER, WAY, document_task, task_url
from compliance.guided.offers import entered_by
from compliance.models import Bundle, EndUser, Evaluation, ItemAssignment, SupportingDocument
from compliance.regulations.words import choice_name
from compliance.rejections import Rejection, explain_all
from compliance.requirements import Field
from inventory.models import Address
from portal.models import Operation, StoredFile, User
from portal.numbering import country_name
from portal.reveal.reveals import mask
from portal.reveal.views_files import may_see


@dataclass(frozen=True, slots=True)
class Row:
    """One answer. `missing` is what is to be done about a needed one that is not there."""

    label: str
    value: str = ""
    missing: str = ""
    is_masked: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    change_url: str
    rows: Sequence[Row]
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Replaced:
    """A document that Twilio rejected, and what the bundle holds in its place."""

    old: SupportingDocument
    new: SupportingDocument | None
    reasons: Sequence[Rejection]


@dataclass(frozen=True, slots=True)
class SinceRejection:
    """The rejected submission beside what is there now (H4)."""

    before: Evaluation | None
    after: Evaluation | None
    comparison: Comparison | None
    replaced: Sequence[Replaced]


def sections_of(draft: Draft, viewer: User) -> list[Section]:
    """All answers; what an item says is in clear only for whoever typed it in lately."""
    items = [*draft.end_users, *draft.documents]
    known = entered_by(viewer, [draft.bundle.pk, *(item.pk for item in items)])
    files = {
        stored.owner_sid: stored
        for stored in StoredFile.objects.there().filter(owner_sid__in=[one.pk for one in draft.documents])
    }
    return list(_sections(draft, viewer, known, files))


def _sections(draft: Draft, viewer: User, known: set[str], files: dict[str, StoredFile]) -> Iterator[Section]:
    bundle, need = draft.bundle, draft.end_user_need
    if need:
        end_user = draft.end_user
        is_clear = end_user is not None and end_user.pk in known
        rows = [Row("Entry", str(end_user))] if end_user else []
        rows += [_said(one, end_user, draft, is_clear) for one in need.fields]
        yield Section("End user", _change(bundle, END_USER), rows, bool(end_user) and not is_clear)
    if len(draft.requirements.alternatives) > 1:
        chosen = Row("Documents", draft.way_name(draft.way)) if draft.way is not None else None
        row = chosen or Row("Documents", missing="Choose which documents to send")
        yield Section("Which documents", _change(bundle, WAY), [row])
    if draft.takes_address:
        address = draft.addresses.get(draft.chosen_address)
        row = Row("Address", address_line(address)) if address else Row("Address", missing="Give the address")
        yield Section("Address", _change(bundle, ADDRESS), [row])
    for wanted in draft.needs:
        match, url = draft.held(wanted), _change(bundle, document_task(wanted))
        if match is None or not isinstance(match.item, SupportingDocument):
            yield Section(wanted.name, url, [Row("Document", missing=f"Prove: {wanted.name}")])
            continue
        document, accepted = match.item, wanted.accepts(match.item.type)
        assert accepted is not None
        is_clear = document.pk in known
        rows = [Row("Document", str(document))]
        rows += [_said(one, document, draft, is_clear) for one in accepted.fields]
        if accepted.takes_file:
            rows.append(_file(document, files.get(document.pk), viewer, is_clear))
        yield Section(wanted.name, url, rows, not is_clear)
    yield Section(
        "Contact and callback",
        _change(bundle, CONTACT),
        [
            Row("Name", bundle.friendly_name),
            Row(
                "Contact e-mail",
                bundle.email if bundle.pk in known else mask(bundle.email),
                missing="" if bundle.email else "Enter the contact e-mail",
            ),
            Row("Callback URL", bundle.status_callback or "Not provided"),
        ],
    )


def _said(one: Field, item: EndUser | SupportingDocument | None, draft: Draft, is_clear: bool) -> Row:
    value = item.values.get(one.name) if item else None
    if value in (None, "", []):
        return (
            Row(one.label, "Not provided")
            if one.is_optional
            else Row(one.label, missing=f"Enter {one.label}")
        )
    if one.kind == "addresses":
        found = [draft.addresses.get(str(sid)) for sid in (value if isinstance(value, list) else [value])]
        lines = [address_line(address) if address else "An address that is gone" for address in found]
        return Row("Address", "; ".join(lines))
    if not is_clear:
        return Row(one.label, mask(value), is_masked=True)
    if one.choices:
        return Row(one.label, choice_name(str(value)))
    if one.kind == "date":
        return Row(one.label, day_words(str(value)))
    if one.kind == "country":
        return Row(one.label, country_name(str(value)))
    return Row(one.label, ", ".join(map(str, value)) if isinstance(value, list) else str(value))


def _file(document: SupportingDocument, stored: StoredFile | None, viewer: User, is_clear: bool) -> Row:
    if not document.mime_type:
        return Row("File", missing="Upload the file: Twilio has none")
    if stored is None:
        return Row("File", f"At Twilio ({document.mime_type})")
    url = reverse("file-preview", args=[stored.pk]) if may_see(viewer, stored) else ""
    return Row("File", stored.name if is_clear else stored.kind, url=url)


def address_line(address: Address) -> str:
    return ", ".join([str(address), *address.lines])


def since_rejection(draft: Draft) -> SinceRejection | None:
    """What was rejected beside what is there now; None for a bundle that never went to review."""
    bundle = draft.bundle
    if bundle.submitted_at is None:
        return None
    submission = Operation.objects.filter(
        kind=SUBMIT_BUNDLE, target=bundle.pk, state=Operation.State.DONE
    ).first()
    evaluations = Evaluation.objects.filter(bundle=bundle)
    before = None
    if submission:
        before = evaluations.filter(pk=submission.detail.get("evaluation")).first()
    before = before or evaluations.filter(remote_created_at__lte=bundle.submitted_at).first()
    after = draft.evaluation if draft.evaluation and draft.evaluation != before else None
    return SinceRejection(
        before,
        after,
        compare(before.results, after.results) if before and after else None,
        _replaced(draft, bundle),
    )


def _replaced(draft: Draft, bundle: Bundle) -> list[Replaced]:
    """Rejected documents that were taken out since the submission, with what stands in for them."""
    gone = ItemAssignment.objects.filter(bundle=bundle, missing_since__gte=bundle.submitted_at)
    rows = SupportingDocument.objects.filter(
        pk__in=gone.values("object_sid"), status=SupportingDocument.Status.REJECTED
    )
    held = {document.pk for document in draft.documents}
    found = []
    for old in rows:
        if old.pk in held:
            continue
        new = next((one for one in draft.documents if one.type == old.type), None)
        if new is None:
            wanted = next((need for need in draft.needs if need.accepts(old.type)), None)
            match = draft.held(wanted) if wanted else None
            new = match.item if match and isinstance(match.item, SupportingDocument) else None
        found.append(Replaced(old, new, explain_all(old.error_codes, old.failure_reason)))
    return found


def _change(bundle: Bundle, task: str) -> str:
    return f"{task_url(bundle.pk, task)}?check"
