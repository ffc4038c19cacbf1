from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from compliance.mapping.actions import DoesNotFit, MappingChanged, Papers, assign_papers, papers_of
from compliance.mapping.card import card_of, url_of, with_rules
from compliance.mapping.fitting import fit_of_address, needs_address
from compliance.mapping.forms import AssignForm, Choices
from compliance.mapping.offers import (
    MOST_OFFERED,
    Rules,
    address_words,
    bundle_words,
    named,
    usable_addresses,
    usable_bundles,
)
from compliance.mapping.refusals import field_of, sentence_of
from compliance.mapping.words import numbers_words
from compliance.models import Bundle
from compliance.standing import REVIEW_DAYS
from inventory.models import PhoneNumber
from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.twilio.errors import TwilioFailure, Uncertain


@require_http_methods(["GET", "POST"])
@allowed(Permission.ASSIGN_BUNDLES)
def number_assign(request: StaffRequest, sid: str) -> HttpResponse:
    """Which bundle and address a number is mapped to; only those are offered that Twilio would take."""
    rows = PhoneNumber.objects.select_related("account", "address")
    number: PhoneNumber = get_object_or_404(request.access.visible(with_rules(rows)), pk=sid)
    request.access.require(Permission.ASSIGN_BUNDLES, number.account_id)
    context = _context(request, number)
    form: AssignForm = context["form"]
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _assign(request, number, form, context)):
            return answer
    template = "compliance/mapping/number_assign.html"
    return page(request, template, context, fragment="assign", status=status)


def _context(request: StaffRequest, number: PhoneNumber) -> dict[str, Any]:
    text = request.GET.get("q", "").strip()
    card = card_of(number, request.access)
    rules = Rules()
    asked_for = rules.ask_for_bundle(number.country, number.number_type)
    bundles, more_bundles = _bundles(number, card.bundle, asked_for, text)
    addresses, more_addresses = _addresses(number, text)
    papers = papers_of(number)
    form = AssignForm(
        request.POST or None,
        bundles=bundles,
        addresses=addresses,
        about_bundles=_about_bundles(number, asked_for),
        initial={
            "opened_bundle": papers.bundle_sid,
            "opened_address": papers.address_sid,
            "bundle": _first(bundles, papers.bundle_sid),
            "address": _first(addresses, papers.address_sid),
        },
    )
    return {
        "number": number,
        "card": card,
        "form": form,
        "text": text,
        "asked_for": asked_for,
        "has_bundles": any(sid != papers.bundle_sid for sid, _ in bundles if sid),
        "wants_address": needs_address(number),
        "has_addresses": any(sid for sid, _ in addresses),
        "has_more": more_bundles or more_addresses,
        "review_days": REVIEW_DAYS,
        "regulations": rules.of(number.country, number.number_type),
        "kind": numbers_words(number.country, number.number_type),
        "bundle_url": url_of(
            "compliance:bundle-create",
            account=number.account_id,
            country=number.country,
            type=number.number_type,
        ),
        "can_create_bundle": request.access.can(Permission.MANAGE_BUNDLES, number.account_id),
        "can_create_address": request.access.can(Permission.MANAGE_ADDRESSES, number.account_id),
    }


def _about_bundles(number: PhoneNumber, asked_for: bool | None) -> str:
    if asked_for is None:
        return (
            "Approved bundles of this account for numbers of this country. No regulation is named for this "
            "number's type, and Twilio refuses a bundle that does not do."
        )
    return f"Approved bundles of this account for {numbers_words(number.country, number.number_type)}."


def _bundles(
    number: PhoneNumber, current: Bundle | None, asked_for: bool | None, text: str
) -> tuple[Choices, bool]:
    """What is offered, what there is first; and whether there is more than that."""
    rows = usable_bundles(number.account_id, number.country, number.number_type, asked_for=asked_for)
    found = list(named(rows, text)[: MOST_OFFERED + 1])
    offered = [(bundle.pk, bundle_words(bundle)) for bundle in found[:MOST_OFFERED]]
    if not number.bundle_sid:
        kept = [] if asked_for or not offered else [("", "None")]
    elif number.bundle_sid in dict(offered):
        kept = []
    else:
        words = bundle_words(current) if current else number.bundle_sid
        kept = [(number.bundle_sid, f"Leave as it is: {words}")]
    return [*kept, *offered], len(found) > MOST_OFFERED


def _addresses(number: PhoneNumber, text: str) -> tuple[Choices, bool]:
    rows = usable_addresses(number.account_id, number.country, [number.address_requirements])
    found = list(rows.matching(text)[: MOST_OFFERED + 1])
    offered = [(address.pk, address_words(address)) for address in found[:MOST_OFFERED]]
    kept: list[tuple[str, str]] = []
    if number.address_id and number.address_id not in dict(offered):
        fit = fit_of_address(number, number.address)
        words = str(number.address or number.address_id)
        kept = [
            (number.address_id, f"Leave as it is: {words}{', which does not fit' if fit.is_trouble else ''}")
        ]
    return [*kept, *offered], len(found) > MOST_OFFERED


def _first(choices: Choices, current: str) -> str | None:
    """What is chosen beforehand: what there is, or the only one."""
    if current in dict(choices):
        return current
    return choices[0][0] if len(choices) == 1 else None


def _assign(
    request: StaffRequest, number: PhoneNumber, form: AssignForm, context: dict[str, Any]
) -> HttpResponse | None:
    """Carry it out. None when the form is to be shown again, with the reason on it."""
    cleaned = form.cleaned_data
    opened = Papers(cleaned["opened_bundle"], cleaned["opened_address"])
    wanted = Papers(
        cleaned.get("bundle", opened.bundle_sid) or "", cleaned.get("address", opened.address_sid) or ""
    )
    try:
        operation = assign_papers(
            number=number,
            wanted=wanted,
            opened_with=opened,
            actor=request.user,
            form_key=cleaned["form_key"],
            reason=cleaned["reason"],
        )
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
    except AlreadyUnderWay:
        form.add_error(None, "Another change of this number has not ended yet. Wait for it, then save again.")
        return None
    except MappingChanged as changed:
        papers = papers_of(changed.number)
        form.renew(opened_bundle=papers.bundle_sid, opened_address=papers.address_sid)
        context["now"] = changed.number
        context["now_bundle"] = Bundle.objects.filter(pk=papers.bundle_sid).first()
        form.add_error(
            None, "Somebody has mapped this number meanwhile. Look at what it has now, and save again."
        )
        return None
    except DoesNotFit as misfit:
        form.renew()
        form.add_error(misfit.field if misfit.field in form.fields else None, str(misfit))
        return None
    except Uncertain:
        messages.warning(
            request, "Twilio's answer was lost. Numberdesk looks at Twilio to find out what became of it."
        )
    except TwilioFailure as failure:
        context["failure"] = failure
        form.renew()
        field = field_of(failure)
        form.add_error(field if field in form.fields else None, sentence_of(failure))
        return None
    else:
        if operation is None:
            messages.info(request, "Nothing to change: Twilio already has it so.")
        else:
            messages.success(
                request, f"Assigned at Twilio, which now reviews it for up to {REVIEW_DAYS} business days."
            )
    return go(request, "inventory:number-detail", number.sid)
