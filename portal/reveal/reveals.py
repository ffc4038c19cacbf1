"""Masked values: shown one at a time, for a stated reason, for five minutes, written down first (UX-46)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from portal.models import Reveal, TwilioAccount, User
from portal.secrets import CannotDecrypt

SHOWN_FOR = timedelta(minutes=5)
_NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Subject:
    """One value that lies masked: whose, where it stands, and how to read it.

    `read` gives the value in clear and is called only after the reveal was written down. `url` is the
    view that asks for the reason, `page_url` the page on which the value stands.
    """

    account: TwilioAccount
    target: str
    field: str
    label: str
    url: str
    page_url: str
    read: Callable[[], Any]
    hint: str = ""  # what stands for the value, where that is not its mask

    def masked(self) -> str:
        """What everybody may see of it."""
        try:
            return self.hint or mask(self.read())
        except CannotDecrypt:
            return "••••"


@dataclass(frozen=True, slots=True)
class MaskedCell:
    """What a page shows of one value: the mask or, while a reveal runs, the value."""

    subject: Subject
    masked: str
    can_reveal: bool
    until: datetime | None = None
    value: str | None = None

    @property
    def element_id(self) -> str:
        return f"masked-{self.subject.field}"

    @property
    def seconds_left(self) -> int:
        return max(1, round((self.until - timezone.now()).total_seconds())) if self.until else 0

    @property
    def cannot_be_read(self) -> bool:
        return self.until is not None and self.value is None


def running(actor: User, target: str) -> Mapping[str, datetime]:
    """Which values of an object this person may see now, and until when."""
    rows = Reveal.objects.running().filter(actor=actor, target=target).order_by("expires_at")
    return dict(rows.values_list("field", "expires_at"))


def cell_of(subject: Subject, *, can_reveal: bool, running: Mapping[str, datetime]) -> MaskedCell:
    """The cell of a value, in clear if this person may see it now."""
    masked = subject.masked()
    until = running.get(subject.field) if can_reveal else None
    if until is None:
        return MaskedCell(subject, masked, can_reveal)
    try:
        value = words_of(subject.read())
    except CannotDecrypt:
        value = None
    return MaskedCell(subject, masked, can_reveal, until, value)


def record(subject: Subject, *, actor: User, reason: str) -> Reveal:
    """Write down that somebody will be shown a value. Committed before anybody can read it."""
    with transaction.atomic(durable=True):
        return Reveal.objects.create(
            actor=actor,
            account=subject.account,
            target=subject.target,
            field=subject.field,
            reason=reason,
            expires_at=timezone.now() + SHOWN_FOR,
        )


def end(actor: User, target: str, field: str) -> None:
    """This person has seen enough: from now on the value is masked again."""
    Reveal.objects.running().filter(actor=actor, target=target, field=field).update(expires_at=timezone.now())


def is_running(actor: User, target: str, field: str) -> bool:
    return Reveal.objects.running().filter(actor=actor, target=target, field=field).exists()


def file_field(stored_id: UUID) -> str:
    """The name under which the reveal of a stored file is written down."""
    return f"file {stored_id}"


def mask(value: Any) -> str:
    """What everybody may see of a value: its first letter and how long it is. `A•••• (7 characters)`."""
    match value:
        case _ if value in _NOTHING:
            return "–"
        case list() | tuple() | dict():
            return f"•••• ({len(value)} value{'s' if len(value) > 1 else ''})"
        case _:
            text = str(value)
            # Of a short one, the first letter would be half of it.
            shown = text[0] if len(text) >= 5 else ""
            return f"{shown}•••• ({len(text)} character{'s' if len(text) > 1 else ''})"


def mask_address(mail: Any) -> str:
    """`o••••@thornlea.example.com`: enough to know whose it is, not enough to write to it."""
    name, _, host = str(mail or "").partition("@")
    return f"{name[:1]}••••@{host}" if host else mask(mail)


def words_of(value: Any) -> str:
    match value:
        case _ if value in _NOTHING:
            return "–"
        case dict():
            return ", ".join(f"{name}: {words_of(item)}" for name, item in value.items())
        case list() | tuple():
            return ", ".join(map(words_of, value))
        case _:
            return str(value)
