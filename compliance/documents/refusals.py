"""Twilio's refusals of a document: what to tell staff, and what of Twilio's words may be kept."""

import copy
import re
from collections.abc import Mapping
from typing import Any

from compliance import refusals
from portal.twilio.errors import TwilioFailure

ASSIGNED, UNDER_REVIEW, SETTLED = 21645, 21646, 20409
_SENTENCES = {
    20404: "Twilio does not have this document in this account any more.",
    20409: "Twilio keeps an approved document as it is. Upload a new document and use that one instead.",
    20413: "Twilio found the file too large. A compliance document must be smaller than 5 MB.",
    20422: "Twilio did not take this file. It must be a JPG, PNG or PDF.",
    21645: "A bundle holds this document, so Twilio does not delete it. Take it out of its bundles first.",
    21646: "This document is under review, so it stays as it is until Twilio has decided.",
    22207: "Twilio could not read the attributes.",
    22208: "Twilio changes the status and the attributes of a document only one after the other.",
    22210: "Twilio does not know this type of document.",
    22211: "Twilio asks for a friendly name.",
    70002: "Twilio does not take one of these attributes for this type of document.",
}


def sentence_of(failure: TwilioFailure) -> str:
    return refusals.sentence_of(failure, _SENTENCES)


def keepable(failure: TwilioFailure, attributes: Mapping[str, Any], *texts: str) -> TwilioFailure:
    """The same failure with words that may be kept: without the values they repeat."""
    kept = copy.copy(failure)
    kept.words = _SENTENCES.get(failure.code or 0) or _without(failure.words, [*_texts(attributes), *texts])
    return kept


def _texts(value: Any) -> list[str]:
    match value:
        case dict():
            return [text for item in value.values() for text in _texts(item)]
        case list() | tuple():
            return [text for item in value for text in _texts(item)]
        case None:
            return []
        case _:
            return [str(value)]


def _without(words: str, personal: list[str]) -> str:
    for text in sorted((text for text in personal if len(text) > 2), key=len, reverse=True):
        words = re.sub(re.escape(text), "…", words, flags=re.IGNORECASE)
    return words
