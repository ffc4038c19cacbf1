"""The views of a list: in which it is seen, whether that was altered, and what could be saved of it (UX-12).

A list says of itself what could be saved: its own filters, sort and columns, in one spelling and signed.
So nothing else is ever kept, and a list that takes views needs no more than `view_menu` and the include.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.core import signing
from django.urls import reverse

from portal.access import Access, Permission
from portal.filtering import applied_values
from portal.http import StaffRequest
from portal.listing import ListPage
from portal.models import SavedView, User

_SALT = "portal.saved_views"
# What is longer might not fit into a URL.
_LONGEST = 3_000


@dataclass(frozen=True, slots=True)
class ListState:
    """What could be saved of a list: its URL name and its query without page, size and view."""

    list_name: str
    query: str

    @property
    def url(self) -> str:
        """The list in this state, in no view."""
        return SavedView(list_name=self.list_name, query=self.query).list_url

    def sign(self) -> str:
        """The same for the same state, so that a page and its parts say the same."""
        return signing.Signer(salt=_SALT).sign_object([self.list_name, self.query], compress=True)

    @classmethod
    def read(cls, signed: str) -> "ListState":
        """Raises signing.BadSignature for anything that no list said of itself."""
        return cls(*signing.Signer(salt=_SALT).unsign_object(signed))


@dataclass(frozen=True, slots=True)
class ViewMenu:
    """What stands above a list: the views to choose from, and what may be done with the present one."""

    own: Sequence[SavedView]
    shared: Sequence[SavedView]
    current: SavedView | None
    is_changed: bool
    may_change: bool  # the current one
    signed: str  # what could be saved; "" when there is nothing, or too much
    plain_url: str


def view_menu(
    request: StaffRequest,
    list_name: str,
    *,
    filter_: django_filters.FilterSet,
    listing: ListPage,
    default_sort: str,
    columns: Sequence[str] = (),
) -> ViewMenu:
    """The menu of one list, in one query. `columns` are those shown, where they are not the usual ones."""
    state = ListState(list_name, _query(request, filter_, listing, default_sort, columns))
    views = list(
        SavedView.objects.visible_to(request.user, request.access.roles)
        .filter(list_name=list_name)
        .select_related("owner")
    )
    chosen = request.GET.get("view", "")
    current = next((view for view in views if str(view.pk) == chosen), None) or next(
        (view for view in views if state.query and view.query == state.query), None
    )
    is_changed = current is not None and current.query != state.query
    is_new = bool(state.query) if current is None else is_changed
    return ViewMenu(
        own=[view for view in views if view.owner_id == request.user.pk],
        shared=[view for view in views if view.owner_id != request.user.pk],
        current=current,
        is_changed=is_changed,
        may_change=current is not None and may_change(current, request.user, request.access),
        signed=state.sign() if is_new and len(state.query) <= _LONGEST else "",
        plain_url=reverse(list_name),
    )


def may_change(view: SavedView, person: User, access: Access) -> bool:
    """One's own; and what somebody shares, for those who look after people: that person may have left."""
    is_shared = view.sharing != SavedView.Sharing.PRIVATE
    return view.owner_id == person.pk or (is_shared and access.can(Permission.MANAGE_PEOPLE))


def _query(
    request: StaffRequest,
    filter_: django_filters.FilterSet,
    listing: ListPage,
    default_sort: str,
    columns: Sequence[str],
) -> str:
    """The list's URL in one spelling: applied filters by name, then the order and columns if unusual."""
    kept: list[tuple[str, Any]] = [
        (name, value)
        for name in filter_.form.fields
        for value in sorted({*applied_values(filter_, request.GET, name)})
    ]
    if listing.order.parameter != default_sort:
        kept.append(("sort", listing.order.parameter))
    return urlencode([*kept, *(("columns", name) for name in sorted(columns))])
