"""The pages on which a draft is filled in. Every press of Continue saves, whatever is still wrong with it."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from compliance.models import Bundle
from inventory.models import Address
from portal.access import Permission, allowed
from portal.files import NotThere
from portal.http import StaffRequest, go, with_query
from portal.operations import AlreadyUnderWay
from portal.secrets import CannotDecrypt
from portal.twilio.errors import TwilioFailure
from porting.drafting import actions
from porting.drafting.forms import BillForm, TaskForm, WhenForm, labels_of
from porting.drafting.forms_details import DetailsForm
from porting.drafting.pages import draft_of, draft_page, led_on
from porting.drafting.progress import BILL, DETAILS, WHEN, read_progress
from porting.drafting.zones import zones_for
from porting.models import PortInDraft
from porting.portin import drafts
from porting.portin.actions import upload_bill
from porting.portin.dates import proposed_date, unknown_holidays, warning_of

MakeForm = Callable[..., TaskForm]


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def draft_bill(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The utility bill and its date; Twilio gets the file as soon as both are right."""
    draft = draft_of(request, pk)
    actions.note_shown(draft=draft, actor=request.user)
    today = timezone.now().date()
    if request.method == "GET":
        form = BillForm.shown(draft, BILL, today=today)
        return draft_page(request, "draft_bill", draft, {"form": form})
    form = BillForm(draft, request.POST, request.FILES, today=today)
    is_good = form.is_valid()
    assert isinstance(form, BillForm)
    if form.cleaned_data.get("bill"):
        with led_on():
            draft = actions.keep_bill(draft=draft, file=form.file, actor=request.user)
        form.fields["bill"].widget.kept = draft.bill
    if answer := _save(request, draft, form, BILL, is_good):
        return answer
    if not is_good:
        return draft_page(request, "draft_bill", draft, {"form": form}, status=422)
    draft = drafts.fetch_draft(draft)
    try:
        draft = upload_bill(draft=draft, actor=request.user)
    except AlreadyUnderWay:
        form.add_error("bill", "It is being uploaded already. Wait a moment, then press Continue")
    except (NotThere, CannotDecrypt):
        form.add_error("bill", "The utility bill was not kept. Select it again")
    except TwilioFailure as failure:
        form.add_error("bill", f"Kept here, and not at Twilio yet. {failure.words}")
        return draft_page(request, "draft_bill", draft, {"form": form, "failure": failure}, status=422)
    if form.errors:
        return draft_page(request, "draft_bill", draft, {"form": form}, status=422)
    return _go_on(request, draft)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def draft_details(request: StaffRequest, pk: UUID) -> HttpResponse:
    """What the losing carrier knows of its customer, typed beside the bill and compared with it (L10)."""
    draft = draft_of(request, pk)
    actions.note_shown(draft=draft, actor=request.user)
    context = {"can_create": request.access.can(Permission.MANAGE_ADDRESSES, draft.account_id)}
    return _task(request, draft, DETAILS, DetailsForm, {"addresses": _addresses(draft)}, context)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def draft_when(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Target date, window, who is notified, and a bundle where one is asked for."""
    draft = draft_of(request, pk)
    actions.note_shown(draft=draft, actor=request.user)
    today = timezone.now().date()
    about = {
        "today": today,
        "proposed": proposed_date(draft.country, today),
        "zones": zones_for(draft.country, draft.numbers[0]),
        "bundles": _bundles(draft),
        "email": request.user.email,
    }
    held = draft.said.get("target_date")
    warning = warning_of(date.fromisoformat(held), draft.country) if held else ""
    context = {"warning": warning, "note": unknown_holidays(draft.country, today), "held": held}
    return _task(request, draft, WHEN, WhenForm, about, context)


def _task(
    request: StaffRequest,
    draft: PortInDraft,
    name: str,
    form_class: type[TaskForm],
    about: Mapping[str, Any],
    context: Mapping[str, Any],
) -> HttpResponse:
    template = f"draft_{name}"
    if request.method == "GET":
        form = form_class.shown(draft, name, **about)
        if isinstance(form, DetailsForm):
            form.choose_address(request.GET.get("address", ""))
        return draft_page(request, template, draft, {**context, "form": form})
    form = form_class(draft, request.POST, request.FILES, **about)
    is_good = form.is_valid()
    if answer := _save(request, draft, form, name, is_good):
        return answer
    draft = drafts.fetch_draft(draft)
    if not is_good:
        return draft_page(request, template, draft, {**context, "form": form}, status=422)
    return _go_on(request, draft)


def _save(
    request: StaffRequest, draft: PortInDraft, form: TaskForm, name: str, is_good: bool
) -> HttpResponse | None:
    """Keep what is good of it and, where something is not, all of it as it was typed."""
    typed = {key: value for key, value in draft.said.get("typed", {}).items() if key != name}
    if not is_good:
        typed[name] = form.typed()
    answers = form.answers()
    opened = request.POST.get("version", "")
    try:
        with led_on():
            drafts.save_draft(
                draft=draft,
                values={**answers, "typed": typed or None},
                actor=request.user,
                version=int(opened) if opened.isdecimal() else None,
            )
    except drafts.ChangedMeanwhile as conflict:
        labels = labels_of(form)
        changed = [
            (labels[key], conflict.draft.said.get(key), value)
            for key, value in answers.items()
            if key in labels and conflict.draft.said.get(key) not in (None, value)
        ]
        form.renew(conflict.draft)
        context = {"form": form, "conflict": changed, "answer": drafts.fetch_draft(conflict.draft)}
        return draft_page(request, f"draft_{name}", conflict.draft, context, status=422)
    if request.POST.get("later") == "address":
        query = {"account": draft.account_id, "country": draft.country, "next": request.get_full_path()}
        return go(request, with_query(reverse("inventory:address-create"), **query))
    if "later" in request.POST:
        messages.info(request, "Saved for later. Nothing is filed.")
        return go(request, draft)
    return None


def _go_on(request: StaffRequest, draft: PortInDraft) -> HttpResponse:
    """To the next page with something to do; Change on the page with the answers comes straight back."""
    progress = read_progress(draft)
    return go(request, progress.page_url("check") if "check" in request.GET else progress.next_url)


def _addresses(draft: PortInDraft) -> list[tuple[str, str]]:
    rows = Address.objects.present().filter(account=draft.account_id, iso_country=draft.country)[:200]
    return [(row.pk, f"{row.customer_name}: {', '.join(row.lines)}") for row in rows]


def _bundles(draft: PortInDraft) -> list[tuple[str, str]]:
    """Approved bundles for the country, by name; Twilio refuses any other (22170)."""
    rows = Bundle.objects.present().filter(account=draft.account_id, status=Bundle.Status.APPROVED)
    rows = rows.filter(regulation__iso_country=draft.country).order_by("friendly_name", "sid")[:200]
    return [(row.pk, str(row)) for row in rows]
