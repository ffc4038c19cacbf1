"""What both doors share: which part of the sandbox a path belongs to."""

from portal.sandbox import control, status_page
from portal.sandbox.core import Sandbox
from portal.sandbox.wire import Request, Response

CONTROL = "_sandbox"


def answer(sandbox: Sandbox, request: Request) -> Response:
    """`/` is the status page, `/_sandbox/…` the control API, everything else Twilio."""
    if request.host == "":
        return status_page.show(sandbox, request)
    if request.host == CONTROL:
        return control.answer(sandbox, request)
    return sandbox.handle(request)
