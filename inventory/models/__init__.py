from inventory.models.address import Address
from inventory.models.application import Application
from inventory.models.budget import Budget
from inventory.models.cart import Cart, CartItem
from inventory.models.number import NumberFacet, PhoneNumber
from inventory.models.preset import ConfigurationPreset
from inventory.models.price import NumberPrice
from inventory.models.release import ReleasedNumber
from inventory.models.sender import SenderId, SenderIdQuerySet
from inventory.models.usage import (
    ActivitySum,
    KeptNumber,
    NumberActivity,
    NumberUsage,
    UsagePeriod,
    UsageWindow,
)

__all__ = [
    "ActivitySum",
    "Address",
    "Application",
    "Budget",
    "Cart",
    "CartItem",
    "ConfigurationPreset",
    "KeptNumber",
    "NumberActivity",
    "NumberFacet",
    "NumberPrice",
    "NumberUsage",
    "PhoneNumber",
    "ReleasedNumber",
    "SenderId",
    "SenderIdQuerySet",
    "UsagePeriod",
    "UsageWindow",
]
