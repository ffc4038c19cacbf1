"""The seven use cases of the Global Catalog: its saved searches, with their exact filters (doc page 7).

Page 6 calls the last one call-tracking, page 7 lead-tracking; the filters stand under the latter name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_TYPES = (
    "local", "mobile", "tollfree", "shortcode", "shared-cost", "machine-to-machine", "voip", "national",
)  # fmt: skip
_BOTH_WAYS = {"InboundConnectivity": "true", "OutboundConnectivity": "true"}
_KEYS = {"InboundCallerDtmf": "true", "InboundCalledDtmf": "true"}
_FROM_ANYWHERE = {"InboundReachability": "global"}
_CALLER_ID = {"InboundCallerIdPreservation": "international"}
_SENDER_ID = {"InboundSenderIdPreservation": "international"}
_TRUNK = {"SipTrunking": "true"}
_E911 = {"E911": "true"}
_LETTERS = {"Gsm7": "true", "Ucs2": "true"}
_LONG_TEXTS = {**_LETTERS, "Gsm7Concatenation": "true", "Ucs2Concatenation": "true"}

# What each filter asks for, in words that follow "numbers that".
WORDS: Mapping[str, str] = {
    "InboundConnectivity": "can be reached",
    "OutboundConnectivity": "can be sent from",
    "InboundCallerDtmf": "pass on the keys that callers press",
    "InboundCalledDtmf": "pass on the keys that the called press",
    "InboundReachability": "are reached from anywhere in the world",
    "InboundCallerIdPreservation": "show callers from abroad with their number",
    "InboundSenderIdPreservation": "show senders from abroad with their number",
    "SipTrunking": "work on a SIP trunk",
    "E911": "reach emergency services",
    "Gsm7": "take the GSM-7 alphabet",
    "Ucs2": "take every other alphabet",
    "Gsm7Concatenation": "put long GSM-7 messages together",
    "Ucs2Concatenation": "put other long messages together",
}


@dataclass(frozen=True, slots=True)
class UseCase:
    """One use case: what it is for, and what numbers for its calls and its messages must be able to do."""

    name: str
    title: str
    purpose: str
    voice: Mapping[str, str]
    sms: Mapping[str, str] | None = None
    types: tuple[str, ...] = _TYPES

    @property
    def capabilities(self) -> tuple[str, ...]:
        return ("voice",) if self.sms is None else ("voice", "sms")

    def saved_search(self, capability: str) -> str:
        return f"twilio.use-case.{self.name}.{capability}"

    def filters(self, capability: str) -> Mapping[str, str]:
        """The filters of the saved search, by their names in the catalog."""
        chosen = self.voice if capability == "voice" else self.sms or {}
        group = f"Capabilities.{capability.title()}"
        return {"Lifecycle": "generally-available", **{f"{group}.{key}": is_ for key, is_ in chosen.items()}}

    def words(self, capability: str) -> list[str]:
        """What it asks for, in sentences' halves."""
        chosen = self.voice if capability == "voice" else self.sms or {}
        return [WORDS[key] for key in chosen]


USE_CASES: Mapping[str, UseCase] = {
    case.name: case
    for case in (
        UseCase(
            "conversations",
            "Conversations",
            "Talk and write back and forth.",
            {**_BOTH_WAYS, **_FROM_ANYWHERE, **_CALLER_ID, **_TRUNK},
            {**_BOTH_WAYS, **_SENDER_ID, **_FROM_ANYWHERE, **_LONG_TEXTS},
        ),
        UseCase(
            "marketing",
            "Marketing",
            "Calls and messages that advertise.",
            {**_BOTH_WAYS, **_KEYS, **_FROM_ANYWHERE, **_CALLER_ID},
            {**_BOTH_WAYS, **_FROM_ANYWHERE, **_LONG_TEXTS},
        ),
        UseCase(
            "notifications",
            "Notifications",
            "Tell people about an account or an order.",
            {**_BOTH_WAYS, **_FROM_ANYWHERE},
            {**_BOTH_WAYS, **_FROM_ANYWHERE},
        ),
        UseCase(
            "verifications",
            "Verifications",
            "Send codes that prove who somebody is.",
            {"OutboundConnectivity": "true", **_FROM_ANYWHERE},
            {"OutboundConnectivity": "true", **_FROM_ANYWHERE, **_LETTERS},
        ),
        UseCase(
            "pbx-collaborations",
            "Company phone system",
            "A private branch exchange.",
            {**_BOTH_WAYS, **_KEYS, **_CALLER_ID, **_FROM_ANYWHERE, **_TRUNK, **_E911},
            types=("local", "tollfree", "voip"),
        ),
        UseCase(
            "contact-centers",
            "Contact center",
            "Answer customers.",
            {**_BOTH_WAYS, **_KEYS, **_CALLER_ID, **_TRUNK, **_E911},
            {**_BOTH_WAYS, **_LONG_TEXTS},
        ),
        UseCase(
            "lead-tracking",
            "Call tracking",
            "Find out which advertisement people call from.",
            {"InboundConnectivity": "true", **_KEYS, **_FROM_ANYWHERE, **_CALLER_ID, **_TRUNK},
            {"InboundConnectivity": "true", **_SENDER_ID, **_FROM_ANYWHERE, **_LONG_TEXTS},
            types=("local",),
        ),
    )
}
