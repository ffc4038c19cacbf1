"""What Twilio asks for before it sells a number, and what an account already holds of it. Derived.

Twilio tells a number's address requirement, but no API says beforehand that a kind of number takes a
regulatory bundle: a requirement of `none` does not rule it out (error 21649).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from inventory.addresses.fit import FITS, NOT_NEEDED, fit_of
from inventory.buying.search import Offer
from inventory.models import Address, NumberActivity, NumberFacet, PhoneNumber
from portal.models import MirroredQuerySet, TwilioAccount

# So many bundles and addresses are offered to choose from.
_MOST_OFFERED = 200
_MOST_IDLE = 3
# Bundles are found with numbers; of tens of thousands these will do.
_MOST_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class BundleNeed:
    """Whether a kind of number takes a bundle, as far as can be told, and bundles that fit it."""

    is_likely: bool
    held: tuple[str, ...]  # SIDs, the most used first

    @property
    def is_met(self) -> bool:
        return not self.is_likely or bool(self.held)


def bundle_need(account: TwilioAccount, country: str, number_type: str) -> BundleNeed:
    """Told by the numbers that are owned: most of a kind carry a bundle, or most carry none.

    A bundle that a number of this account and kind carries was approved for just such numbers.
    """
    facets = list(
        NumberFacet.objects.filter(country=country, number_type=number_type).values_list(
            "pk", "account_id", "has_bundle", "count"
        )
    )
    having = sum(count for _, _, has_bundle, count in facets if has_bundle)
    lacking = sum(count for _, _, has_bundle, count in facets if not has_bundle)
    own = [pk for pk, sid, has_bundle, _ in facets if has_bundle and sid == account.pk]
    numbers = PhoneNumber.objects.present().of_facets(own)
    used = Counter(numbers.order_by().values_list("bundle_sid", flat=True)[:_MOST_LOOKED_AT])
    held = [sid for sid, _ in sorted(used.items(), key=lambda entry: (-entry[1], entry[0]))]
    return BundleNeed(having > lacking, tuple(held[:_MOST_OFFERED]))


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
    return rows.order_by("customer_name", "sid")[:_MOST_OFFERED]


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
