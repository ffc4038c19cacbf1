from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """Numbers, addresses, prices, applications: what is owned and how it is set up."""

    name = "inventory"
