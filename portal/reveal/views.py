from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET

from portal.access import Permission, allowed
from portal.filtering import applied, chips_of
from portal.http import StaffRequest, go, page, wants_fragment
from portal.listing import Sort, list_page
from portal.models import PurgeRecord, Reveal
from portal.reveal import reveals
from portal.reveal.filters import RevealFilter
from portal.reveal.forms import RevealForm
from portal.reveal.reveals import MaskedCell, Subject
from portal.shell import visible_accounts

_FILTERS = ("who", "since", "account")
_SORTS = (Sort("newest", "Newest", ("at", "id"), starts_descending=True),)


def reveal(request: StaffRequest, subject: Subject) -> HttpResponse:
    """Ask for the reason, write the reveal down, show the value. An area's view calls it after its own check.

    Without JavaScript a page asks, and leads back to where the value stands; htmx swaps the cell alone, and
    asks for `?masked` when its five minutes are over.
    """
    request.access.require(Permission.REVEAL_PERSONAL, subject.account.pk)
    form = RevealForm(request.POST or None)
    if request.method == "POST" and "hide" in request.POST:
        reveals.end(request.user, subject.target, subject.field)
        return _back(request, subject)
    if request.method == "POST" and form.is_valid():
        reveals.record(subject, actor=request.user, reason=form.cleaned_data["reason"])
        return _back(request, subject)
    if "masked" in request.GET:
        return _back(request, subject)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    cell = MaskedCell(subject, "", can_reveal=True)
    if wants_fragment(request, cell.element_id):
        return _cell(request, cell, form=form, asks=True, status=status)
    return private(page(request, "portal/reveal.html", {"cell": cell, "form": form}, status=status))


def _back(request: StaffRequest, subject: Subject) -> HttpResponse:
    """The cell as this person may see it now, by itself or on its page."""
    cell = MaskedCell(subject, "", can_reveal=True)
    if not wants_fragment(request, cell.element_id):
        return go(request, f"{subject.page_url}#{cell.element_id}")
    running = reveals.running(request.user, subject.target)
    return _cell(request, reveals.cell_of(subject, can_reveal=True, running=running))


def private(response: HttpResponse) -> HttpResponse:
    """An answer with personal values in clear: no cache keeps it."""
    patch_cache_control(response, no_store=True, private=True)
    return response


def _cell(request: StaffRequest, cell: MaskedCell, *, status: int = 200, **context: Any) -> HttpResponse:
    return private(
        render(request, "components/_masked.html", {"cell": cell, "swapped": True, **context}, status=status)
    )


@require_GET
@allowed(Permission.AUDIT_PERSONAL)
def reveal_list(request: StaffRequest) -> HttpResponse:
    """Who was shown which personal value, when and why. The values stand nowhere in it."""
    rows = request.access.visible(Reveal.objects.all(), permission=Permission.AUDIT_PERSONAL)
    filter_ = RevealFilter(request.GET, rows, accounts=visible_accounts(request))
    listing = list_page(
        request, filter_.qs.select_related("actor", "account"), sorts=_SORTS, default_sort="-newest"
    )
    listing.chips = chips_of(filter_, request.GET)
    quick = [(filter_.form[name], applied(filter_, request.GET, name)) for name in _FILTERS]
    context = {"list": listing, "filter": filter_, "quick_filters": quick}
    return page(request, "portal/reveal_list.html", context, fragment="reveals")


@require_GET
@allowed(Permission.AUDIT_PERSONAL)
def purge_list(request: StaffRequest) -> HttpResponse:
    """What personal data was deleted here, by which rule."""
    listing = list_page(request, PurgeRecord.objects.all(), sorts=_SORTS, default_sort="-newest")
    return page(request, "portal/purge_list.html", {"list": listing}, fragment="purges")
