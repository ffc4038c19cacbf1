"""What is looked at when numbers have come over, and a change of the date before (L6, L9)."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal import operations
from portal.models import Operation, User
from porting.models import PortInRequest

TICKED = "porting.cut_over_step"
# By hand; what Numberdesk can see for itself stands beside the numbers.
STEPS = {
    "inbound-call": "A call to a ported number arrives",
    "inbound-message": "A message to a ported number arrives",
    "outbound": "A call and a message from it show its number",
    "pools": "It is in the messaging service, campaign and sender pool it belongs to",
    "old-carrier": "The customer has ended the service at the losing carrier",
}


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    words: str
    done: Operation | None  # who ticked it, and when


def steps_for(request: PortInRequest) -> list[Step]:
    """One query."""
    ticked = Operation.objects.filter(target=request.pk, kind=TICKED).select_related("actor")
    done = {one.detail.get("step"): one for one in ticked.order_by("started_at")}
    return [Step(name, words, done.get(name)) for name, words in STEPS.items()]


def tick(*, request: PortInRequest, steps: Sequence[str], actor: User) -> int:
    """Write down who has seen what; returns how many steps that was. A step is ticked once."""
    wanted = [step for step in steps_for(request) if step.name in steps and step.done is None]
    for step in wanted:
        operations.record(
            TICKED, account=request.account, target=request.pk, actor=actor, detail={"step": step.name},
            reason=step.words,
        )  # fmt: skip
    return len(wanted)


def date_text(request: PortInRequest) -> str:
    """What to write to Twilio for another date: the API has no way of changing one (page 15)."""
    about = f"Port-in request {request.pk}" + (f", ticket {request.ticket}" if request.ticket else "")
    date = f"{request.target_date:%-d %B %Y}" if request.target_date else "none"
    return "\n".join(
        (
            about,
            f"Account {request.account_id}",
            f"Target date now: {date}",
            "",
            "Move the port to: (day, and the window in the customer's time zone)",
        )
    )
