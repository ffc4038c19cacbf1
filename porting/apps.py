from django.apps import AppConfig


class PortingConfig(AppConfig):
    """Port-in requests, hosted numbers and their letters of authorization."""

    name = "porting"
