"""What the numbers cost a month, in several directions, and what is about to change about it.

A cost is a number of numbers times Twilio's price for their kind (page 42). Twilio charges a month
when a number is bought, and gives nothing back when it is released: so a purchase under way adds to
this month and the next, and a release takes from the next alone. Currencies are never added up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Count, F, Func, Q, Sum

from inventory.filters import NOT_KNOWN
from inventory.models import NumberFacet, PhoneNumber
from inventory.money.pending import PURCHASE, Pending, pending_of
from inventory.pricing import PriceList
from portal.access import Access, Permission
from portal.models import TwilioAccount
from portal.money import Money, money_words
from portal.numbering import country_name, type_name

DIRECTIONS = {
    "country": "Country and type",
    "account": "Account",
    "owner": "Owner",
    "cost_centre": "Cost centre",
    "tag": "Tag",
}

Sums = dict[str, Decimal]


def _sums() -> Sums:
    return defaultdict(Decimal)


@dataclass(slots=True)
class CostLine:
    """One row of a breakdown: what it holds, what that costs, and the list behind it."""

    key: str
    label: str
    query: str  # of the list of numbers; "" where no list is that narrow
    held: int = 0
    unpriced: int = 0
    bought: int = 0
    released: int = 0
    now: Sums = field(default_factory=_sums)
    before_discounts: Sums = field(default_factory=_sums)
    this_month: Sums = field(default_factory=_sums)
    next_month: Sums = field(default_factory=_sums)
    parts: list["CostLine"] = field(default_factory=list)

    def hold(self, count: int, price: Money | None, base: Money | None) -> None:
        self.held += count
        if price is None:
            self.unpriced += count
            return
        for sums, unit in (
            (self.now, price), (self.before_discounts, base or price), (self.this_month, price),
            (self.next_month, price),
        ):  # fmt: skip
            sums[unit.currency] += unit.amount * count

    def expect(self, pending: Pending, price: Money | None) -> None:
        is_bought = pending.sign == PURCHASE
        self.bought += pending.count if is_bought else 0
        self.released += 0 if is_bought else pending.count
        if price:
            change = price.amount * pending.count * pending.sign
            self.next_month[price.currency] += change
            if is_bought:
                self.this_month[price.currency] += change

    @property
    def has_discount(self) -> bool:
        return {**self.before_discounts} != {**self.now}

    @property
    def weight(self) -> Decimal:
        """What rows are put in order by. Sums of money of several currencies say nothing, but order rows."""
        return sum(self.next_month.values(), Decimal(0))

    @property
    def now_words(self) -> str:
        return money_words(self.now)

    @property
    def before_discounts_words(self) -> str:
        return money_words(self.before_discounts)

    @property
    def this_month_words(self) -> str:
        return money_words(self.this_month)

    @property
    def next_month_words(self) -> str:
        return money_words(self.next_month)


@dataclass(frozen=True, slots=True)
class Costs:
    """A breakdown in one direction. `whole` counts every number once, which rows by tag do not."""

    direction: str
    whole: CostLine
    lines: Sequence[CostLine]


@dataclass(frozen=True, slots=True)
class _Held:
    """Numbers of one kind, under the keys of the rows that they belong to."""

    keys: Sequence[str]
    account_id: str
    country: str
    number_type: str
    count: int


def costs_of(
    access: Access,
    accounts: Sequence[TwilioAccount],
    direction: str,
    *,
    permission: Permission = Permission.VIEW,
) -> Costs:
    """The visible numbers in one direction of `DIRECTIONS`, in at most five queries."""
    prices = PriceList(accounts)
    names = {account.pk: str(account) for account in accounts}
    lines: dict[str, CostLine] = {}
    whole = CostLine("", "All numbers", "?")

    def lines_for(keys: Iterable[str], country: str, number_type: str) -> Iterator[CostLine]:
        for key in keys:
            line = lines.setdefault(key, _line(direction, key, names))
            yield line
            if direction == "country":
                yield _part(line, country, number_type)

    facets = access.visible(NumberFacet.objects.filter(count__gt=0), permission=permission).order_by()
    kinds = facets.values_list("account_id", "country", "number_type").annotate(held=Sum("count"))
    groups = [_Held((), *kind) for kind in kinds]
    for group in groups:
        whole.hold(group.count, *_prices(prices, group))
    for group in _held(access, permission, direction, groups):
        price, base = _prices(prices, group)
        for line in lines_for(group.keys, group.country, group.number_type):
            line.hold(group.count, price, base)
    for pending in pending_of(access, permission):
        price = prices.of(pending.account_id, pending.country, pending.number_type)
        whole.expect(pending, price)
        for line in lines_for(_keys(pending, direction), pending.country, pending.number_type):
            line.expect(pending, price)
    for line in lines.values():
        line.parts.sort(key=_order)
    return Costs(direction, whole, sorted(lines.values(), key=_order))


def _order(line: CostLine) -> tuple[Decimal, int, str]:
    return -line.weight, -line.held, line.label


def _prices(prices: PriceList, group: _Held) -> tuple[Money | None, Money | None]:
    kind = group.account_id, group.country, group.number_type
    return prices.of(*kind), prices.base_of(*kind)


def _held(access: Access, permission: Permission, direction: str, groups: Iterable[_Held]) -> Iterator[_Held]:
    """The numbers held, under the keys of a direction. What has no owner, centre or tag has no key."""
    if direction in ("country", "account"):
        for group in groups:
            key = group.country if direction == "country" else group.account_id
            yield _Held((key,), group.account_id, group.country, group.number_type, group.count)
        return
    numbers = access.visible(PhoneNumber.objects.present(), permission=permission).order_by()
    if direction == "tag":
        numbers = numbers.filter(~Q(tags=[])).annotate(key=Func(F("tags"), function="unnest"))
    else:
        numbers = numbers.exclude(**{direction: ""}).annotate(key=F(direction))
    kinds = numbers.values_list("key", "account_id", "country", "number_type").annotate(held=Count("pk"))
    for key, *kind in kinds:
        yield _Held((key,), *kind)


def _keys(pending: Pending, direction: str) -> Sequence[str]:
    match direction:
        case "country":
            return (pending.country,)
        case "account":
            return (pending.account_id,)
        case "tag":
            return pending.tags
        case _:
            key = getattr(pending, direction)
            return (key,) if key else ()


def _line(direction: str, key: str, names: Mapping[str, str]) -> CostLine:
    label = country_name(key) if direction == "country" else names.get(key, key)
    return CostLine(key, label or "Not known", f"?{urlencode({direction: key or NOT_KNOWN})}")


def _part(line: CostLine, country: str, number_type: str) -> CostLine:
    """The row of one type below that of its country."""
    part = next((part for part in line.parts if part.key == number_type), None)
    if part is None:
        query = urlencode({"country": country or NOT_KNOWN, "type": number_type or NOT_KNOWN})
        part = CostLine(number_type, type_name(number_type) or "Not known", f"?{query}")
        line.parts.append(part)
    return part
