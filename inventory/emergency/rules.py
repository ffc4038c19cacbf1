"""What Twilio takes as a number's emergency address. Pure rules, one sentence for each refusal.

"Emergency Calling for Programmable Voice" and page 23: registration is per number, for voice numbers of
the US, Canada and the UK, takes a while, and another address is registered only after the present one was
removed and shows `unregistered`. `EmergencyStatus` is not set any more: Twilio ignores it (changelog of
October 2021) or refuses it (22222), so only `EmergencyAddressSid` is sent.
"""

from inventory.addresses.formats import EMERGENCY_COUNTRIES, in_words
from inventory.models import Address, PhoneNumber

GUIDE = "https://www.twilio.com/docs/voice/tutorials/emergency-calling-for-programmable-voice"
PENDING = ("pending-registration", "pending-unregistration")


class EmergencyRefused(Exception):
    """Twilio would not take this emergency address for this number; the words say why and what to do."""


def why_no_address(number: PhoneNumber) -> str:
    """Why no emergency address can be assigned to a number as it is; "" if one can."""
    if number.missing_since:
        return "Twilio does not list this number any more."
    if not number.voice:
        return "This number cannot make calls, so it has no use for an emergency address."
    if number.country not in EMERGENCY_COUNTRIES:
        return (
            "Twilio registers emergency addresses for numbers of the United States, Canada and the United "
            f"Kingdom, and this one is of {in_words(number.country) or 'a country that is not known'}."
        )
    if number.emergency_address_status == "pending-unregistration":
        return f"The last address is still being removed. {_patience(number.country)}"
    if number.emergency_address_id:
        return (
            "An emergency address is set. Remove it, wait until its registration says “Not registered”, "
            f"and assign the other one then. {_patience(number.country)}"
        )
    return ""


def why_not(number: PhoneNumber, address: Address) -> str:
    """Why this address cannot become the number's emergency address; "" if it can."""
    if reason := why_no_address(number):
        return reason
    if address.account_id != number.account_id:
        return "This address belongs to another account. Create one in the number's own account."
    if address.missing_since:
        return "Twilio no longer has this address. Choose another one."
    if not address.emergency_enabled:
        return "This address is not enabled for emergency calls. Change that on the address's page first."
    if address.iso_country != number.country:
        return (
            f"Emergency calls from this number reach services in {in_words(number.country)}. "
            "Choose an address there."
        )
    return ""


def _patience(country: str) -> str:
    if country == "GB":
        return "In the United Kingdom that may take 72 hours."
    return "That may take 30 minutes."
