from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import Resolver404, resolve
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


def way_back(request: HttpRequest, *names: str) -> str:
    """The page of ours that `next` names, where the person came from; "" for anything else.

    With `names` it has to be one of these, by the names of their URLs.
    """
    url = request.POST.get("next") or request.GET.get("next") or ""
    if not url.startswith("/") or "\\" in url:
        return ""
    try:
        parts = urlsplit(url)
        name = resolve(parts.path).view_name
    except (ValueError, Resolver404):  # `//[` is no address at all
        return ""
    if parts.scheme or parts.netloc:
        return ""
    return url if not names or name in names else ""


def with_query(url: str, **values: str) -> str:
    """The address with these parameters in the place of those of the same names."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, True) if name not in values]
    return parts._replace(query=urlencode([*kept, *values.items()])).geturl()
