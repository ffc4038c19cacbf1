from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods

from inventory.bulk.kinds import tasks_for
from inventory.files import actions
from inventory.files.dry_run import DryRun, dry_run
from inventory.files.edits import FIELDS, OURS, title_of
from inventory.files.forms import ImportForm, IntakeForm
from inventory.files.intake import Intake, pieces_of_table, take_in
from inventory.files.report import as_json
from inventory.files.spelling import pieces_of
from inventory.files.tables import Unreadable, lines_of
from inventory.models import NumberFacet, PhoneNumber
from portal.access import Permission, allowed
from portal.batches.asking import NotAllowed
from portal.batches.drafts import draft_context
from portal.http import StaffRequest, go, page
from portal.models import Batch


@require_http_methods(["GET", "POST"])
@allowed(Permission.VIEW)
def number_intake(request: StaffRequest) -> HttpResponse:
    """Numbers from a text or a file: those that are ours become a draft, of the others it is said why."""
    countries = _countries(request)
    form = IntakeForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        countries=countries,
        initial={"country": next(iter(countries), "")},
    )
    context: dict[str, Any] = {"form": form, "can_import": request.access.can(Permission.UPDATE_NUMBER)}
    if request.method == "POST" and form.is_valid():
        rows = request.access.visible(PhoneNumber.objects.all())
        source = "file" if form.cleaned_data["file"] else "numbers"
        try:
            intake = _taken_in(form, request)
            if intake.lines:
                return go(request, actions.choose_numbers(intake, rows, author=request.user))
            if intake.count:
                words = "None of your numbers is in it. What is wrong with each line stands below"
            else:
                words = "There is no number in it"
            form.add_error(source, words)
            context["report"] = as_json(intake.problems)
        except (Unreadable, NotAllowed) as fault:
            form.add_error(source, str(fault))
    status = 422 if form.is_bound else 200
    return page(request, "inventory/files/number_intake.html", context, status=status)


def _taken_in(form: IntakeForm, request: StaffRequest) -> Intake:
    typed = form.cleaned_data
    pieces = pieces_of_table(lines_of(typed["file"])) if typed["file"] else pieces_of(typed["numbers"])
    return take_in(pieces, typed["country"], request.access.visible(PhoneNumber.objects.all()))


def _countries(request: StaffRequest) -> list[str]:
    """Where a person has numbers; the country with the most comes first."""
    facets = request.access.visible(NumberFacet.objects.filter(count__gt=0)).exclude(country="")
    totals = facets.values("country").annotate(total=Sum("count")).order_by("-total", "country")
    return [facet["country"] for facet in totals]


@require_GET
@allowed(Permission.VIEW)
def number_chosen(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """What was found in a text or a file, and what can be done with it."""
    mine = Batch.objects.filter(kind=actions.CHOSEN_NUMBERS, author=request.user)
    batch = get_object_or_404(mine.visible_to(request.access.account_sids()), pk=batch_id)
    context = {
        **draft_context(batch),
        "report": batch.detail["report"],
        "read": batch.detail["count"],
        "tasks": tasks_for(request.access),
    }
    return page(request, "inventory/files/number_chosen.html", context)


@require_http_methods(["GET", "POST"])
@allowed(Permission.UPDATE_NUMBER)
def number_import(request: StaffRequest) -> HttpResponse:
    """An edited export: checked line by line, and shown before and after before anything is done."""
    form = ImportForm(request.POST if request.method == "POST" else None, request.FILES or None)
    context: dict[str, Any] = {
        "form": form,
        "can_import": True,
        "editable": [title_of(key) for key in (*FIELDS, *OURS)],
    }
    if request.method == "POST" and form.is_valid():
        try:
            run = dry_run(
                lines_of(form.cleaned_data["file"]),
                request.access.visible(PhoneNumber.objects.all()),
                may_change=lambda sid: request.access.can(Permission.UPDATE_NUMBER, sid),
            )
            if run.items:
                return go(request, actions.draft_edits(run, author=request.user))
            if not run.problems:
                messages.info(request, _nothing_to_change(run))
                return go(request, "inventory:number-import")
            form.add_error("file", "No line of this file can be used. What is wrong with each stands below")
            context["file"] = actions.report_of(run)
        except (Unreadable, NotAllowed) as fault:
            form.add_error("file", str(fault))
    status = 422 if form.is_bound else 200
    return page(request, "inventory/files/number_import.html", context, status=status)


def _nothing_to_change(run: DryRun) -> str:
    if run.count == 1:
        return "Nothing to change: the line says what is so already."
    return f"Nothing to change: all {run.count:,} lines say what is so already."
