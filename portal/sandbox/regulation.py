"""What the law asks of a number's owner: an address, a bundle (contract section 5)."""

from portal.sandbox.errors import refusal
from portal.sandbox.regulatory.resources import APPROVED, TYPE_OF_LINE, Bundle
from portal.sandbox.resources import Address
from portal.sandbox.store import Store


def check_address(store: Store, account: str, requirement: str, country: str, sid: str | None) -> None:
    """Refuse an address that is missing (21631), another account's (21613) or does not do (21615)."""
    if not sid:
        if requirement != "none":
            raise refusal(21631)
        return
    address = store.find(Address, sid, account)
    if address is None:
        raise refusal(21613)
    is_local = address.iso_country == country
    if requirement == "local" and not is_local:
        raise refusal(21615)
    if requirement == "foreign" and is_local:
        raise refusal(21615, "Phone Number Requires an Address outside of its country")


def check_bundle(
    store: Store, account: str, required: bool, country: str, number_type: str, sid: str | None
) -> None:
    """Refuse with 21649 if a bundle is missing where one is needed, or is not approved (in words that users
    report); with 21651 if it is none of the account's, or for another kind of number."""
    if not sid:
        if required:
            wanted = f"country: [{country}] and numberType: [{number_type.upper()}]"
            raise refusal(21649, f"Bundle required and not provided for {wanted}")
        return
    bundle = store.find(Bundle, sid, account)
    if bundle is None or not covers(bundle, country, number_type):
        raise refusal(21651)
    if bundle.status != APPROVED:
        raise refusal(21649, f"Bundle [{bundle.sid}] status is not twilio-approved")


def covers(bundle: Bundle, country: str, number_type: str) -> bool:
    """Whether a bundle is for numbers of this country and type."""
    return (bundle.iso_country, bundle.number_type) == (country, TYPE_OF_LINE.get(number_type, number_type))
