"""Twilio's refusals of a number's configuration: which field each concerns, in our words (UX-30, UX-31)."""

import re

from portal.twilio.errors import TwilioFailure, Unavailable

_FIELD_OF_CODE = {
    20002: "friendly_name",
    21405: "voice_fallback_url",
    21406: "sms_fallback_url",
    21407: "sms_url",
    21409: "voice_caller_id_lookup",
}
_SENTENCES = {
    20002: "Twilio did not take this name. Use at most 64 characters.",
    20003: "Twilio did not accept our credentials for this account. An administrator can put in new ones.",
    20005: "This account is not active at Twilio, so its numbers cannot be changed.",
    20404: "Twilio does not have this number in this account any more.",
    21402: "Twilio did not take this address. It must begin with https:// and be reachable.",
    21403: "Choose GET or POST.",
    21405: "A fallback needs an address for calls first.",
    21406: "A fallback needs an address for messages first.",
    21407: "This kind of number cannot receive messages.",
    21409: "Caller names cannot be looked up for this number.",
    21420: "This application does not belong to the number's account.",
}
_PARAMETER = re.compile(r"\b(?:[A-Z][a-z0-9]+){2,}\b")


def field_of(failure: TwilioFailure, fields: set[str]) -> str | None:
    """The field a refusal is about: by its code, or by the parameter that Twilio's words name."""
    if (field := _FIELD_OF_CODE.get(failure.code or 0)) in fields:
        return field
    for parameter in _PARAMETER.findall(failure.words):
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", parameter).lower()
        if name in fields:
            return name
    return None


def sentence_of(failure: TwilioFailure) -> str:
    """What to tell staff: our sentence for a known code, Twilio's own words for any other."""
    if isinstance(failure, Unavailable):
        return f"Unavailable: {failure.words}"
    return _SENTENCES.get(failure.code or 0) or failure.words
