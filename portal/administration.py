from allauth.account.adapter import get_adapter
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


class Administration(AdminSite):
    """The stock admin for superusers. It has no sign-in, sign-out or password page of its own.

    Its own sign-in would ask for no second factor and count no failed tries.
    """

    site_title = "Numberdesk administration"
    site_header = "Numberdesk administration"
    index_title = "Administration"
    empty_value_display = "–"

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_superuser

    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """Reached only by people who signed in: everybody else is led to the sign-in page before."""
        if not self.has_permission(request):
            raise PermissionDenied("The administration is for superusers.")
        wanted = request.GET.get("next", "")
        return redirect(wanted if get_adapter().is_safe_url(wanted) else "admin:index")

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: object = None
    ) -> HttpResponse:
        return redirect("account_logout")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: object = None
    ) -> HttpResponse:
        return redirect("account_change_password")
