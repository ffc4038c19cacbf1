"""What stands around every page: navigation, environment, accounts, preferences."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from portal.access import Access, Permission, attach_access
from portal.models import TwilioAccount

THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    url_name: str
    permission: Permission = Permission.VIEW
    query: str = ""
    also: tuple[str, ...] = ()  # other URL names under this item


@dataclass(frozen=True, slots=True)
class NavSection:
    label: str
    items: tuple[NavItem, ...]


NAVIGATION = (
    NavSection(
        "",
        (
            NavItem("Overview", "home"),
            NavItem("Batches", "batch-list", also=("batch-detail",)),
        ),
    ),
    NavSection(
        "Numbers",
        (
            NavItem(
                "All numbers",
                "inventory:number-list",
                also=(
                    "inventory:number-detail",
                    "inventory:number-configure",
                    "inventory:number-annotate",
                    "inventory:number-intake",
                    "inventory:number-chosen",
                    "inventory:number-import",
                    "inventory:bulk-change",
                    "inventory:bulk-preview",
                    "inventory:bulk-emergency",
                    "inventory:bulk-emergency-review",
                    "inventory:bulk-release",
                    "inventory:bulk-transfer",
                    "inventory:bulk-transfer-review",
                    "compliance:number-assign",
                    "compliance:bulk-assign",
                    "compliance:bulk-assign-review",
                ),
            ),
            NavItem(
                "Buy numbers",
                "inventory:number-search",
                Permission.BUY_NUMBERS,
                also=("inventory:cart-detail", "inventory:purchase-check", "inventory:pattern-help"),
            ),
            NavItem(
                "Reclaim risk",
                "inventory:risk-list",
                also=("inventory:activity-rule", "inventory:number-keep"),
            ),
            NavItem("Costs", "inventory:cost-list", also=("inventory:budget-set",)),
            NavItem("Released", "inventory:released-list"),
            NavItem("No longer listed", "inventory:number-list", query="?listed=no"),
            NavItem(
                "Default senders",
                "inventory:sender-list",
                also=(
                    "inventory:sender-country",
                    "inventory:sender-default",
                    "inventory:sender-add",
                    "inventory:sender-remove",
                    "inventory:sender-test",
                ),
            ),
            NavItem(
                "Presets",
                "inventory:preset-list",
                Permission.UPDATE_NUMBER,
                also=("inventory:preset-create", "inventory:preset-edit"),
            ),
        ),
    ),
    NavSection(
        "Addresses",
        (
            NavItem(
                "All addresses",
                "inventory:address-list",
                also=(
                    "inventory:address-detail",
                    "inventory:address-numbers",
                    "inventory:address-create",
                    "inventory:address-edit",
                    "inventory:address-delete",
                ),
            ),
            NavItem("Address fit", "inventory:address-fit"),
            NavItem(
                "Emergency coverage", "inventory:emergency-coverage", also=("inventory:number-emergency",)
            ),
        ),
    ),
    NavSection(
        "Compliance",
        (
            NavItem("Report", "compliance:compliance-report", also=("compliance:standing-rule",)),
            NavItem(
                "Bundles",
                "compliance:bundle-list",
                also=(
                    "compliance:bundle-detail",
                    "compliance:bundle-edit",
                    "compliance:bundle-delete",
                    "compliance:bundle-reveal",
                    "compliance:bundle-create",
                    "compliance:bundle-tasks",
                    "compliance:bundle-regulation",
                    "compliance:bundle-end-user",
                    "compliance:bundle-address",
                    "compliance:bundle-way",
                    "compliance:bundle-contact",
                    "compliance:bundle-document",
                    "compliance:bundle-check",
                    "compliance:bundle-spelling",
                    "compliance:bundle-submitted",
                ),
            ),
            NavItem(
                "Deadlines",
                "compliance:deadline-list",
                also=("compliance:renewal-detail", "compliance:renewal-batch"),
            ),
            NavItem("Reviews", "compliance:review-list", also=("compliance:review-escalation",)),
            NavItem(
                "Regulations",
                "compliance:regulation-list",
                also=(
                    "compliance:regulation-detail",
                    "compliance:regulation-versions",
                    "compliance:regulation-checklist",
                    "compliance:holder-list",
                ),
            ),
            NavItem(
                "End users",
                "compliance:end-user-list",
                also=(
                    "compliance:end-user-detail",
                    "compliance:end-user-edit",
                    "compliance:end-user-delete",
                    "compliance:end-user-reveal",
                ),
            ),
            NavItem(
                "Documents",
                "compliance:document-list",
                also=(
                    "compliance:document-detail",
                    "compliance:document-upload",
                    "compliance:document-edit",
                    "compliance:document-replace",
                    "compliance:document-delete",
                    "compliance:document-reveal",
                    "compliance:document-file-reveal",
                    "compliance:document-radar",
                ),
            ),
        ),
    ),
    NavSection(
        "Porting and hosting",
        (
            NavItem("Porting deadlines", "porting:deadline-list"),
            NavItem(
                "Check numbers",
                "porting:check-create",
                Permission.MANAGE_PORTING,
                also=("porting:check-detail",),
            ),
            NavItem(
                "Being prepared",
                "porting:draft-list",
                Permission.MANAGE_PORTING,
                also=(
                    "porting:draft-tasks",
                    "porting:draft-numbers",
                    "porting:draft-bill",
                    "porting:draft-details",
                    "porting:draft-when",
                    "porting:draft-check",
                    "porting:draft-filed",
                ),
            ),
            NavItem(
                "Port-in requests",
                "porting:port-in-list",
                also=(
                    "porting:port-in-detail",
                    "porting:port-in-reveal",
                    "porting:port-in-calendar",
                    "porting:port-in-fix",
                    "porting:port-in-fix-check",
                    "porting:port-in-note-mail",
                    "porting:port-in-ticket",
                    "porting:port-in-cancel",
                    "porting:port-in-number-cancel",
                ),
            ),
            NavItem(
                "Check and order",
                "porting:eligibility-create",
                Permission.MANAGE_PORTING,
                also=("porting:eligibility-detail", "porting:order-create", "porting:bulk-hosting"),
            ),
            NavItem(
                "Hosted orders",
                "porting:hosted-order-list",
                also=(
                    "porting:hosted-order-detail",
                    "porting:hosted-order-call",
                    "porting:hosted-order-bill",
                    "porting:hosted-order-code",
                    "porting:hosted-order-delete",
                    "porting:hosted-order-release",
                    "porting:hosted-order-reveal",
                ),
            ),
            NavItem(
                "Letters",
                "porting:authorization-list",
                also=(
                    "porting:authorization-detail",
                    "porting:authorization-create",
                    "porting:authorization-revoke",
                    "porting:authorization-reveal",
                ),
            ),
        ),
    ),
    NavSection(
        "Settings",
        (
            NavItem("Sync health", "sync-health", Permission.VIEW_SYNC),
            NavItem("Webhook inbox", "delivery-list", Permission.VIEW_SYNC, also=("delivery-detail",)),
            NavItem(
                "Porting webhooks",
                "porting:porting-webhook-list",
                Permission.MANAGE_PORTING,
                also=("porting:porting-webhook-edit",),
            ),
            NavItem("Personal data", "reveal-list", Permission.AUDIT_PERSONAL, also=("purge-list",)),
            NavItem(
                "Our own company",
                "compliance:own-number-list",
                Permission.MANAGE_BUNDLES,
            ),
            NavItem("Approval rules", "approval-rules", Permission.SET_APPROVAL),
            NavItem("People", "people-list", Permission.MANAGE_PEOPLE, also=("people-add", "people-edit")),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class NavLink:
    label: str
    url: str
    is_current: bool


class Shell:
    """The frame of one page. Everything is worked out when a template asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def environment(self) -> str:
        return "Sandbox" if settings.TWILIO_BASE_URL else "Live"

    @property
    def is_live(self) -> bool:
        return not settings.TWILIO_BASE_URL

    @property
    def is_demo(self) -> bool:
        return settings.DEMO

    @property
    def theme(self) -> str:
        theme = self._request.COOKIES.get("theme", "system")
        return theme if theme in THEMES else "system"

    @property
    def has_shortcuts(self) -> bool:
        return self._request.COOKIES.get("shortcuts", "on") == "on"

    @cached_property
    def access(self) -> Access:
        return attach_access(self._request).access

    @cached_property
    def accounts(self) -> list[TwilioAccount]:
        return visible_accounts(self._request)

    @cached_property
    def sections(self) -> list[tuple[str, list[NavLink]]]:
        match = self._request.resolver_match
        here = match.view_name if match else ""
        query = self._request.GET.get("listed")
        sections = []
        for section in NAVIGATION:
            links = []
            for item in section.items:
                if not self.access.can(item.permission):
                    continue
                current = here == item.url_name or here in item.also
                if item.url_name == "inventory:number-list" and here == item.url_name:
                    current = (query == "no") == bool(item.query)
                links.append(NavLink(item.label, reverse(item.url_name) + item.query, current))
            if links:
                sections.append((section.label, links))
        return sections


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell` for everybody who signed in."""
    return {"shell": Shell(request)}


def visible_accounts(request: HttpRequest) -> list[TwilioAccount]:
    """The accounts a person may see, subaccounts after their parent; read once, without credentials."""
    staff = attach_access(request)
    if not hasattr(staff, "_visible_accounts"):
        rows = TwilioAccount.objects.present().only(
            "sid", "friendly_name", "status", "type", "owner_sid", "is_watched", "missing_since"
        )
        accounts = list(staff.access.visible(rows, field="sid"))
        names = {account.pk: str(account) for account in accounts}
        accounts.sort(key=lambda a: (names.get(a.owner_sid, ""), a.is_subaccount, str(a)))
        staff._visible_accounts = accounts  # type: ignore[attr-defined]
    return staff._visible_accounts  # type: ignore[attr-defined, no-any-return]
