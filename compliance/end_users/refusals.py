"""Twilio's refusals of changes to an end user, in words that say what to do next."""

from portal.twilio.errors import TwilioFailure, Unavailable, Uncertain

ASSIGNED = 21644
_SENTENCES = {
    20002: "Twilio did not take this name. Use at most 64 characters.",
    20003: "Twilio did not accept our credentials for this account. An administrator can put in new ones.",
    20404: "Twilio does not have this end user in this account any more.",
    21644: "A bundle holds this end user, so Twilio does not delete it. Take it out of its bundles first.",
    22207: "Twilio could not read what the end user says.",
    70002: "Twilio does not take one of these values for this type of end user.",
}


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
