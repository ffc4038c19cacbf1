from inventory.models.address import Address
from inventory.models.application import Application
from inventory.models.number import NumberFacet, PhoneNumber
from inventory.models.price import NumberPrice

__all__ = [
    "Address",
    "Application",
    "NumberFacet",
    "NumberPrice",
    "PhoneNumber",
]
