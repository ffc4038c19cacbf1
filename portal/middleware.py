from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_htmx.http import HttpResponseClientRedirect
from django_structlog.middlewares import RequestMiddleware

from portal import error_pages
from portal.access import attach_access
from portal.logs import without_key
from portal.models import Role
from portal.people import sessions

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestLog(RequestMiddleware):
    """A line when a request begins and one when it ends.

    Without its query, where numbers and names stand, and without the key of a link that sets a password.
    """

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {without_key(request.path)}"


def forms_only(get_response: GetResponse) -> GetResponse:
    """Say in words that an address takes nothing but forms; else browsers show a page of their own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and request.method == "GET":
            page = error_pages.forms_only(request)
            page["Allow"] = response["Allow"]
            return page
        return response

    return middleware


def end_session(get_response: GetResponse) -> GetResponse:
    """End a session at the moment that its pages were told, however often it was saved since."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if sessions.is_over(request.session):
            request.session.flush()
        return get_response(request)

    return middleware


def sign_in_again(get_response: GetResponse) -> GetResponse:
    """Lead somebody whose session ended to the sign-in page, and from there back to where they were.

    A part of a page is not replaced by the sign-in page, and a form sent in vain is not left: its page
    learns by the status that it has to ask for a sign-in, and keeps what was typed (static/js/session.js).
    """
    sign_in = resolve_url(settings.LOGIN_URL)

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != HTTPStatus.FOUND or not response["Location"].startswith(f"{sign_in}?"):
            return response
        is_read = request.method in {"GET", "HEAD"}
        if request.htmx:  # type: ignore[attr-defined]
            if not is_read:
                return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
            here = request.htmx.current_url_abs_path or resolve_url(settings.LOGIN_REDIRECT_URL)  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(f"{sign_in}?{urlencode({'next': here})}")
        if not is_read:
            return redirect(f"{sign_in}?{urlencode({'next': _page_of_form(request)})}")
        return response

    return middleware


def _page_of_form(request: HttpRequest) -> str:
    """Where a form stood that was sent; the address it was sent to may answer nothing but forms."""
    referrer = request.META.get("HTTP_REFERER", "")
    if url_has_allowed_host_and_scheme(referrer, {request.get_host()}, require_https=request.is_secure()):
        return referrer.partition(request.get_host())[2] or "/"
    return resolve_url(settings.LOGIN_REDIRECT_URL)


# What is open to somebody whose role demands a second factor and who has none yet.
_BEFORE_SECOND_FACTOR = frozenset(
    {"mfa_activate_totp", "account_reauthenticate", "account_logout", "session", "healthz", "readyz"}
)


class SecondFactor:
    """Keep people of the roles in MFA_REQUIRED_ROLES at the set-up page until they have a second factor.

    That they have one is noted in the session, so it is asked once; `people.actions` ends the sessions
    of whoever loses it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if unknown := set(settings.MFA_REQUIRED_ROLES) - set(Role.values):
            raise ImproperlyConfigured(f"MFA_REQUIRED_ROLES names no role: {', '.join(sorted(unknown))}.")
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: list[Any], kwargs: Mapping[str, Any]
    ) -> HttpResponse | None:
        if (
            not settings.MFA_REQUIRED_ROLES
            or not request.user.is_authenticated
            or request.session.get(sessions.SECOND_FACTOR)
            or (request.resolver_match and request.resolver_match.view_name in _BEFORE_SECOND_FACTOR)
            # The page itself needs to know this too, so it costs no query of its own.
            or not attach_access(request).access.demands_second_factor
        ):
            return None
        if is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
            request.session[sessions.SECOND_FACTOR] = True
            return None
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(resolve_url("mfa_activate_totp"))
        return redirect("mfa_activate_totp")
