from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from inventory.bulk.kinds import SET_EMERGENCY_ADDRESSES
from inventory.emergency.bulk import plan_emergency
from inventory.models import Address
from portal.access import Permission, allowed
from portal.batches.drafts import ITEM_SORTS, confirm_draft, draft_context, keep_ticks, own_draft
from portal.batches.forms import ReasonForm
from portal.forms import PortalForm
from portal.http import StaffRequest, go, page
from portal.listing import list_page
from portal.models import BatchItem


class EmergencyAddressForm(PortalForm):
    """One address of the numbers' account, or none."""

    address = forms.ChoiceField(
        label="Emergency address",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an address, or none"},
    )

    def __init__(self, *args: object, addresses: list[Address], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["address"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("none", "None: remove what is set"),
            *((address.pk, f"{address}, {', '.join(address.lines)}") for address in addresses),
        ]


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_ADDRESSES)
def bulk_emergency(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Which emergency address the numbers of a draft get."""
    batch = own_draft(request, batch_id, SET_EMERGENCY_ADDRESSES)
    addresses: list[Address] = []
    if len(batch.account_sids) == 1:
        enabled = Address.objects.present().filter(account_id=batch.account_sids[0], emergency_enabled=True)
        addresses = list(enabled)
    form = EmergencyAddressForm(request.POST or None, addresses=addresses)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            chosen = form.cleaned_data["address"]
            plan_emergency(batch, next((a for a in addresses if a.pk == chosen), None))
            return go(request, "inventory:bulk-emergency-review", batch.pk)
        status = 422
    context = {**draft_context(batch), "form": form, "addresses": addresses}
    return page(request, "inventory/bulk_emergency.html", context, fragment="emergency", status=status)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_ADDRESSES)
def bulk_emergency_review(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Which numbers get it and which cannot; then it is asked for."""
    batch = own_draft(request, batch_id, SET_EMERGENCY_ADDRESSES)
    if "address" not in batch.detail:
        return redirect("inventory:bulk-emergency", batch.pk)
    form = ReasonForm(request.POST or None)
    if answer := keep_ticks(request, batch) or confirm_draft(request, batch, form):
        return answer
    items = batch.items.select_related("account")
    context = {
        **draft_context(batch),
        "list": list_page(request, items, sorts=ITEM_SORTS, default_sort="position"),
        "form": form,
        "taking_part": batch.items.filter(state=BatchItem.State.WAITING).count(),
    }
    status = 422 if form.errors else 200
    return page(request, "inventory/bulk_emergency_review.html", context, fragment="review", status=status)
