"""The results of a check by next step, as its page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from porting.hosting.eligibility.next_steps import (
    NEXT_STEPS,
    ORDER_STEP,
    Kind,
    NextStep,
    reason_words,
    step_of,
    support_text,
)
from porting.models import EligibilityCheck, EligibilityResult


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers with the same next step. `support` is the text to send, where that is the step."""

    key: str
    step: NextStep
    results: Sequence[EligibilityResult]
    support: str = ""

    @property
    def count(self) -> int:
        return len(self.results)

    @property
    def numbers(self) -> str:
        """One in a line, as they are pasted."""
        return "\n".join(result.phone_number for result in self.results)

    @property
    def lines(self) -> list[tuple[EligibilityResult, str]]:
        return [(result, reason_words(result.reason)) for result in self.results]

    @property
    def is_order(self) -> bool:
        return self.step.kind == Kind.ORDER


def groups_of(check: EligibilityCheck) -> list[Group]:
    """What can be ordered first, then what can be done at once, then what needs somebody else."""
    found: dict[str, list[EligibilityResult]] = {}
    results = check.results.all() if not check.is_unended else check.results.exclude(status="")
    for result in results:
        found.setdefault(result.next_step, []).append(result)
    order = [ORDER_STEP, "", *list(NEXT_STEPS)[1:]]
    keys = sorted(found, key=lambda key: (order.index(key) if key in order else len(order), key))
    groups = []
    for key in keys:
        step = step_of(key)
        text = ""
        if step.ask:
            text = support_text(
                step,
                account_sid=check.account_id,
                request_sid=check.request_sid,
                numbers=[result.phone_number for result in found[key]],
            )
        groups.append(Group(key or "not-answered", step, found[key], text))
    return groups
