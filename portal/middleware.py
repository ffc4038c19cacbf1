from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django_htmx.http import HttpResponseClientRedirect
from django_structlog.middlewares import RequestMiddleware

from portal.models import Membership


class RequestLog(RequestMiddleware):
    """A line when a request begins and one when it ends, without its query: numbers and names stand there."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"


GetResponse = Callable[[HttpRequest], HttpResponse]


def htmx_sign_in(get_response: GetResponse) -> GetResponse:
    """Lead the whole browser to the sign-in page, not the part of the page that htmx asked for."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        sign_in = resolve_url(settings.LOGIN_URL)
        if request.htmx and response.status_code == 302 and response["Location"].startswith(sign_in):  # type: ignore[attr-defined]
            here = request.htmx.current_url_abs_path or resolve_url(settings.LOGIN_REDIRECT_URL)  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(f"{sign_in}?next={here}")
        return response

    return middleware


def second_factor(get_response: GetResponse) -> GetResponse:
    """Keep people of the roles in MFA_REQUIRED_ROLES at the set-up page until they have a second factor."""
    allowed = ("/accounts/", "/static/", "/healthz", "/readyz")

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        if (
            settings.MFA_REQUIRED_ROLES
            and user.is_authenticated
            and not request.path.startswith(allowed)
            and not request.session.get("second_factor")
        ):
            roles = Membership.objects.filter(user=user, role__in=settings.MFA_REQUIRED_ROLES)
            if not is_mfa_enabled(user) and (user.is_superuser or roles.exists()):
                messages.warning(request, "Your role needs a second factor. Set it up to go on.")
                return redirect("mfa_activate_totp")
            request.session["second_factor"] = True
        return get_response(request)

    return middleware
