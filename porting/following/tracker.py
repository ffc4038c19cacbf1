"""Where a port-in request stands: who acts next, what they do, and until when it can be canceled. Pure.

The statuses of page 14; what is not among them is shown as it came. Twilio takes a cancellation more than 72
hours before the port date (page 16).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from porting.deadlines import Stage

LOA_DAYS = 30
CANCEL_NOTICE = timedelta(hours=72)

STAGES: Mapping[str, Stage] = {
    "in_review": Stage("Twilio", "reviews the request, and then mails the letter of authorization."),
    "waiting_for_signature": Stage(
        "The representative",
        "signs the letter of authorization that Twilio sent by e-mail. Unsigned, the request is canceled.",
        LOA_DAYS,
    ),
    "in_progress": Stage(
        "The losing carrier", "accepts or rejects each number, and hands it over on the agreed date."
    ),
    "action_required": Stage(
        "We", "correct what the losing carrier rejected. Its other numbers go on meanwhile.", is_ours=True
    ),
    "canceling": Stage("The losing carrier", "lets go of the numbers. Until then it is not canceled."),
    "completed": Stage("Nobody", "Every number was ported or canceled."),
    "canceled": Stage("Nobody", "Every number was canceled. What is to be ported has to be filed again."),
    "expired": Stage("Nobody", "It expired. What is to be ported has to be filed again."),
}
# The way of a request that goes well.
PATH = (
    ("in_review", "Review"),
    ("waiting_for_signature", "Signature"),
    ("in_progress", "Losing carrier"),
    ("completed", "Ported"),
)
NEVER_CANCELED = frozenset({"canceling", "canceled", "completed", "expired"})


def stage_of(status: str) -> Stage:
    return STAGES.get(status) or Stage("Twilio", "Numberdesk does not know this status.")


def steps_of(status: str) -> list[tuple[str, str]]:
    """Each step of the way, `done`, `now` or `next`; of a request that left the way, none is now."""
    names = [name for name, _ in PATH]
    here = "in_progress" if status == "action_required" else status
    if here not in names:
        return [(label, "next") for _, label in PATH]
    index = names.index(here)
    return [
        (label, "done" if place < index or here == "completed" else "now" if place == index else "next")
        for place, (_, label) in enumerate(PATH)
    ]


@dataclass(frozen=True, slots=True)
class CancelGuard:
    """Whether something can be canceled still. Without a port date nothing closes."""

    status: str
    port_date: datetime | None
    now: datetime

    @property
    def closes_at(self) -> datetime | None:
        return self.port_date - CANCEL_NOTICE if self.port_date else None

    @property
    def is_too_late(self) -> bool:
        return self.closes_at is not None and self.now >= self.closes_at

    @property
    def is_open(self) -> bool:
        return self.status not in NEVER_CANCELED and not self.is_too_late

    @property
    def words(self) -> str:
        """`closes in 1 d 4 h`; "" where nothing closes."""
        if self.closes_at is None or self.status in NEVER_CANCELED:
            return ""
        if self.is_too_late:
            return "closed"
        return f"closes in {span_words(self.closes_at - self.now)}"


def first_date(dates: Iterable[datetime | None]) -> datetime | None:
    return min((one for one in dates if one), default=None)


def span_words(span: timedelta) -> str:
    """`1 d 4 h`, `4 h 12 min`, `12 min`."""
    minutes = max(0, int(span.total_seconds()) // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"
