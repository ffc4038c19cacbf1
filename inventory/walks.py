"""Reading one page of a list of a million numbers, whatever it is filtered and sorted by.

The facets say at once how many numbers match, and in which countries. From that follows the way:

- few numbers match: fetch them all by facet, and sort;
- they are spread over the list: walk it in its order, through an index that holds the facet, until
  the page is full;
- they are not: countries keep together when numbers or names are sorted, and walking through the
  United States on the way to Germany takes a second. So each country is walked by itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import phonenumbers
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL

from inventory.models import NumberFacet
from inventory.querysets import AnyOf, PhoneNumberQuerySet
from portal.listing import Count, Order, capped_count, seek

# So many rows are fetched and sorted in a few milliseconds.
FEW = 3_000
# What is narrowed by more than facets is counted only so far, and not at all when Postgres expects many.
COUNT_UP_TO = 1_000
MANY_BY_TEXT = 5_000  # words are spread over a list, so a walk meets them soon
MANY = 50_000  # whatever else narrows may stand all at its end


@dataclass(frozen=True, slots=True)
class Country:
    """The numbers of one country: how many there are, how many match, and their facets."""

    iso: str
    total: int
    visible: int  # to the person who asks
    matching: int
    facet_ids: Sequence[int]

    @property
    def prefix(self) -> str:
        """`+49`; "" for a country without a calling code."""
        code = phonenumbers.country_code_for_region(self.iso)
        return f"+{code}" if code else ""


@dataclass(frozen=True)
class Selection:
    """The present numbers of some facets, perhaps narrowed further, and how to read a page of them."""

    rows: PhoneNumberQuerySet
    countries: Sequence[Country]
    is_narrowed: bool  # by more than facets
    is_searched: bool  # by text, among other things

    @cached_property
    def matching(self) -> int:
        return sum(country.matching for country in self.countries)

    @cached_property
    def total(self) -> int:
        return sum(country.total for country in self.countries)

    @property
    def is_everything(self) -> bool:
        return self.matching == self.total

    def filtered(self) -> PhoneNumberQuerySet:
        if self.is_everything:
            return self.rows.filter(facet_id__isnull=False)
        return self.rows.of_facets([id_ for country in self.countries for id_ in country.facet_ids])

    def count(self) -> Count:
        if not self.is_narrowed:
            return Count(self.matching)
        if self.is_large:
            return Count(round(self.estimate, 1 - len(str(self.estimate)) + 1), "about")
        return capped_count(self.filtered(), COUNT_UP_TO)

    @cached_property
    def estimate(self) -> int:
        """How many rows Postgres expects: what it knows of common words and digits is good enough."""
        plan = self.filtered().order_by().explain(format="json")
        return int(json.loads(plan)[0]["Plan"]["Plan Rows"]) if plan else 0  # none: it can match nothing

    @property
    def is_large(self) -> bool:
        return self.estimate > (MANY_BY_TEXT if self.is_searched else MANY)

    def find(self, order: Order, descending: bool, key: Sequence[str], limit: int) -> list[str]:
        """The sids of the first `limit` numbers after `key`, in this order."""
        if self.is_everything and not self.is_narrowed:
            return _sids(seek(self.filtered(), order, descending, key), limit)
        if self.is_narrowed or self.matching <= FEW:
            walk = self.is_narrowed and self.is_large
            return _sids(seek(self.filtered(), order, descending, key, use_index=walk), limit)
        match order.sort.name:
            case "number" if all(country.prefix for country in self._with_matches()):
                return self._find_by_number(order, descending, key, limit)
            case "name" if self._is_uneven():
                return self._find_by_country(order, descending, key, limit)
            case _:
                return _sids(seek(self.filtered(), order, descending, key), limit)

    def _with_matches(self) -> list[Country]:
        return [country for country in self.countries if country.matching]

    def _is_uneven(self) -> bool:
        """Whether a walk through everything would take longer than one through each country."""
        share = self.matching / sum(country.total for country in self.countries)
        in_vain = sum(c.total for c in self.countries if c.matching < c.total * share / 4)
        by_country = sum(min(c.matching, 51) * c.total / c.matching for c in self._with_matches())
        return in_vain + 51 / share > by_country

    def _find_by_number(self, order: Order, descending: bool, key: Sequence[str], limit: int) -> list[str]:
        """Walk the calling codes that have matches, and no more of them than fill the page."""
        by_prefix = groupby(sorted(self._with_matches(), key=lambda c: c.prefix), key=lambda c: c.prefix)
        ranges = [(prefix, sum(country.matching for country in same)) for prefix, same in by_prefix]
        if descending:
            ranges.reverse()
        chosen: list[str] = []
        certain = 0
        for prefix, matching in ranges:
            end = prefix + ":"  # behind the last number with this prefix: a colon comes after 9
            if key and (prefix > key[0] if descending else end <= key[0]):
                continue
            chosen.append(prefix)
            is_begun = bool(key) and key[0].startswith(prefix)
            certain += 0 if is_begun else matching
            if certain >= limit:
                break
        within = self.filtered().filter(
            Q(phone_number__gte=RawSQL("place.name", [])),
            Q(phone_number__lt=RawSQL("place.name || ':'", [])),
        )
        return _find_in_places(within, chosen, order, descending, key, limit)

    def _find_by_country(self, order: Order, descending: bool, key: Sequence[str], limit: int) -> list[str]:
        within = self.filtered().filter(country=RawSQL("place.name", []))
        return _find_in_places(within, [c.iso for c in self._with_matches()], order, descending, key, limit)


def select(
    rows: PhoneNumberQuerySet,
    condition: Q,
    visible: Q,
    *,
    is_narrowed: bool,
    is_searched: bool,
    counts: Mapping[int, int] | None = None,
) -> Selection:
    """Look up in the facets what a condition selects. `rows` are narrowed by everything else already.

    `counts` are for rows that are narrowed by what somebody counted: how many of which facet are left.
    """
    matches = visible & condition
    if counts is not None:
        matches &= Q(AnyOf(F("pk"), list(counts)))
    groups = (
        NumberFacet.objects.filter(count__gt=0)
        .values("country")
        .annotate(
            total=Sum("count"),
            visible=Sum("count", filter=visible, default=0),
            matching=Sum("count", filter=matches, default=0),
            ids=ArrayAgg("id", filter=matches, default=[]),
        )
    )
    countries = [
        Country(
            g["country"],
            g["total"],
            g["visible"],
            g["matching"] if counts is None else sum(counts[facet] for facet in g["ids"]),
            g["ids"],
        )
        for g in groups
    ]
    return Selection(rows, countries, is_narrowed, is_searched)


def _find_in_places(
    within: QuerySet,  # type: ignore[type-arg]
    places: Sequence[str],
    order: Order,
    descending: bool,
    key: Sequence[str],
    limit: int,
) -> list[str]:
    """The first sids of all places together. `within` names its place as `place.name`.

    Each place is read in order up to `limit` by itself, which an index does; what they bring is sorted.
    """
    fields = order.sort.fields
    inner, parameters = seek(within, order, descending, key).values(*fields)[:limit].query.sql_with_params()
    direction = "DESC" if descending else "ASC"
    columns = [within.model._meta.get_field(name).column for name in fields]
    ordering = ", ".join(f'hit."{column}" {direction}' for column in columns)
    statement = f"""
        SELECT hit.sid FROM unnest(%s::text[]) AS place (name) CROSS JOIN LATERAL ({inner}) AS hit
        ORDER BY {ordering} LIMIT %s
    """  # noqa: S608  # made of column names and of what the ORM compiled
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(places), *parameters, limit])
        return [sid for (sid,) in cursor.fetchall()]


def _sids(rows: QuerySet, limit: int) -> list[str]:  # type: ignore[type-arg]
    return list(rows.values_list("sid", flat=True)[:limit])
