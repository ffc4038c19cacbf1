"""The manager's home: what there is, what it costs, what needs somebody. May look into every area."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import reduce
from operator import and_
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Now
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
from portal.listing import capped_count
from portal.models import TwilioAccount
from portal.money import Money, money_words
from portal.numbering import country_name, type_name
from porting.board.entries import figures_of


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
    """Count the visible numbers in every direction. Eight queries, over facets instead of numbers."""
    facets = access.visible(NumberFacet.objects.filter(count__gt=0))
    prices = PriceList(accounts)
    capabilities = list(labels.CAPABILITIES)
    groups = facets.values_list("account_id", "country", "number_type", *capabilities).annotate(Sum("count"))
    sums: dict[str, dict[str, _Sum]] = defaultdict(lambda: defaultdict(_Sum))
    whole, unpriced = _Sum(), 0
    for account, country, kind, *able, count in groups:
        price = prices.of(account, country, kind)
        whole.add(count, price)
        unpriced += 0 if price else count
        for direction, key in (("account", account), ("country", country), ("type", kind)):
            sums[direction][key].add(count, price)
        for name, can in zip(capabilities, able, strict=True):
            if can:
                sums["can"][name].add(count, price)
    bundles = _Bundles.of(access)
    attention = [*_attention(facets, access), *bundles.attention(), *_porting(access)]
    names = {account.pk: str(account) for account in accounts}
    by_account = {sid: each.cost for sid, each in sums["account"].items()}
    return Inventory(
        total=whole.count,
        cost=whole.cost,
        over_budget=sum(state.is_over for state in budget_states(by_account).values()),
        idle=_idle(access),
        unpriced=unpriced,
        countries=_lines(sums["country"], "country", country_name),
        types=_lines(sums["type"], "type", type_name),
        accounts=_lines(sums["account"], "account", lambda sid: names.get(sid, sid)),
        capabilities=_lines(sums["can"], "can", lambda name: labels.CAPABILITIES[name]),
        bundles=bundles.lines(),
        standing=whole_of(access),
        attention=[figure for figure in attention if figure.count],
    )


def _idle(access: Access) -> Idle:
    rows = access.visible(ActivitySum.objects.filter(state=NumberActivity.State.IDLE)).order_by()
    sums = list(rows.values_list("currency").annotate(Sum("count"), Sum("monthly_cost")))
    return Idle(
        sum(n for _, n, _ in sums), {currency: cost for currency, _, cost in sums if currency and cost}
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
_ATTENTION: tuple[tuple[str, str, Mapping[str, str | list[str]]], ...] = (
    ("Calls go nowhere", "no address, application or trunk is set", {"calls": "none"}),
    (
        "Messages go nowhere",
        "they can receive SMS, and nothing takes it",
        {"messages": "none", "can": ["sms"]},
    ),
    ("An address is needed and none is set", "", {"needs": "some", "has_address": "no"}),
    ("Emergency address failed or under way", "", {"emergency": "problem"}),
)


def _attention(facets: QuerySet[NumberFacet], access: Access) -> list[Figure]:
    conditions = [
        reduce(and_, (FACETS[name](value) for name, value in filters.items())) for _, _, filters in _ATTENTION
    ]
    counts = facets.aggregate(
        **{f"n{i}": Sum("count", filter=condition, default=0) for i, condition in enumerate(conditions)}
    )
    figures = [
        Figure(label, counts[f"n{i}"], f"?{urlencode(filters, doseq=True)}", hint)
        for i, (label, hint, filters) in enumerate(_ATTENTION)
    ]
    gone = capped_count(access.visible(PhoneNumber.objects.gone()))
    figures.append(
        Figure(
            "No longer listed by Twilio", gone.number, "?listed=no", "released or moved outside Numberdesk"
        )
    )
    return figures


def _porting(access: Access) -> list[Figure]:
    """What runs out or waits for us in porting and hosting."""
    figures = figures_of(access, timezone.now())
    return [
        Figure(
            "Porting deadlines are in their last fifth",
            figures.late,
            "?show=late",
            "Twilio gives up what nobody signs or verifies",
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
    def of(cls, access: Access) -> "_Bundles":
        """Counted in one query."""
        soon = Q(copy_of="", status=Bundle.Status.APPROVED, valid_until__lte=Now() + timedelta(days=30))
        late = Q(status__in=Bundle.UNDER_REVIEW, submitted_at__lt=Now() - escalation_after())
        rows = access.visible(Bundle.objects.present()).order_by().values_list("status")
        told = list(
            rows.annotate(
                real=Count("sid", filter=Q(is_test=False)),
                soon=Count("sid", filter=soon),
                late=Count("sid", filter=late),
            )
        )
        return cls(
            {status: real for status, real, _, _ in told if real},
            sum(count for _, _, count, _ in told),
            sum(count for _, _, _, count in told),
        )

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
