"""Bundles with a last day, and the update of one, step by step."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from compliance.bundles.actions import NotCompliant, NotEditable, submit_bundle
from compliance.guided.draft import read_draft
from compliance.guided.inputs import Problem
from compliance.labels import end_user_type_name
from compliance.models import Bundle
from compliance.renewals import actions
from compliance.renewals.deadlines import Figures, count_numbers, deadlines, latest_changes, lines_of
from compliance.renewals.filters import DeadlineFilter
from compliance.renewals.forms import ReasonedStepForm, StepForm
from compliance.renewals.preflight import is_clear, is_used_up, preflight
from compliance.renewals.refusals import sentence_of
from compliance.renewals.rules import Deadline, Renewal, Stage, renewal_of
from compliance.renewals.tracker import History, progress_words, steps_of
from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.filtering import applied, chips_of
from portal.freshness import freshness
from portal.http import Elsewhere, StaffRequest, go, page
from portal.listing import Sort, list_page, list_url, read_order, seek
from portal.models import Operation
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.shell import visible_accounts
from portal.twilio.errors import TwilioFailure, Uncertain

DEADLINE_SORTS = (
    Sort("days", "Days left", ("valid_until", "sid")),
    Sort("name", "Name", ("friendly_name", "sid")),
)
FILTERS = ("due", "update", "country", "account")
# The copy can be worked on, so that what is wrong with it leads to where it is put right.
_OPEN = (Stage.DRAFT, Stage.REJECTED)
_CSV = (
    "Bundle (sid)", "Name (friendly_name)", "Account (account_sid)", "Account", "Country", "Type",
    "End user", "Status (status)", "Valid until (valid_until)", "Days left", "Numbers", "Update",
    "Copy (sid)", "What changed",
)  # fmt: skip


@require_GET
@allowed(Permission.VIEW)
def deadline_list(request: StaffRequest) -> HttpResponse:
    rows = request.access.visible(deadlines())
    figures = Figures.of(rows)
    accounts = visible_accounts(request)
    filter_ = DeadlineFilter(request.GET, rows, accounts=accounts, countries=figures.countries)
    listed = filter_.qs.select_related("account", "regulation").defer("payload", "regulation__payload")
    listing = list_page(request, listed, sorts=DEADLINE_SORTS, default_sort="days")
    listing.chips = chips_of(filter_, request.GET)
    context = {
        "list": listing,
        "lines": lines_of(listing.rows),
        "filter": filter_,
        "quick_filters": [(filter_.form[name], applied(filter_, request.GET, name)) for name in FILTERS],
        "figures": [
            (title, count, list_url(request.GET, due=due))
            for title, count, due in (
                ("Overdue", figures.overdue, "overdue"),
                ("Within 7 days", figures.week, "7"),
                ("Within 30 days", figures.month, "30"),
                ("All", figures.total, None),
            )
        ],
        "has_any": figures.total > 0,
        "freshness": freshness("bundles", accounts),
        "can_export": request.access.can(Permission.EXPORT),
        "can_manage": request.access.can(Permission.MANAGE_BUNDLES),
    }
    return page(request, "compliance/renewals/deadline_list.html", context, fragment="deadlines")


@require_GET
@allowed(Permission.EXPORT)
def deadline_export(request: StaffRequest) -> HttpResponseBase:
    """The list as CSV, in its filter and sort."""
    rows = request.access.visible(deadlines(), permission=Permission.EXPORT)
    countries = rows.order_by().values_list("regulation__iso_country", flat=True).distinct()
    filter_ = DeadlineFilter(request.GET, rows, accounts=visible_accounts(request), countries=countries)
    order = read_order(request, DEADLINE_SORTS, default="days")
    listed = filter_.qs.select_related("account", "regulation").defer("payload", "regulation__payload")
    return csv_response("deadlines", _CSV, _cells(seek(listed, order, order.descending, key=())))


@require_GET
@allowed(Permission.VIEW)
def renewal_detail(request: StaffRequest, sid: str) -> HttpResponse:
    """How far the update of a bundle is. The copy's own SID leads to it, too."""
    return _tracker(request, _renewal(request, sid))


@require_POST
@allowed(Permission.MANAGE_BUNDLES)
def renewal_start(request: StaffRequest, sid: str) -> HttpResponse:
    """Make the copy, or find the one there is."""

    def start(renewal: Renewal, form: ReasonedStepForm) -> str:
        operation = actions.start_update(
            bundle=renewal.original,
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
            reason=form.cleaned_data["reason"],
        )
        return "The copy was made and evaluated." if operation else "There is a copy already. Go on with it."

    return _step(request, sid, ReasonedStepForm, start)


@require_POST
@allowed(Permission.MANAGE_BUNDLES)
def renewal_evaluate(request: StaffRequest, sid: str) -> HttpResponse:
    def evaluate(renewal: Renewal, form: StepForm) -> str:
        actions.evaluate_copy(copy=_copy(renewal))
        return "Twilio evaluated the copy just now."

    return _step(request, sid, StepForm, evaluate)


@require_POST
@allowed(Permission.MANAGE_BUNDLES)
def renewal_submit(request: StaffRequest, sid: str) -> HttpResponse:
    def submit(renewal: Renewal, form: StepForm) -> str:
        submit_bundle(bundle=_copy(renewal), actor=request.user, form_key=form.cleaned_data["form_key"])
        return "The copy was submitted for review."

    return _step(request, sid, StepForm, submit)


@require_POST
@allowed(Permission.MANAGE_BUNDLES)
def renewal_replace(request: StaffRequest, sid: str) -> HttpResponse:
    """Give the bundle the items of the copy, and delete the copy, which has none then."""

    def replace(renewal: Renewal, form: ReasonedStepForm) -> str:
        copy, reason = _copy(renewal), form.cleaned_data["reason"]
        actions.replace_items(
            bundle=renewal.original,
            copy=copy,
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
            reason=reason,
        )
        try:
            actions.delete_copy(copy=copy, actor=request.user, reason=reason)
        except (TwilioFailure, AlreadyUnderWay) as failure:
            words = sentence_of(failure) if isinstance(failure, TwilioFailure) else str(failure)
            return f"The items were replaced. The copy is still there: {words}"
        return "The items were replaced and the copy was deleted. The bundle has no last day any more."

    return _step(request, sid, ReasonedStepForm, replace)


@require_POST
@allowed(Permission.MANAGE_BUNDLES)
def renewal_delete(request: StaffRequest, sid: str) -> HttpResponse:
    """Delete the copy that was used up."""

    def delete(renewal: Renewal, form: StepForm) -> str:
        actions.delete_copy(copy=_copy(renewal), actor=request.user, form_key=form.cleaned_data["form_key"])
        return "The copy was deleted."

    return _step(request, sid, StepForm, delete)


@require_POST
@allowed(Permission.REFRESH)
def renewal_refresh(request: StaffRequest, sid: str) -> HttpResponse:
    """Read the bundle and its copy from Twilio now."""
    renewal = _renewal(request, sid)
    request.access.require(Permission.REFRESH, renewal.original.account_id)
    try:
        actions.read_update(bundle=renewal.original)
        if renewal.copy and not renewal.copy.missing_since:
            actions.read_update(bundle=renewal.copy)
    except TwilioFailure as failure:
        messages.error(request, sentence_of(failure))
    else:
        messages.success(request, "Read from Twilio just now.")
    return go(request, "compliance:renewal-detail", renewal.original.pk)


def _renewal(request: StaffRequest, sid: str) -> Renewal:
    """The update of a bundle that the person may see; one that has none, or never had, stands at nothing."""
    rows = Bundle.objects.select_related("account", "regulation")
    bundle: Bundle = get_object_or_404(request.access.visible(rows), pk=sid)
    renewal = renewal_of(bundle)
    if renewal is None:
        return Renewal(bundle, None, Stage.NONE, None)
    if renewal.original.pk != sid:
        raise Elsewhere(renewal.url)
    return renewal


def _copy(renewal: Renewal) -> Bundle:
    """The copy that a step is about. NotEditable's page says what is when there is none any more."""
    if renewal.copy is None or renewal.copy.missing_since:
        raise Elsewhere(renewal.url)
    return renewal.copy


def _step(
    request: StaffRequest, sid: str, form_class: type[Any], take: Callable[[Renewal, Any], str]
) -> HttpResponse:
    """Take a step and lead back to the tracker; where it is refused, the tracker says why."""
    renewal = _renewal(request, sid)
    request.access.require(Permission.MANAGE_BUNDLES, renewal.original.account_id)
    form = form_class(request.POST)
    if not form.is_valid():
        return _tracker(request, renewal, refusal="This form was not sent as it stood here. Try again.")
    try:
        words = take(renewal, form)
    except AlreadySent as sent:
        messages.info(request, _about(sent.operation))
    except AlreadyUnderWay:
        return _refused(request, sid, "Another change of it has not ended yet. Look again in a moment.")
    except actions.NotRenewable:
        return _refused(request, sid, "It is not approved any more, or has no last day any more.")
    except NotEditable:
        return _refused(request, sid, "The copy is neither a draft nor rejected any more.")
    except NotCompliant:
        return _refused(request, sid, "Twilio's evaluation finds something missing. It was not submitted.")
    except actions.NotReady:
        return _refused(request, sid, "Something stands against it, as the list says. Nothing was sent.")
    except TwilioFailure as failure:
        return _refused(request, sid, sentence_of(failure), failure)
    else:
        messages.success(request, words)
    return go(request, "compliance:renewal-detail", renewal.original.pk)


def _refused(
    request: StaffRequest, sid: str, words: str, failure: TwilioFailure | None = None
) -> HttpResponse:
    """The tracker as it is now, with the reason."""
    is_lost = isinstance(failure, Uncertain)
    return _tracker(request, _renewal(request, sid), refusal=words, failure=failure, is_lost=is_lost)


def _about(operation: Operation) -> str:
    match operation.state:
        case Operation.State.DONE:
            return "This was done before. Nothing was sent twice."
        case Operation.State.REFUSED:
            return f"This was sent before and refused: {operation.words}"
        case _:
            return "This was sent before, and Twilio's answer is not known yet."


def _tracker(
    request: StaffRequest,
    renewal: Renewal,
    *,
    refusal: str = "",
    failure: TwilioFailure | None = None,
    is_lost: bool = False,
) -> HttpResponse:
    original, copy = renewal.original, renewal.copy
    changes = latest_changes([original.regulation] if original.regulation else [])
    change = next(iter(changes.values()), None)
    changed_at = change.seen_at if change else None
    history = History.of(renewal, changed_at=changed_at)
    steps = steps_of(renewal, history)
    is_approved = copy is not None and renewal.stage == Stage.APPROVED
    checks = preflight(original, copy, changed_at=changed_at) if copy and is_approved else []
    until = original.valid_until
    context = {
        "renewal": renewal,
        "bundle": original,
        "copy": copy,
        "deadline": Deadline.of(until, changed_at) if until else None,
        "change": change,
        "steps": steps,
        "progress": progress_words(steps),
        "evaluation": history.evaluation,
        "is_evaluation_old": history.is_evaluation_old,
        "problems": _problems(copy) if copy and renewal.stage in _OPEN else [],
        "checks": checks,
        "is_clear": is_clear(checks),
        "is_used_up": is_used_up(checks),
        "is_sure": all(check.verdict == "ok" for check in checks),
        "numbers": count_numbers(original.pk),
        "open_operation": history.open_operation,
        "form": ReasonedStepForm(),
        "expected_hours": settings.REVIEW_EXPECTED_HOURS,
        "escalation_hours": settings.REVIEW_ESCALATION_HOURS,
        "refusal": refusal,
        "failure": failure,
        "is_lost": is_lost,
        "can_manage": request.access.can(Permission.MANAGE_BUNDLES, original.account_id),
        "freshness": freshness("bundles", [original.account]).or_read_at(_read_at(original, copy)),
    }
    status = 422 if refusal else 200
    template = "compliance/renewals/renewal_detail.html"
    return page(request, template, context, fragment="renewal", status=status)


def _problems(copy: Bundle) -> list[tuple[str, Problem]]:
    """What is to be put right in a copy, each with the task it belongs to."""
    return [(task.name, problem) for task in read_draft(copy).tasks for problem in task.problems]


def _read_at(original: Bundle, copy: Bundle | None) -> datetime:
    """When the older of the two was read by itself."""
    read = [one.items_read_at or one.synced_at for one in (original, copy) if one and not one.missing_since]
    return min(read, default=original.synced_at)


def _cells(rows: Any) -> Iterator[list[Any]]:
    for bundles in _chunks(rows.iterator(chunk_size=500)):
        for line in lines_of(bundles):
            bundle, regulation, copy = line.bundle, line.bundle.regulation, line.renewal.copy
            assert bundle.valid_until
            yield [
                bundle.pk, bundle.friendly_name, bundle.account_id, bundle.account.friendly_name,
                regulation.iso_country if regulation else "", regulation.number_type if regulation else "",
                end_user_type_name(regulation.end_user_type) if regulation else "", bundle.status,
                bundle.valid_until.isoformat(), line.deadline.words, line.numbers, line.renewal.label.word,
                copy.pk if copy else "",
                " ".join(one.sentence for one in line.change.differences) if line.change else "",
            ]  # fmt: skip


def _chunks(rows: Iterator[Bundle]) -> Iterator[list[Bundle]]:
    chunk: list[Bundle] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == 500:
            yield chunk
            chunk = []
    yield chunk
