"""What people do with the views that they save."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from portal.models import SavedView, User
from portal.saved_views.menu import ListState


class NameTaken(Exception):
    """The person has a view of this name on this list already."""


def add_view(
    state: ListState, *, owner: User, name: str, sharing: str, roles: Sequence[str] = ()
) -> SavedView:
    """Save a list as it is seen. Raises NameTaken."""
    view = SavedView(
        owner=owner, list_name=state.list_name, query=state.query, name=name, sharing=sharing, roles=[*roles]
    )
    _save(view)
    return view


def edit_view(view: SavedView, *, name: str, sharing: str, roles: Sequence[str] = ()) -> None:
    """Rename a view, and say who else has it. Raises NameTaken."""
    view.name, view.sharing, view.roles = name, sharing, [*roles]
    _save(view)


def replace_view(view: SavedView, state: ListState) -> None:
    """Let a view hold its list as it is seen now."""
    view.query = state.query
    view.save(update_fields=["query"])


def delete_view(view: SavedView) -> None:
    view.delete()


def _save(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        if "saved_view_name" not in str(error):
            raise
        raise NameTaken from None
