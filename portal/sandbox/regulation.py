"""What the law asks of a number's owner: an address, a bundle (contract section 5)."""

from portal.sandbox.errors import refusal
from portal.sandbox.resources import Address, Bundle
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
    """Refuse with 21649 if a bundle is missing where one is needed, 21651 if it does not satisfy."""
    if not sid:
        if required:
            wanted = f"country: [{country}] and numberType: [{number_type.upper()}]"
            raise refusal(21649, f"Bundle required and not provided for {wanted}")
        return
    bundle = store.find(Bundle, sid, account)
    if bundle is None or not satisfies(bundle, country, number_type):
        raise refusal(21651)


def satisfies(bundle: Bundle, country: str, number_type: str) -> bool:
    """Whether a bundle of the account lets it own a number of this country and type."""
    return True
