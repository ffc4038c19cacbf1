from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The Django project, and what two areas share."""

    name = "portal"
    verbose_name = "Numberdesk"
