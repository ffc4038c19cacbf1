from django import template

from inventory.models import PhoneNumber
from inventory.pricing import PriceList

register = template.Library()


@register.filter
def price_in(number: PhoneNumber, prices: PriceList) -> str:
    """The monthly price of a number, or a dash. `{{ number|price_in:prices }}`"""
    return str(prices.of(number.account_id, number.country, number.number_type) or "–")
