from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from compliance.knowing.forms import AccountForm, OwnNumberForm
from compliance.knowing.own_numbers import AlreadyKnown, add_own_number
from compliance.matching import Holder, holders_for
from compliance.models import OwnNumber, Regulation
from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.shell import visible_accounts


@require_GET
@allowed(Permission.VIEW)
def holder_list(request: StaffRequest, sid: str) -> HttpResponse:
    """Which end users of an account satisfy a regulation already, and what each of them lacks (F9)."""
    regulation = get_object_or_404(Regulation, pk=sid)
    accounts = visible_accounts(request)
    form = AccountForm(
        {"account": request.GET.get("account") or (accounts[0].pk if accounts else "")}, accounts=accounts
    )
    holders: list[Holder] = []
    account = None
    if form.is_valid():
        account = next(one for one in accounts if one.pk == form.cleaned_data["account"])
        holders = holders_for(regulation, account)
    context = {
        "regulation": regulation,
        "form": form,
        "account": account,
        "holders": holders,
        "ready": sum(holder.is_ready for holder in holders),
        "can_start": account is not None
        and regulation.missing_since is None
        and request.access.can(Permission.MANAGE_BUNDLES, account.pk),
    }
    return page(request, "compliance/knowing/holder_list.html", context, fragment="holders")


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def own_number_list(request: StaffRequest) -> HttpResponse:
    """Registration numbers of our own company, which no customer's bundle may hold."""
    form = OwnNumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            add_own_number(**form.cleaned_data, actor=request.user)
        except AlreadyKnown:
            form.add_error("value", "This number is in the list already")
        else:
            messages.success(request, "Added. Customers' bundles are checked for it from now on.")
            return go(request, reverse("compliance:own-number-list"))
    context = {"form": form, "rows": OwnNumber.objects.select_related("added_by")}
    status = 422 if form.is_bound else 200
    return page(request, "compliance/knowing/own_number_list.html", context, fragment="own", status=status)


@require_POST
@allowed(Permission.MANAGE_BUNDLES)
def own_number_remove(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(OwnNumber, pk=pk)
    row.delete()
    messages.success(request, f"{row.label} was removed.")
    return go(request, reverse("compliance:own-number-list"))
