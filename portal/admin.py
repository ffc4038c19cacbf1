from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from portal.models import Membership, Operation, SyncRun, TwilioAccount, User


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 1
    filter_horizontal = ["accounts"]


@admin.register(User)
class StaffAdmin(UserAdmin):  # type: ignore[type-arg]
    """People and what they may do."""

    ordering = ["email"]
    list_display = ["email", "first_name", "last_name", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_superuser", "memberships__role"]
    search_fields = ["email", "first_name", "last_name"]
    fieldsets = [
        (None, {"fields": ["email", "password", "first_name", "last_name"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "password1", "password2"]})]
    filter_horizontal = []
    inlines = [MembershipInline]


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
    search_fields = ["target", "request_id"]


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    list_display = ["queued_at", "resource", "account_id", "state", "seen", "added", "changed", "missing"]
    list_filter = ["state", "resource"]
