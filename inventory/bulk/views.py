from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory.bulk import actions
from inventory.bulk.change import Change
from inventory.bulk.forms import ChangeForm, PresetForm
from inventory.bulk.kinds import TASKS, UPDATE_NUMBERS
from inventory.filters import number_filter
from inventory.models import ConfigurationPreset, PhoneNumber
from inventory.querysets import PhoneNumberQuerySet
from portal.access import Permission, allowed
from portal.batches import asking
from portal.batches.asking import NotAllowed
from portal.batches.drafts import ITEM_SORTS, confirm_draft, draft_context, keep_ticks, own_draft
from portal.batches.forms import ReasonForm
from portal.http import StaffRequest, go, page
from portal.listing import list_page
from portal.models import Batch
from portal.shell import visible_accounts


@require_POST
@allowed(Permission.VIEW)
def number_select(request: StaffRequest) -> HttpResponse:
    """Freeze the ticked numbers, or all that match the list, and go on to what is to be done with them."""
    query = request.POST.get("query", "").removeprefix("?")
    back = f"{reverse('inventory:number-list')}{'?' if query else ''}{query}"
    task = TASKS.get(request.POST.get("do", ""))
    if task is None:
        messages.error(request, "Choose what to do with the numbers.")
        return redirect(back)
    rows = _selected(request, query)
    rows = request.access.visible(rows, permission=task.permission)
    try:
        batch = actions.freeze_numbers(rows, kind=task.kind, author=request.user, draft_view=task.draft_view)
    except NotAllowed as reason:
        messages.error(request, str(reason))
        return redirect(back)
    return redirect(batch)


def _selected(request: StaffRequest, query: str) -> PhoneNumberQuerySet:
    if request.POST.get("all"):
        filter_ = number_filter(request, QueryDict(query))
        if filter_.is_about_missing:
            return PhoneNumber.objects.none()
        matching: PhoneNumberQuerySet = filter_.qs.filter(filter_.facets)
        return matching.present()
    sids = [sid for sid in request.POST.getlist("sid") if sid.isalnum()]
    return PhoneNumber.objects.present().filter(pk__in=sids)


@require_http_methods(["GET", "POST"])
@allowed(Permission.UPDATE_NUMBER)
def bulk_change(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """What to set on the numbers of a draft."""
    batch = own_draft(request, batch_id, UPDATE_NUMBERS)
    if "file" in batch.detail:  # each number has a change of its own
        return redirect(batch)
    presets = _presets_for(batch.account_sids)
    change = Change.from_json(batch.detail.get("change", {}))
    if chosen := request.GET.get("preset"):
        preset = next((preset for preset in presets if str(preset.pk) == chosen), None)
        change = Change.from_json(preset.change) if preset else change
    form = ChangeForm(request.POST or None, account_sids=batch.account_sids, change=change)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            actions.set_change(batch, form.change())
            return go(request, "inventory:bulk-preview", batch.pk)
        status = 422
    context = {
        **draft_context(batch),
        "form": form,
        "presets": presets,
        "chosen_preset": request.GET.get("preset", ""),
    }
    return page(request, "inventory/bulk_change.html", context, fragment="change", status=status)


@require_http_methods(["GET", "POST"])
@allowed(Permission.UPDATE_NUMBER)
def bulk_preview(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Before and after of every number; rows can be left out; then it is done."""
    batch = own_draft(request, batch_id, UPDATE_NUMBERS)
    if "change" not in batch.detail:
        return redirect("inventory:bulk-change", batch.pk)
    if turned := keep_ticks(request, batch):
        return turned
    form = ReasonForm(request.POST or None)
    if confirmed := confirm_draft(request, batch, form):
        actions.forget_file(batch)
        return confirmed
    listing = list_page(
        request, batch.items.select_related("account"), sorts=ITEM_SORTS, default_sort="position"
    )
    context = {
        **draft_context(batch),
        "list": listing,
        "form": form,
        "tally": batch.tally(),
        "change": actions.describe(Change.from_json(batch.detail["change"])),
        "needs_approval": asking.needs_approval(batch),
    }
    status = 422 if form.errors else 200
    return page(request, "inventory/bulk_preview.html", context, fragment="preview", status=status)


@require_POST
@allowed(Permission.VIEW)
def bulk_discard(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    batch = get_object_or_404(Batch, pk=batch_id, author=request.user)
    asking.discard(batch, actor=request.user)
    if Batch.objects.filter(pk=batch.pk).exists():
        messages.info(request, "This was confirmed before. It can be stopped, not discarded.")
        return go(request, "batch-detail", batch.pk)
    messages.success(request, "Nothing was changed.")
    return go(request, "inventory:number-list")


def _presets_for(account_sids: list[str]) -> list[ConfigurationPreset]:
    presets = ConfigurationPreset.objects.select_related("account")
    only = account_sids[0] if len(account_sids) == 1 else None
    return [preset for preset in presets if preset.account_id in (None, only)]


@require_GET
@allowed(Permission.UPDATE_NUMBER)
def preset_list(request: StaffRequest) -> HttpResponse:
    presets = _visible_presets(request)
    lines = [(preset, actions.describe(Change.from_json(preset.change))) for preset in presets]
    return page(request, "inventory/preset_list.html", {"presets": lines})


@require_http_methods(["GET", "POST"])
@allowed(Permission.UPDATE_NUMBER)
def preset_create(request: StaffRequest) -> HttpResponse:
    return _edit_preset(request, None)


@require_http_methods(["GET", "POST"])
@allowed(Permission.UPDATE_NUMBER)
def preset_edit(request: StaffRequest, preset_id: int) -> HttpResponse:
    return _edit_preset(request, _visible_preset(request, preset_id))


@require_POST
@allowed(Permission.UPDATE_NUMBER)
def preset_delete(request: StaffRequest, preset_id: int) -> HttpResponse:
    _visible_preset(request, preset_id).delete()
    messages.success(request, "The preset is gone. Numbers that were set with it stay as they are.")
    return go(request, "inventory:preset-list")


def _edit_preset(request: StaffRequest, preset: ConfigurationPreset | None) -> HttpResponse:
    accounts = [
        account
        for account in visible_accounts(request)
        if request.access.can(Permission.UPDATE_NUMBER, account.pk)
    ]
    form = PresetForm(
        request.POST or None, accounts=accounts, preset=preset, account_sid=request.GET.get("account")
    )
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                actions.save_preset(
                    preset,
                    name=form.cleaned_data["name"],
                    account_sid=form.cleaned_data["account"] or None,
                    change=form.change(),
                    author=request.user,
                )
            except actions.NameTaken:
                form.add_error("name", "There is a preset of this name already")
            else:
                messages.success(request, "Saved.")
                return go(request, "inventory:preset-list")
        status = 422
    context = {"form": form, "preset": preset}
    return page(request, "inventory/preset_edit.html", context, fragment="preset", status=status)


def _visible_presets(request: StaffRequest) -> list[ConfigurationPreset]:
    presets = ConfigurationPreset.objects.select_related("account", "author")
    sids = request.access.account_sids(Permission.UPDATE_NUMBER)
    return [preset for preset in presets if sids is None or preset.account_id in (None, *sids)]


def _visible_preset(request: StaffRequest, preset_id: int) -> ConfigurationPreset:
    visible = [preset.pk for preset in _visible_presets(request)]
    return get_object_or_404(ConfigurationPreset, pk__in=visible, id=preset_id)
