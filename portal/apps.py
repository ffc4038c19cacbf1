from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    """The Django project, and what two areas share."""

    name = "portal"
    verbose_name = "Numberdesk"

    def ready(self) -> None:
        from portal.uploads import system_checks  # noqa: F401  # importing it is what makes Django ask it


class AdministrationConfig(AdminConfig):
    """The stock Django admin behind our own door."""

    default_site = "portal.administration.Administration"
