"""What staff can do with supporting documents: upload, change, give another file, delete.

A document is personal data, so an operation keeps keyed fingerprints to recognise it by, the names of what
changed and the id of our copy of its file, never a value; and Twilio's words without the values they repeat.
"""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from compliance import gateway as compliance_gateway
from compliance import sync
from compliance.documents import gateway
from compliance.documents.refusals import keepable
from compliance.documents.words import mark_of
from compliance.models import SupportingDocument
from portal import files, operations
from portal.creation import create_once, settle_creation
from portal.models import Change, Operation, StoredFile, TwilioAccount, User
from portal.secrets import fingerprint
from portal.twilio.bodies import UNREADABLE, read_object
from portal.twilio.errors import Absent, TwilioFailure, Uncertain
from portal.twilio.patience import IN_A_REQUEST, IN_A_TASK, Patience
from portal.twilio.snapshots import Snapshot
from portal.uploads.check import CheckedFile

UPLOAD_DOCUMENT = "compliance.upload_document"
UPDATE_DOCUMENT = "compliance.update_document"
REPLACE_FILE = "compliance.replace_file"
DELETE_DOCUMENT = "compliance.delete_document"


class ChangedMeanwhile(Exception):
    """The document at Twilio is not the one that was on the form."""

    def __init__(self, document: SupportingDocument) -> None:
        super().__init__("The document has changed since the form was opened.")
        self.document = document


class KeptAsItIs(Exception):
    """Its status lets nobody change the document's content."""

    def __init__(self, document: SupportingDocument) -> None:
        super().__init__("The document's content can no longer change.")
        self.document = document


def upload_document(
    *,
    account: TwilioAccount,
    type: str,
    friendly_name: str,
    attributes: Mapping[str, Any],
    file: CheckedFile,
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> SupportingDocument:
    """Create a document with its file at Twilio, once; our copy of the file is stored first.

    Raises the four Twilio failures, AlreadyUnderWay, and AlreadySent, whose operation has it as target.
    The wish is recognised by content, type, name and attributes in the account, so two people who send the
    same within minutes send it once. A document that comes back with `mime_type` empty is there, but Twilio
    has not got its file: `replace_file` sends it again.
    """
    login = account.require_own_login()
    key = _key(account.sid, type, friendly_name, attributes)
    natural_key = f"document:{key}:{fingerprint('file', file.digest, account.sid)}"
    operations.check_may_start(natural_key, form_key)
    stored_id = _stored_id(file, account, actor)
    try:
        return create_once(
            UPLOAD_DOCUMENT,
            model=SupportingDocument,
            account=account,
            natural_key=natural_key,
            detail={"type": type, "key": key, "file": stored_id},
            send=lambda: gateway.upload_document(
                login, friendly_name=friendly_name, type=type, attributes=attributes, **_as_sent(file)
            ),
            apply=partial(_apply_with_file, stored_id),
            actor=actor,
            form_key=form_key,
            reason=reason,
            keepable=lambda failure: keepable(failure, attributes, friendly_name),
        )
    except Uncertain:
        raise
    except (TwilioFailure, operations.AlreadySent, operations.AlreadyUnderWay):
        _discard(file, stored_id)
        raise


def update_document(
    *,
    document: SupportingDocument,
    friendly_name: str,
    attributes: Mapping[str, Any] | None,
    opened_with: str,
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> Operation | None:
    """Rename a document and, if `attributes` are given, replace all of them; None if Twilio has it so.

    Reads it first: raises ChangedMeanwhile rather than overwrite what somebody else changed (`opened_with`
    is `mark_of` what the form showed), and KeptAsItIs for attributes of a document that was decided upon.
    Raises the four Twilio failures, AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(document.sid, form_key)
    document = read_document(document=document)
    before = document.values
    if mark_of(document.friendly_name, before) != opened_with:
        raise ChangedMeanwhile(document)
    wanted = before if attributes is None else dict(attributes)
    changed = [name for name in sorted({*before, *wanted}) if before.get(name) != wanted.get(name)]
    if changed and not document.is_content_open:
        raise KeptAsItIs(document)
    values: dict[str, Any] = {"attributes": wanted} if changed else {}
    if friendly_name != document.friendly_name:
        values["friendly_name"] = friendly_name
        changed = ["friendly_name", *changed]
    if not values:
        return None
    detail = {"changed": changed, "before": opened_with, "after": mark_of(friendly_name, wanted)}
    try:
        operation = operations.start(
            UPDATE_DOCUMENT, account=document.account, target=document.sid, actor=actor, detail=detail,
            reason=reason, form_key=form_key, earlier=earlier,
        )  # fmt: skip
    except operations.Overtaken:
        raise ChangedMeanwhile(read_document(document=document)) from None
    try:
        snapshot = compliance_gateway.update_document(
            document.account.require_own_login(), document.sid, values
        )
    except TwilioFailure as failure:
        operations.end_as(operation, keepable(failure, {**before, **wanted}, friendly_name))
        raise
    _changed(operation, snapshot)
    return operation


def replace_file(
    *,
    document: SupportingDocument,
    file: CheckedFile,
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
) -> SupportingDocument:
    """Give a document another file. Raises KeptAsItIs, the four failures, AlreadySent, AlreadyUnderWay.

    As with `upload_document`, a `mime_type` that is empty afterwards says that Twilio has no file.
    """
    operations.check_may_start(document.sid, form_key)
    document = read_document(document=document)
    if not document.is_content_open:
        raise KeptAsItIs(document)
    stored_id = _stored_id(file, document.account, actor)
    try:
        operation = operations.start(
            REPLACE_FILE, account=document.account, target=document.sid, actor=actor,
            detail={"file": stored_id, "changed": ["file"], "before": _touched(document)},
            reason=reason, form_key=form_key,
        )  # fmt: skip
    except (operations.AlreadySent, operations.AlreadyUnderWay):
        _discard(file, stored_id)
        raise
    try:
        snapshot = gateway.replace_file(document.account.require_own_login(), document.sid, **_as_sent(file))
    except TwilioFailure as failure:
        operations.end_as(operation, keepable(failure, document.values, document.friendly_name))
        if not isinstance(failure, Uncertain):
            _discard(file, stored_id)
        raise
    return _changed(operation, snapshot)


def delete_document(
    *, document: SupportingDocument, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation:
    """Delete a document at Twilio, and our copies of its file.

    Raises the four failures (Absent: it was gone already; 21645: a bundle holds it; 21646: it is under
    review), AlreadySent and AlreadyUnderWay.
    """
    operation = operations.start(
        DELETE_DOCUMENT, account=document.account, target=document.sid, actor=actor, detail={},
        reason=reason, form_key=form_key,
    )  # fmt: skip
    asked_at = timezone.now()
    try:
        request_id = compliance_gateway.delete_document(document.account.require_own_login(), document.sid)
    except TwilioFailure as failure:
        operations.end_as(operation, keepable(failure, document.values, document.friendly_name))
        if isinstance(failure, Absent):
            sync.mark_document_absent(document.sid, asked_at=asked_at, source=Change.Source.READ)
        raise
    with transaction.atomic(durable=True):
        sync.mark_document_absent(document.sid, asked_at=asked_at, source=Change.Source.OPERATION)
        operations.end(operation, request_id=request_id)
    _purge_files(document.sid)
    return operation


def read_document(*, document: SupportingDocument, patience: Patience = IN_A_REQUEST) -> SupportingDocument:
    """Read the document from Twilio now and return it. Raises Absent, having noted it, and Unavailable."""
    asked_at = timezone.now()
    login = document.account.require_own_login()
    try:
        snapshot = compliance_gateway.fetch_document(login, document.sid, patience=patience)
    except Absent:
        sync.mark_document_absent(document.sid, asked_at=asked_at, source=Change.Source.READ)
        raise
    sync.apply_document(snapshot, source=Change.Source.READ)
    return _fetched(document.sid)


def settle_document_operations() -> None:
    """End what lost its answer, by looking at what Twilio has now. Nothing is sent again."""
    settlers = {
        UPLOAD_DOCUMENT: _settle_upload,
        UPDATE_DOCUMENT: _settle_update,
        REPLACE_FILE: _settle_replacement,
        DELETE_DOCUMENT: _settle_deletion,
    }
    for kind, settle in settlers.items():
        operations.settle_each(kind, settle)


def _settle_upload(operation: Operation) -> None:
    account, key = operation.account, operation.detail["key"]

    def is_it(payload: Mapping[str, Any]) -> bool:
        kind, name = str(payload.get("type") or ""), str(payload.get("friendly_name") or "")
        found = _key(account.sid, kind, name, payload.get("attributes") or {})
        return found == str(key)

    settle_creation(
        operation,
        model=SupportingDocument,
        listed=_listed(account),
        is_it=is_it,
        apply=partial(_apply_with_file, operation.detail["file"]),
    )


def _settle_update(operation: Operation) -> None:
    document = _settled(operation)
    if document is None:
        return
    now = mark_of(document.friendly_name, document.values)
    if now == operation.detail["before"]:
        operations.refuse(operation, "Twilio's answer was lost, and the document does not show the change.")
    elif now == operation.detail["after"]:
        operations.end(operation, words="Twilio's answer was lost; the document shows the change.")
    else:
        operations.end(operation, words="Twilio's answer was lost; the document has changed since.")


def _settle_replacement(operation: Operation) -> None:
    """Twilio tells nothing of a file's content: only whether the document was touched since."""
    document = _settled(operation)
    if document is None:
        return
    if _touched(document) != operation.detail["before"] and document.mime_type:
        files.give(operation.detail["file"], document.sid)
        operations.end(operation, words="Twilio's answer was lost; the document has changed since.")
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the document has not changed since.")


def _settle_deletion(operation: Operation) -> None:
    document = SupportingDocument.objects.select_related("account").get(pk=operation.target)
    try:
        read_document(document=document, patience=IN_A_TASK)
    except Absent:
        operations.end(operation, words="Twilio's answer was lost; the document is gone.")
        _purge_files(operation.target)
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the document is still there.")


def _settled(operation: Operation) -> SupportingDocument | None:
    """The document as Twilio has it now; None, and the operation ended, when it has gone."""
    document = SupportingDocument.objects.select_related("account").get(pk=operation.target)
    try:
        return read_document(document=document, patience=IN_A_TASK)
    except Absent:
        operations.refuse(operation, "Twilio's answer was lost, and Twilio no longer has the document.")
        return None


def _listed(account: TwilioAccount) -> Iterator[Snapshot]:
    for page in compliance_gateway.iter_document_pages(account.require_own_login()):
        for record in page.records:
            try:
                payload, body = read_object(record)
            except UNREADABLE:
                continue
            if isinstance(sid := payload.get("sid"), str):
                yield Snapshot(sid, body, page.requested_at, page.effort.request_id)


def _apply_with_file(stored_id: str, snapshot: Snapshot, **how: Any) -> None:
    sync.apply_document(snapshot, **how)
    files.give(stored_id, snapshot.sid)


def _changed(operation: Operation, snapshot: Snapshot) -> SupportingDocument:
    with transaction.atomic(durable=True):
        sync.apply_document(snapshot, source=Change.Source.OPERATION, operation=operation)
        if stored_id := operation.detail.get("file"):
            files.give(stored_id, snapshot.sid)
        operations.end(operation, request_id=snapshot.request_id)
    return _fetched(snapshot.sid)


def _key(account_sid: str, type: str, friendly_name: str, attributes: Any) -> str:
    """Stands for what Twilio's list tells of a document. It leads nobody back to the values."""
    values = json.dumps(attributes, sort_keys=True, default=str)
    return fingerprint("document", account_sid, type, friendly_name.strip(), values)


def _stored_id(file: CheckedFile, account: TwilioAccount, actor: User) -> str:
    """Our copy is there before Twilio has anything."""
    return file.stored_id or str(files.store(file, account=account, uploaded_by=actor).pk)


def _discard(file: CheckedFile, stored_id: str) -> None:
    """Nothing became of it. What the form keeps stays kept."""
    if not file.stored_id:
        files.discard(stored_id)


def _purge_files(sid: str) -> None:
    files.purge(StoredFile.objects.of(sid), rule="The document was deleted at Twilio")


def _as_sent(file: CheckedFile) -> dict[str, Any]:
    return {"name": file.neutral_name, "content": file.content, "content_type": file.content_type}


def _touched(document: SupportingDocument) -> str:
    return document.remote_updated_at.isoformat() if document.remote_updated_at else ""


def _fetched(sid: str) -> SupportingDocument:
    document: SupportingDocument = SupportingDocument.objects.select_related("account").get(pk=sid)
    return document
