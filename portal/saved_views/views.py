from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.signing import BadSignature
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST

from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.models import SavedView
from portal.saved_views import actions
from portal.saved_views.forms import SavedViewForm
from portal.saved_views.menu import ListState, may_change

_TAKEN = "You have a view of this name on this list already"


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def view_add(request: StaffRequest) -> HttpResponse:
    """Save a list as it is seen."""
    sent = _sent(request)
    signed = (sent or request.GET).get("state", "")
    state = _state(signed)
    form = SavedViewForm(sent, may_share=request.access.can(Permission.SHARE_VIEWS))
    if request.method == "POST" and form.is_valid():
        try:
            view = actions.add_view(state, owner=request.user, **form.cleaned_data)
        except actions.NameTaken:
            form.add_error("name", _TAKEN)
        else:
            messages.success(request, f"Saved as {view}.")
            return go(request, view)
    context = {"form": form, "signed": signed, "back": state.url}
    status = 422 if form.is_bound else 200
    return page(request, "portal/view_add.html", context, fragment="view", status=status)


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def view_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Rename a view, share it, or keep it to oneself again."""
    view = _changeable(request, pk)
    form = SavedViewForm(_sent(request), may_share=request.access.can(Permission.SHARE_VIEWS), view=view)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit_view(view, **form.cleaned_data)
        except actions.NameTaken:
            form.add_error("name", _TAKEN)
        else:
            messages.success(request, "Saved.")
            return go(request, view)
    status = 422 if form.is_bound else 200
    context = {"form": form, "view": SavedView.objects.select_related("owner").get(pk=pk)}
    return page(request, "portal/view_edit.html", context, fragment="view", status=status)


@require_POST
@allowed(Permission.VIEW)
def view_replace(request: StaffRequest, pk: int) -> HttpResponse:
    """Save a list, as it was altered, in the view that it was seen in."""
    view = _changeable(request, pk)
    state = _state(request.POST.get("state", ""))
    if state.list_name != view.list_name:
        raise BadRequest("A view belongs to one list.")
    actions.replace_view(view, state)
    messages.success(request, f"{view} was saved as you see it.")
    return go(request, view)


@require_POST
@allowed(Permission.VIEW)
def view_delete(request: StaffRequest, pk: int) -> HttpResponse:
    view = _changeable(request, pk)
    actions.delete_view(view)
    messages.success(request, f"The view {view} was deleted. The list is as it was.")
    return go(request, view.list_url)


def _changeable(request: StaffRequest, pk: int) -> SavedView:
    visible = SavedView.objects.visible_to(request.user, request.access.roles)
    view: SavedView = get_object_or_404(visible, pk=pk)
    if not may_change(view, request.user, request.access):
        raise PermissionDenied("A view is changed by whoever made it.")
    return view


def _state(signed: str) -> ListState:
    try:
        return ListState.read(signed)
    except BadSignature:
        raise BadRequest("What is to be saved does not come from a list.") from None


def _sent(request: StaffRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
