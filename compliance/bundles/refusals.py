"""Twilio's refusals of changes to a bundle, in words that say what to do next (UX-30)."""

import re

from compliance import refusals
from portal.twilio.errors import TwilioFailure

UNDER_REVIEW, HAS_NUMBERS = 21647, 21648
_SENTENCES = {
    20404: "Twilio does not have this bundle in this account any more.",
    21647: "The bundle is under review, so Twilio does not delete it. Wait for its decision.",
    21648: "Numbers use the bundle, so Twilio does not delete it. Assign another bundle to them first.",
    22204: "Twilio changes the status and the properties of a bundle only one after the other.",
}
_FIELDS = {"FriendlyName": "friendly_name", "Email": "email", "StatusCallback": "status_callback"}


def sentence_of(failure: TwilioFailure) -> str:
    return refusals.sentence_of(failure, _SENTENCES)


def field_of(failure: TwilioFailure, fields: set[str]) -> str | None:
    """The field a refusal is about: the one whose parameter Twilio's words name."""
    if failure.code == 20002 and "friendly_name" in fields:
        return "friendly_name"
    for parameter, name in _FIELDS.items():
        if name in fields and re.search(rf"\b{parameter}\b", failure.words):
            return name
    return None
