"""What both doors share: which part of the sandbox a path belongs to."""

from portal.sandbox import control, status_page
from portal.sandbox.core import Sandbox
from portal.sandbox.hosting import pages as hosting
from portal.sandbox.porting import pages as porting
from portal.sandbox.regulatory import pages as review
from portal.sandbox.wire import Request, Response

PAGES = {
    "": status_page.answer,
    "_sandbox": control.answer,
    "review": review.answer,
    "porting": porting.answer,
    "hosting": hosting.answer,
}
TWILIO = ".twilio.com"


def answer(sandbox: Sandbox, request: Request) -> Response:
    """A host of Twilio's is Twilio, `/_sandbox/…` the control API; `/` and the rest are its own pages."""
    if request.host.endswith(TWILIO):
        return sandbox.handle(request)
    answering = PAGES.get(request.host)
    if answering is None:
        return Response(404, b"The path starts with no host of Twilio's.", {"Content-Type": "text/plain"})
    if _comes_from_elsewhere(request):
        return Response(403, b"This page takes orders from itself only.", {"Content-Type": "text/plain"})
    return answering(sandbox, request)


def _comes_from_elsewhere(request: Request) -> bool:
    """Whether a browser sent this from another site's page."""
    origin = request.headers.get("origin")
    return request.method != "GET" and origin not in (None, f"http://{request.headers.get('host')}")
