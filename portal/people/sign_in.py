"""The pages of signing in and of one's own account: allauth's views, with our answers.

Only what is listed in urls.py exists; a refused form answers 422 as everywhere.
"""

from datetime import timedelta
from typing import Any

from allauth.account import views as account
from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.usersessions import views as usersessions
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from portal.access import attach_access
from portal.models import Role
from portal.people import sessions

DEMO_PASSWORD = "numberdesk-demo"  # noqa: S105  # what setup_demo gives the demo's people


class Refusable:
    """A form that is refused answers 422."""

    def form_invalid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = 422
        return response


class SignIn(Refusable, account.LoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if settings.DEMO:
            context["demo_people"] = [(role.label, f"{role.value}@example.com") for role in Role]
            context["demo_password"] = DEMO_PASSWORD
        return context


@method_decorator(login_not_required, name="dispatch")
class SignOut(account.LogoutView):
    """Signs out, also somebody who is half-way in and has yet to type a code."""


@login_not_required
@require_GET
def sign_up(request: HttpRequest) -> HttpResponse:
    """Say who creates accounts, to whoever looks for a way to make one."""
    return render(request, "account/signup_closed.html")


class Confirm(Refusable, account.ReauthenticateView):
    """The password once more, before something delicate."""


class PasswordChange(Refusable, account.PasswordChangeView):
    pass


class PasswordLink(Refusable, account.PasswordResetView):
    pass


class PasswordChoose(Refusable, account.PasswordResetFromKeyView):
    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        # Whoever forgot a password has just tried wrong ones.
        adapter = get_adapter()
        key = adapter._get_login_attempts_cache_key(self.request, email=self.reset_user.email)
        ratelimit.clear(self.request, action="login_failed", key=key)
        return response


class Code(mfa.AuthenticateView):
    def form_invalid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 422
        return response


class ConfirmCode(Refusable, mfa.ReauthenticateView):
    """A code once more, before something delicate."""


@method_decorator(never_cache, name="dispatch")
class SecondFactorSetUp(Refusable, totp.ActivateTOTPView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["secret"] = context["form"].secret
        context["is_demanded"] = attach_access(self.request).access.demands_second_factor
        return context


class SecondFactorRemove(Refusable, totp.DeactivateTOTPView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["is_demanded"] = attach_access(self.request).access.demands_second_factor
        return context

    def form_valid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        self.request.session.pop(sessions.SECOND_FACTOR, None)
        sessions.end_all(self.request.user, keep=self.request.session.session_key)
        return response


@method_decorator(never_cache, name="dispatch")
class RecoveryCodes(recovery_codes.ViewRecoveryCodesView):
    pass


class RecoveryCodesRenew(Refusable, recovery_codes.GenerateRecoveryCodesView):
    pass


class Devices(Refusable, usersessions.ListUserSessionsView):
    pass


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """When the session ends, as a page, and as JSON for the clock in other pages. POST stays signed in."""
    if request.user.is_authenticated and (request.method == "POST" or sessions.ENDS not in request.session):
        sessions.begin(request.session)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(
            {
                "seconds": sessions.seconds_left(request.session) if request.user.is_authenticated else 0,
                "person": request.user.pk,
                "token": get_token(request),
            }
        )
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    if request.method == "POST":
        hours = settings.SESSION_COOKIE_AGE // 3600
        messages.success(request, f"You stay signed in for another {hours} h.")
        return redirect("session")
    ends_at = timezone.now() + timedelta(seconds=sessions.seconds_left(request.session))
    return render(request, "account/session.html", {"ends_at": ends_at})
