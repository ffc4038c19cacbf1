"""Amounts as people read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: str

    def __str__(self) -> str:
        sign = {"USD": "$", "EUR": "€", "GBP": "£"}.get(self.currency)
        figure = f"{self.amount:,.2f}"
        return f"{sign}{figure}" if sign else f"{figure} {self.currency}"


def money_words(cost: Mapping[str, Decimal]) -> str:
    """A sum in each currency: currencies are never added up."""
    return " + ".join(str(Money(amount, currency)) for currency, amount in sorted(cost.items())) or "–"
