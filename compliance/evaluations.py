"""What evaluations find (page 37), and what differs between two of them. Pure: no rows, no calls."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

# The codes that say of an end user or a document that the bundle has none.
NO_END_USER, NO_DOCUMENT = 22214, 22216
_ABSENT = (NO_END_USER, NO_DOCUMENT)

Verdict = Literal["new", "still", "fixed", "dropped"]
# In the order in which somebody who repairs a bundle wants to read them.
VERDICTS: Mapping[Verdict, str] = {
    "new": "New",
    "still": "Still failing",
    "fixed": "Fixed",
    "dropped": "No longer asked for",
}

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that an evaluation found wrong; without a `field`, with the whole end user or document."""

    requirement_name: str
    requirement: str
    object_type: str
    object_name: str
    field: str
    label: str
    reason: str
    code: int | None

    @property
    def key(self) -> Key:
        return self.requirement_name, self.field

    @property
    def is_absence(self) -> bool:
        """Whether the bundle lacks the end user or the document altogether."""
        return not self.field and self.code in _ABSENT


@dataclass(frozen=True, slots=True)
class Line:
    """One fault before and after. At least one of the two is there."""

    before: Fault | None
    after: Fault | None
    verdict: Verdict

    @property
    def fault(self) -> Fault:
        fault = self.after or self.before
        assert fault is not None
        return fault

    @property
    def word(self) -> str:
        return VERDICTS[self.verdict]

    @property
    def is_same(self) -> bool:
        """Whether both evaluations say it in the same words."""
        return bool(self.before and self.after and self.before.reason == self.after.reason)


@dataclass(frozen=True)
class Comparison:
    lines: Sequence[Line]

    @cached_property
    def counts(self) -> Mapping[Verdict, int]:
        """How many are told of each verdict, those with none left out."""
        found = Counter(line.verdict for line in self.told)
        return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}

    @cached_property
    def told(self) -> list[Line]:
        """The lines that say something: of a document that is missing, not also every field of it."""
        missing = {
            (line.fault.requirement_name, line.verdict) for line in self.lines if line.fault.is_absence
        }
        return [
            line
            for line in self.lines
            if not line.fault.field or (line.fault.requirement_name, line.verdict) not in missing
        ]


def read_faults(results: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """What is wrong by an evaluation's results, in Twilio's order.

    A document that is missing is a fault of its own, and so is each of its fields that Twilio names.
    """
    faults: dict[Key, Fault] = {}
    for result in results:
        if result.get("passed"):
            continue
        fields = [one for one in _objects(result.get("invalid")) if one.get("object_field")]
        whole = _fault(result, {})
        if not fields or whole.code in _ABSENT:
            faults.setdefault(whole.key, whole)
        for field in fields:
            fault = _fault(result, field)
            faults.setdefault(fault.key, fault)
    return list(faults.values())


def compare(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Comparison:
    """What was fixed, what is new and what still fails, from the results of one evaluation to another's.

    What the later one does not speak of at all is not called fixed: another alternative was met, or the
    regulation does not ask for it any more.
    """
    old = {fault.key: fault for fault in read_faults(before)}
    new = {fault.key: fault for fault in read_faults(after)}
    judged = {_requirement_name(result) for result in after}
    lines = [Line(old.get(key), fault, "still" if key in old else "new") for key, fault in new.items()]
    lines += [
        Line(fault, None, "fixed" if fault.requirement_name in judged else "dropped")
        for key, fault in old.items()
        if key not in new
    ]
    order = list(VERDICTS)
    return Comparison(sorted(lines, key=lambda line: order.index(line.verdict)))


def _fault(result: Mapping[str, Any], field: Mapping[str, Any]) -> Fault:
    about = field or result
    object_name = str(result.get("friendly_name") or _words(result.get("object_type")))
    return Fault(
        requirement_name=_requirement_name(result),
        requirement=str(result.get("requirement_friendly_name") or object_name),
        object_type=str(result.get("object_type") or ""),
        object_name=object_name,
        field=str(field.get("object_field") or ""),
        label=str(field.get("friendly_name") or _words(field.get("object_field"))) if field else "",
        reason=str(about.get("failure_reason") or "Twilio names no reason."),
        code=_number(about.get("error_code")),
    )


def _requirement_name(result: Mapping[str, Any]) -> str:
    names = ("requirement_name", "requirement_friendly_name", "object_type")
    return next((str(result[name]) for name in names if result.get(name)), "")


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _words(machine_name: Any) -> str:
    return str(machine_name or "").replace("_", " ").capitalize()
