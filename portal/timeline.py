"""What happened to an object: operations, changes learned and notes, newest first (UX-43)."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from portal.labels import NOTE_STATES, OPERATION_STATES, Label, label_for
from portal.models import Change, Note, NoteMail, Operation, Reveal, User
from portal.reveal.reveals import mask_address

LENGTH = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """One property, before and after, as words."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    title: str
    who: str
    differences: list[Difference] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)  # properties whose values are nobody's business
    text: str = ""
    state: Label | None = None
    operation: Operation | None = None
    note: Note | None = None
    mailed_to: str = ""  # the addresses, masked
    reveal: Reveal | None = None


def timeline(
    target: str,
    *,
    kinds: Mapping[str, str],
    properties: Mapping[str, str],
    personal: Collection[str] = (),
    made_as: str = "",
    with_reveals: bool = False,
) -> list[Event]:
    """The newest events of an object, in three queries, or four with those who were shown a value of it.

    `kinds` gives operations their titles, `properties` gives Twilio's property names their labels.
    What an operation changed is told once, with the operation. Of `personal` properties it is told that
    they changed, not from what to what. `made_as` is the natural key that the operation which made
    the object was about, for it had no sid then.
    """
    about = Q(target=target)
    if made_as:
        about |= Q(target=made_as, detail__sid=target)
    operations = list(Operation.objects.filter(about).select_related("actor")[:LENGTH])
    changes = Change.objects.filter(target=target).select_related("run")
    changes = changes.exclude(source=Change.Source.OPERATION, kind=Change.Kind.CHANGED)[:LENGTH]
    notes = Note.objects.filter(Q(target=target) | Q(also_on=target))
    notes = notes.select_related("author", "file", "mail__sender").defer("file__name")[:LENGTH]
    events = [
        *(_operation_event(operation, kinds, properties) for operation in operations),
        *(change_event(change, properties=properties, personal=personal) for change in changes),
        *(note_event(note) for note in notes),
    ]
    if with_reveals:
        reveals = Reveal.objects.filter(target=target).select_related("actor")[:LENGTH]
        events += [_reveal_event(reveal, properties) for reveal in reveals]
    return sorted(events, key=lambda event: event.at, reverse=True)[:LENGTH]


def open_operation(events: Iterable[Event]) -> Operation | None:
    """The change that has not ended, out of what is told anyway: it is among the newest."""
    operations = (event.operation for event in events if event.operation)
    return next((one for one in operations if one.state in Operation.OPEN_STATES), None)


def running_reveals(events: Iterable[Event], actor: User) -> dict[str, datetime]:
    """Which values this person may see now, and until when, out of what is told anyway.

    It was told with reveals. One that fifty later events have pushed out is masked again.
    """
    reveals = (event.reveal for event in events if event.reveal)
    mine = [one for one in reveals if one.actor_id == actor.pk and one.expires_at > timezone.now()]
    return {one.field: one.expires_at for one in sorted(mine, key=lambda one: one.expires_at)}


def _operation_event(operation: Operation, kinds: Mapping[str, str], properties: Mapping[str, str]) -> Event:
    return Event(
        at=operation.started_at,
        title=kinds.get(operation.kind, operation.kind),
        who=str(operation.actor or "Numberdesk"),
        differences=_differences(
            {**operation.detail.get("fields", {}), **operation.detail.get("ours", {})}, properties
        ),
        changed=[_name(name, properties) for name in operation.detail.get("changed", [])],
        text=operation.reason,
        state=label_for(OPERATION_STATES, operation.state),
        operation=operation,
    )


def note_event(note: Note) -> Event:
    """A note, with whom it is for and whether it was mailed. No query where its mail was read with it."""
    mail: NoteMail | None = getattr(note, "mail", None)
    state, mailed_to = note.audience, ""
    if mail:
        state = "sent" if mail.sent_at else "failed" if mail.may_be_tried else "sending"
        addresses = mail.addresses if isinstance(mail.addresses, list) else []
        mailed_to = ", ".join(map(mask_address, addresses))
    return Event(
        note.created_at,
        "Note",
        str(note.author),
        text=note.body,
        state=label_for(NOTE_STATES, state),
        note=note,
        mailed_to=mailed_to,
    )


def change_event(change: Change, *, properties: Mapping[str, str], personal: Collection[str] = ()) -> Event:
    """A change as people read it; of `personal` properties without their values."""
    title = "Changed at Twilio" if change.kind == Change.Kind.CHANGED else change.get_kind_display()
    open_fields = {name: values for name, values in change.fields.items() if name not in personal}
    return Event(
        at=change.at,
        title=title,
        who=f"learned by {change.get_source_display().lower()}",
        differences=_differences(open_fields, properties),
        changed=[_name(name, properties) for name in change.fields if name in personal],
    )


def _reveal_event(reveal: Reveal, properties: Mapping[str, str]) -> Event:
    name = "file" if reveal.field.startswith("file ") else _name(reveal.field, properties)
    title, reason = f"Revealed: {name}", f"Reason: {reveal.reason}"
    return Event(reveal.at, title, str(reveal.actor), text=reason, reveal=reveal)


def _differences(fields: Mapping[str, Any], properties: Mapping[str, str]) -> list[Difference]:
    return [
        Difference(_name(name, properties), _words(before), _words(after))
        for name, (before, after) in fields.items()
    ]


def _name(name: str, properties: Mapping[str, str]) -> str:
    return properties.get(name, name.replace("_", " "))


def _words(value: Any) -> str:
    match value:
        case None | "" | []:
            return "nothing"
        case True:
            return "yes"
        case False:
            return "no"
        case dict():
            return ", ".join(f"{key} {_words(item)}" for key, item in value.items())
        case list():
            return ", ".join(map(_words, value))
        case str() if re.fullmatch(r"[A-Z]{2}[0-9a-fA-F]{32}", value):
            return f"{value[:6]}…{value[-4:]}"
        case _:
            return str(value)
