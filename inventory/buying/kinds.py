"""What a cart holds, by country and type: the law asks for papers by these."""

from collections.abc import Sequence
from itertools import groupby

from compliance.mapping.card import url_of
from compliance.mapping.offers import Rules
from inventory import labels
from inventory.buying.needs import BundleNeed, bundle_need, fitting_addresses
from inventory.models import Cart, CartItem
from portal.numbering import country_name, type_name


class Kind:
    """The numbers of one country and type in a cart: what Twilio asks for with them, and what there is."""

    def __init__(self, cart: Cart, items: Sequence[CartItem], bundle: BundleNeed) -> None:
        self.items = items
        self.country, self.number_type = items[0].country, items[0].number_type
        self.bundle = bundle
        self.requirements = {item.offer.get("address_requirements", "none") for item in items} - {"none"}
        self.addresses: list[tuple[str, str]] | None = None
        chosen = {item.address_sid for item in items} - {""}
        self.address_sid = chosen.pop() if chosen else ""
        if self.requirements:
            self.addresses = [
                (address.pk, f"{address}, {address.city}, {country_name(address.iso_country)}")
                for address in fitting_addresses(cart.account, self.country, self.requirements)
            ]
            if not self.address_sid and len(self.addresses) == 1:
                self.address_sid = self.addresses[0][0]
        chosen = {item.bundle_sid for item in items} - {""}
        self.bundle_sid = chosen.pop() if chosen else ""
        if self.bundle_sid not in dict(bundle.held):  # not approved any more, or past its day
            self.bundle_sid = ""
        if not self.bundle_sid and bundle.asked_for and len(bundle.held) == 1:
            self.bundle_sid = bundle.held[0][0]

    def __str__(self) -> str:
        return f"{country_name(self.country)}, {type_name(self.number_type).lower()}"

    @property
    def slug(self) -> str:
        return f"{self.country}-{self.number_type}".lower()

    @property
    def address_field(self) -> str:
        return f"address-{self.slug}"

    @property
    def bundle_field(self) -> str:
        return f"bundle-{self.slug}"

    @property
    def address_words(self) -> str:
        names = [labels.ADDRESS_REQUIREMENTS.get(need, need).lower() for need in sorted(self.requirements)]
        if not self.addresses:
            return f"Twilio asks for {' and '.join(names)}, and the account holds none."
        return f"Twilio asks for {' and '.join(names)}."

    @property
    def takes_bundle(self) -> bool:
        """Whether a bundle is asked about at all: where one is needed, or may be and there are some."""
        return bool(self.bundle.asked_for or self.bundle.held)

    @property
    def bundle_words(self) -> str:
        if self.bundle.asked_for is None:
            return (
                "No regulation is named for this type. If Twilio wants a bundle, it refuses the purchase "
                "without one (error 21649)."
            )
        if self.bundle.held:
            return "Twilio asks for one. Offered are those that are approved for such numbers."
        return "Twilio asks for one, and the account has none that is approved for such numbers."

    @property
    def create_url(self) -> str:
        """Where a bundle for such numbers is made; "" where there is no such page."""
        account = self.items[0].cart.account_id
        return url_of(
            "compliance:bundle-create", account=account, country=self.country, type=self.number_type
        )

    @property
    def is_ready(self) -> bool:
        """Whether nothing that Twilio asks for is missing, as far as can be told."""
        has_address = self.addresses is None or bool(self.address_sid)
        return has_address and (bool(self.bundle_sid) or not self.bundle.asked_for)


def kinds_of(cart: Cart) -> list[Kind]:
    """The kinds in a cart, in the order in which it is listed."""
    rules = Rules()
    grouped = groupby(cart.items.all(), key=lambda item: (item.country, item.number_type))
    return [
        Kind(cart, list(items), bundle_need(cart.account, country, number_type, rules))
        for (country, number_type), items in grouped
    ]
