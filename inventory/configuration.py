"""A number's configuration: which properties it has, and which of them beat which (page 23)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

# Twilio's property names, in the order in which staff read them.
PROPERTIES: Mapping[str, str] = {
    "friendly_name": "Name",
    "voice_receive_mode": "Incoming calls are",
    "trunk_sid": "SIP trunk",
    "voice_application_sid": "Application for calls",
    "voice_url": "When a call comes in",
    "voice_method": "Method for calls",
    "voice_fallback_url": "When that fails",
    "voice_fallback_method": "Method for call fallback",
    "status_callback": "Call status changes",
    "status_callback_method": "Method for status changes",
    "voice_caller_id_lookup": "Look up caller names",
    "sms_application_sid": "Application for messages",
    "sms_url": "When a message comes in",
    "sms_method": "Method for messages",
    "sms_fallback_url": "When that fails (messages)",
    "sms_fallback_method": "Method for message fallback",
}


def configuration_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration in a number's payload; Twilio's null and "" both mean none."""
    values = {name: payload.get(name) or "" for name in PROPERTIES}
    values["voice_caller_id_lookup"] = bool(payload.get("voice_caller_id_lookup"))
    values["voice_receive_mode"] = payload.get("voice_receive_mode") or "voice"
    for method in (
        "voice_method",
        "voice_fallback_method",
        "status_callback_method",
        "sms_method",
        "sms_fallback_method",
    ):
        values[method] = values[method] or "POST"
    return values


@dataclass(frozen=True, slots=True)
class Route:
    """What answers a number's calls or messages."""

    kind: str  # trunk, application, url or none
    words: str
    target: str


def call_route(*, trunk_sid: str | None, application: object | None, url: str) -> Route:
    """A trunk beats an application, and an application beats the address."""
    if trunk_sid:
        return Route("trunk", "SIP trunk", trunk_sid)
    return message_route(application=application, url=url)


def message_route(*, application: object | None, url: str) -> Route:
    if application:
        return Route("application", str(application), str(getattr(application, "pk", "")))
    if url:
        return Route("url", urlsplit(url).netloc or url, url)
    return Route("none", "Nothing", "")
