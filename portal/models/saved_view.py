from collections.abc import Iterable
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse

from portal.models.membership import Role
from portal.models.user import User


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, person: User, roles: Iterable[str]) -> Self:
        """One's own, and what others share with everybody or with one of these roles."""
        by_role = Q(sharing=SavedView.Sharing.ROLES, roles__overlap=list(roles))
        return self.filter(Q(owner=person) | Q(sharing=SavedView.Sharing.EVERYBODY) | by_role)


class SavedView(models.Model):
    """A list as somebody wants to see it again: its filters, sort and columns, under a name.

    It holds what stands in the list's URL and nothing else, so it shows nobody more than they may see.
    """

    class Sharing(models.TextChoices):
        PRIVATE = "private", "Only me"
        EVERYBODY = "everybody", "Everybody"
        ROLES = "roles", "People with some roles"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views", db_index=False
    )
    list_name = models.CharField(max_length=60)  # the list's URL name
    name = models.CharField(max_length=60)
    query = models.TextField(blank=True)
    sharing = models.CharField(max_length=10, choices=Sharing.choices, default=Sharing.PRIVATE)
    roles = ArrayField(models.CharField(max_length=20, choices=Role.choices), default=list, blank=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint("owner", "list_name", Lower("name"), name="saved_view_name"),
            models.CheckConstraint(
                condition=Q(sharing="roles", roles__len__gt=0)
                | Q(sharing__in=("private", "everybody"), roles=[]),
                name="saved_view_sharing_known",
            ),
        ]
        indexes = [
            models.Index(fields=["list_name"], name="saved_view_shared", condition=~Q(sharing="private")),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The list as it was saved; by `view` it can tell when it was altered."""
        separator = "&" if self.query else "?"
        return f"{self.list_url}{separator}view={self.pk}"

    @property
    def list_url(self) -> str:
        """The list as it was saved, in no view."""
        url = reverse(self.list_name)
        return f"{url}?{self.query}" if self.query else url
