from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods

from inventory.emergency import actions, forms
from inventory.emergency.coverage import STATES, coverage_of
from inventory.emergency.refusals import sentence_of
from inventory.emergency.rules import GUIDE, EmergencyRefused, why_no_address
from inventory.models import Address, PhoneNumber
from inventory.querysets import AddressQuerySet
from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.freshness import freshness
from portal.http import StaffRequest, go, page
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.shell import visible_accounts
from portal.twilio.errors import TwilioFailure, Uncertain

# So many addresses are offered at once; more are found by a word.
_OFFERED = 25


@require_GET
@allowed(Permission.VIEW)
def emergency_coverage(request: StaffRequest) -> HttpResponse:
    accounts = visible_accounts(request)
    context = {
        "coverage": coverage_of(request.access, accounts),
        "guide": GUIDE,
        "freshness": freshness("numbers", accounts),
        "can_export": request.access.can(Permission.EXPORT),
    }
    return page(request, "inventory/emergency/emergency_coverage.html", context)


@require_GET
@allowed(Permission.EXPORT)
def emergency_coverage_export(request: StaffRequest) -> HttpResponseBase:
    coverage = coverage_of(request.access, visible_accounts(request))
    lines = (
        (line.account_sid, line.account, line.country, *(line.figures[state].count for state in STATES))
        for line in coverage.lines
        if request.access.can(Permission.EXPORT, line.account_sid)
    )
    header = (
        "Account (account_sid)", "Account (account)", "Country (country)", "Voice numbers (voice)",
        "Registered (registered)", "Failed or under way (problem)", "Not registered (without)",
    )  # fmt: skip
    return csv_response("emergency-coverage", header, lines)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_ADDRESSES)
def number_emergency(request: StaffRequest, sid: str) -> HttpResponse:
    """Assign an emergency address to a number, or remove the one it has."""
    rows = PhoneNumber.objects.select_related("account", "emergency_address")
    number: PhoneNumber = get_object_or_404(request.access.visible(rows), pk=sid)
    request.access.require(Permission.MANAGE_ADDRESSES, number.account_id)
    context: dict[str, Any] = {"number": number, "guide": GUIDE, "text": request.GET.get("q", "").strip()}
    form: forms.EmergencyAddressForm | forms.EmergencyRemovalForm
    if number.emergency_address_id:
        form = forms.EmergencyRemovalForm(request.POST or None)
    else:
        context["refusal"] = why_no_address(number)
        offered = _addresses_for(number, context["text"])
        addresses = list(offered[: _OFFERED + 1])
        context["has_more"] = len(addresses) > _OFFERED
        context["has_addresses"] = bool(addresses)
        form = forms.EmergencyAddressForm(request.POST or None, addresses=addresses[:_OFFERED])
    context["form"] = form
    status = 200
    if request.method == "POST":
        status = 422
        if (
            not context.get("refusal")
            and form.is_valid()
            and (answer := _set(request, number, form, context))
        ):
            return answer
    return page(
        request,
        "inventory/emergency/number_emergency.html",
        context,
        fragment="emergency-form",
        status=status,
    )


def _addresses_for(number: PhoneNumber, text: str) -> AddressQuerySet:
    rows = Address.objects.present().filter(
        account_id=number.account_id, iso_country=number.country, emergency_enabled=True
    )
    offered: AddressQuerySet = rows.matching(text).defer("payload").order_by("customer_name", "sid")
    return offered


def _set(
    request: StaffRequest,
    number: PhoneNumber,
    form: forms.EmergencyAddressForm | forms.EmergencyRemovalForm,
    context: dict[str, Any],
) -> HttpResponse | None:
    """Carry it out. None when the form is to be shown again, with the reason on it."""
    chosen = form.cleaned_data.get("address")
    wanted = Address.objects.get(pk=chosen) if chosen else None
    try:
        operation = actions.set_emergency_address(
            number=number,
            wanted=wanted,
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
            reason=form.cleaned_data["reason"],
        )
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
    except AlreadyUnderWay:
        form.add_error(None, "Another change of this number has not ended yet. Wait for it, then save again.")
        return None
    except EmergencyRefused as refused:
        form.renew()
        form.add_error("address" if wanted else None, str(refused))
        return None
    except Uncertain:
        messages.warning(
            request, "Twilio's answer was lost. Numberdesk looks at Twilio to find out what became of it."
        )
    except TwilioFailure as failure:
        context["failure"] = failure
        form.renew()
        form.add_error("address" if wanted else None, sentence_of(failure))
        return None
    else:
        if operation is None:
            messages.info(request, "Nothing to change: Twilio already has it so.")
        elif wanted:
            messages.success(
                request, "Twilio is registering the address. It counts once it says “Registered”."
            )
        else:
            messages.success(request, "Twilio is removing the emergency address.")
    return go(request, "inventory:number-detail", number.sid)
