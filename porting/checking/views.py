"""Check numbers: paste or upload them, see what Twilio answers, prepare the requests that follow (L1, L7)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory.files.intake import pieces_of_table
from inventory.files.report import as_json
from inventory.files.spelling import pieces_of
from inventory.files.tables import Line, Unreadable, lines_of
from portal.access import Permission, allowed
from portal.batches import asking
from portal.csv_files import csv_response
from portal.http import StaffRequest, go, page
from portal.labels import BATCH_STATES, label_for
from portal.listing import Count, Sort, list_page, list_url
from portal.models import Batch, TwilioAccount
from porting.accounts import porting_accounts
from porting.checking import actions
from porting.checking.forms import CheckForm
from porting.checking.results import (
    SHOWN,
    lines_for_export,
    outcome_of,
    read_by,
    rows_of,
    tally_of,
)
from porting.drafting.progress import read_progress
from porting.hosting.eligibility.intake import Intake, take_in
from porting.models import AccountFeature
from porting.portin.splitter import By

_POSITION = (Sort("position", "Position", ("position",)),)
_CARRIER_NAMES = {"carrier", "losing carrier", "provider", "operator"}
_RECENT = 5


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def check_create(request: StaffRequest) -> HttpResponse:
    """Numbers from a text or a file. What cannot be used is said at once, and the rest is asked about."""
    accounts = porting_accounts(request)
    features = AccountFeature.objects.filter(
        feature=AccountFeature.Feature.PORTING, is_available=False, account__in=accounts
    )
    kept_out = {feature.account_id: feature.words for feature in features}
    usable = [account.pk for account in accounts if account.pk not in kept_out]
    form = CheckForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        accounts=accounts,
        kept_out=kept_out,
        initial={"country": "US", "account": request.GET.get("account") or next(iter(usable), None)},
    )
    context: dict[str, Any] = {
        "form": form,
        "accounts": accounts,
        "kept_out": [(account, kept_out[account.pk]) for account in accounts if account.pk in kept_out],
        "recent": [(batch, label_for(BATCH_STATES, batch.state)) for batch in _checks(request)[:_RECENT]],
    }
    if request.method == "POST" and form.is_valid():
        source = "file" if form.cleaned_data["file"] else "numbers"
        try:
            intake, carriers = _taken_in(form)
            if intake.lines:
                account = next(one for one in accounts if one.pk == form.cleaned_data["account"])
                batch = actions.start_check(
                    account=account, intake=intake, carriers=carriers, author=request.user
                )
                return go(request, "porting:check-detail", batch.pk)
            form.add_error(source, "There is no number in it that Twilio can be asked about")
            context["report"] = as_json(intake.problems)
        except Unreadable as fault:
            form.add_error(source, str(fault))
    status = 422 if form.is_bound else 200
    return page(request, "porting/checking/check_create.html", context, status=status)


@require_GET
@allowed(Permission.MANAGE_PORTING)
def check_detail(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """How far the check is, every number's answer, and once it has ended the requests that follow."""
    batch = _check(request, batch_id)
    tally = tally_of(batch)
    shown = request.GET.get("show", "")
    items = batch.items.select_related("number_check")
    if shown in SHOWN:
        items = items.filter(SHOWN[shown][1])
    count = Count(tally.answers.get(shown, tally.total))
    listing = list_page(request, items, sorts=_POSITION, default_sort="position", count=count)
    by = read_by(request.GET.getlist("by")) if "split" in request.GET else list(By)
    context: dict[str, Any] = {
        "batch": batch,
        "account": get_object_or_404(TwilioAccount, pk=batch.account_sids[0]),
        "label": label_for(BATCH_STATES, batch.state),
        "total": tally.total,
        "ended": tally.ended,
        "share": tally.share,
        "again": tally.again,
        "tally": [
            (SHOWN[name][0], n, name == shown, list_url(request.GET, show=None if name == shown else name))
            for name, n in tally.answers.items()
            if n
        ],
        "shown": shown,
        "list": listing,
        "rows": rows_of(listing.rows, request.access),
        "report": batch.detail["report"],
        "by": by,
        "criteria": [(one, one in by) for one in By],
        "outcome": outcome_of(batch, by) if batch.has_ended else None,
    }
    is_polled = request.htmx and not batch.is_at_work
    return page(
        request,
        "porting/checking/check_detail.html",
        context,
        fragment="check",
        status=286 if is_polled else 200,
    )


@require_POST
@allowed(Permission.MANAGE_PORTING)
def check_prepare(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """A draft for each request that was chosen, without the numbers that are left out."""
    batch = _check(request, batch_id)
    drafts = actions.prepare_drafts(
        batch=batch,
        by=read_by(request.POST.getlist("by")),
        wanted=set(request.POST.getlist("request")),
        left_out=set(request.POST.getlist("out")),
        actor=request.user,
    )
    if not drafts:
        messages.error(request, "No number is left for this request. Leave fewer of them out.")
        return go(request, "porting:check-detail", batch.pk)
    if len(drafts) > 1:
        messages.success(request, f"{len(drafts)} requests are prepared. Fill in and file each.")
        return go(request, "porting:draft-list")
    return go(request, read_progress(drafts[0]).next_url)


@require_POST
@allowed(Permission.MANAGE_PORTING)
def check_stop(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Ask about no further numbers. What is known already stays."""
    asking.stop(_check(request, batch_id))
    return go(request, "porting:check-detail", batch_id)


@require_POST
@allowed(Permission.MANAGE_PORTING)
def check_again(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Ask once more about the numbers that nothing is known of."""
    again = asking.retry(_check(request, batch_id))
    if not again:
        messages.info(request, "Every number is checked.")
    return go(request, "porting:check-detail", batch_id)


@require_GET
@allowed(Permission.EXPORT)
def check_export(request: StaffRequest, batch_id: UUID) -> HttpResponseBase:
    batch = _check(request, batch_id)
    header = [
        "Number (phone_number)", "Answer (answer)", "Portable (portable)",
        "PIN and account needed (pin_and_account_number_required)", "Type (number_type)", "Country (country)",
        "Code (not_portable_reason_code)", "What to do (next_step)",
    ]  # fmt: skip
    return csv_response("portability", header, lines_for_export(batch))


def _checks(request: StaffRequest) -> Any:
    accounts = request.access.account_sids(Permission.MANAGE_PORTING)
    checks = Batch.objects.filter(kind=actions.CHECK_NUMBERS).visible_to(accounts)
    return checks.asked_for().select_related("author")


def _check(request: StaffRequest, batch_id: UUID) -> Batch:
    batch: Batch = get_object_or_404(_checks(request), pk=batch_id)
    return batch


def _taken_in(form: CheckForm) -> tuple[Intake, dict[str, str]]:
    """The numbers, and the losing carriers that the list names."""
    typed = form.cleaned_data
    if not typed["file"]:
        return take_in(pieces_of(typed["numbers"]), typed["country"]), {}
    lines = list(lines_of(typed["file"]))
    intake = take_in(pieces_of_table(iter(lines)), typed["country"])
    by_line = _carriers(lines)
    return intake, {number: by_line[line] for number, line in intake.lines.items() if by_line.get(line)}


def _carriers(lines: Iterable[Line]) -> dict[int, str]:
    """The carrier that each line names, where the first line has a column for it."""
    rows = list(lines)
    titles = [cell.strip().lower().partition("(")[0].strip() for cell in rows[0][1]]
    column = next((index for index, title in enumerate(titles) if title in _CARRIER_NAMES), None)
    if column is None:
        return {}
    return {line: " ".join(cells[column].split())[:100] for line, cells in rows[1:] if column < len(cells)}
