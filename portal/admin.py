"""The stock admin for superusers: people to the last detail, and what the portal wrote, to look at."""

from typing import Any, cast

from allauth.account import admin as account_admin
from allauth.account.models import EmailAddress
from allauth.mfa import admin as mfa_admin
from allauth.mfa.models import Authenticator
from allauth.usersessions import admin as usersessions_admin
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.forms import BaseInlineFormSet, CheckboxSelectMultiple
from django.http import HttpRequest

from portal.models import Change, Membership, Operation, SyncRun, TwilioAccount, User
from portal.people import actions as people_actions
from portal.people import tasks

# Importing these made them register themselves. Roles are memberships, not groups; addresses are the
# person's own; second factors are reset with the person, which also ends the sessions opened with them.
_REGISTERED = (account_admin, mfa_admin, usersessions_admin)
admin.site.unregister([Group, EmailAddress, Authenticator, UserSession])


class RolesFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            if (
                data.get("role")
                and not data.get("DELETE")
                and not data["all_accounts"]
                and not data["accounts"]
            ):
                raise ValidationError(
                    f"Choose the accounts of the role {data['role']}, or tick that it is on all accounts."
                )


class RolesInline(admin.StackedInline):  # type: ignore[type-arg]
    model = Membership
    formset = RolesFormSet
    extra = 0
    formfield_overrides = {models.ManyToManyField: {"widget": CheckboxSelectMultiple}}
    verbose_name = "role"
    verbose_name_plural = "roles"


class LowerCaseEmail:
    """Addresses are kept in lower case: somebody who signs in is looked up so."""

    cleaned_data: dict[str, Any]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class PersonAddForm(LowerCaseEmail, AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email", "first_name", "last_name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["usable_password"]
        choice.label, choice.help_text, choice.initial = "Password", "", "false"
        choice.choices = [("false", "Mail them a link to choose one"), ("true", "Set one here")]  # type: ignore[attr-defined]


class PersonChangeForm(LowerCaseEmail, UserChangeForm):  # type: ignore[type-arg]
    pass


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """People and what they may do. Everyday work is on the portal's own page; superusers are made here."""

    form = PersonChangeForm
    add_form = PersonAddForm
    ordering = ["email"]
    list_display = ["email", "name", "roles", "second_factor", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_superuser", "memberships__role"]
    search_fields = ["email", "first_name", "last_name"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "password", "first_name", "last_name"]}),
        (
            "Access",
            {
                "fields": ["is_active", "is_superuser"],
                "description": "Superusers may everything; all others what their roles say.",
            },
        ),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "fields": ["email", "first_name", "last_name", "usable_password", "password1", "password2"],
            },
        )
    ]
    filter_horizontal = []
    inlines = [RolesInline]
    actions = ["send_links", "sign_out", "remove_second_factors"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
        people: QuerySet[User] = super().get_queryset(request).annotate(has_second_factor=Exists(factor))
        return people.prefetch_related("memberships__accounts")

    @admin.display(description="name")
    def name(self, person: User) -> str:
        return person.get_full_name()

    @admin.display(description="roles")
    def roles(self, person: User) -> str:
        return ", ".join(
            membership.get_role_display()
            if membership.all_accounts
            else f"{membership.get_role_display()} on {', '.join(map(str, membership.accounts.all()))}"
            for membership in person.memberships.all()
        )

    @admin.display(description="second factor", boolean=True, ordering="has_second_factor")
    def second_factor(self, person: User) -> bool:
        return bool(person.has_second_factor)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.is_staff = obj.is_superuser
        super().save_model(request, obj, form, change)
        if not change and not obj.has_usable_password():
            tasks.post_invitation(obj)
            self.message_user(request, f"A link to choose a password goes to {obj.email}.")

    @admin.action(description="Send a mail with a link to choose a password")
    def send_links(self, request: HttpRequest, people: QuerySet[User]) -> None:
        for person in people.filter(is_active=True):
            people_actions.send_link(person, actor=cast(User, request.user))
            self.message_user(request, f"A link to choose a password goes to {person.email}.")

    @admin.action(description="Sign out everywhere")
    def sign_out(self, request: HttpRequest, people: QuerySet[User]) -> None:
        for person in people:
            people_actions.sign_out_everywhere(person, actor=cast(User, request.user))
        self.message_user(request, "They were signed out everywhere.", messages.SUCCESS)

    @admin.action(description="Remove the second factor")
    def remove_second_factors(self, request: HttpRequest, people: QuerySet[User]) -> None:
        for person in people:
            people_actions.reset_second_factor(person, actor=cast(User, request.user))
        self.message_user(
            request, "They have no second factor now, and were signed out everywhere.", messages.SUCCESS
        )


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at what the portal wrote; changing it here would say something that never happened."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(TwilioAccount)
class TwilioAccountAdmin(ReadOnlyAdmin):
    list_display = ["friendly_name", "sid", "status", "type", "owner_sid", "is_watched", "missing_since"]
    search_fields = ["friendly_name", "sid"]
    exclude = ["auth_token", "api_key_secret", "payload"]


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "kind", "target", "state", "actor", "code"]
    list_filter = ["state", "kind"]
    list_select_related = ["actor"]
    search_fields = ["target", "request_id"]
    show_full_result_count = False


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    list_display = ["at", "resource", "target", "kind", "source"]
    list_filter = ["kind", "source"]
    search_fields = ["=target"]
    show_full_result_count = False


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    list_display = ["queued_at", "resource", "account_id", "state", "seen", "added", "changed", "missing"]
    list_filter = ["state", "resource"]
