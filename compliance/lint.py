"""Where a document says something else than the end user, character by character. Pure: no rows, no calls.

Twilio compares the exact inputs (error 22218, page 37): a space too many is another name. People read two
such names as the same one, so the difference is named and shown.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from compliance.requirements import is_blank

Side = Literal["same", "expected", "found"]
# Characters that are read as another one, beyond what Unicode normalisation folds.
_LOOK_ALIKES = str.maketrans(
    {
        "\u0410": "A", "\u0412": "B", "\u0415": "E", "\u041a": "K", "\u041c": "M", "\u041d": "H",
        "\u041e": "O", "\u0420": "P", "\u0421": "C", "\u0422": "T", "\u0425": "X", "\u0430": "a",
        "\u0435": "e", "\u043e": "o", "\u0440": "p", "\u0441": "c", "\u0445": "x", "\u0443": "y",
        "\u0391": "A", "\u0392": "B", "\u0395": "E", "\u039f": "O", "\u03bf": "o",
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
        "\u2018": "'", "\u2019": "'", "\u00b4": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " ",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of characters that both have, or only one of them."""

    text: str
    side: Side

    @property
    def shown(self) -> str:
        """The text with blanks that can be seen, where they are what differs."""
        if self.side == "same":
            return self.text
        return self.text.replace(" ", "\u00b7").replace("\u00a0", "\u237d").replace("\t", "\u2192")


@dataclass(frozen=True, slots=True)
class Difference:
    """How one text differs from another: in words, and run by run."""

    expected: str
    found: str
    words: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A field of something that differs from the end user's."""

    where: str  # what it stands on: the name of a document or an address
    sid: str
    field: str
    label: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class Said:
    """What a document or an address says, by field; `equals` names the end user's fields if others."""

    where: str
    sid: str
    values: Mapping[str, Any]
    equals: Mapping[str, Sequence[str]]


def difference(expected: str, found: str) -> Difference | None:
    """None when the two are the same, character by character."""
    if expected == found:
        return None
    segments: list[Segment] = []
    for tag, a, b, c, d in SequenceMatcher(None, expected, found, autojunk=False).get_opcodes():
        if tag == "equal":
            segments.append(Segment(expected[a:b], "same"))
            continue
        if b > a:
            segments.append(Segment(expected[a:b], "expected"))
        if d > c:
            segments.append(Segment(found[c:d], "found"))
    return Difference(expected, found, _kind(expected, found), tuple(segments))


def lint(end_user: Mapping[str, Any], said: Iterable[Said]) -> list[Finding]:
    """Everything that is said of the end user in other words than its own.

    A field is compared with what its regulation names in `equals`; without that, with the end user's field of
    the same name. What either of them leaves blank is not compared: that is for the evaluation to find.
    """
    findings = []
    for one in said:
        for name, value in one.values.items():
            sources = one.equals.get(name) or (name,)
            if is_blank(value) or isinstance(value, (list, dict)):
                continue
            if any(is_blank(end_user.get(source)) for source in sources):
                continue
            expected = " ".join(str(end_user[source]) for source in sources)
            if found := difference(expected, str(value)):
                label = " and ".join(source.replace("_", " ") for source in sources)
                findings.append(Finding(one.where, one.sid, name, label, found))
    return findings


def holder_names(end_user: Mapping[str, Any]) -> list[str]:
    """The names that an address of this end user may be in: the business's, the person's."""
    names = [str(end_user.get("business_name") or "")]
    names.append(" ".join(str(end_user.get(part) or "") for part in ("first_name", "last_name")).strip())
    return [name for name in names if name]


def _kind(expected: str, found: str) -> str:
    """The difference in a sentence: the most telling of those that explain it whole."""
    if expected.strip() == found.strip():
        return "One of them has a space at the beginning or at the end."
    if expected.split() == found.split():
        return "They differ in spaces."
    if expected.casefold() == found.casefold():
        return "They differ in capital letters."
    if _folded(expected) == _folded(found):
        return "One of them has a character that only looks the same, such as another dash."
    if _plain(expected) == _plain(found):
        return "They differ in accents."
    if _letters(expected) == _letters(found):
        return "They differ in punctuation or spaces."
    if sorted(_letters(expected)) == sorted(_letters(found)):
        return "They have the same letters in another order."
    return "They are different."


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_LOOK_ALIKES)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", _folded(text))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _letters(text: str) -> str:
    return "".join(char for char in _plain(text).casefold() if char.isalnum())
