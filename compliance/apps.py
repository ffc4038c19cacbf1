from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """Regulations, bundles, end users and documents."""

    name = "compliance"
