"""Where a bundle stands on its way to its numbers: what was, what is next, and who acts (UX-37). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from compliance.labels import BUNDLE_STATES
from compliance.models import Bundle
from portal.labels import Label, label_for

Place = Literal["done", "now", "ahead"]
Actor = Literal["us", "twilio", "nobody"]
# The statuses before a decision. Whatever else Twilio says is one.
_ORDER: Sequence[str] = (Bundle.Status.DRAFT, Bundle.Status.PENDING_REVIEW, Bundle.Status.IN_REVIEW)


@dataclass(frozen=True, slots=True)
class Step:
    """One of the four steps that every bundle takes."""

    name: str
    who: str
    place: Place
    at: datetime | None = None
    tone: str = "off"


@dataclass(frozen=True, slots=True)
class Next:
    """Who acts, and what is to be done, in a sentence."""

    actor: Actor
    words: str

    @property
    def who(self) -> str:
        return {"us": "We act", "twilio": "Twilio acts", "nobody": "Nobody has to act"}[self.actor]


def steps_of(bundle: Bundle) -> Sequence[Step]:
    """Draft, submitted, in review, decided: each with whose it is, and when it was reached if that is known.

    A bundle goes from pending to in review without a callback (page 31), and may be decided before anybody
    saw it there; so that step has a date only while it lasts.
    """
    at = _ORDER.index(bundle.status) if bundle.status in _ORDER else len(_ORDER)
    decision = label_for(BUNDLE_STATES, bundle.status) if at == len(_ORDER) else Label("Decided")
    lines = (
        ("Draft", "We fill it", bundle.remote_created_at, "off"),
        ("Submitted", "It waits for Twilio", bundle.submitted_at, "wait"),
        ("In review", "Twilio reviews it", None, "wait"),
        (decision.word, "Twilio decides", None, decision.tone),
    )
    steps = []
    for place, (name, who, reached, tone) in enumerate(lines):
        where: Place = "done" if place < at else "now" if place == at else "ahead"
        moment = None if where == "ahead" else reached
        if where == "now" and place:
            moment = bundle.status_since
        steps.append(Step(name, who, where, moment, tone if where == "now" else "off"))
    return steps


def next_of(
    bundle: Bundle, expected: datetime | None, deadline: str, *, is_being_updated: bool = False
) -> Next:
    """What happens next: `expected` is when Twilio's answer is due, `deadline` says what is left of time.

    `is_being_updated` says that a copy, which brings the bundle up to date, lies with Twilio.
    """
    if bundle.missing_since:
        return Next("nobody", "Twilio does not have this bundle any more.")
    match bundle.status:
        case Bundle.Status.DRAFT:
            return Next("us", "Fill in what is missing, and submit it.")
        case Bundle.Status.REJECTED:
            if bundle.is_test:
                return Next("nobody", "Twilio rejects every test bundle. It has done what it was made for.")
            return Next("us", "Correct what Twilio rejected, and submit the same bundle again.")
        case Bundle.Status.PENDING_REVIEW | Bundle.Status.IN_REVIEW:
            by = f", usually by {expected:%-d %b %Y, %H:%M} UTC" if expected else ""
            return Next("twilio", f"Twilio decides{by}.")
        case Bundle.Status.APPROVED if deadline and is_being_updated:
            return Next(
                "twilio",
                f"Twilio reviews the copy that brings it up to date. Until its last day: {deadline}.",
            )
        case Bundle.Status.APPROVED if deadline:
            return Next(
                "us", f"The regulation changed. On its last day Twilio rejects the bundle: {deadline}."
            )
        case Bundle.Status.APPROVED:
            return Next("nobody", "Numbers of its country and type can be assigned to it.")
        case Bundle.Status.PROVISIONAL:
            return Next("twilio", "Numbers may use it already; Twilio has not decided in the end.")
        case _:
            return Next("nobody", "Numberdesk does not know this status. What Twilio says about it counts.")
