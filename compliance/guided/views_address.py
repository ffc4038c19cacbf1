"""The task that gives the address which documents cite."""

from typing import Any

import phonenumbers
from django.contrib import messages
from django.forms.utils import ErrorDict
from django.http import HttpResponse, QueryDict
from django.views.decorators.http import require_http_methods

from compliance.guided import actions
from compliance.guided.draft import Draft
from compliance.guided.inputs import ADDRESS
from compliance.guided.pages import draft_of, explain, task_page, version_of, was_changed_by_another
from compliance.guided.views import came_from_check
from compliance.lint import holder_names
from compliance.matching import fitting_addresses
from inventory.addresses.actions import create_address
from inventory.addresses.forms import AddressForm
from inventory.addresses.refusals import field_of, sentence_of
from inventory.models import Address
from portal.access import Permission, allowed
from portal.http import StaffRequest, go
from portal.numbering import country_name
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.twilio.errors import TwilioFailure, Uncertain


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def bundle_address(request: StaffRequest, sid: str) -> HttpResponse:
    """Choose the address that the documents cite, or enter a new one in place."""
    draft = draft_of(request, sid)
    if not draft.takes_address:
        return go(request, draft.tasks_url)
    country = (
        draft.country if draft.must_be_domestic else request.GET.get("country", "").upper() or draft.country
    )
    names = holder_names(draft.end_user_values)
    rows = fitting_addresses(
        draft.bundle.account, country=draft.country if draft.must_be_domestic else "", names=names
    )
    addresses = sorted(rows, key=lambda row: row.pk != draft.chosen_address)
    can_create = request.access.can(Permission.MANAGE_ADDRESSES, draft.bundle.account_id)
    saved = draft.said(ADDRESS)
    use = request.POST.get("use") or str(saved.get("use") or "") or draft.chosen_address
    form = _address_form(request, draft, country, names)
    if not addresses:
        use = "new"
    context: dict[str, Any] = {
        "addresses": addresses, "form": form, "use": use, "country": country, "can_create": can_create,
        "must_be_domestic": draft.must_be_domestic, "names": names, "answer": draft.answers.get(ADDRESS),
        "comes_from_check": came_from_check(request), "countries": _countries(),
    }  # fmt: skip
    context["version"] = version_of(draft, ADDRESS)
    if request.method != "POST":
        return task_page(request, "bundle_address", draft, context)
    if was_changed_by_another(request, draft, ADDRESS):
        theirs, yours = _name(addresses, str(saved.get("use") or "")), _name(addresses, use)
        context["conflict"] = [("Address", theirs, yours)]
        return task_page(request, "bundle_address", draft, context, status=422)
    if use == "new" and can_create:
        typed = {name: values for name, values in request.POST.lists() if name not in _NOT_TYPED}
        actions.save_answer(
            bundle=draft.bundle, task=ADDRESS, values={"use": "new", "typed": typed}, actor=request.user
        )
        if "later" in request.POST:
            messages.info(request, "Saved for later. Nothing of it was sent to Twilio.")
            return go(request, draft.tasks_url)
        address = _create_address(request, draft, form, context) if form.is_valid() else None
    else:
        address = next((row for row in addresses if row.pk == use), None)
        if address is None:
            context["use_error"] = "Choose an address, or enter a new one"
    if isinstance(address, HttpResponse):
        return address
    if address is None:
        return task_page(request, "bundle_address", draft, context, status=422)
    actions.save_answer(bundle=draft.bundle, task=ADDRESS, values={"use": address.pk}, actor=request.user)
    if came_from_check(request):
        return go(request, "compliance:bundle-check", draft.bundle.pk)
    return go(request, draft_of(request, sid).next_url(ADDRESS))


def _name(addresses: list[Address], use: str) -> str:
    found = next((row for row in addresses if row.pk == use), None)
    return str(found) if found else "A new address" if use == "new" else "nothing"


def _countries() -> list[tuple[str, str]]:
    named = sorted((country_name(iso), iso) for iso in phonenumbers.SUPPORTED_REGIONS)
    return [(iso, name) for name, iso in named]


_NOT_TYPED = frozenset({"csrfmiddlewaretoken", "use", "later", "version"})


def _address_form(request: StaffRequest, draft: Draft, country: str, names: list[str]) -> AddressForm:
    physical = draft.must_be_domestic
    if (request.method == "POST" and request.POST.get("use") == "new") or (
        request.method == "POST" and not request.POST.get("use")
    ):
        return AddressForm(request.POST, country=country, must_be_physical=physical)
    typed = draft.said(ADDRESS).get("typed")
    if typed:
        data = QueryDict(mutable=True)
        for name, values in dict(typed).items():
            data.setlist(name, values)
        form = AddressForm(data, country=country, must_be_physical=physical)
        form._errors = ErrorDict()  # type: ignore[attr-defined]  # as it was typed, not judged yet
        return form
    form = AddressForm(country=country, must_be_physical=physical)
    form.initial["customer_name"] = names[0] if names else ""
    return form


def _create_address(
    request: StaffRequest, draft: Draft, form: AddressForm, context: dict[str, Any]
) -> Address | HttpResponse | None:
    try:
        return create_address(
            account=draft.bundle.account,
            country=form.country,
            values=form.wanted(),
            auto_correct=form.cleaned_data["auto_correct_address"],
            actor=request.user,
            form_key=actions.usable_key(form.cleaned_data["form_key"]),
            reason=form.cleaned_data["reason"],
        )
    except AlreadySent as sent:
        made = Address.objects.filter(pk=sent.operation.target).first()
        if made is None:
            form.renew()
            form.add_error(None, explain(AlreadyUnderWay(sent.operation)))
        return made
    except AlreadyUnderWay as under_way:
        form.renew()
        form.add_error(None, explain(under_way))
    except Uncertain as failure:
        messages.warning(request, explain(failure))
        return go(request, draft.tasks_url)
    except TwilioFailure as failure:
        context["failure"] = failure
        form.renew()
        form.add_error(field_of(failure, set(form.fields)), sentence_of(failure))
    return None
