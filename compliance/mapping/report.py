"""The compliance report: how the numbers of all countries, types and accounts stand (K1, K3)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from compliance.mapping.tally import Group, tally
from compliance.mapping.words import kind_words
from compliance.standing import ASSIGNABLE, NOT_COMPLIANT, NOT_KNOWN, NOT_REQUIRED, REASONS, RIGHT, STANDINGS
from portal.access import Access, Permission
from portal.labels import Label
from portal.numbering import country_name

# How the URL of the number list spells the country or type of numbers that have none in the mirror.
_UNKNOWN = "unknown"
_EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class Figure:
    """How many numbers stand so, and the list of just these."""

    standing: str
    count: int
    query: str

    @property
    def label(self) -> Label:
        return STANDINGS[self.standing]


@dataclass(frozen=True)
class Line:
    """The numbers of a country and type, of one account among them, or of everything."""

    label: str
    filters: Mapping[str, str]
    counts: Mapping[str, int]
    key: str = ""
    parts: Sequence["Line"] = ()
    is_open: bool = False

    @cached_property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def asked(self) -> int:
        """How many are asked for something, as far as can be told."""
        return self.total - self.counts.get(NOT_REQUIRED, 0)

    @property
    def right(self) -> int:
        return sum(self.counts.get(standing, 0) for standing in RIGHT)

    @property
    def wrong(self) -> int:
        return self.counts.get(NOT_COMPLIANT, 0)

    @property
    def unknown(self) -> int:
        return self.counts.get(NOT_KNOWN, 0)

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else 1.0

    @property
    def percent(self) -> str:
        """`97 %`; never 100 % while one is missing. "–" where nothing is asked for."""
        if not self.asked:
            return "–"
        return "100 %" if self.right == self.asked else f"{min(99, round(100 * self.share))} %"

    @property
    def query(self) -> str:
        return _query(self.filters)

    @cached_property
    def figures(self) -> list[Figure]:
        return [
            Figure(
                standing, self.counts.get(standing, 0), _query({**self.filters, "standing": standing})
            )
            for standing in STANDINGS
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cause:
    """Numbers that need somebody for one reason; `can_assign` is whether assigning papers puts it right."""

    code: str
    title: str
    standing: str
    count: int
    query: str
    can_assign: bool

    @property
    def label(self) -> Label:
        return STANDINGS[self.standing]


@dataclass(frozen=True, slots=True)
class Report:
    whole: Line
    groups: Sequence[Line]
    quiet: Line  # what is left out of `groups`: groups in which nothing is asked for
    quiet_groups: int
    causes: Sequence[Cause]
    countries: Sequence[tuple[str, str]]  # to choose from


def whole_of(access: Access) -> Line:
    """How all numbers stand that a person may see. One query."""
    return Line("All", {}, _sums(tally(access.account_sids())))


def report_of(
    access: Access,
    names: Mapping[str, str],
    *,
    country: str = "",
    account_sid: str = "",
    opened: Iterable[str] = (),
    with_quiet: bool = False,
    permission: Permission = Permission.VIEW,
) -> Report:
    """Count what a person may see. One query. `names` are those of the accounts, by sid."""
    counted = tally(access.account_sids(permission))
    countries = sorted({(country_name(group.country), group.country) for group in counted if group.country})
    groups = [
        group
        for group in counted
        if (not country or group.country == country) and (not account_sid or group.account_sid == account_sid)
    ]
    where = {"country": country, "account": account_sid}
    lines = _lines(groups, names, where, set(opened))
    quiet = [line for line in lines if not line.asked]
    shown = lines if with_quiet else [line for line in lines if line.asked]
    return Report(
        whole=Line("All", _present(where), _sums(groups)),
        groups=sorted(shown, key=_by_trouble),
        quiet=Line("Nothing asked", {**_present(where), "standing": NOT_REQUIRED}, _total(quiet)),
        quiet_groups=len(quiet),
        causes=_causes(groups, where),
        countries=[(iso, name) for name, iso in countries],
    )


def _lines(
    groups: Iterable[Group], names: Mapping[str, str], where: Mapping[str, str], opened: set[str]
) -> list[Line]:
    by_kind: dict[tuple[str, str], list[Group]] = defaultdict(list)
    for group in groups:
        by_kind[group.country, group.number_type].append(group)
    lines = []
    for (country, number_type), members in by_kind.items():
        filters = _present({**where, "country": country or _UNKNOWN, "type": number_type or _UNKNOWN})
        by_account: dict[str, list[Group]] = defaultdict(list)
        for group in members:
            by_account[group.account_sid].append(group)
        parts = [
            Line(names.get(sid, sid), {**filters, "account": sid}, _sums(own))
            for sid, own in by_account.items()
        ]
        key = f"{country}.{number_type}"
        lines.append(
            Line(
                kind_words(country, number_type),
                filters,
                _sums(members),
                key=key,
                parts=sorted(parts, key=_by_trouble),
                is_open=key in opened or _EVERYTHING in opened,
            )
        )
    return lines


def _causes(groups: Iterable[Group], where: Mapping[str, str]) -> list[Cause]:
    """What needs somebody, in the rule's order."""
    sums: Counter[str] = Counter()
    for group in groups:
        sums[group.reason] += group.count
    return [
        Cause(
            code, reason.title, reason.standing, sums[code], _query({**_present(where), "why": code}),
            code in ASSIGNABLE,
        )
        for code, reason in REASONS.items()
        if sums[code] and reason.standing in (NOT_COMPLIANT, NOT_KNOWN)
    ]  # fmt: skip


def _sums(groups: Iterable[Group]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for group in groups:
        sums[group.standing] += group.count
    return dict(sums)


def _total(lines: Iterable[Line]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for line in lines:
        sums.update(line.counts)
    return dict(sums)


def _by_trouble(line: Line) -> tuple[int, int, str]:
    return -line.counts.get(NOT_COMPLIANT, 0), -line.counts.get(NOT_KNOWN, 0), line.label


def _present(filters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in filters.items() if value}


def _query(filters: Mapping[str, str]) -> str:
    return f"?{urlencode(filters)}" if filters else ""
