"""The manager's home: what there is, what it costs, what needs somebody. May look into every area."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import reduce
from operator import and_
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, DecimalField, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Now
from django.utils import timezone

from compliance.labels import BUNDLE_STATES
from compliance.mapping.report import Line as Standing
from compliance.mapping.report import whole_of
from compliance.models import Bundle
from compliance.renewals.rules import escalation_after
from inventory import labels
from inventory.filters import FACETS, NOT_KNOWN
from inventory.models import ActivitySum, NumberActivity, NumberFacet, PhoneNumber
from inventory.money.budgets import budget_states
from inventory.pricing import PriceList
from portal.access import Access
from portal.labels import Label, label_for
from portal.listing import COUNT_UP_TO
from portal.models import TwilioAccount
from portal.money import Money, money_words
from portal.numbering import country_name, type_name
from porting.board.entries import Figures, figure_parts, figures_from

_NO_COST = Cast(Value(None), DecimalField(max_digits=16, decimal_places=5))


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a breakdown, and the list behind it."""

    label: str
    query: str
    count: int
    cost: Mapping[str, Decimal]
    share: float  # of the largest row

    @property
    def money(self) -> str:
        return money_words(self.cost)


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    count: int
    query: str
    hint: str = ""
    list_name: str = "inventory:number-list"


@dataclass(frozen=True, slots=True)
class BundleLine:
    """How many bundles have a status, and the list of them where it can be asked for."""

    label: Label
    query: str
    count: int
    share: float  # of the most frequent one


@dataclass(frozen=True, slots=True)
class Idle:
    """Numbers that nobody uses, and what they cost a month."""

    count: int
    cost: Mapping[str, Decimal]

    @property
    def money(self) -> str:
        return money_words(self.cost)


@dataclass(frozen=True, slots=True)
class Inventory:
    total: int
    cost: Mapping[str, Decimal]
    over_budget: int  # accounts
    idle: "Idle"
    unpriced: int
    countries: Sequence[Line]
    types: Sequence[Line]
    accounts: Sequence[Line]
    capabilities: Sequence[Line]
    bundles: Sequence[BundleLine]
    standing: Standing  # with regulations
    attention: Sequence[Figure]

    @property
    def money(self) -> str:
        return money_words(self.cost)


@dataclass(slots=True)
class _Sum:
    """How many, and what they cost in each currency."""

    count: int = 0
    cost: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, count: int, price: Money | None) -> None:
        self.count += count
        if price:
            self.cost[price.currency] += price.amount * count


def inventory_of(access: Access, accounts: Sequence[TwilioAccount]) -> Inventory:
    """Count the visible numbers in every direction. Five queries, over facets instead of numbers."""
    facets = access.visible(NumberFacet.objects.filter(count__gt=0))
    prices = PriceList(accounts)
    capabilities = list(labels.CAPABILITIES)
    groups = facets.values_list("account_id", "country", "number_type", *capabilities).annotate(Sum("count"))
    sums: dict[str, dict[str, _Sum]] = defaultdict(lambda: defaultdict(_Sum))
    whole, unpriced, wanting = _Sum(), 0, Counter[str]()
    for account, country, kind, *values in groups.annotate(**_wanting()):
        able, count = values[: len(capabilities)], values[len(capabilities)]
        wanting.update(dict(zip(_ATTENTION, values[len(capabilities) + 1 :], strict=True)))
        price = prices.of(account, country, kind)
        whole.add(count, price)
        unpriced += 0 if price else count
        for direction, key in (("account", account), ("country", country), ("type", kind)):
            sums[direction][key].add(count, price)
        for name, can in zip(capabilities, able, strict=True):
            if can:
                sums["can"][name].add(count, price)
    tallies = _Tallies.of(access)
    bundles = tallies.bundles
    attention = [*_attention(wanting, tallies.gone), *bundles.attention(), *_porting(tallies.porting)]
    names = {account.pk: str(account) for account in accounts}
    by_account = {sid: each.cost for sid, each in sums["account"].items()}
    return Inventory(
        total=whole.count,
        cost=whole.cost,
        over_budget=sum(state.is_over for state in budget_states(by_account).values()),
        idle=tallies.idle,
        unpriced=unpriced,
        countries=_lines(sums["country"], "country", country_name),
        types=_lines(sums["type"], "type", type_name),
        accounts=_lines(sums["account"], "account", lambda sid: names.get(sid, sid)),
        capabilities=_lines(sums["can"], "can", lambda name: labels.CAPABILITIES[name]),
        bundles=bundles.lines(),
        standing=whole_of(access),
        attention=[figure for figure in attention if figure.count],
    )


def _lines(sums: Mapping[str, _Sum], parameter: str, name: Callable[[str], str]) -> list[Line]:
    """A breakdown, the largest first; bars are drawn against the largest."""
    most = max((each.count for each in sums.values()), default=1)
    ordered = sorted(sums.items(), key=lambda item: -item[1].count)
    return [
        Line(
            name(key) or "Not known",
            f"?{urlencode({parameter: key or NOT_KNOWN})}",
            each.count,
            each.cost,
            each.count / most,
        )
        for key, each in ordered
    ]


# What needs somebody: its name, a hint, and the filters of the list behind it.
_ATTENTION: Mapping[str, tuple[str, Mapping[str, str | list[str]]]] = {
    "Calls go nowhere": ("no address, application or trunk is set", {"calls": "none"}),
    "Messages go nowhere": (
        "they can receive SMS, and nothing takes it",
        {"messages": "none", "can": ["sms"]},
    ),
    "An address is needed and none is set": ("", {"needs": "some", "has_address": "no"}),
    "Emergency address failed or under way": ("", {"emergency": "problem"}),
}


def _wanting() -> dict[str, Sum]:
    """How many numbers of a group need somebody, in the order of `_ATTENTION`."""
    conditions = [
        reduce(and_, (FACETS[name](value) for name, value in filters.items()))
        for _, filters in _ATTENTION.values()
    ]
    return {f"n{i}": Sum("count", filter=one, default=0) for i, one in enumerate(conditions)}


def _attention(wanting: Mapping[str, int], gone: int) -> list[Figure]:
    figures = [
        Figure(label, wanting[label], f"?{urlencode(filters, doseq=True)}", hint)
        for label, (hint, filters) in _ATTENTION.items()
    ]
    hint = "released or moved outside Numberdesk"
    return [*figures, Figure("No longer listed by Twilio", gone, "?listed=no", hint)]


def _porting(figures: Figures) -> list[Figure]:
    """What runs out or waits for us in porting and hosting."""
    return [
        Figure(
            "Porting deadlines run out soon",
            figures.late,
            "?show=late",
            "a fifth of the time is left, or less; Twilio gives up what nobody signs or verifies",
            "porting:deadline-list",
        ),
        Figure(
            "Port-ins and hosted orders wait for us",
            figures.ours,
            "?show=ours",
            "rejected numbers, calls to make, letters to send",
            "porting:deadline-list",
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Bundles:
    """Bundles that are at Twilio, test bundles left out of `by_status`."""

    by_status: Mapping[str, int]
    soon: int  # their last day comes near
    late: int  # their review takes too long

    @classmethod
    def of(cls, told: Iterable[tuple[str, int, int, int]]) -> "_Bundles":
        """By status: how many are no tests, how many end soon, how many wait too long."""
        rows = list(told)
        return cls(
            {status: real for status, real, _, _ in rows if real},
            sum(count for _, _, count, _ in rows),
            sum(count for _, _, _, count in rows),
        )

    @staticmethod
    def query(access: Access) -> QuerySet[Any, Any]:
        soon = Q(copy_of="", status=Bundle.Status.APPROVED, valid_until__lte=Now() + timedelta(days=30))
        late = Q(status__in=Bundle.UNDER_REVIEW, submitted_at__lt=Now() - escalation_after())
        rows = access.visible(Bundle.objects.present()).order_by().annotate(kind=Value("bundles"))
        told: QuerySet[Any, Any] = rows.values_list("kind", "status").annotate(
            n=Count("sid", filter=Q(is_test=False)),
            late=Count("sid", filter=late),
            soon=Count("sid", filter=soon),
            cost=_NO_COST,
        )
        return told

    def lines(self) -> list[BundleLine]:
        """In the order of a bundle's life, and then whatever else Twilio says."""
        order = [*BUNDLE_STATES, *sorted(self.by_status.keys() - BUNDLE_STATES.keys())]
        most = max(self.by_status.values(), default=1)
        return [
            BundleLine(
                label_for(BUNDLE_STATES, status),
                f"?{urlencode({'status': status})}" if status in BUNDLE_STATES else "",
                self.by_status[status],
                self.by_status[status] / most,
            )
            for status in order
            if status in self.by_status
        ]

    def attention(self) -> list[Figure]:
        """What somebody has to see to."""
        status = Bundle.Status
        return [
            Figure(
                "Bundles were rejected",
                self.by_status.get(status.REJECTED, 0),
                f"?status={status.REJECTED}",
                "correct what Twilio found, and submit them again",
                "compliance:bundle-list",
            ),
            Figure(
                "Bundles are drafts",
                self.by_status.get(status.DRAFT, 0),
                f"?status={status.DRAFT}",
                "not submitted yet",
                "compliance:bundle-list",
            ),
            Figure(
                "Bundles are valid for 30 days or less",
                self.soon,
                "",
                "their regulations changed",
                "compliance:deadline-list",
            ),
            Figure(
                f"Reviews take longer than {settings.REVIEW_ESCALATION_HOURS} hours",
                self.late,
                "?late=escalate",
                "there is a text for Twilio Support",
                "compliance:review-list",
            ),
        ]


@dataclass(frozen=True, slots=True)
class _Tallies:
    """What is counted beside the numbers, all in one query."""

    bundles: _Bundles
    porting: Figures
    idle: Idle
    gone: int

    @classmethod
    def of(cls, access: Access) -> "_Tallies":
        none = {"soon": Value(0), "cost": _NO_COST}
        sums = access.visible(ActivitySum.objects.filter(state=NumberActivity.State.IDLE)).order_by()
        idle = sums.annotate(kind=Value("idle")).values_list("kind", "currency")
        missing = access.visible(PhoneNumber.objects.gone()).order_by().values("pk")[: COUNT_UP_TO + 1]
        gone = PhoneNumber.objects.filter(pk__in=missing).order_by()
        gone = gone.annotate(kind=Value("gone"), key=Value("")).values_list("kind", "key")
        parts = [
            *(part.annotate(**none) for part in figure_parts(access, timezone.now())),
            idle.annotate(n=Sum("count"), late=Value(0), soon=Value(0), cost=Sum("monthly_cost")),
            gone.annotate(n=Count("pk"), late=Value(0), **none),
        ]
        told: dict[str, list[Any]] = defaultdict(list)
        for kind, key, n, late, soon, cost in _Bundles.query(access).union(*parts, all=True):
            told[kind].append((key, n, late, soon, cost))
        return cls(
            _Bundles.of((key, n, soon, late) for key, n, late, soon, _ in told.pop("bundles", ())),
            idle=Idle(
                sum(n for _, n, *_ in told["idle"]),
                {key: cost for key, *_, cost in told.pop("idle") if key and cost},
            ),
            gone=min(COUNT_UP_TO, sum(n for _, n, *_ in told.pop("gone", ()))),
            porting=figures_from(
                (kind, key, n, late) for kind, rows in told.items() for key, n, late, *_ in rows
            ),
        )
