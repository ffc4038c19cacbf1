"""What to tell staff when Twilio refuses something about hosting (contract §5, and the error dictionary)."""

from portal.twilio.errors import TwilioFailure, Unavailable

LOST = "Twilio's answer was lost. Numberdesk looks at Twilio until it knows what became of it."
_SENTENCES = {
    20003: "Twilio did not accept our credentials for this account. An administrator can put in new ones.",
    20404: "Twilio does not have this in this account any more.",
    22100: "All verification calls are used up. Twilio's support can allow more.",
    22101: "Twilio does not take one of the orders: each has to be verified, and on no other letter.",
    22102: "Twilio takes this for no phone number. Write it with its country code.",
    22104: "Twilio takes this for no e-mail address.",
    22107: "The letter is signed or with its signer, and cannot be changed.",
    22109: "Twilio does not have this address in this account.",
    22111: "The order's status does not allow this any more.",
    22112: "The order's status does not allow this any more.",
    22113: "Twilio has another code. Ask the owner to say it once more.",
    22114: "Twilio waits for no code any more. Have it call again.",
    22117: "Twilio does not take this extension: digits, *, # and w.",
    22118: "Twilio does not have this phone bill.",
}
_FIELDS = {
    22104: "email",
    22109: "address",
    22117: "extension",
    22118: "document",
    22113: "code",
    21454: "delay",
}


def sentence_of(failure: TwilioFailure) -> str:
    """Our sentence for a known code, Twilio's own words for any other."""
    if isinstance(failure, Unavailable):
        return f"Unavailable: {failure.words} Nothing was changed. Try again in a moment."
    return _SENTENCES.get(failure.code or 0) or failure.words


def field_of(failure: TwilioFailure, fields: set[str]) -> str | None:
    """The field that a refusal is about, if the form has it."""
    name = _FIELDS.get(failure.code or 0)
    return name if name in fields else None
