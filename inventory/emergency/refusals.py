"""Twilio's refusals of an emergency address, each with what to do next."""

from inventory import refusals
from portal.twilio.errors import TwilioFailure, Unavailable

_SENTENCES = {
    20409: "Twilio still has another emergency address with this number. Remove it, wait until its "
    "registration says “Not registered”, and assign this one then.",
    21613: "This address does not belong to the number's account. Create one in that account.",
    21628: "Emergency services do not know this address. Correct it on its page, or create another one.",
    21629: "Emergency services know this address in another spelling. Correct it on its page.",
    22222: "Twilio takes no emergency address with this number.",
    22402: "Twilio does not change this in the number's Region. Do it in Twilio Console.",
    22403: "Twilio does not change this in the number's Region. Do it in Twilio Console.",
}


def sentence_of(failure: TwilioFailure) -> str:
    """What to tell staff: our sentence for a known code, Twilio's own words for any other."""
    if isinstance(failure, Unavailable):
        return f"Unavailable: {failure.words} Nothing was changed. Save again in a moment."
    return _SENTENCES.get(failure.code or 0) or refusals.sentence_of(failure)
