"""Files to Twilio: multipart to the upload host, which the SDK does not know (contract §1 and §7.1).

Doc page 27 for supporting documents, page 12 for port-in documents. An answer whose `mime_type` is empty
means that Twilio has the document and not its file; that is for the caller to look at.
"""

from collections.abc import Mapping

from django.conf import settings
from twilio.base.exceptions import TwilioException

from portal.twilio.client import http_client, remote_call
from portal.twilio.login import Login
from portal.twilio.snapshots import Snapshot, read_created, read_snapshot

UPLOADS = "https://numbers-upload.twilio.com"


def upload(
    login: Login,
    call_name: str,
    path: str,
    *,
    values: Mapping[str, str],
    name: str,
    content: bytes,
    content_type: str,
    prefix: str = "RD",
    sid: str = "",
) -> Snapshot:
    """Send one file with the values of its form, and return the object that Twilio answers with.

    `path` begins with a slash; `sid` is given where the file is for an object that is there already.
    `name` reaches Twilio as it is, so it says nothing about anybody. Sent once: raises Rejected, Absent,
    Unavailable, Uncertain.
    """
    url = f"{UPLOADS}{path}/{sid}" if sid else f"{UPLOADS}{path}"
    with remote_call(call_name, writes=True) as call:
        answer = http_client().send(
            "POST",
            url,
            data=dict(values),
            files={"File": (name, content, content_type)},
            auth=(login.username, login.password),
            timeout=settings.TWILIO_UPLOAD_TIMEOUT,
        )
        if answer.status_code >= 400:
            raise TwilioException("The upload was refused.")
        return read_snapshot(call, sid) if sid else read_created(call, prefix)
