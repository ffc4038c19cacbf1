"""When a number is in active use: Twilio's own definition (page 2), and what we make of it.

"For the most part, an active number made or received at least 3 phone calls with a duration of 12
seconds or longer and a 'completed' status in the last month, or sent or received 3 text messages in
the last month."
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

CALLS_NEEDED = 3
MESSAGES_NEEDED = 3
SECONDS_NEEDED = 12
# The last month: so many whole days, and the day that was being read.
MONTH = timedelta(days=30)
# Days that may be lacking at the end of a month that counts as known: they are about to be read.
_LACKING = 2

# Twilio's words for messages that were neither sent nor received, or not yet.
UNSENT = frozenset({"accepted", "scheduled", "queued", "sending", "canceled", "failed"})
_INCOMING = ("inbound", "trunking-originating")
_OUTGOING = ("outbound", "trunking-terminating")
_E164 = re.compile(r"\+[1-9]\d{1,14}")


def number_of(direction: str | None, sender: str | None, recipient: str | None) -> str:
    """The number on our side of a call or message; "" for a client, a SIP address or a short code.

    A call between two of our numbers is two records, one for each direction, so neither counts twice.
    """
    direction = direction or ""
    side = recipient if direction.startswith(_INCOMING) else sender if direction.startswith(_OUTGOING) else ""
    return side if side and _E164.fullmatch(side) else ""


def counts_as_call(status: str | None, seconds: int | None) -> bool:
    """Whether a call is one of the three that make a number active."""
    return status == "completed" and seconds is not None and seconds >= SECONDS_NEEDED


def counts_as_message(status: str | None) -> bool:
    """Whether a message was sent or received; one that did not arrive was sent all the same."""
    return bool(status) and status not in UNSENT


def is_active(counted_calls: int, counted_messages: int) -> bool:
    """The rule. Two calls and two messages do not make three of either."""
    return counted_calls >= CALLS_NEEDED or counted_messages >= MESSAGES_NEEDED


def state_of(
    *, counted_calls: int, counted_messages: int, is_hosted: bool, added: date, period: "Period"
) -> str:
    """What a number is. Idle is said only of one that had the whole month, all of which was read."""
    if is_active(counted_calls, counted_messages):
        return "active"
    if is_hosted:
        return "hosted"
    if added > period.first_day:
        return "new"
    return "idle" if period.is_complete else "unknown"


@dataclass(frozen=True, slots=True)
class Period:
    """The month that counts are of, and whether every day of it was read."""

    first_day: date
    last_day: date
    is_complete: bool


def period_of(days_read: Mapping[str, Collection[date]], today: date) -> Period:
    """The latest month of which calls and messages were read without a gap; else the current one."""
    for lacking in range(_LACKING + 1):
        last = today - timedelta(days=lacking)
        month = {last - timedelta(days=n) for n in range(MONTH.days + 1)}
        if days_read and all(month.issubset(days) for days in days_read.values()):
            return Period(last - MONTH, last, is_complete=True)
    return Period(today - MONTH, today, is_complete=False)
