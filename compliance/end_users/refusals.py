"""Twilio's refusals of changes to an end user, in words that say what to do next."""

from compliance import refusals
from portal.twilio.errors import TwilioFailure

ASSIGNED = 21644
_SENTENCES = {
    20404: "Twilio does not have this end user in this account any more.",
    21644: "A bundle holds this end user, so Twilio does not delete it. Take it out of its bundles first.",
    22207: "Twilio could not read what the end user says.",
    70002: "Twilio does not take one of these values for this type of end user.",
}


def sentence_of(failure: TwilioFailure) -> str:
    return refusals.sentence_of(failure, _SENTENCES)
