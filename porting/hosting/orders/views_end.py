"""Ending it: deleting an order that is not through, and un-hosting a number that is hosted."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from inventory.bulk.actions import freeze_numbers
from inventory.bulk.kinds import TASKS
from inventory.models import PhoneNumber
from portal.access import Permission, allowed
from portal.batches.asking import NotAllowed
from portal.http import StaffRequest, go, page
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.twilio.errors import Absent, TwilioFailure, Uncertain
from porting.hosting.orders import actions
from porting.hosting.orders.forms import ReasonedForm
from porting.hosting.orders.lines import line_of
from porting.hosting.orders.views import visible_order
from porting.hosting.refusals import LOST, sentence_of
from porting.models import HostedOrder


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def hosted_order_delete(request: StaffRequest, sid: str) -> HttpResponse:
    order = visible_order(request, sid, Permission.MANAGE_PORTING)
    form = ReasonedForm(request.POST or None)
    context: dict[str, Any] = {"order": order, "form": form, "line": line_of(order)}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _delete(request, order, form, context)):
            return answer
    return page(
        request, "porting/hosting/hosted_order_delete.html", context, fragment="deletion", status=status
    )


@require_http_methods(["GET", "POST"])
@allowed(Permission.RELEASE_NUMBERS)
def hosted_order_release(request: StaffRequest, sid: str) -> HttpResponse:
    """What un-hosting means; then the inventory's own way of releasing the number, with its rules."""
    order = visible_order(request, sid, Permission.RELEASE_NUMBERS)
    number = PhoneNumber.objects.present().filter(pk=order.number_sid or "-", account=order.account)
    if request.method == "POST":
        task = TASKS["release"]
        try:
            batch = freeze_numbers(number, kind=task.kind, author=request.user, draft_view=task.draft_view)
        except NotAllowed:
            messages.error(request, "Twilio does not list this number any more. Nothing was changed.")
            return go(request, order)
        return go(request, batch)
    context = {"order": order, "line": line_of(order), "number": number.first()}
    return page(request, "porting/hosting/hosted_order_release.html", context)


def _delete(
    request: StaffRequest, order: HostedOrder, form: ReasonedForm, context: dict[str, Any]
) -> HttpResponse | None:
    """Carry the deletion out. None when the form is to be shown again, with the reason on it."""
    try:
        actions.delete_order(
            order=order,
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
            reason=form.cleaned_data["reason"],
        )
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
        return go(request, order)
    except AlreadyUnderWay:
        form.add_error(None, "A change of this order has not ended yet. Wait for it, then delete it.")
        return None
    except actions.NotDeletable as refused:
        context["order"], context["line"] = refused.order, line_of(refused.order)
        form.add_error(None, "The order has gone on meanwhile, and cannot be deleted any more.")
        return None
    except Absent:
        messages.info(request, "Twilio did not have this order any more.")
        return go(request, order)
    except Uncertain:
        messages.warning(request, LOST)
        return go(request, order)
    except TwilioFailure as failure:
        context["failure"] = failure
        form.renew()
        form.add_error(None, sentence_of(failure))
        return None
    messages.success(request, "Deleted at Twilio, and the number that was prepared with it.")
    return go(request, order)
