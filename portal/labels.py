"""Words and tones for values that Twilio or we use as codes.

A tone is one of four, always shown with a word and a shape: ok, wait, bad, off. A value without an
entry is shown as it came, in the neutral tone (UX-59).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    word: str
    tone: str = "off"
    raw: str = ""  # shown beside the word when the value is one we do not know


Labels = Mapping[str, Label]


def label_for(labels: Labels, value: str | None) -> Label:
    if value is None or value == "":
        return Label("–")
    return labels.get(value) or Label(value, raw=value)


OPERATION_STATES: Labels = {
    "started": Label("Under way", "wait"),
    "done": Label("Done", "ok"),
    "refused": Label("Refused", "bad"),
    "uncertain": Label("Not known yet", "wait"),
}
RUN_STATES: Labels = {
    "queued": Label("Waiting", "wait"),
    "running": Label("Running", "wait"),
    "done": Label("Complete", "ok"),
    "failed": Label("Failed", "bad"),
}
ACCOUNT_STATES: Labels = {
    "active": Label("Active", "ok"),
    "suspended": Label("Suspended", "bad"),
    "closed": Label("Closed", "off"),
}
