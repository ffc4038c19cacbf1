"""What a purchase comes to, for the page where it is checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from compliance.models import Bundle
from inventory.buying.offers import Price, price_of
from inventory.models import Address
from inventory.pricing import PriceList
from portal.models import Batch, BatchItem, TwilioAccount
from portal.money import Money
from portal.numbering import country_name, type_name


@dataclass(frozen=True, slots=True)
class Group:
    """The numbers of one country and type, which are bought with the same papers."""

    country: str
    number_type: str
    items: Sequence[BatchItem]
    price: Price
    address: Address | None
    address_sid: str
    bundle: Bundle | None
    bundle_sid: str

    def __str__(self) -> str:
        return f"{country_name(self.country)}, {type_name(self.number_type).lower()}"


@dataclass(frozen=True, slots=True)
class Summary:
    count: int
    groups: Sequence[Group]
    monthly: Money | None  # of the numbers whose price is known
    unpriced: int  # how many have none
    name_pattern: str
    names: Sequence[str]
    preset: str
    settings: Sequence[tuple[str, Any]]  # of the preset


def summary_of(batch: Batch, account: TwilioAccount) -> Summary:
    items = list(batch.items.all())
    prices = PriceList([account], {item.detail["country"] for item in items})
    sids = {item.detail["settings"].get("address_sid") for item in items} - {None}
    addresses = Address.objects.in_bulk(sids)
    bundle_sids = {item.detail["settings"].get("bundle_sid") for item in items} - {None}
    bundles = Bundle.objects.only("friendly_name").in_bulk(bundle_sids)

    def kind(item: BatchItem) -> tuple[str, str]:
        return item.detail["country"], item.detail["number_type"]

    groups, costs = [], []
    for (country, number_type), chosen in groupby(items, key=kind):
        group_items = list(chosen)
        price = price_of(prices, account.pk, country, number_type)
        settings = group_items[0].detail["settings"]
        address_sid, bundle_sid = settings.get("address_sid", ""), settings.get("bundle_sid", "")
        costs += [price.current] * len(group_items)
        groups.append(
            Group(
                country, number_type, group_items, price, addresses.get(address_sid), address_sid,
                bundles.get(bundle_sid), bundle_sid,
            )
        )  # fmt: skip
    known = [cost for cost in costs if cost]
    # One account is charged in one currency.
    monthly = Money(sum((cost.amount for cost in known), Decimal(0)), known[0].currency) if known else None
    names = [item.detail["settings"].get("friendly_name", "") for item in items]
    return Summary(
        count=len(items),
        groups=groups,
        monthly=monthly,
        unpriced=len(costs) - len(known),
        name_pattern=batch.detail.get("name_pattern", ""),
        names=[name for name in names[:3] if name],
        preset=batch.detail.get("preset", ""),
        settings=batch.detail.get("preset_lines", []),
    )
