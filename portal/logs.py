"""What never enters a log line: queries, where numbers and names stand, and keys of links."""

import logging
import re
from typing import Any

from structlog.typing import EventDict

_RESET_KEY = re.compile(r"/password/reset/key/[^/\s]+-[^/\s]+/")


def without_key(text: str) -> str:
    """Leave out the key of a link that sets a password."""
    return _RESET_KEY.sub("/password/reset/key/…/", text)


def redact(logger: Any, method: str, event: EventDict) -> EventDict:
    """A structlog processor. Django hands whole requests to its log, and they print with their query."""
    if not isinstance(event.get("request", ""), str):
        del event["request"]
    if isinstance(event.get("event"), str):
        event["event"] = without_key(event["event"])
    return event


def one_line_for_a_refusal(record: logging.LogRecord) -> bool:
    """A logging filter: only a fault of ours has a traceback, not what somebody may not do."""
    if record.levelno < logging.ERROR:
        record.exc_info = None
    return True
