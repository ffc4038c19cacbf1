"""The manager's home: what there is, what it costs, what needs somebody. May look into every area."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from inventory import labels
from inventory.models import PhoneNumber
from inventory.pricing import Money, PriceList
from portal.models import TwilioAccount
from portal.numbering import country_name, type_name


@dataclass(slots=True)
class Line:
    """One row of a breakdown, and the list behind it."""

    label: str
    query: str
    count: int = 0
    cost: Mapping[str, Decimal] = field(default_factory=dict)
    share: float = 0.0

    @property
    def money(self) -> str:
        return money_words(self.cost)


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    count: int
    query: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    total: int
    cost: Mapping[str, Decimal]
    unpriced: int
    countries: Sequence[Line]
    types: Sequence[Line]
    accounts: Sequence[Line]
    capabilities: Sequence[Line]
    attention: Sequence[Figure]

    @property
    def money(self) -> str:
        return money_words(self.cost)


def money_words(cost: Mapping[str, Decimal]) -> str:
    """A sum in each currency: currencies are never added up."""
    return " + ".join(str(Money(amount, currency)) for currency, amount in sorted(cost.items())) or "–"


def inventory_of(numbers: QuerySet[PhoneNumber], accounts: Sequence[TwilioAccount]) -> Inventory:
    """Count `numbers` in every direction, in three queries."""
    present = numbers.filter(missing_since=None)
    prices = PriceList(accounts)
    capabilities = list(labels.CAPABILITIES)
    groups = (
        present.order_by()
        .values_list("account_id", "country", "number_type", *capabilities)
        .annotate(n=Count("pk"))
    )
    by: dict[str, Counter[str]] = defaultdict(Counter)
    cost: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    total, unpriced, whole_cost = 0, 0, Counter[str]()
    for account, country, kind, *can, n in groups:
        total += n
        keys = {"account": account, "country": country, "type": kind}
        price = prices.of(account, country, kind)
        if price is None:
            unpriced += n
        for direction, key in keys.items():
            by[direction][key] += n
            if price:
                cost[direction][key][price.currency] += price.amount * n  # type: ignore[assignment]
        if price:
            whole_cost[price.currency] += price.amount * n  # type: ignore[assignment]
        for name, able in zip(capabilities, can, strict=True):
            by["can"][name] += n if able else 0
    names = {account.pk: str(account) for account in accounts}

    def breakdown(direction: str, label: Mapping[str, str] | None = None) -> list[Line]:
        most = max(by[direction].values(), default=0) or 1
        return [
            Line(
                label=(label or {}).get(key) or _label(direction, key),
                query=f"?{direction}={key}",
                count=n,
                cost=cost[direction][key],
                share=n / most,
            )
            for key, n in by[direction].most_common()
        ]

    return Inventory(
        total=total,
        cost=whole_cost,  # type: ignore[arg-type]
        unpriced=unpriced,
        countries=breakdown("country"),
        types=breakdown("type"),
        accounts=breakdown("account", names),
        capabilities=breakdown("can"),
        attention=_attention(numbers),
    )


def _label(direction: str, key: str) -> str:
    if not key:
        return "Not known"
    match direction:
        case "country":
            return country_name(key)
        case "type":
            return type_name(key)
        case "can":
            return labels.CAPABILITIES[key]
        case _:
            return key


def _attention(numbers: QuerySet[PhoneNumber]) -> list[Figure]:
    listed = Q(missing_since=None)
    counts = numbers.order_by().aggregate(
        calls=Count("pk", filter=listed & Q(trunk_sid=None, voice_application=None, voice_url="")),
        messages=Count("pk", filter=listed & Q(sms=True, sms_application=None, sms_url="")),
        emergency=Count(
            "pk",
            filter=listed & ~Q(emergency_address_status__in=["", "registered", "unregistered"]),
        ),
        address=Count(
            "pk", filter=listed & Q(address=None, address_requirements__in=["any", "local", "foreign"])
        ),
        gone=Count("pk", filter=~listed),
    )
    figures = [
        Figure("Calls go nowhere", counts["calls"], "?calls=none", "no address, application or trunk is set"),
        Figure(
            "Messages go nowhere",
            counts["messages"],
            "?messages=none&can=sms",
            "they can receive SMS, and nothing takes it",
        ),
        Figure("An address is needed and none is set", counts["address"], "?needs=some&has_address=no"),
        Figure("Emergency address failed or under way", counts["emergency"], "?emergency=problem"),
        Figure(
            "No longer listed by Twilio", counts["gone"], "?listed=no", "released or moved outside Numberdesk"
        ),
    ]
    return [figure for figure in figures if figure.count]
