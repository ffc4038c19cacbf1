"""Which numbers Twilio can host: ask about up to a thousand, see what each needs next, order the eligible."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory.files.intake import pieces_of_table
from inventory.files.report import as_json
from inventory.files.spelling import pieces_of
from inventory.files.tables import Unreadable, lines_of
from inventory.models import ConfigurationPreset
from portal.access import Permission, allowed
from portal.batches.asking import NotAllowed
from portal.csv_files import csv_response
from portal.http import StaffRequest, go, page
from portal.labels import Label, Labels, label_for
from portal.models import Batch, TwilioAccount
from porting.accounts import kept_out, porting_accounts
from porting.hosting.contacts import addresses_of
from porting.hosting.eligibility import actions
from porting.hosting.eligibility.forms import CheckForm
from porting.hosting.eligibility.groups import groups_of
from porting.hosting.eligibility.intake import Intake, take_in
from porting.hosting.eligibility.next_steps import SUPPORT_MAIL, reason_words
from porting.hosting.ordering.actions import ORDER_NUMBERS, order_eligible, orderable
from porting.hosting.ordering.forms import OrderForm
from porting.models import AccountFeature, EligibilityCheck, HostedOrder

CHECK_STATES: Labels = {
    "waiting": Label("Waiting", "wait"),
    "running": Label("At Twilio", "wait"),
    "done": Label("Checked", "ok"),
    "failed": Label("Failed", "bad"),
}
_RECENT = 10


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def eligibility_create(request: StaffRequest) -> HttpResponse:
    """Numbers from a text or a file. What cannot be used is said at once, and the rest is asked about."""
    accounts, closed = porting_accounts(request), kept_out(request, AccountFeature.Feature.HOSTING)
    unavailable = {feature.account_id: feature.words for feature in closed}
    form = CheckForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        accounts=accounts,
        unavailable=unavailable,
        initial=_proposed(request, accounts, unavailable),
    )
    context: dict[str, Any] = {
        "form": form,
        "kept_out": closed,
        "none_open": all(account.pk in unavailable for account in accounts),
        "checks": [
            (check, label_for(CHECK_STATES, check.state))
            for check in _visible(request).defer("report")[:_RECENT]
        ],
    }
    if request.method == "POST" and form.is_valid():
        source = "file" if form.cleaned_data["file"] else "numbers"
        try:
            intake = _taken_in(form)
            if intake.lines:
                return go(request, _begun(request, form, accounts, intake))
            form.add_error(source, "There is no number in it that Twilio can be asked about")
            context["report"] = as_json(intake.problems)
        except Unreadable as fault:
            form.add_error(source, str(fault))
    status = 422 if form.is_bound else 200
    return page(request, "porting/hosting/eligibility_create.html", context, status=status)


@require_GET
@allowed(Permission.VIEW)
def eligibility_detail(request: StaffRequest, check_id: UUID) -> HttpResponse:
    check = visible_check(request, check_id)
    form = _order_form(request, check) if _may_order(request, check) else None
    return _show(request, check, form)


@require_POST
@allowed(Permission.MANAGE_PORTING)
def eligibility_again(request: StaffRequest, check_id: UUID) -> HttpResponse:
    """Check numbers of a group once more: as they are, corrected, or for another account."""
    check = visible_check(request, check_id)
    accounts = {account.pk: account for account in porting_accounts(request)}
    account = accounts.get(request.POST.get("account", "") or check.account_id)
    if account is None:
        messages.error(request, "Choose an account.")
        return go(request, check)
    try:
        intake = take_in(pieces_of(request.POST.get("numbers", "")), "US")
        key = UUID(request.POST.get("form_key", ""))
    except (Unreadable, ValueError):
        intake, key = Intake(), uuid4()
    if not intake.lines:
        messages.error(request, "There is no number in it that Twilio can be asked about.")
        return go(request, check)
    made = actions.begin_check(
        account=account, numbers=list(intake.lines), problems=intake.problems, key=key, actor=request.user
    )
    return go(request, made)


@require_POST
@allowed(Permission.MANAGE_PORTING)
def order_create(request: StaffRequest, check_id: UUID) -> HttpResponse:
    """Order all numbers of a check that can be ordered, in one batch."""
    check = visible_check(request, check_id)
    request.access.require(Permission.MANAGE_PORTING, check.account_id)
    form = _order_form(request, check, request.POST)
    if not form.is_valid():
        return _show(request, check, form, status=422)
    typed = form.cleaned_data
    try:
        batch = order_eligible(
            check=check,
            key=typed["form_key"],
            terms={
                "address_sid": typed["address"],
                "email": typed["email"],
                "cc_emails": typed["cc_emails"],
                "contact_phone_number": typed["contact_phone_number"],
                "contact_title": typed["contact_title"],
            },
            setup=form.setup,
            actor=request.user,
            reason=typed["reason"],
        )
    except NotAllowed as reason:
        messages.error(request, str(reason))
        return go(request, check)
    return go(request, batch)


@require_GET
@allowed(Permission.MANAGE_PORTING)
def order_draft(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """A batch that was not confirmed goes on where its numbers were checked."""
    batch = get_object_or_404(Batch, pk=batch_id, kind=ORDER_NUMBERS, author=request.user)
    return go(request, visible_check(request, UUID(batch.detail["check"])))


@require_GET
@allowed(Permission.EXPORT)
def eligibility_export(request: StaffRequest, check_id: UUID) -> HttpResponseBase:
    check = visible_check(request, check_id)
    request.access.require(Permission.EXPORT, check.account_id)
    header = [
        "Number (phone_number)", "Eligible (eligibility_status)", "Why (eligibility_sub_status)",
        "Reason (ineligibility_reason)", "Next step (next_step)", "Type (phone_number_type)",
        "Verified caller ID (caller_id)",
    ]  # fmt: skip
    return csv_response("eligibility", header, _csv_lines(check))


def visible_check(request: StaffRequest, check_id: UUID) -> EligibilityCheck:
    check: EligibilityCheck = get_object_or_404(_visible(request), pk=check_id)
    return check


def _visible(request: StaffRequest) -> Any:
    checks = EligibilityCheck.objects.visible_to(request.access.account_sids())
    return checks.select_related("account", "author")


def _show(
    request: StaffRequest, check: EligibilityCheck, form: OrderForm | None, *, status: int = 200
) -> HttpResponse:
    groups = groups_of(check)
    answered = check.results.exclude(status="").count() if check.is_unended else check.count
    can_order = _may_order(request, check)
    eligible = [one.phone_number for group in groups if group.is_order for one in group.results]
    free = orderable(check, eligible) if eligible and not check.is_unended else []
    batches = Batch.objects.filter(kind=ORDER_NUMBERS, detail__check=str(check.pk)).asked_for()
    context: dict[str, Any] = {
        "check": check,
        "label": label_for(CHECK_STATES, check.state),
        "groups": groups,
        "answered": answered,
        "share": answered / check.count if check.count else 1,
        "report": check.report or {},
        "form": form if free else None,
        "has_addresses": bool(form and form.has_addresses),
        "free": len(free),
        "batches": list(batches.select_related("author")[:5]),
        "can_manage": can_order,
        "can_export": request.access.can(Permission.EXPORT, check.account_id),
        "accounts": porting_accounts(request) if can_order else [],
        "form_key": uuid4(),
        "support_mail": SUPPORT_MAIL,
    }
    is_polled = request.method == "GET" and request.htmx and not check.is_unended
    template = "porting/hosting/eligibility_detail.html"
    return page(request, template, context, fragment="check", status=286 if is_polled else status)


def _may_order(request: StaffRequest, check: EligibilityCheck) -> bool:
    return request.access.can(Permission.MANAGE_PORTING, check.account_id)


def _order_form(request: StaffRequest, check: EligibilityCheck, data: Any = None) -> OrderForm:
    presets = [
        preset
        for preset in ConfigurationPreset.objects.all()
        if preset.account_id in (None, check.account_id)
    ]
    chosen = request.GET.get("address", "")
    return OrderForm(data, addresses=addresses_of(check.account), presets=presets, chosen=chosen)


def _proposed(
    request: StaffRequest, accounts: list[TwilioAccount], unavailable: dict[str, str]
) -> dict[str, Any]:
    """The account that was asked for, or the first one that can host; the number of an order that failed."""
    usable = [account.pk for account in accounts if account.pk not in unavailable]
    proposed: dict[str, Any] = {"account": request.GET.get("account") or next(iter(usable), None)}
    if sid := request.GET.get("order", ""):
        orders = request.access.visible(HostedOrder.objects.all())
        if order := orders.filter(pk=sid).first():
            proposed |= {"account": order.account_id, "numbers": order.phone_number}
    return proposed


def _taken_in(form: CheckForm) -> Intake:
    typed = form.cleaned_data
    pieces = pieces_of_table(lines_of(typed["file"])) if typed["file"] else pieces_of(typed["numbers"])
    return take_in(pieces, typed["country"])


def _begun(
    request: StaffRequest, form: CheckForm, accounts: list[TwilioAccount], intake: Intake
) -> EligibilityCheck:
    account = next(one for one in accounts if one.pk == form.cleaned_data["account"])
    return actions.begin_check(
        account=account,
        numbers=list(intake.lines),
        problems=intake.problems,
        key=form.cleaned_data["form_key"],
        actor=request.user,
    )


def _csv_lines(check: EligibilityCheck) -> Iterator[list[str]]:
    for result in check.results.iterator(chunk_size=2000):
        yield [
            result.phone_number, result.status, result.sub_status, reason_words(result.reason),
            result.next_step, result.number_type, "yes" if result.is_caller_id else "no",
        ]  # fmt: skip
