"""The Documents API (doc page 12): utility bills for port-in requests, uploaded and then only cited."""

from portal.sandbox.call import UPLOAD, Call, Route
from portal.sandbox.errors import refusal
from portal.sandbox.porting.resources import PortingDocument
from portal.sandbox.settings import read_name
from portal.sandbox.uploads import as_upload, keep_file
from portal.sandbox.wire import Answer, created

TYPES = ("utility_bill",)
MAX_FILE = 10 * 1024 * 1024


def upload(call: Call) -> Answer:
    """A document with its file; an unknown type is 400 70002. Nothing arrived: `mime_type` is null."""
    kind = call.form.get("document_type", "").strip()
    if kind not in TYPES:
        raise refusal(70002)
    document = PortingDocument(
        sid=call.new_sid("RD"),
        account_sid=call.account.sid,
        created_by=call.account.sid,
        document_type=kind,
        friendly_name=read_name(call.form.get("friendly_name", ""), 255) or None,
        date_created=call.moment,
        date_updated=call.moment,
    )
    document.mime_type = keep_file(call, document.sid, MAX_FILE)
    call.store.add(document)
    return created(document.shown())


ROUTES = (Route("POST", UPLOAD, "/v1/Documents", as_upload(upload)),)
