"""Keeping what people told us out of what is written down."""

import copy
from collections.abc import Iterable

from portal.twilio.errors import TwilioFailure


def keepable(failure: TwilioFailure, personal: Iterable[str]) -> TwilioFailure:
    """The failure with every personal value that Twilio's words repeat left out."""
    kept = copy.copy(failure)
    for value in sorted({value for value in personal if value}, key=len, reverse=True):
        kept.words = kept.words.replace(value, "…")
    return kept
