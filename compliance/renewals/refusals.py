"""Twilio's refusals of copies and replaced items, in words that say what to do next."""

from compliance import refusals
from portal.twilio.errors import TwilioFailure

_SENTENCES = {
    20404: "Twilio does not have this bundle in this account any more.",
    20422: "Twilio did not take this. Evaluate the copy to see what is missing.",
    21647: "The copy is under review, so Twilio does not delete it. Wait for its decision.",
    21648: "Numbers use the copy, so Twilio does not delete it. Assign the original bundle to them first.",
    22223: "Twilio copies a bundle only while it is approved and has a last day. Read it from Twilio now.",
    22224: "Twilio replaces items only from an approved copy to the approved bundle it was made of.",
    22225: "Twilio does not have the copy any more. Start the update again.",
    22226: "A bundle cannot replace its own items.",
    22228: "The copy was approved under an older version of the regulation. Delete it and start the update "
    "again; if Twilio still refuses, its support has to put the bundle right.",
    22229: "The copy lacks an address that the bundle has, and Twilio lets nobody exchange it. Give the copy "
    "a document with the same address, or make a new bundle.",
    22230: "An address of this bundle was deleted, so Twilio cannot copy it. Make a new bundle and assign "
    "that one to the numbers.",
}


def sentence_of(failure: TwilioFailure) -> str:
    return refusals.sentence_of(failure, _SENTENCES)
