from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseLocation
from django_htmx.middleware import HtmxDetails

from portal.models import User

if TYPE_CHECKING:
    from portal.access import Access


class Elsewhere(Exception):
    """What a page was asked about has gone on, and this is its page now. `@allowed` leads there."""

    def __init__(self, to: Any) -> None:
        super().__init__("It has gone on.")
        self.to = to


class StaffRequest(HttpRequest):
    """A request of somebody who signed in, as views behind `@allowed` receive it."""

    user: User
    htmx: HtmxDetails
    access: "Access"


def wants_fragment(request: HttpRequest, fragment: str) -> bool:
    """Whether the browser replaces this part of the page it has, instead of loading a page.

    A partial's name is the id of its element and the hx-target of what asks for it.
    """
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request and htmx.target == fragment


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, fragment: str = "", status: int = 200
) -> HttpResponse:
    """The whole page, or its partial of that name when only that is wanted."""
    name = f"{template}#{fragment}" if fragment and wants_fragment(request, fragment) else template
    response = render(request, name, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target", "HX-History-Restore-Request"])
    return response


def go(request: HttpRequest, to: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """Send the browser on, after something was done."""
    url = resolve_url(to, *args, **kwargs)
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseLocation(url, target="body", swap="innerHTML")
    return HttpResponseRedirect(url)
