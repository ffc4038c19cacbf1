"""Keeping what people told us out of what is written down."""

import copy
import re
from collections.abc import Iterable

from portal.twilio.errors import TwilioFailure

# Shorter than this, a value is part of many a word.
_SHORTEST = 3


def keepable(failure: TwilioFailure, personal: Iterable[str]) -> TwilioFailure:
    """The same failure with words that may be kept: without the personal values that Twilio repeats."""
    kept = copy.copy(failure)
    for value in sorted({value for value in personal if len(value) >= _SHORTEST}, key=len, reverse=True):
        kept.words = re.sub(re.escape(value), "…", kept.words, flags=re.IGNORECASE)
    return kept
