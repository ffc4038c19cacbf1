"""Supporting documents (doc pages 27, 28); those with a file come to the upload host as multipart."""

from portal.sandbox.call import NUMBERS, UPLOAD, Call, Route
from portal.sandbox.errors import refusal
from portal.sandbox.lists import fetch, list_resources
from portal.sandbox.regulatory.attributes import find_type, read_attributes
from portal.sandbox.regulatory.items import bundles_with, check_not_under_review
from portal.sandbox.regulatory.resources import (
    BASE,
    DRAFT,
    PATH,
    PENDING,
    SupportingDocument,
    SupportingDocumentType,
)
from portal.sandbox.settings import read_name
from portal.sandbox.uploads import as_upload, keep_file
from portal.sandbox.wire import DELETED, Answer, created, encode, ok

DOCUMENTS = PATH + "/SupportingDocuments"
STATUSES = (DRAFT, PENDING, "rejected", "approved", "expired", "provisionally-approved")
SETTLED = ("approved", "provisionally-approved")
MAX_FILE = 5 * 1024 * 1024  # page 40, 2019-04-17; page 12 gives a utility bill 10 MB
MAX_BILL = 10 * 1024 * 1024
MAX_NAME = 255


def list_documents(call: Call) -> Answer:
    return list_resources(call, SupportingDocument)


def create_document(call: Call) -> Answer:
    return created(_create(call).shown())


def upload_document(call: Call) -> Answer:
    """A document with its file. The answer lacks two keys, and its `url` does not exist (page 27)."""
    document = _create(call)
    _keep_file(call, document)
    answer = document.shown()
    for key in ("failure_reason", "errors"):
        del answer[key]
    return Answer(201, encode({**answer, "url": f"{BASE}/Documents/{document.sid}"}))


def _create(call: Call) -> SupportingDocument:
    """22210 without a type there is, 22211 without a name."""
    kind = call.form.get("Type", "").strip()
    if not kind or find_type(call.store, SupportingDocumentType, kind) is None:
        raise refusal(22210)
    if not call.form.get("FriendlyName", "").strip():
        raise refusal(22211)
    attributes = read_attributes(call, SupportingDocumentType, kind) or {}
    document = SupportingDocument(
        sid=call.new_sid("RD"),
        account_sid=call.account.sid,
        friendly_name=read_name(call.form["FriendlyName"], MAX_NAME),
        type=kind,
        attributes=attributes,
        date_created=call.moment,
        date_updated=call.moment,
    )
    call.store.add(document)
    return document


def fetch_one(call: Call) -> Answer:
    return ok(fetch(call, SupportingDocument).shown())


def update_document(call: Call) -> Answer:
    return ok(_update(call).shown())


def upload_again(call: Call) -> Answer:
    """Another file for a document; as the create, but 200."""
    document = _update(call)
    _keep_file(call, document)
    return ok(document.shown())


def _update(call: Call) -> SupportingDocument:
    """Change a document. One whose content changes is a draft again, with nothing held against it.

    Status and attributes do not go together (22208), a status must be one (22209). What is approved or
    under review keeps its content: 409 20409 (inferred).
    """
    document = fetch(call, SupportingDocument)
    attributes = read_attributes(call, SupportingDocumentType, document.type)
    if "Status" in call.form:
        if attributes is not None:
            raise refusal(22208)
        if call.form["Status"] not in STATUSES:
            raise refusal(22209)
        if call.form["Status"] not in (document.status, DRAFT):
            raise refusal(20422, f"A Supporting Document in status {document.status} cannot be set so")
    rewritten = attributes is not None and attributes != document.attributes
    if rewritten or call.request.files:
        check_not_under_review(call.store, document.sid)
        if document.status in SETTLED:
            raise refusal(20409, f"A Supporting Document in status {document.status} cannot be changed")
        document.attributes = document.attributes if attributes is None else attributes
        document.status, document.failure_reason, document.errors = DRAFT, None, None
    if call.form.get("FriendlyName"):
        document.friendly_name = read_name(call.form["FriendlyName"], MAX_NAME)
    document.touch(call.now)
    call.store.save(document)
    return document


def _keep_file(call: Call, document: SupportingDocument) -> None:
    """An upload without content leaves `mime_type` empty, and no more (page 12)."""
    most = MAX_BILL if document.type == "utility_bill" else MAX_FILE
    document.mime_type = keep_file(call, document.sid, most)
    call.store.save(document)


def delete_document(call: Call) -> Answer:
    """Not while it is assigned (21645) or waits for its review (21646)."""
    document = fetch(call, SupportingDocument)
    if document.status == PENDING:
        raise refusal(21646)
    if bundles_with(call.store, document.sid):
        raise refusal(21645)
    call.store.remove(document)
    call.store.db.execute("DELETE FROM file WHERE sid = ?", (document.sid,))
    return DELETED


ROUTES = (
    Route("GET", NUMBERS, DOCUMENTS, list_documents),
    Route("POST", NUMBERS, DOCUMENTS, create_document),
    Route("GET", NUMBERS, DOCUMENTS + "/{Sid}", fetch_one),
    Route("POST", NUMBERS, DOCUMENTS + "/{Sid}", update_document),
    Route("DELETE", NUMBERS, DOCUMENTS + "/{Sid}", delete_document),
    Route("POST", UPLOAD, DOCUMENTS, as_upload(upload_document)),
    Route("POST", UPLOAD, DOCUMENTS + "/{Sid}", as_upload(upload_again)),
)
