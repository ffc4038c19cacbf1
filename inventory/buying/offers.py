"""What a row of the results shows of a number for sale."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.core import signing

from inventory import labels
from inventory.buying.search import Offer
from inventory.pricing import PriceList
from portal.money import Money

MOST_PICKED = 20
_SALT = "inventory.buying.offer"


def token_of(offer: Offer) -> str:
    """An offer on its way through the browser: what is sent back is what Twilio said of the number."""
    return signing.Signer(salt=_SALT).sign_object(offer.as_json(), compress=True)


def offer_of(token: str) -> Offer:
    """The offer of a token. BadSignature for one that is not ours, TypeError for another version's."""
    return Offer(**signing.Signer(salt=_SALT).unsign_object(token))


@dataclass(frozen=True, slots=True)
class Price:
    """What a number costs a month; `base` is the price before discounts where that is another."""

    current: Money | None
    base: Money | None = None


@dataclass(frozen=True, slots=True)
class TypeLink:
    """One type that a country offers, and where its numbers are looked for."""

    name: str
    price: Price
    url: str


@dataclass(frozen=True, slots=True)
class Result:
    """A number that was found. `token` is what a form sends back to have it put into the cart."""

    offer: Offer
    token: str
    price: Price
    has_address: bool
    is_owned: bool
    is_in_cart: bool
    parts: tuple[str, str, str]  # before, at and after what the pattern found

    @property
    def needs_address(self) -> bool:
        return self.offer.address_requirements != "none"

    @property
    def address_words(self) -> str:
        need = self.offer.address_requirements
        return labels.ADDRESS_REQUIREMENTS.get(need, need)


def price_of(
    prices: PriceList, account_sid: str, country: str, number_type: str, catalog_price: str = ""
) -> Price:
    """The mirrored price, or else what the catalog said with the number, which is in US dollars."""
    if current := prices.of(account_sid, country, number_type):
        return Price(current, prices.base_of(account_sid, country, number_type))
    try:
        return Price(Money(Decimal(catalog_price), "USD"))
    except InvalidOperation:
        return Price(None)
