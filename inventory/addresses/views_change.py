"""Creating, changing and deleting addresses."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from inventory.addresses import actions, forms
from inventory.addresses.refusals import describe, field_of, sentence_of, suggestion_of
from inventory.addresses.rules import is_box
from inventory.addresses.views import known, numbers_of, visible_address
from inventory.models import Address, NumberFacet
from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page, way_back, with_query
from portal.models import TwilioAccount
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.shell import visible_accounts
from portal.twilio.errors import TwilioFailure, Uncertain

_LOST = "Twilio's answer was lost. Numberdesk looks at Twilio until it knows what became of it."
# So many numbers are named on the page that asks for a yes.
_NUMBERS_SHOWN = 20


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_ADDRESSES)
def address_create(request: StaffRequest) -> HttpResponse:
    """First where, then what: labels, hints and rules are the country's.

    Who came from a page that is filled in goes back there, with the new address chosen.
    """
    accounts = [
        account
        for account in visible_accounts(request)
        if request.access.can(Permission.MANAGE_ADDRESSES, account.pk)
    ]
    place = forms.AddressPlaceForm(
        request.GET if request.GET.get("country") or request.GET.get("account") else None,
        accounts=accounts,
        ours=NumberFacet.objects.filter(count__gt=0).values_list("country", flat=True).distinct(),
    )
    if not place.is_valid():
        status = 422 if request.method == "POST" else 200
        context: dict[str, Any] = {"form": place, "back": way_back(request)}
        return page(request, "inventory/addresses/address_place.html", context, status=status)
    account = next(account for account in accounts if account.pk == place.cleaned_data["account"])
    country = place.cleaned_data["country"]
    form = forms.AddressForm(
        request.POST or None, country=country, for_emergency=place.cleaned_data["emergency"]
    )
    context = {"form": form, "account": account, "country": country, "back": way_back(request)}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _create(request, account, form, context)):
            return answer
    return page(
        request, "inventory/addresses/address_create.html", context, fragment="address-form", status=status
    )


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_ADDRESSES)
def address_edit(request: StaffRequest, sid: str) -> HttpResponse:
    address = visible_address(request, sid)
    request.access.require(Permission.MANAGE_ADDRESSES, address.account_id)
    registered, emergency = numbers_of(request, address)
    emergency_count = emergency.count()
    form = forms.AddressForm(
        request.POST or None,
        country=address.iso_country,
        address=address,
        only_name=address.verified or emergency_count > 0,
        must_be_physical=registered.filter(address_requirements="local").exists(),
    )
    context: dict[str, Any] = {
        "form": form,
        "address": address,
        "account": address.account,
        "country": address.iso_country,
        "registered_count": registered.count(),
        "emergency_count": emergency_count,
    }
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _update(request, address, form, context)):
            return answer
    return page(
        request, "inventory/addresses/address_edit.html", context, fragment="address-form", status=status
    )


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_ADDRESSES)
def address_delete(request: StaffRequest, sid: str) -> HttpResponse:
    address = visible_address(request, sid)
    request.access.require(Permission.MANAGE_ADDRESSES, address.account_id)
    form = forms.AddressDeletionForm(request.POST or None)
    registered, emergency = numbers_of(request, address)
    context: dict[str, Any] = {
        "address": address,
        "form": form,
        "numbers": registered[:_NUMBERS_SHOWN],
        "emergency_numbers": emergency[:_NUMBERS_SHOWN],
    }
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _delete(request, address, form, context)):
            return answer
    return page(
        request, "inventory/addresses/address_delete.html", context, fragment="deletion", status=status
    )


def _create(
    request: StaffRequest, account: TwilioAccount, form: forms.AddressForm, context: dict[str, Any]
) -> HttpResponse | None:
    """Carry the creation out. None when the form is to be shown again, with the reason on it."""
    back = context["back"]
    try:
        address = actions.create_address(
            account=account,
            country=form.country,
            values=form.wanted(),
            auto_correct=form.cleaned_data["auto_correct_address"],
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
            reason=form.cleaned_data["reason"],
        )
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
        return _go_on(request, back, sent.operation.target)
    except AlreadyUnderWay:
        form.add_error(None, "This address is being created already. Wait until that has ended.")
        return None
    except Uncertain:
        messages.warning(request, f"{_LOST} Do not create it again.")
        return _go_on(request, back, "")
    except TwilioFailure as failure:
        _show(failure, form, context)
        return None
    words = "Created at Twilio."
    if changed := _corrected(form, address):
        words += f" Twilio corrected: {describe(changed, actions.PROPERTIES)}."
    if is_box(address.iso_country, address.street, address.street_secondary):
        words += " Numbers that need a local address cannot use it: it is a post office box."
    messages.success(request, words)
    return _go_on(request, back, address.sid)


def _go_on(request: StaffRequest, back: str, sid: str) -> HttpResponse:
    """To where the person came from, or to the address; `sid` is another key while it is not known."""
    if not sid.startswith("AD"):
        return go(request, back or "inventory:address-list")
    return (
        go(request, with_query(back, address=sid)) if back else go(request, "inventory:address-detail", sid)
    )


def _update(
    request: StaffRequest, address: Address, form: forms.AddressForm, context: dict[str, Any]
) -> HttpResponse | None:
    try:
        operation = actions.update_address(
            address=address,
            wanted=form.wanted(),
            opened_with=form.as_opened,
            auto_correct=form.cleaned_data.get("auto_correct_address", True),
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
            reason=form.cleaned_data["reason"],
        )
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
        return go(request, "inventory:address-detail", address.sid)
    except AlreadyUnderWay:
        form.add_error(
            None, "Another change of this address has not ended yet. Wait for it, then save again."
        )
        return None
    except actions.ChangedMeanwhile as conflict:
        context["conflict"] = conflict
        form.renew(conflict.address)
        return None
    except actions.AddressInUse as used:
        form.renew()
        form.add_error(
            None,
            f"Emergency services know this address for {len(used.dependents)} of your numbers, so only its "
            "name may change. Remove it from them, wait until they say “Not registered”, change it, and "
            "assign it again.",
        )
        context["dependents"] = known(request, used.dependents)
        return None
    except Uncertain:
        messages.warning(request, _LOST)
        return go(request, "inventory:address-detail", address.sid)
    except TwilioFailure as failure:
        _show(failure, form, context)
        return None
    if operation is None:
        messages.info(request, "Nothing to change: Twilio already has it so.")
    else:
        messages.success(request, "Saved at Twilio.")
    return go(request, "inventory:address-detail", address.sid)


def _delete(
    request: StaffRequest, address: Address, form: forms.AddressDeletionForm, context: dict[str, Any]
) -> HttpResponse | None:
    try:
        actions.delete_address(
            address=address,
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
            reason=form.cleaned_data["reason"],
        )
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
        return go(request, "inventory:address-list")
    except AlreadyUnderWay:
        form.add_error(None, "A change of this address has not ended yet. Wait for it, then delete it.")
        return None
    except actions.AddressInUse as used:
        form.add_error(
            None, "Numbers use this address, so it cannot be deleted. Give them another one first."
        )
        context["dependents"] = known(request, used.dependents)
        return None
    except Uncertain:
        messages.warning(request, _LOST)
        return go(request, "inventory:address-detail", address.sid)
    except TwilioFailure as failure:
        _show(failure, form, context)
        return None
    messages.success(request, "Deleted at Twilio.")
    return go(request, "inventory:address-list")


def _show(
    failure: TwilioFailure,
    form: forms.AddressForm | forms.AddressDeletionForm,
    context: dict[str, Any],
) -> None:
    """Put a refusal beside what it is about, and keep the form fit to be sent again."""
    context["failure"] = failure
    form.renew()
    form.add_error(field_of(failure, set(form.fields)), sentence_of(failure))
    context["suggestion"] = [
        (form.fields[name].label, form.cleaned_data.get(name, ""), value)
        for name, value in suggestion_of(failure).items()
        if name in form.fields
    ]


def _corrected(form: forms.AddressForm, address: Address) -> list[str]:
    """What Twilio wrote in another way than it was typed, by name."""
    held = actions.values_of(address.payload)
    return [name for name, value in form.wanted().items() if held[name] != value]
