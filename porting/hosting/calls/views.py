"""The call room: all that somebody needs while they have the owner of a number on the phone."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page, wants_fragment
from portal.models import Operation
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.reveal.views import private
from portal.twilio.errors import TwilioFailure, Uncertain
from porting.hosting.calls import actions
from porting.hosting.calls.extension import steps_of
from porting.hosting.calls.forms import BillForm, CallForm, CodeForm, takes_other_proofs
from porting.hosting.orders.failures import remedy_of, support_text
from porting.hosting.orders.forms import ReasonedForm
from porting.hosting.orders.lines import line_of
from porting.hosting.orders.tracker import MOST_CALLS
from porting.hosting.orders.views import visible_order
from porting.hosting.refusals import LOST, field_of, sentence_of
from porting.models import HostedOrder
from porting.statuses import HOSTED_TO_VERIFY


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def hosted_order_call(request: StaffRequest, sid: str) -> HttpResponse:
    """Show the code and how long it is good. POST has Twilio call, or says what an extension does (`try`)."""
    order = visible_order(request, sid, Permission.MANAGE_PORTING)
    if request.method == "POST":
        return _post(request, order)
    if wants_fragment(request, "call-state"):
        if order.status in HOSTED_TO_VERIFY:
            order = actions.watch_order(order)
        if request.GET.get("seen") != _mark(order):
            return go(request, "porting:hosted-order-call", order.pk)
    return _room(request, order, _fresh_form(order))


@require_POST
@allowed(Permission.MANAGE_PORTING)
def hosted_order_bill(request: StaffRequest, sid: str) -> HttpResponse:
    """Have ownership proved by a phone bill, where the API knows that."""
    order = visible_order(request, sid, Permission.MANAGE_PORTING)
    form = BillForm(request.POST)

    def act(typed: Mapping[str, Any]) -> None:
        actions.prove_by_bill(
            order=order, document_sid=typed["document"], actor=request.user, form_key=typed["form_key"]
        )

    done = "Twilio has the phone bill. Reading it takes people some time."
    return _prove(request, order, form, act, done) or _room(
        request, order, _fresh_form(order), bill=form, status=422
    )


@require_POST
@allowed(Permission.MANAGE_PORTING)
def hosted_order_code(request: StaffRequest, sid: str) -> HttpResponse:
    """Send the code that the owner heard, where the API takes it from us."""
    order = visible_order(request, sid, Permission.MANAGE_PORTING)
    form = CodeForm(request.POST)

    def act(typed: Mapping[str, Any]) -> None:
        actions.prove_by_code(order=order, code=typed["code"], actor=request.user, form_key=typed["form_key"])

    return _prove(request, order, form, act, "Twilio took the code.") or _room(
        request, order, _fresh_form(order), heard=form, status=422
    )


def _prove(
    request: StaffRequest,
    order: HostedOrder,
    form: ReasonedForm,
    act: Callable[[Mapping[str, Any]], None],
    done: str,
) -> HttpResponse | None:
    """None when the form is to be shown again, with the reason on it."""
    room = ("porting:hosted-order-call", order.pk)
    if not takes_other_proofs():
        messages.error(request, "This version of Twilio's API knows calls only.")
        return go(request, *room)
    if not form.is_valid():
        return None
    try:
        act(form.cleaned_data)
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
    except AlreadyUnderWay:
        form.add_error(None, "A change of this order has not ended yet. Wait for it, then try again.")
        return None
    except actions.NoCallNow as refused:
        form.add_error(None, str(refused))
        return None
    except Uncertain:
        messages.warning(request, LOST)
    except TwilioFailure as failure:
        form.renew()
        form.add_error(field_of(failure, set(form.fields)), sentence_of(failure))
        return None
    else:
        messages.success(request, done)
    return go(request, *room)


def _post(request: StaffRequest, order: HostedOrder) -> HttpResponse:
    form = CallForm(request.POST)
    if not form.is_valid():
        return _room(request, order, form, status=422)
    typed = form.cleaned_data
    if "try" in request.POST:
        return _room(request, order, form, played=steps_of(typed["extension"]), was_tried=True)
    failure: TwilioFailure | None = None
    try:
        actions.start_call(
            order=order,
            attempts=typed["attempts"],
            delay=typed["delay"],
            extension=typed["extension"],
            actor=request.user,
            form_key=typed["form_key"],
        )
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
    except AlreadyUnderWay:
        messages.info(request, "A call is being started already.")
    except actions.NoCallNow as refused:
        messages.warning(request, str(refused))
    except Uncertain:
        messages.warning(request, f"{LOST} Do not start another call: there are {MOST_CALLS} in all.")
    except TwilioFailure as refusal:
        failure = refusal
        form.renew()
        form.add_error(field_of(refusal, set(form.fields)), sentence_of(refusal))
        return _room(request, order, form, failure=failure, status=422)
    return go(request, "porting:hosted-order-call", order.pk)


def _room(
    request: StaffRequest,
    order: HostedOrder,
    form: CallForm,
    *,
    bill: BillForm | None = None,
    heard: CodeForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    now = timezone.now()
    calls = list(actions.calls_of(order)[:MOST_CALLS])
    last = calls[0] if calls else None
    code = order.verification_code if order.status == "pending_verification" else ""
    is_good = bool(code and (last is None or last.code_until > now))
    remedy = remedy_of(order.failure_reason) if order.status == "action_required" else None
    context: dict[str, Any] = {
        "order": order,
        "line": line_of(order, now),
        "form": form,
        "bill": bill or BillForm(),
        "heard": heard or CodeForm(),
        "takes_other_proofs": takes_other_proofs(),
        "calls": calls,
        "last": last,
        "code": code if is_good else "",
        "is_expired": bool(last and order.status == "pending_verification" and not is_good),
        "left": max(0, MOST_CALLS - order.verification_attempts),
        "most_calls": MOST_CALLS,
        "may_call": order.status in HOSTED_TO_VERIFY and order.verification_attempts < MOST_CALLS,
        "open_operation": Operation.objects.open().about(order.pk).first(),
        "mark": _mark(order),
        "following": _next_to_call(request, order),
        "remedy": remedy,
        "support": support_text(order.pk, order.account_id, order.failure_reason, remedy) if remedy else "",
        **more,
    }
    template = "porting/hosting/hosted_order_call.html"
    return private(page(request, template, context, fragment=_fragment(request), status=status))


def _fragment(request: StaffRequest) -> str:
    return "call-state" if wants_fragment(request, "call-state") else "call"


def _fresh_form(order: HostedOrder) -> CallForm:
    """The call as it was tried last, for a menu stays as it is."""
    last = actions.calls_of(order).first()
    initial: dict[str, Any] = {"attempts": order.verification_attempts}
    if last:
        initial |= {"extension": last.extension, "delay": last.delay or None}
    return CallForm(initial=initial)


def _mark(order: HostedOrder) -> str:
    """What a page that waits compares, to see that something has happened."""
    return f"{order.status}-{order.verification_attempts}-{'code' if order.verification_code else 'none'}"


def _next_to_call(request: StaffRequest, order: HostedOrder) -> HostedOrder | None:
    """The next order of the account whose owner is to be called, the one waiting longest first."""
    orders = HostedOrder.objects.to_verify().filter(account=order.account)
    waiting = orders.filter(verification_attempts__lt=MOST_CALLS).exclude(pk=order.pk)
    first: HostedOrder | None = waiting.only("sid", "phone_number").order_by("status_since", "sid").first()
    return first
