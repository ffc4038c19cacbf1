"""What numbers cost a month (page 42)."""

from collections.abc import Iterable, Mapping

from inventory.models import NumberPrice
from portal.models import TwilioAccount
from portal.money import Money


class PriceList:
    """The current monthly prices of some accounts, read in one query.

    A subaccount that has no price list of its own, for want of credentials, is shown its parent's.
    """

    def __init__(self, accounts: Iterable[TwilioAccount], countries: Iterable[str] | None = None) -> None:
        self._parents = {account.pk: account.owner_sid for account in accounts}
        prices = NumberPrice.objects.present().filter(
            account__in={*self._parents, *self._parents.values()}, current_price__isnull=False
        )
        if countries is not None:
            prices = prices.filter(iso_country__in=set(countries))
        self._prices: dict[tuple[str, str, str], Money] = {}
        self._base_prices: dict[tuple[str, str, str], Money] = {}
        for sid, country, kind, price, base, currency in prices.values_list(
            "account_id", "iso_country", "number_type", "current_price", "base_price", "currency"
        ):
            self._prices[sid, country, kind] = Money(price, currency)
            if base is not None and base != price:
                self._base_prices[sid, country, kind] = Money(base, currency)

    def of(self, account_sid: str, country: str, number_type: str) -> Money | None:
        """The price of one number a month; None when Twilio names none."""
        return self._find(self._prices, account_sid, country, number_type)

    def base_of(self, account_sid: str, country: str, number_type: str) -> Money | None:
        """What it costs without the account's discounts; None when that is the same."""
        return self._find(self._base_prices, account_sid, country, number_type)

    def _find(
        self, prices: Mapping[tuple[str, str, str], Money], account_sid: str, country: str, number_type: str
    ) -> Money | None:
        sid = account_sid
        if (account_sid, country, number_type) not in self._prices:
            sid = self._parents.get(account_sid, "")
        return prices.get((sid, country, number_type))
