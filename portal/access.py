"""Who may do what, on which accounts.

A membership gives a role on all accounts or on named ones; a role is a set of permissions. Views ask
for a permission with `@allowed`, rows are narrowed with `request.access.visible(...)`, and a row of
a foreign account is a 404. What concerns the whole installation needs its role on all accounts.
Superusers may everything, and count as administrators.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from portal.http import Elsewhere, StaffRequest, go
from portal.models import Membership, Role, User

P = ParamSpec("P")
View = Callable[Concatenate[StaffRequest, P], HttpResponseBase]
AnyView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
Rows = TypeVar("Rows", bound=QuerySet[Any])


class Permission(StrEnum):
    VIEW = "view"
    ANNOTATE = "annotate"  # notes, tags, owner
    EXPORT = "export"
    REFRESH = "refresh"  # read from Twilio now
    UPDATE_NUMBER = "update_number"
    BUY_NUMBERS = "buy_numbers"
    TRANSFER_NUMBERS = "transfer_numbers"
    RELEASE_NUMBERS = "release_numbers"
    APPROVE = "approve"
    SET_APPROVAL = "set_approval"
    MANAGE_ADDRESSES = "manage_addresses"  # emergency addresses of numbers, too
    MANAGE_SENDERS = "manage_senders"
    MANAGE_BUNDLES = "manage_bundles"  # end users and documents, too
    ASSIGN_BUNDLES = "assign_bundles"
    MANAGE_PORTING = "manage_porting"  # hosting, too
    SHARE_VIEWS = "share_views"
    MANAGE_BUDGETS = "manage_budgets"
    VIEW_SYNC = "view_sync"
    REVEAL_PERSONAL = "reveal_personal"
    AUDIT_PERSONAL = "audit_personal"
    READ_CALLBACKS = "read_callbacks"  # word for word: reasons in them may name people
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_PEOPLE = "manage_people"


# Each in words that follow "may" and "needed to".
PERMISSION_WORDS: Mapping[Permission, str] = {
    Permission.VIEW: "see numbers and what happened to them",
    Permission.ANNOTATE: "write notes, tags and owners",
    Permission.EXPORT: "export lists",
    Permission.REFRESH: "read from Twilio now",
    Permission.UPDATE_NUMBER: "change how numbers are configured",
    Permission.BUY_NUMBERS: "look for numbers and buy them",
    Permission.TRANSFER_NUMBERS: "move numbers to another account",
    Permission.RELEASE_NUMBERS: "release numbers",
    Permission.APPROVE: "approve what others have asked for",
    Permission.SET_APPROVAL: "say what needs a second person",
    Permission.MANAGE_ADDRESSES: "create and change addresses, and set emergency addresses",
    Permission.MANAGE_SENDERS: "write down default senders",
    Permission.MANAGE_BUNDLES: "make bundles, end users and documents, and submit them",
    Permission.ASSIGN_BUNDLES: "assign bundles and addresses to numbers",
    Permission.MANAGE_PORTING: "port numbers in and host messages on them",
    Permission.SHARE_VIEWS: "share saved views",
    Permission.MANAGE_BUDGETS: "set what accounts may spend on numbers",
    Permission.VIEW_SYNC: "see how fresh the copy of Twilio is, and what Twilio's callbacks told",
    Permission.REVEAL_PERSONAL: "see personal data, for a stated reason",
    Permission.AUDIT_PERSONAL: "see who was shown personal data, and what was deleted",
    Permission.READ_CALLBACKS: "read what Twilio's callbacks say, word for word",
    Permission.MANAGE_ACCOUNTS: "connect accounts",
    Permission.MANAGE_PEOPLE: "give people their roles",
}
# What carrying out a batch of a kind takes.
BATCH_PERMISSIONS: Mapping[str, Permission] = {
    "inventory.update_numbers": Permission.UPDATE_NUMBER,
    "inventory.buy_numbers": Permission.BUY_NUMBERS,
    "inventory.release_numbers": Permission.RELEASE_NUMBERS,
    "inventory.transfer_numbers": Permission.TRANSFER_NUMBERS,
    "inventory.set_emergency_addresses": Permission.MANAGE_ADDRESSES,
    "compliance.assign_bundles": Permission.ASSIGN_BUNDLES,
    "compliance.start_updates": Permission.MANAGE_BUNDLES,
    "porting.order_numbers": Permission.MANAGE_PORTING,
    "porting.check_numbers": Permission.MANAGE_PORTING,
    "porting.cancel_numbers": Permission.MANAGE_PORTING,
}
# What concerns the whole installation: a role on named accounts does not give it.
_INSTALLATION = frozenset({Permission.MANAGE_PEOPLE, Permission.SET_APPROVAL})

_STAFF = frozenset(
    {
        Permission.VIEW,
        Permission.ANNOTATE,
        Permission.EXPORT,
        Permission.REFRESH,
        Permission.SHARE_VIEWS,
        Permission.VIEW_SYNC,
    }
)
_NUMBERS = frozenset(
    {
        Permission.UPDATE_NUMBER,
        Permission.BUY_NUMBERS,
        Permission.TRANSFER_NUMBERS,
        Permission.RELEASE_NUMBERS,
    }
)
ROLES: Mapping[str, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.VIEW}),
    Role.SUPPORT: _STAFF
    | _NUMBERS
    | {Permission.MANAGE_ADDRESSES, Permission.MANAGE_SENDERS, Permission.ASSIGN_BUNDLES},
    Role.COMPLIANCE: _STAFF
    | {
        Permission.MANAGE_ADDRESSES,
        Permission.MANAGE_BUNDLES,
        Permission.ASSIGN_BUNDLES,
        Permission.REVEAL_PERSONAL,
    },
    Role.PORTING: _STAFF
    | _NUMBERS
    | {
        Permission.MANAGE_ADDRESSES,
        Permission.ASSIGN_BUNDLES,
        Permission.MANAGE_PORTING,
        Permission.REVEAL_PERSONAL,
    },
    Role.MANAGER: _STAFF
    | {
        Permission.APPROVE,
        Permission.MANAGE_BUDGETS,
        Permission.REVEAL_PERSONAL,
        Permission.AUDIT_PERSONAL,
    },
    Role.ADMIN: frozenset(Permission),
}


@dataclass(frozen=True, slots=True)
class Access:
    """The permissions of one person, everywhere and per account."""

    everywhere: frozenset[Permission]
    by_account: Mapping[str, frozenset[Permission]]
    roles: tuple[Role, ...]

    @property
    def role_names(self) -> tuple[str, ...]:
        return tuple(role.label for role in self.roles)

    @property
    def demands_second_factor(self) -> bool:
        """Whether one of the roles, on whichever account, may not be used without a second factor."""
        return any(role in settings.MFA_REQUIRED_ROLES for role in self.roles)

    def can(self, permission: Permission, account_sid: str | None = None) -> bool:
        """Whether this is allowed on the account, or on any account when none is named."""
        if permission in self.everywhere:
            return True
        if account_sid is None:
            return any(permission in allowed for allowed in self.by_account.values())
        return permission in self.by_account.get(account_sid, frozenset())

    def require(self, permission: Permission, account_sid: str) -> None:
        if not self.can(permission, account_sid):
            raise PermissionDenied(permission)

    def account_sids(self, permission: Permission = Permission.VIEW) -> list[str] | None:
        """Sids of the accounts on which this is allowed; None means all of them."""
        if permission in self.everywhere:
            return None
        return sorted(sid for sid, allowed in self.by_account.items() if permission in allowed)

    def visible(
        self, rows: Rows, *, field: str = "account_id", permission: Permission = Permission.VIEW
    ) -> Rows:
        """The rows of the accounts on which this is allowed."""
        sids = self.account_sids(permission)
        return rows if sids is None else rows.filter(**{f"{field}__in": sids})


def access_of(user: User) -> Access:
    """What a person may do. One query, none for a superuser."""
    if user.is_superuser:
        return Access(frozenset(Permission), {}, (Role.ADMIN,))
    everywhere: set[Permission] = set()
    by_account: dict[str, frozenset[Permission]] = {}
    memberships = Membership.objects.filter(user=user)
    roles: set[str] = set()
    for role, all_accounts, sid in memberships.values_list("role", "all_accounts", "accounts__sid"):
        allowed = ROLES.get(role, frozenset())
        roles.add(role)
        if all_accounts:
            everywhere |= allowed
        elif sid:
            by_account[sid] = by_account.get(sid, frozenset()) | (allowed - _INSTALLATION)
    return Access(frozenset(everywhere), by_account, tuple(role for role in Role if role in roles))


def allowed(
    permission: Permission,
) -> Callable[[View[P]], AnyView[P]]:
    """Let a view be called only by people with this permission on some account; else 403."""

    def decorate(view: View[P]) -> AnyView[P]:
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            staff = attach_access(request)
            if not staff.access.can(permission):
                raise PermissionDenied(permission)
            try:
                return view(staff, *args, **kwargs)
            except Elsewhere as place:
                return go(staff, place.to)

        return cast(AnyView[P], checked)

    return decorate


def attach_access(request: HttpRequest) -> StaffRequest:
    """The same request with `access`, worked out once."""
    staff: StaffRequest = request  # type: ignore[assignment]
    if not hasattr(staff, "access"):
        staff.access = access_of(staff.user)
    return staff


def people_with(permission: Permission) -> list[str]:
    """Names of the roles that may do this: who can help (UX-33)."""
    return [Role(role).label for role, permissions in ROLES.items() if permission in permissions]


def administrators() -> QuerySet[User]:
    """Who gives people their roles."""
    by_role = Q(memberships__role=Role.ADMIN, memberships__all_accounts=True)
    people = User.objects.filter(Q(is_superuser=True) | by_role, is_active=True)
    return people.distinct().order_by("first_name", "last_name", "email")
