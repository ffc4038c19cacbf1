"""Which voice numbers emergency services know no address of (E4). Counted over facets, never over numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, Sum

from inventory.addresses.formats import EMERGENCY_COUNTRIES
from inventory.filters import FACETS
from inventory.models import NumberFacet
from portal.access import Access
from portal.models import TwilioAccount
from portal.numbering import country_name

# The columns of the report, and how the list behind a figure is filtered.
STATES: Mapping[str, Mapping[str, str]] = {
    "voice": {},
    "registered": {"emergency": "registered"},
    "problem": {"emergency": "problem"},
    "without": {"emergency": "unregistered"},
}


@dataclass(frozen=True, slots=True)
class Figure:
    count: int
    query: str


@dataclass(frozen=True, slots=True)
class Line:
    """Voice numbers of one account in one country; of all of them when no account is named."""

    account: str
    account_sid: str
    country: str
    figures: Mapping[str, Figure]

    @property
    def country_name(self) -> str:
        return country_name(self.country)

    @property
    def covered(self) -> int:
        return self.figures["registered"].count


@dataclass(frozen=True, slots=True)
class Coverage:
    lines: Sequence[Line]
    total: Line
    elsewhere: Figure  # voice numbers of countries in which Twilio registers no addresses


def coverage_of(access: Access, accounts: Sequence[TwilioAccount]) -> Coverage:
    """Two queries."""
    facets = access.visible(NumberFacet.objects.filter(count__gt=0)).filter(FACETS["can"](["voice"]))
    counted = facets.filter(country__in=EMERGENCY_COUNTRIES)
    groups: Iterable[Any] = counted.values("account_id", "country").annotate(**_sums())
    names = {account.pk: str(account) for account in accounts}
    lines = [
        _line(
            group, names.get(group["account_id"], group["account_id"]), group["account_id"], group["country"]
        )
        for group in groups
        if group["voice"]
    ]
    lines.sort(key=lambda line: (-line.figures["without"].count, line.account, line.country))
    sums = {state: sum(line.figures[state].count for line in lines) for state in STATES}
    others = list(
        facets.exclude(country__in=EMERGENCY_COUNTRIES)
        .exclude(country="")
        .values_list("country")
        .annotate(count=Sum("count"))
        .order_by("country")
    )
    query = urlencode({"country": [country for country, _ in others], "can": "voice"}, doseq=True)
    elsewhere = Figure(sum(count for _, count in others), f"?{query}")
    return Coverage(lines, _line(sums, "", "", ""), elsewhere)


def _sums() -> dict[str, Sum]:
    conditions = {
        state: FACETS["emergency"](filters["emergency"]) if filters else Q()
        for state, filters in STATES.items()
    }
    return {state: Sum("count", filter=condition, default=0) for state, condition in conditions.items()}


def _line(counts: Mapping[str, int], account: str, account_sid: str, country: str) -> Line:
    where: dict[str, str | list[str]] = {"account": account_sid} if account_sid else {}
    where["country"] = country or list(EMERGENCY_COUNTRIES)
    where["can"] = "voice"
    figures = {
        state: Figure(counts[state], f"?{urlencode({**where, **filters}, doseq=True)}")
        for state, filters in STATES.items()
    }
    return Line(account, account_sid, country, figures)
