"""The pattern that numbers for sale are looked for with: `Contains` of doc pages 20 to 22.

Two to sixteen digits or letters, where a letter stands for its key. `+` in front means the start of
the number and `$` behind it the end; `*` in front or behind is any one digit and `%` any run of them.
Two of these signs never stand side by side, and none stands between digits.
"""

import re
from dataclasses import dataclass
from typing import Self

import phonenumbers

_SHAPE = re.compile(r"([+*%]?)([0-9A-Za-z]+)([*%$]?)")
_KEYS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
_TYPED_BETWEEN = re.compile(r"[\s().\-/\u00a0\u2011]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that Twilio takes, in its three parts."""

    head: str
    core: str
    tail: str

    @classmethod
    def read(cls, text: str) -> Self:
        """What somebody typed, spaces and dashes aside. ValueError with the words for whoever typed it."""
        text = _TYPED_BETWEEN.sub("", text)
        if not 2 <= len(text) <= 16:
            raise ValueError("Use 2 to 16 characters")
        if wrong := re.search(r"[^0-9A-Za-z+*%$]", text):
            raise ValueError(f"Use digits, letters from a to z and * % + $ only, not “{wrong[0]}”")
        if "+" in text[1:]:
            raise ValueError("Put + in front: it means the start of the number")
        if "$" in text[:-1]:
            raise ValueError("Put $ at the end: it means the end of the number")
        if re.search(r"[+*%$]{2}", text):
            raise ValueError("Keep * % + $ apart: two of them cannot stand side by side")
        parts = _SHAPE.fullmatch(text)
        if parts is None:
            raise ValueError("Put * and % in front or at the end: they cannot stand between digits")
        if re.search(r"[*%]", text) and len(parts[2]) < 2:
            raise ValueError("Use at least two digits or letters with * or %")
        return cls(*parts.groups())

    def __str__(self) -> str:
        return self.head + self.core + self.tail

    @property
    def digits(self) -> str:
        """`78676` for STORM."""
        return self.core.lower().translate(_KEYS)

    @property
    def words(self) -> str:
        """Which numbers it finds, in a sentence."""
        spelled = f" ({self.core.upper()})" if not self.core.isdigit() else ""
        what = f"{self.digits}{spelled}"
        match (self.head, self.tail):
            case ("+", "$"):
                return f"Finds the number +{what}."
            case ("+", _):
                return f"Finds numbers that start with +{what}{_followed(self.tail)}."
            case (head, "$"):
                return f"Finds numbers that end in {_led(head)}{what}."
            case (head, tail):
                return f"Finds numbers with {_led(head)}{what}{_followed(tail)} anywhere in them."

    def example(self, country: str) -> str:
        """A number of the country as the pattern would find it, in E.164; "" when there is none that long."""
        known = phonenumbers.example_number(country)
        if known is None:
            return ""
        number = phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.E164)[1:]
        core = self.digits
        if self.head == "+":
            found = core + number[len(core) :]
        elif self.tail == "$":
            found = number[: len(number) - len(core)] + core
        else:
            start = max(len(number) - len(core) - 1, 0)
            found = number[:start] + core + number[start + len(core) :]
        return f"+{found}" if len(found) == len(number) else ""

    def split(self, e164: str) -> tuple[str, str, str]:
        """A number before, at and after what the pattern found in it; the last two are "" if nothing is."""
        before = {"+": r"(?<=^\+)", "*": "(?<=[0-9])"}.get(self.head, "")
        after = {"$": "$", "*": "(?=[0-9])"}.get(self.tail, "")
        found = re.search(before + self.digits + after, e164)
        if found is None:
            return e164, "", ""
        return e164[: found.start()], found[0], e164[found.end() :]


def _led(head: str) -> str:
    return {"*": "any one digit and then ", "%": "any digits and then "}.get(head, "")


def _followed(tail: str) -> str:
    return {"*": " and then any one digit", "%": " and then any digits"}.get(tail, "")
