"""What both doors share: which part of the sandbox a path belongs to."""

from portal.sandbox import control, status_page
from portal.sandbox.core import Sandbox
from portal.sandbox.regulatory import pages
from portal.sandbox.wire import Request, Response

CONTROL = "_sandbox"
REVIEW = "review"
TWILIO = ".twilio.com"


def answer(sandbox: Sandbox, request: Request) -> Response:
    """`/` and `/review` are its own pages, `/_sandbox/…` the control API, a host of Twilio's is Twilio."""
    if request.host.endswith(TWILIO):
        return sandbox.handle(request)
    if request.host not in ("", CONTROL, REVIEW):
        return Response(404, b"The path starts with no host of Twilio's.", {"Content-Type": "text/plain"})
    if _comes_from_elsewhere(request):
        return Response(403, b"This page takes orders from itself only.", {"Content-Type": "text/plain"})
    answers = {CONTROL: control.answer, REVIEW: pages.answer}.get(request.host, status_page.answer)
    return answers(sandbox, request)


def _comes_from_elsewhere(request: Request) -> bool:
    """Whether a browser sent this from another site's page."""
    origin = request.headers.get("origin")
    return request.method != "GET" and origin not in (None, f"http://{request.headers.get('host')}")
