"""The numbers of a pasted text or a file that can be asked about, and every line that cannot."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from inventory.files import spelling
from inventory.files.intake import TWICE, Piece, no_number
from inventory.files.report import Problem
from inventory.files.tables import Unreadable

# Twilio takes so many in one bulk check (page 10).
MOST_NUMBERS = 1_000


@dataclass(slots=True)
class Intake:
    """`lines` are where each number stands first, by E.164, in the order of the text."""

    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def take_in(pieces: Iterable[Piece], country: str) -> Intake:
    """Read the numbers. Raises Unreadable for more than `MOST_NUMBERS` different ones."""
    intake = Intake()
    for line, text in pieces:
        fault = spelling.fault_of(text, country)
        number = "" if fault else next(iter(spelling.readings_of(text, country)), "")
        if not number.startswith("+"):
            intake.problems.append(no_number(line, text, fault))
        elif number in intake.lines:
            words = f"it stands in line {intake.lines[number]} already"
            intake.problems.append(Problem(line, text, TWICE, words))
        else:
            intake.lines[number] = line
        if len(intake.lines) > MOST_NUMBERS:
            raise Unreadable(f"These are more than {MOST_NUMBERS:,} numbers. Do it in parts.")
    return intake
