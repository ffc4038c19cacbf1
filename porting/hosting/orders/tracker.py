"""Where a hosted order stands: who acts next, what they do, and until when. Pure.

Pages 1, 8 and 11. Page 8 gives idle orders 30 days and pages 1 and 11 seven in verification, so the shorter
time is the one that counts here.
"""

from collections.abc import Mapping
from datetime import datetime

from porting.deadlines import Deadline, Stage, deadline_in

LOA_DAYS = 7
MOST_CALLS = 3


STAGES: Mapping[str, Stage] = {
    "twilio_processing": Stage("Twilio", "looks whether the number can be hosted."),
    "received": Stage("We", "have Twilio call the number, and its owner types the code.", 7, is_ours=True),
    "pending_verification": Stage(
        "The owner", "answers the call and types the code that we tell them.", 7, is_ours=True
    ),
    "verified": Stage("We", "put the number on a letter of authorization.", 30, is_ours=True),
    "pending_loa": Stage("The signer", "signs the letter that Twilio sent by e-mail.", LOA_DAYS),
    "carrier_processing": Stage(
        "The carrier", "registers the number: about one business day, two to three for toll-free numbers."
    ),
    "testing": Stage("Twilio", "tests whether messages arrive, for a short time."),
    "action_required": Stage("We", "write to Twilio's support; nothing goes on by itself.", 7, is_ours=True),
    "completed": Stage("Nobody", "The number is hosted."),
    "failed": Stage("Nobody", "The order is over. Once its reason is gone, the number can be ordered anew."),
}
# The way of an order that goes well, in the order of its steps.
PATH = (
    ("twilio_processing", "Eligibility"),
    ("received", "Ownership"),
    ("verified", "Letter"),
    ("pending_loa", "Signature"),
    ("carrier_processing", "Carrier"),
    ("testing", "Test"),
    ("completed", "Hosted"),
)


def stage_of(status: str) -> Stage:
    return STAGES.get(status) or Stage("Twilio", "Numberdesk does not know this status.")


def deadline_of(status: str, since: datetime | None, now: datetime) -> Deadline | None:
    """Until when an order may stay in its status; None where there is no limit or nobody knows since when."""
    return deadline_in(stage_of(status), since, now)


def steps_of(status: str) -> list[tuple[str, str]]:
    """Each step of the way, `done`, `now` or `next`; none for an order that has left the way."""
    names = [name for name, _ in PATH]
    here = "received" if status == "pending_verification" else status
    if here not in names:
        return []
    index = names.index(here)
    return [
        (label, "done" if place < index or here == "completed" else "now" if place == index else "next")
        for place, (_, label) in enumerate(PATH)
    ]
