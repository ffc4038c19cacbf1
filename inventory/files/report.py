"""What is wrong with a text or a file: every line of it at once, and short enough for a page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

# So many are listed one by one; of the rest the lines are named.
LISTED = 500
_LONGEST_TEXT = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One line that is not used. `kind` is what it has in common with others, `words` what it alone has."""

    line: int
    text: str
    kind: str
    words: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.kind}: {self.words}" if self.words else self.kind


def as_json(problems: Sequence[Problem]) -> dict[str, Any]:
    """What a page shows of the problems: the first ones, and by kind where the others are."""
    ordered = sorted(problems, key=lambda problem: problem.line)
    rest = sorted(ordered[LISTED:], key=lambda problem: problem.kind)
    return {
        "count": len(ordered),
        "listed": [[problem.line, _clipped(problem.text), problem.sentence] for problem in ordered[:LISTED]],
        "rest": [
            [kind, ranges(problem.line for problem in same)]
            for kind, same in groupby(rest, key=lambda problem: problem.kind)
        ],
    }


def ranges(numbers: Iterable[int]) -> str:
    """`3, 5–9, 12`."""
    ordered = sorted(set(numbers))
    runs: list[list[int]] = []
    for number in ordered:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)


def _clipped(text: str) -> str:
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return shown if len(shown) <= _LONGEST_TEXT else f"{shown[: _LONGEST_TEXT - 1]}…"
