"""Twilio's refusals in words that say what to do next (UX-30): what is the same for all of compliance."""

from collections.abc import Mapping

from portal.twilio.errors import TwilioFailure, Unavailable, Uncertain

_SENTENCES = {
    20002: "Twilio did not take this name. Use at most 64 characters.",
    20003: "Twilio did not accept our credentials for this account. An administrator can put in new ones.",
}


def sentence_of(failure: TwilioFailure, sentences: Mapping[int, str]) -> str:
    """Ours for a known code, those of one kind of object first; Twilio's own words for any other."""
    if isinstance(failure, Unavailable):
        return f"Unavailable: {failure.words} Nothing was changed. Try again in a moment."
    if isinstance(failure, Uncertain):
        return (
            "Twilio's answer was lost. Numberdesk looks at Twilio until it knows what became of it; nothing "
            "is sent twice."
        )
    code = failure.code or 0
    return sentences.get(code) or _SENTENCES.get(code) or failure.words
