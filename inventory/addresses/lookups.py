"""What staff ask Twilio about an address while they wait; nothing of it is stored."""

from dataclasses import dataclass

from inventory.addresses import gateway
from inventory.models import Address
from portal.twilio.bodies import UNREADABLE, read_object
from portal.twilio.errors import NoCredentials


@dataclass(frozen=True, slots=True)
class Dependent:
    """A number that Twilio says depends on an address, and as what it uses it."""

    sid: str
    phone_number: str
    friendly_name: str
    is_emergency: bool


def dependent_numbers(address: Address) -> list[Dependent]:
    """Every number that depends on the address, as Twilio knows it now. Raises Absent and Unavailable."""
    login = address.account.api_login()
    if login is None:
        raise NoCredentials("There are no credentials for this account.")
    found = []
    for page in gateway.iter_dependent_pages(login, address.sid):
        for record in page.records:
            try:
                number, _ = read_object(record)
            except UNREADABLE:
                number = {}  # it depends all the same
            found.append(
                Dependent(
                    sid=str(number.get("sid") or ""),
                    phone_number=str(number.get("phone_number") or ""),
                    friendly_name=str(number.get("friendly_name") or ""),
                    is_emergency=number.get("emergency_address_sid") == address.sid,
                )
            )
    return sorted(found, key=lambda dependent: dependent.phone_number)
