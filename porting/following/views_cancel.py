"""Canceling: one number of a request, or all of it, up to 72 hours before the port date."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.models import Operation
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.twilio.errors import Absent, TwilioFailure, Uncertain
from porting.following import actions
from porting.following.lines import guard_of, line_of
from porting.following.tracker import CancelGuard
from porting.following.views import visible_port_in
from porting.hosting.orders.forms import ReasonedForm
from porting.hosting.refusals import LOST, sentence_of
from porting.models import PortInNumber, PortInRequest


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def port_in_cancel(request: StaffRequest, sid: str) -> HttpResponse:
    port_in = visible_port_in(request, sid, Permission.MANAGE_PORTING)
    return _cancel(request, port_in, None, lambda **kwargs: actions.cancel_port_in(request=port_in, **kwargs))


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def port_in_number_cancel(request: StaffRequest, sid: str, number_sid: str) -> HttpResponse:
    port_in = visible_port_in(request, sid, Permission.MANAGE_PORTING)
    rows = PortInNumber.objects.select_related("request__account", "request__reader")
    number = get_object_or_404(rows, pk=number_sid, request=port_in)
    return _cancel(request, port_in, number, lambda **kwargs: actions.cancel_number(number=number, **kwargs))


def _cancel(
    request: StaffRequest,
    port_in: PortInRequest,
    number: PortInNumber | None,
    cancel: Callable[..., Operation],
) -> HttpResponse:
    form = ReasonedForm(request.POST or None)
    context: dict[str, Any] = {"port_in": port_in, "number": number, "form": form}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _carry_out(request, port_in, form, cancel, context)):
            return answer
        port_in.refresh_from_db()
        if number:
            number.refresh_from_db()
    guard = CancelGuard(number.status, number.port_date, timezone.now()) if number else guard_of(port_in)
    context |= {"guard": guard, "line": line_of(port_in)}
    return page(
        request, "porting/following/port_in_cancel.html", context, fragment="cancellation", status=status
    )


def _carry_out(
    request: StaffRequest,
    port_in: PortInRequest,
    form: ReasonedForm,
    cancel: Callable[..., Operation],
    context: dict[str, Any],
) -> HttpResponse | None:
    """Send the cancellation. None when the form is to be shown again, with the reason on it."""
    try:
        cancel(
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
            reason=form.cleaned_data["reason"],
        )
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
        return go(request, port_in)
    except AlreadyUnderWay:
        form.add_error(None, "A change of it has not ended yet. Wait for it, then cancel.")
        return None
    except actions.NotCancelable:
        form.add_error(None, "It has gone on meanwhile: it is over, or being canceled already.")
        return None
    except actions.TooLate as late:
        form.add_error(None, str(late))
        return None
    except Absent:
        messages.info(request, "Twilio does not have this request any more.")
        return go(request, port_in)
    except Uncertain:
        messages.warning(request, LOST)
        return go(request, port_in)
    except TwilioFailure as failure:
        context["failure"] = failure
        form.renew()
        form.add_error(None, sentence_of(failure))
        return None
    messages.success(
        request, "Canceled at Twilio. What the losing carrier holds stays canceling until it lets go."
    )
    return go(request, port_in)
