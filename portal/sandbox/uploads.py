"""What comes to numbers-upload.twilio.com: files, and refusals in the shape of that host (doc page 12)."""

from collections.abc import Callable

from portal.sandbox.call import Call, Handler
from portal.sandbox.errors import ApiError, refusal
from portal.sandbox.wire import Answer, UploadedFile

MIME_TYPES = ("image/jpeg", "image/png", "application/pdf")


class UploadRefused(ApiError):
    """A refusal of the upload host, which writes errors in a shape of its own."""

    def body(self) -> dict[str, object]:
        return {
            "message": self.message,
            "code": self.code,
            "user_error": self.status < 500,
            "http_status_code": self.status,
            "params": {},
        }


def as_upload(handler: Callable[[Call], Answer]) -> Handler:
    def answer(call: Call) -> Answer:
        try:
            return handler(call)
        except ApiError as error:
            raise UploadRefused(error.code, error.message, error.status) from error

    return answer


def keep_file(call: Call, sid: str, most: int) -> str | None:
    """Store the file byte for byte, and return its type. One without content has none, and is not kept.

    Too large: 413 20413. Neither JPEG, PNG nor PDF by its declared type: 20422 (both inferred).
    """
    file = next((one for one in call.request.files if one.field == "File"), None)
    if file is None or not file.content:
        return None
    if len(file.content) > most:
        raise refusal(20413)
    kind = _mime_type(file)
    call.store.db.execute(
        "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", (sid, file.name, kind, file.content)
    )
    return kind


def _mime_type(file: UploadedFile) -> str:
    declared = file.type.partition(";")[0].strip().lower()
    if declared not in MIME_TYPES:
        raise refusal(20422, "Invalid Parameter: File must be a JPEG, a PNG or a PDF")
    return declared
