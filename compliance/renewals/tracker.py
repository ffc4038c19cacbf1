"""The seven steps of an update as one tracker: what was done when and by whom, who acts next (UX-37)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from compliance.bundles.actions import DELETE_BUNDLE, SUBMIT_BUNDLE
from compliance.models import Bundle, Evaluation
from compliance.renewals.actions import REPLACE_ITEMS, START_UPDATE
from compliance.renewals.rules import Renewal, Stage, expected_by
from portal.models import Change, Operation

State = Literal["done", "now", "failed", "next"]
# The step at which an update is, by its stage.
_AT = {
    Stage.NONE: "copy",
    Stage.LAPSED: "copy",
    Stage.REVIEW: "review",
    Stage.REJECTED: "decide",
    Stage.APPROVED: "replace",
    Stage.REPLACED: "delete",
    Stage.DONE: "",
}
# Each step as it was taken, and as it is to be taken.
TITLES = {
    "copy": ("Copy made", "Make a copy"),
    "evaluate": ("Copy complete", "Complete the copy"),
    "submit": ("Copy submitted", "Submit the copy"),
    "review": ("Reviewed", "Twilio reviews the copy"),
    "decide": ("Approved by Twilio", "Twilio decides"),
    "replace": ("Items replaced", "Replace the items"),
    "delete": ("Copy deleted", "Delete the copy"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: when it was taken and by whom, or who is to take it by when."""

    name: str
    number: int
    state: State
    at: datetime | None = None
    by: str = ""
    who: str = ""
    due: datetime | None = None

    @property
    def title(self) -> str:
        if self.state == "failed":
            return "Rejected by Twilio"
        return TITLES[self.name][0 if self.state == "done" else 1]


@dataclass(frozen=True, slots=True)
class History:
    """What is known of how an update went, in four queries."""

    operations: Sequence[Operation]  # newest first
    changes: Sequence[Change]  # newest first
    evaluation: Evaluation | None
    changed_at: datetime | None  # the regulation was last seen to change

    @classmethod
    def of(cls, renewal: Renewal, *, changed_at: datetime | None) -> "History":
        sids = [renewal.original.pk, *([renewal.copy.pk] if renewal.copy else [])]
        kinds = (START_UPDATE, SUBMIT_BUNDLE, REPLACE_ITEMS, DELETE_BUNDLE)
        operations = Operation.objects.filter(target__in=sids, kind__in=kinds).select_related("actor")
        changes = Change.objects.filter(target__in=sids, kind=Change.Kind.CHANGED)
        evaluations = Evaluation.objects.present().filter(bundle=renewal.copy)
        return cls(
            list(operations[:50]),
            list(changes.filter(fields__has_any_keys=["status", "valid_until"])[:50]),
            evaluations.first() if renewal.copy else None,
            changed_at,
        )

    @property
    def is_evaluation_old(self) -> bool:
        """Whether the regulation changed after the copy was evaluated."""
        evaluation, changed_at = self.evaluation, self.changed_at
        return evaluation is not None and changed_at is not None and evaluation.at < changed_at

    @property
    def open_operation(self) -> Operation | None:
        return next((one for one in self.operations if one.is_open), None)

    def done(self, kind: str, *, about: str, made: str = "", copy: str = "") -> Operation | None:
        """The newest operation of a kind that was carried out on an object, with this in its detail."""
        for one in self.operations:
            if (one.kind, one.target, one.state) != (kind, about, Operation.State.DONE):
                continue
            if (not made or one.detail.get("sid") == made) and (not copy or one.detail.get("copy") == copy):
                return one
        return None

    def became(self, sid: str, name: str, value: str | None) -> datetime | None:
        """When a property of a bundle was last seen to become this."""
        found = (one for one in self.changes if one.target == sid and name in one.fields)
        return next((one.at for one in found if one.fields[name][1] == value), None)


def steps_of(renewal: Renewal, history: History) -> list[Step]:
    current = _current(renewal, history)
    names = list(TITLES)
    reached = names.index(current) if current else len(names)
    steps = []
    for number, name in enumerate(names):
        if number < reached:
            at, by = _taken(name, renewal, history)
            steps.append(Step(name, number + 1, "done", at, by))
        elif number == reached:
            steps.append(_at_step(name, number + 1, renewal, history))
        else:
            steps.append(Step(name, number + 1, "next"))
    return steps


def _current(renewal: Renewal, history: History) -> str:
    if renewal.stage != Stage.DRAFT:
        return _AT[renewal.stage]
    evaluation = history.evaluation
    is_fit = evaluation is not None and evaluation.is_compliant and not history.is_evaluation_old
    return "submit" if is_fit else "evaluate"


def _at_step(name: str, number: int, renewal: Renewal, history: History) -> Step:
    due, copy = renewal.original.valid_until, renewal.copy
    match name:
        case "review":
            since = copy.submitted_at if copy else None
            return Step(name, number, "now", since, "", "Twilio", expected_by(since) if since else None)
        case "decide":
            return Step(name, number, "failed", renewal.since, "Twilio", "You", due)
        case "evaluate":
            at = history.evaluation.at if history.evaluation else None
            return Step(name, number, "now", at, "evaluated by Twilio" if at else "", "You", due)
        case _:
            return Step(name, number, "now", None, "", "You", due)


def _taken(name: str, renewal: Renewal, history: History) -> tuple[datetime | None, str]:
    """When a step that is over was taken, and by whom."""
    original, copy = renewal.original, renewal.copy
    assert copy is not None
    match name:
        case "copy":
            made = history.done(START_UPDATE, about=original.pk, made=copy.pk)
            return _by(made) or (copy.remote_created_at, "outside Numberdesk")
        case "evaluate":
            return (history.evaluation.at, "evaluated by Twilio") if history.evaluation else (None, "")
        case "submit":
            sent = history.done(SUBMIT_BUNDLE, about=copy.pk)
            return _by(sent) or (copy.submitted_at, "outside Numberdesk" if copy.submitted_at else "")
        case "review":
            return history.became(copy.pk, "status", Bundle.Status.IN_REVIEW), "Twilio"
        case "decide":
            decided = history.became(copy.pk, "status", Bundle.Status.APPROVED)
            return decided or (copy.status_since if copy.is_approved else None), "Twilio"
        case "replace":
            replaced = history.done(REPLACE_ITEMS, about=original.pk, copy=copy.pk)
            return _by(replaced) or (history.became(original.pk, "valid_until", None), "outside Numberdesk")
        case _:
            deleted = history.done(DELETE_BUNDLE, about=copy.pk)
            return _by(deleted) or (copy.missing_since, "outside Numberdesk")


def _by(operation: Operation | None) -> tuple[datetime | None, str] | None:
    return (operation.ended_at, str(operation.actor or "Numberdesk")) if operation else None


def progress_words(steps: Iterable[Step]) -> str:
    """`Step 3 of 7: Copy submitted` of the step that is next to be taken."""
    found = list(steps)
    at = next((step for step in found if step.state in ("now", "failed")), None)
    return f"Step {at.number} of {len(found)}: {at.title}" if at else f"All {len(found)} steps are done"
