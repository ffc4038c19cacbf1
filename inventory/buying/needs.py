"""What Twilio asks for before it sells a number, and what an account already holds of it. Derived.

Twilio tells a number's address requirement, but no API says beforehand that a kind of number takes a
regulatory bundle: a requirement of `none` does not rule it out (error 21649).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.utils import timezone

from inventory.addresses.fit import FITS, NOT_NEEDED, fit_of
from inventory.buying.search import Offer
from inventory.models import Address, NumberActivity, NumberFacet, PhoneNumber, UsagePeriod
from portal.models import MirroredQuerySet, TwilioAccount

# So many bundles and addresses are offered to choose from.
_MOST_OFFERED = 200
_MOST_IDLE = 3


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
    kind = {"country": country, "number_type": number_type}
    counts = NumberFacet.objects.filter(**kind).aggregate(
        having=Sum("count", filter=Q(has_bundle=True), default=0),
        lacking=Sum("count", filter=Q(has_bundle=False), default=0),
    )
    with_bundle = NumberFacet.objects.filter(account=account, has_bundle=True, **kind)
    held = (
        PhoneNumber.objects.present()
        .filter(facet_id__in=with_bundle.values("pk"))
        .order_by()
        .values_list("bundle_sid")
        .annotate(used=Count("pk"))
        .order_by("-used", "bundle_sid")[:_MOST_OFFERED]
    )
    return BundleNeed(counts["having"] > counts["lacking"], tuple(sid for sid, _ in held))


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
) -> list[PhoneNumber]:
    """Some numbers of this kind that the account has and does not use, to be offered before it buys more.

    Those whose last month was idle, unless somebody keeps them; before any usage was read, those whose
    calls and messages nothing answers.
    """
    able = dict.fromkeys(can, True)
    rows = PhoneNumber.objects.present().filter(account=account, **able)
    if UsagePeriod.objects.filter(account=account).exists():
        idle = NumberActivity.objects.filter(
            account=account, country=country, number_type=number_type, state=NumberActivity.State.IDLE
        ).exclude(keep_until__gte=timezone.now().date())
        rows = rows.filter(pk__in=idle.values("pk"))
    else:
        unanswered = NumberFacet.objects.filter(
            account=account, country=country, number_type=number_type, call_route="none",
            message_route="none", **able,
        )  # fmt: skip
        rows = rows.filter(facet_id__in=unanswered.values("pk"))
    return list(rows.only("sid", "phone_number").order_by("phone_number", "sid")[:_MOST_IDLE])


def _fits(account: TwilioAccount, address: Address, requirement: str, country: str) -> bool:
    fit = fit_of(
        requirement=requirement,
        country=country,
        account_sid=account.pk,
        address_sid=address.pk,
        address=address,
    )
    return fit.state in (FITS, NOT_NEEDED)
