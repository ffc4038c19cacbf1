"""Files to Twilio's upload host: multipart through the one door, patient, sent once, refusals understood."""

import pytest
import requests
from django.conf import settings as django_settings

from portal.twilio import uploads
from portal.twilio.client import http_client
from portal.twilio.errors import Rejected, Unavailable, Uncertain
from portal.twilio.login import Login
from tests.answers import Answer, Script, answering

LOGIN = Login("AC" + "1" * 32, "AC" + "1" * 32, "secret")
SID = "RD" + "2" * 32
DONE = Answer(201, {"sid": SID, "mime_type": "application/pdf"})
pytestmark = pytest.mark.django_db


def send(**options):
    return uploads.upload(
        LOGIN, "document.upload", "/v1/Documents",
        values={"document_type": "utility_bill", "friendly_name": "Bill"},
        name="document.pdf", content=b"%PDF-1.7", content_type="application/pdf", **options,
    )  # fmt: skip


def test_it_sends_values_and_file_to_the_upload_host():
    with answering(DONE) as twilio:
        snapshot = send()

    [request] = twilio.requests
    assert request.url == f"{django_settings.TWILIO_BASE_URL}/numbers-upload.twilio.com/v1/Documents"
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert request.headers["Authorization"].startswith("Basic ")
    body = request.body
    assert b'name="document_type"\r\n\r\nutility_bill\r\n' in body
    assert (
        b'name="File"; filename="document.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7\r\n' in body
    )
    assert (snapshot.sid, snapshot.payload["mime_type"]) == (SID, "application/pdf")


def test_another_file_goes_to_the_object_itself():
    with answering(Answer(200, {"sid": SID})) as twilio:
        send(sid=SID)
    assert twilio.requests[0].url.endswith(f"/v1/Documents/{SID}")


def test_it_waits_longer_than_other_calls(settings):
    settings.TWILIO_TIMEOUT, settings.TWILIO_UPLOAD_TIMEOUT = 3, 77
    waited = []

    class Patient(Script):
        def send(self, request, **options):
            waited.append(options["timeout"])
            return super().send(request, **options)

    session = http_client().session
    session.mount(settings.TWILIO_BASE_URL, Patient(DONE))
    try:
        send()
    finally:
        session.adapters.pop(settings.TWILIO_BASE_URL)
    assert waited == [77]


def test_a_refusal_in_the_hosts_own_shape_is_understood():
    refusal = {
        "message": "Document type not found",
        "code": 70002,
        "user_error": True,
        "http_status_code": 400,
        "params": {},
    }
    with answering(Answer(400, refusal)), pytest.raises(Rejected) as refused:
        send()
    assert (refused.value.code, refused.value.words) == (70002, "Document type not found")
    assert refused.value.request_id


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Answer(429), Unavailable),
        (Answer(500, b"<html>"), Uncertain),
        (requests.ReadTimeout(), Uncertain),
        (requests.ConnectTimeout(), Unavailable),
        (Answer(201, {"sid": "XX"}), Uncertain),
        (Answer(201, b"not json"), Uncertain),
        (Answer(413, b"<html>too large</html>"), Rejected),
    ],
)
def test_it_is_sent_once_whatever_comes_back(answer, failure):
    with answering(answer, DONE) as twilio, pytest.raises(failure):
        send()
    assert len(twilio.requests) == 1
