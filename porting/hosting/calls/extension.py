"""What an extension does on the line: digits are played, and each `w` waits half a second (pages 1 and 11).
Pure.
"""

import re

LONGEST = 64
MOST_DELAY = 60  # seconds; page 8 says 30 in one place and 60 in another (contract §4, row 11)
_EXTENSION = re.compile(r"[0-9w*#]+")
_PARTS = re.compile(r"w+|[0-9*#]+")


class Unplayable(ValueError):
    """It cannot be played; the words say why."""


def read_extension(text: str) -> str:
    """The extension as Twilio takes it, without the blanks and dashes of people. Raises Unplayable."""
    bare = re.sub(r"[\s\-.,]", "", text).lower()
    if not bare:
        return ""
    if not _EXTENSION.fullmatch(bare):
        raise Unplayable("Use digits, * and #, and w for half a second of waiting, such as wwww2ww5")
    if len(bare) > LONGEST:
        raise Unplayable(f"Use at most {LONGEST} characters")
    if not bare.strip("w"):
        raise Unplayable("It waits and plays nothing. Add the digits to play, or leave it empty")
    return bare


def steps_of(extension: str) -> list[str]:
    """What happens on the line, in words, with the second at which each digit is played."""
    steps, seconds = [], 0.0
    for part in _PARTS.findall(extension):
        if part.startswith("w"):
            seconds += len(part) / 2
            steps.append(f"Wait {_seconds(len(part) / 2)}")
        else:
            steps.append(f"Play {' '.join(part)}, {_seconds(seconds)} after the call is answered")
    return steps


def _seconds(length: float) -> str:
    return "1 second" if length == 1 else f"{length:g} seconds"
