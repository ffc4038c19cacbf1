"""Numbers and how their addresses fit, told by the database: the rule of `fit.fit_of`, as SQL."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, Value, When

from inventory.addresses.fit import FITS, NEEDS, NOT_KNOWN, TROUBLES, Fit, fit_of
from inventory.models import Address, NumberFacet, PhoneNumber
from inventory.querysets import PhoneNumberQuerySet
from portal.listing import Count

# In the order in which `fit_of` decides.
_TROUBLE = Case(
    When(address_id=None, then=Value("missing")),
    When(address__account_id=None, then=Value(NOT_KNOWN)),
    When(address__missing_since__isnull=False, then=Value("gone")),
    When(~Q(address__account_id=F("account_id")), then=Value("other-account")),
    When(address_requirements="any", then=Value(FITS)),
    When(country="", then=Value(NOT_KNOWN)),
    When(Q(address_requirements="local") & ~Q(address__iso_country=F("country")), then=Value("not-local")),
    When(address_requirements="foreign", address__iso_country=F("country"), then=Value("not-foreign")),
    default=Value(FITS),
)


def numbers_in_trouble() -> PhoneNumberQuerySet:
    """Present numbers whose address is missing or does not fit, with `trouble` saying why."""
    facets = NumberFacet.objects.filter(address_requirements__in=NEEDS, count__gt=0)
    rows = PhoneNumber.objects.of_facets(list(facets.values_list("pk", flat=True)))
    troubled: PhoneNumberQuerySet = rows.annotate(trouble=_TROUBLE).filter(trouble__in=list(TROUBLES))
    return troubled


@dataclass(frozen=True, slots=True)
class Troubles:
    """How many numbers have which trouble, in which countries. One query, for all that a page asks."""

    by_country: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, rows: PhoneNumberQuerySet) -> "Troubles":
        groups = rows.order_by().values_list("country", "trouble").annotate(numbers=models.Count("pk"))
        return cls({(country, trouble): numbers for country, trouble, numbers in groups})

    @property
    def countries(self) -> set[str]:
        return {country for country, _ in self.by_country}

    def count(self, applied: Mapping[str, Any]) -> Count | None:
        """How many numbers these filters leave; None where they are about more than is counted here."""
        if not applied.keys() <= {"country", "trouble"}:
            return None
        return Count(
            sum(
                numbers
                for (country, trouble), numbers in self.by_country.items()
                if country in applied.get("country", (country,))
                and trouble == applied.get("trouble", trouble)
            )
        )

    @property
    def counts(self) -> dict[str, int]:
        """In the rule's order; troubles that no number has are left out."""
        sums: Counter[str] = Counter()
        for (_, trouble), numbers in self.by_country.items():
            sums[trouble] += numbers
        return {trouble: sums[trouble] for trouble in TROUBLES if trouble in sums}


def use_counts(addresses: Iterable[Address]) -> dict[str, tuple[int, int]]:
    """How many present numbers have each of these addresses, and how many as their emergency address."""
    sids = [address.pk for address in addresses]
    numbers = PhoneNumber.objects.present().order_by()
    by_address = numbers.filter(address__in=sids).values_list("address_id").annotate(count=models.Count("pk"))
    emergency = numbers.filter(emergency_address__in=sids).values_list("emergency_address_id")
    registered, emergencies = dict(by_address), dict(emergency.annotate(count=models.Count("pk")))
    return {sid: (registered.get(sid, 0), emergencies.get(sid, 0)) for sid in sids}


def fit_of_number(number: PhoneNumber) -> Fit:
    """The fit of one number, whose `address` has been fetched with it."""
    return fit_of(
        requirement=number.address_requirements,
        country=number.country,
        account_sid=number.account_id,
        address_sid=number.address_id,
        address=number.address if number.address_id else None,
    )
