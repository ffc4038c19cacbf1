from django.conf import settings
from django.db import models


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    SUPPORT = "support", "Support"
    COMPLIANCE = "compliance", "Compliance"
    PORTING = "porting", "Porting"
    MANAGER = "manager", "Manager"
    ADMIN = "admin", "Administrator"


class Membership(models.Model):
    """A role, on every account or on the named ones."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    all_accounts = models.BooleanField("on all accounts, also future ones", default=False)
    accounts = models.ManyToManyField("portal.TwilioAccount", blank=True, related_name="memberships")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="membership_once_per_role"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.user}"
