from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    """The Django project, and what two areas share."""

    name = "portal"
    verbose_name = "Numberdesk"


class AdministrationConfig(AdminConfig):
    """The stock Django admin behind our own door."""

    default_site = "portal.administration.Administration"
