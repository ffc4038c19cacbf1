"""What Twilio asks for before it sells a number, and what an account already holds of it. Derived.

Twilio tells a number's address requirement; that a kind of number takes a regulatory bundle follows from
there being a regulation for it. A requirement of `none` does not rule it out (error 21649).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from compliance.mapping.offers import MOST_OFFERED, Rules, bundle_words, usable_bundles
from inventory.addresses.fit import FITS, NOT_NEEDED, fit_of
from inventory.buying.search import Offer
from inventory.models import Address, NumberActivity
from portal.models import MirroredQuerySet, TwilioAccount

# So many addresses are offered to choose from.
_MOST_ADDRESSES = 200
_MOST_IDLE = 3


@dataclass(frozen=True, slots=True)
class BundleNeed:
    """Whether a kind of number takes a bundle, and those of an account that Twilio would take today."""

    asked_for: bool | None  # None: no regulation is named for such numbers, so that cannot be told
    held: tuple[tuple[str, str], ...] = ()  # sid and name

    @property
    def is_met(self) -> bool:
        return not self.asked_for or bool(self.held)


def bundle_need(
    account: TwilioAccount, country: str, number_type: str, rules: Rules | None = None
) -> BundleNeed:
    """By the regulations in force, and by the account's bundles that are approved for just such numbers."""
    asked_for = (rules or Rules()).ask_for_bundle(country, number_type)
    if asked_for is False:
        return BundleNeed(asked_for)
    bundles = usable_bundles(account.pk, country, number_type, asked_for=asked_for)[:MOST_OFFERED]
    return BundleNeed(asked_for, tuple((bundle.pk, bundle_words(bundle)) for bundle in bundles))


class AddressesHeld:
    """One address of an account for every country that it has one in: enough to say which needs are met."""

    def __init__(self, account: TwilioAccount) -> None:
        self._account = account
        rows = Address.objects.present().filter(account=account)
        self._samples = list(
            rows.order_by("iso_country", "sid")
            .distinct("iso_country")
            .only("sid", "account_id", "iso_country", "missing_since")
        )

    def meet(self, requirement: str, country: str) -> bool:
        """Whether one of them is what Twilio asks for with a number."""
        if requirement == "none":
            return True
        return any(_fits(self._account, address, requirement, country) for address in self._samples)

    def exclusions(self, country: str) -> tuple[str, ...]:
        """What to leave out of a search, for none of it could be bought today."""
        met = {need: self.meet(need, country) for need in ("any", "local", "foreign")}
        if not any(met.values()):
            return ("all",)
        return tuple(need for need in ("local", "foreign") if not met[need])


def fitting_addresses(account: TwilioAccount, country: str, requirements: Iterable[str]) -> MirroredQuerySet:
    """The account's addresses that do for numbers of these requirements."""
    rows = Address.objects.present().filter(account=account)
    for requirement in requirements:
        if requirement == "local":
            rows = rows.filter(iso_country=country)
        elif requirement == "foreign":
            rows = rows.exclude(iso_country=country)
    return rows.order_by("customer_name", "sid")[:_MOST_ADDRESSES]


def can_be_bought(offer: Offer, addresses: AddressesHeld, bundle: BundleNeed) -> bool:
    """Whether nothing that Twilio asks for is missing today, as far as can be told."""
    return bundle.is_met and addresses.meet(offer.address_requirements, offer.country)


def idle_numbers(
    account: TwilioAccount, country: str, number_type: str, can: Iterable[str]
) -> list[NumberActivity]:
    """Some numbers of this kind that the account has and whose last month was idle, to be offered before
    it buys more. Not those that somebody keeps."""
    idle = NumberActivity.objects.filter(
        account=account, country=country, number_type=number_type, state=NumberActivity.State.IDLE
    ).exclude(keep_until__gte=timezone.now().date())
    able = {f"number__{name}": True for name in can}
    # Not sorted in the database: any three do, and it need not look at all of them.
    some = idle.filter(**able).only("number", "phone_number")[:_MOST_IDLE]
    return sorted(some, key=lambda activity: activity.phone_number)


def _fits(account: TwilioAccount, address: Address, requirement: str, country: str) -> bool:
    fit = fit_of(
        requirement=requirement,
        country=country,
        account_sid=account.pk,
        address_sid=address.pk,
        address=address,
    )
    return fit.state in (FITS, NOT_NEEDED)
