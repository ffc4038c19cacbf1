"""Calls and messages of one day, as raw pages (page 2 names the two resources; the window is in UTC)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from portal.twilio.bodies import UNREADABLE, read_object
from portal.twilio.client import connect
from portal.twilio.login import Login
from portal.twilio.pages import Effort, iter_pages

_API = "https://api.twilio.com/2010-04-01/Accounts"


class Event(msgspec.Struct, frozen=True, gc=False):
    """What we read of a call or message. Its text, price and everything else stay undecoded."""

    sid: str
    direction: str | None = None
    sender: str | None = msgspec.field(default=None, name="from")
    recipient: str | None = msgspec.field(default=None, name="to")
    status: str | None = None
    duration: str | int | None = None  # of a call, in seconds; Twilio writes it as text

    @property
    def seconds(self) -> int | None:
        text = str(self.duration)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some of a day's calls or messages, and where the list goes on; "" at its end."""

    events: list[Event]
    unreadable: int
    next_url: str
    requested_at: datetime
    effort: Effort


def iter_call_pages(login: Login, day: date, *, resume_at: str = "") -> Iterator[EventPage]:
    """The calls that started on a day. `resume_at` is the `next_url` of the page read last."""
    url = f"{_API}/{login.account_sid}/Calls.json"
    return _iter_event_pages(login, "call.list", url, "calls", {"StartTime": day.isoformat()}, resume_at)


def iter_message_pages(login: Login, day: date, *, resume_at: str = "") -> Iterator[EventPage]:
    """The messages that were sent or received on a day."""
    url = f"{_API}/{login.account_sid}/Messages.json"
    return _iter_event_pages(login, "message.list", url, "messages", {"DateSent": day.isoformat()}, resume_at)


def _iter_event_pages(
    login: Login, name: str, url: str, key: str, params: dict[str, str], resume_at: str
) -> Iterator[EventPage]:
    for page in iter_pages(connect(login), name, url, key, params=params, resume_at=resume_at):
        events, unreadable = _read_events(page.records)
        yield EventPage(events, unreadable, page.next_url, page.requested_at, page.effort)


_event = msgspec.json.Decoder(Event)


def _read_events(records: list[msgspec.Raw]) -> tuple[list[Event], int]:
    try:
        return [_event.decode(record) for record in records], 0
    except ValueError:
        events = []
        for record in records:
            try:
                events.append(msgspec.convert(read_object(record)[0], Event))
            except UNREADABLE:
                continue
        return events, len(records) - len(events)
