"""The settings of an owned number: what a purchase and an update may write, and Twilio's normalisations."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from portal.sandbox import elsewhere, regulation
from portal.sandbox.call import Call
from portal.sandbox.dataset.plan import EMERGENCY_COUNTRIES, NORTH_AMERICA, line_of
from portal.sandbox.errors import refusal
from portal.sandbox.friendly import format_number
from portal.sandbox.resources import Address, Application, Number

REGISTRATION_SECONDS = 15
UNSET = {field.name: field.default for field in msgspec.structs.fields(Number)}


def apply_settings(call: Call, number: Number, form: dict[str, str]) -> None:
    """Write every setting that the form names; "" clears."""
    for parameter, value in form.items():
        reader = READERS.get(parameter)
        if reader is not None:
            name = snake(parameter)
            setattr(number, name, UNSET[name] if value == "" else reader(value))
    if "FriendlyName" in form:
        number.friendly_name = read_name(form["FriendlyName"]) or format_number(number.phone_number)
    _apply_routing(call, number, form)
    _check_ability(number, form)
    if "AddressSid" in form or "BundleSid" in form:
        _apply_papers(call, number, form)
    if "EmergencyStatus" in form or "EmergencyAddressSid" in form:
        _apply_emergency(call, number, form)


def snake(parameter: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", parameter).lower()


def country_of(number: Number) -> str:
    """Of one that was ported in, what its digits tell."""
    line = line_of(number.phone_number)
    return line.country if line else elsewhere.country_of(number.phone_number) or ""


def _apply_routing(call: Call, number: Number, form: dict[str, str]) -> None:
    """A trunk and a voice application exclude each other; the one set last stays (doc page 23)."""
    for parameter in ("VoiceApplicationSid", "SmsApplicationSid"):
        sid = form.get(parameter)
        if sid and call.store.find(Application, sid, number.account_sid) is None:
            raise refusal(21420)
    if form.get("TrunkSid"):
        number.voice_application_sid = ""
    elif form.get("VoiceApplicationSid"):
        number.trunk_sid = None


def _check_ability(number: Number, form: dict[str, str]) -> None:
    if form.get("VoiceFallbackUrl") and not (number.voice_url or number.voice_application_sid):
        raise refusal(21405)
    if form.get("SmsFallbackUrl") and not (number.sms_url or number.sms_application_sid):
        raise refusal(21406)
    if (form.get("SmsUrl") or form.get("SmsApplicationSid")) and not number.capabilities.sms:
        raise refusal(21407)
    if form.get("VoiceCallerIdLookup", "").lower() == "true" and country_of(number) not in NORTH_AMERICA:
        raise refusal(21409)


def _apply_papers(call: Call, number: Number, form: dict[str, str]) -> None:
    line = line_of(number.phone_number)
    if "AddressSid" in form:
        sid = form["AddressSid"] or None
        regulation.check_address(
            call.store, number.account_sid, number.address_requirements, country_of(number), sid
        )
        number.address_sid = sid
    if "BundleSid" in form:
        sid = form["BundleSid"] or None
        required = line is not None and line.bundle
        regulation.check_bundle(
            call.store, number.account_sid, required, country_of(number), number.type, sid
        )
        number.bundle_sid = sid


def _apply_emergency(call: Call, number: Number, form: dict[str, str]) -> None:
    """Emergency addresses are for voice numbers of the US, Canada and the UK, and registering takes a moment.

    Twilio has ignored EmergencyStatus since October 2021. Its guide has an address removed and
    unregistered before another one is associated; that it refuses otherwise, and with 20409, is inferred.
    """
    if country_of(number) not in EMERGENCY_COUNTRIES or not number.capabilities.voice:
        raise refusal(22222)
    if form.get("EmergencyStatus", "Active") not in ("Active", "Inactive"):
        raise refusal(22222)
    if (sid := form.get("EmergencyAddressSid")) is None or (sid or None) == number.emergency_address_sid:
        return
    if not sid:
        number.emergency_address_sid = None
        number.emergency_address_status = "pending-unregistration"
        call.schedule(REGISTRATION_SECONDS, "unregister_emergency_address", number.sid)
        return
    if number.emergency_address_sid or number.emergency_address_status == "pending-unregistration":
        raise refusal(20409, "The phone number has an emergency address that must be unregistered first")
    address = call.store.find(Address, sid, number.account_sid)
    if address is None:
        raise refusal(21613)
    if not address.emergency_enabled:
        raise refusal(21628, "Address Validation Error: the address is not enabled for emergency calling")
    number.emergency_address_sid = sid
    number.emergency_address_status = "pending-registration"
    call.schedule(REGISTRATION_SECONDS, "register_emergency_address", number.sid, sid)


def read_name(text: str, most: int = 64) -> str:
    if len(text) > most:
        raise refusal(20002, f"Invalid FriendlyName: longer than {most} characters")
    return text


def read_url(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        raise refusal(21402) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or len(text) > 2048 or " " in text:
        raise refusal(21402)
    return text


def read_method(text: str) -> str:
    if text.upper() not in ("GET", "POST"):
        raise refusal(21403)
    return text.upper()


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise refusal(20422)
    return text.lower() == "true"


def _sid(prefix: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(prefix + "[0-9a-fA-F]{32}", text):
            raise refusal(20423)
        return text

    return read


def _choice(*options: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in options:
            raise refusal(20422)
        return text

    return read


READERS: dict[str, Callable[[str], Any]] = {
    "SmsUrl": read_url,
    "SmsFallbackUrl": read_url,
    "SmsMethod": read_method,
    "SmsFallbackMethod": read_method,
    "SmsApplicationSid": _sid("AP"),
    "StatusCallback": read_url,
    "StatusCallbackMethod": read_method,
    "VoiceUrl": read_url,
    "VoiceFallbackUrl": read_url,
    "VoiceMethod": read_method,
    "VoiceFallbackMethod": read_method,
    "VoiceApplicationSid": _sid("AP"),
    "VoiceCallerIdLookup": _truth,
    "VoiceReceiveMode": _choice("voice", "fax"),
    "TrunkSid": _sid("TK"),
    "IdentitySid": _sid("RI"),
    "ApiVersion": _choice("2010-04-01", "2008-08-01"),
}
