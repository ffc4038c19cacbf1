"""Twilio's refusals of changes to a bundle, in words that say what to do next (UX-30)."""

import re

from portal.twilio.errors import TwilioFailure, Unavailable, Uncertain

UNDER_REVIEW, HAS_NUMBERS = 21647, 21648
_SENTENCES = {
    20002: "Twilio did not take this name. Use at most 64 characters.",
    20003: "Twilio did not accept our credentials for this account. An administrator can put in new ones.",
    20404: "Twilio does not have this bundle in this account any more.",
    21647: "The bundle is under review, so Twilio does not delete it. Wait for its decision.",
    21648: "Numbers use the bundle, so Twilio does not delete it. Assign another bundle to them first.",
    22204: "Twilio changes the status and the properties of a bundle only one after the other.",
}
_FIELDS = {"FriendlyName": "friendly_name", "Email": "email", "StatusCallback": "status_callback"}


def sentence_of(failure: TwilioFailure) -> str:
    """Our sentence for a known code, Twilio's own words for any other."""
    if isinstance(failure, Unavailable):
        return f"Unavailable: {failure.words} Nothing was changed. Try again in a moment."
    if isinstance(failure, Uncertain):
        return (
            "Twilio's answer was lost. Numberdesk looks at Twilio until it knows what became of it; nothing "
            "is sent twice."
        )
    return _SENTENCES.get(failure.code or 0) or failure.words


def field_of(failure: TwilioFailure, fields: set[str]) -> str | None:
    """The field a refusal is about: the one whose parameter Twilio's words name."""
    if failure.code == 20002 and "friendly_name" in fields:
        return "friendly_name"
    for parameter, name in _FIELDS.items():
        if name in fields and re.search(rf"\b{parameter}\b", failure.words):
            return name
    return None
