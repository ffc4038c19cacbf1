"""What staff upload is looked at before anybody else sees it: its size, what it really is, and its name."""

import hashlib
import hmac
import json
import re
import subprocess
import sys
import threading
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from portal.models import Purpose
from portal.uploads import inspection
from portal.uploads.scanning import Infected, NotScanned, scan

log = structlog.get_logger(__name__)

# The inspection's own limits end it sooner; this is for a machine that does not know them.
_PATIENCE = 20
_LONGEST_NAME = 100
# So many inspections run at a time in one web process, whatever arrives: each may take its whole memory.
_turns = threading.BoundedSemaphore(2)
_ENDINGS = {inspection.PDF: ".pdf", inspection.JPEG: ".jpg", inspection.PNG: ".png"}


class Reason(StrEnum):
    """Why a file was refused."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    ACTIVE = "active"
    TAIL = "tail"
    TOO_COMPLEX = "too_complex"
    INFECTED = "infected"
    NOT_SCANNED = "not_scanned"


_SENTENCES = {
    Reason.EMPTY: "{thing} is empty",
    Reason.TOO_LARGE: "{thing} must be smaller than {most} MB",
    Reason.WRONG_TYPE: "{thing} must be a JPG, PNG or PDF",
    Reason.ENCRYPTED: "{thing} is password protected. Save it without a password and choose it again",
    Reason.DAMAGED: "{thing} is damaged or incomplete. Open it, save it again and choose the new file",
    Reason.ACTIVE: "{thing} contains scripts or other files. Print it to a PDF and choose that",
    Reason.TAIL: "{thing} has something else behind its end. Save it again and choose the new file",
    Reason.TOO_COMPLEX: "{thing} is too large when it is opened. Use fewer pages or a lower resolution",
    Reason.INFECTED: "{thing} contains a virus. Ask whoever it came from for a clean file",
    Reason.NOT_SCANNED: "{thing} was not taken: it could not be scanned for viruses. Select it again in a "
    "few minutes; if that does not help, tell an administrator",
}


class Refused(Exception):
    """A file that may not go on."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason

    def sentence(self, thing: str, purpose: Purpose) -> str:
        """`The utility bill is empty`. `thing` is what staff call the file, without an article."""
        return _SENTENCES[self.reason].format(thing=f"The {thing}", most=purpose.most_bytes // 1024 // 1024)


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that passed every check. Its name and content are personal data, and never printed."""

    purpose: Purpose
    name: str = field(repr=False)
    content_type: str
    content: bytes = field(repr=False)
    pages: int = 1
    # So many of the first pages can be shown.
    drawn: int = 1
    # The StoredFile that holds it already, kept from a form that was refused for another reason.
    stored_id: str = ""

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def digest(self) -> str:
        """64 hex digits that are the same for the same content, and lead nobody back to it."""
        return digest_of(self.content)

    @property
    def neutral_name(self) -> str:
        """A name that says nothing about anybody: what Twilio is told."""
        return f"document{_ENDINGS[self.content_type]}"


def check(name: str, content: bytes, purpose: Purpose) -> CheckedFile:
    """The file, known to be harmless and readable. Raise Refused."""
    if not content:
        raise Refused(Reason.EMPTY)
    if len(content) > purpose.most_bytes:
        raise Refused(Reason.TOO_LARGE)
    _scan(content)
    found, rest = _ask_inspection(content)
    content_type = found["type"]
    return CheckedFile(
        purpose, clean_name(name, content_type), content_type, content, found["pages"], rest.count(b"\n")
    )


def draw_page(content: bytes, number: int) -> bytes:
    """A page of a checked file, drawn anew as JPEG; a picture is its own page 1. Raise Refused."""
    return _ask_inspection(content, "draw", str(number))[1]


def digest_of(content: bytes) -> str:
    return hmac.digest(settings.DIGEST_KEY.encode(), content, hashlib.sha256).hex()


def clean_name(name: str, content_type: str) -> str:
    """The last part of a path, without what cannot be seen, with the ending that its content has."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in name)
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", " ".join(name.split())).strip(". ")
    return (stem or "document")[:_LONGEST_NAME].strip() + _ENDINGS[content_type]


def _scan(content: bytes) -> None:
    """Before anything of ours opens it."""
    try:
        scan(content)
    except Infected:
        raise Refused(Reason.INFECTED) from None
    except NotScanned:
        raise Refused(Reason.NOT_SCANNED) from None


def _ask_inspection(content: bytes, *arguments: str) -> tuple[dict[str, Any], bytes]:
    """What it says, and what comes after that. What it dies of before that is the file's fault."""
    # Isolated: neither the environment nor the working directory decides what it imports.
    command = [sys.executable, "-I", str(Path(inspection.__file__)), *arguments]
    try:
        with _turns:
            done = subprocess.run(  # noqa: S603
                command, input=content, capture_output=True, timeout=_PATIENCE, check=False, env={}
            )
        output, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        output, code = late.stdout or b"", -1
    line, ended, rest = output.partition(b"\n")
    if not ended:
        # What it wrote about the fault may repeat what stands in the file.
        log.warning("upload.inspection_died", code=code, size=len(content))
        raise Refused(Reason.TOO_COMPLEX if code < 0 else Reason.DAMAGED)
    answer: dict[str, Any] = json.loads(line)
    if "refusal" in answer:
        raise Refused(Reason(answer["refusal"]))
    return answer, rest
