"""Where porting webhooks go: show, set and delete it, account by account; and what came without them."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.models import Operation, TwilioAccount
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.timeline import timeline
from portal.twilio.errors import TwilioFailure, Uncertain
from portal.webhooks.intake import callback_url
from porting.accounts import porting_accounts
from porting.following.webhooks import actions
from porting.following.webhooks.forms import WebhookForm
from porting.following.webhooks.learned import SINCE, learned_late, told_by_account
from porting.following.webhooks.lookups import Configuration, fetch_configuration
from porting.hosting.refusals import LOST, sentence_of

_TITLES = {actions.SET_WEBHOOK: "Set", actions.DELETE_WEBHOOK: "Deleted"}
_PROPERTIES = {
    "port_in_target_url": "Address for port-ins",
    "port_out_target_url": "Address for port-outs",
    "notifications_of": "Events",
}


@require_GET
@allowed(Permission.MANAGE_PORTING)
def porting_webhook_list(request: StaffRequest) -> HttpResponse:
    """The accounts whose configuration can be looked at, and what was learned without a webhook."""
    told = told_by_account(request.access)
    context = {
        "accounts": [(account, *told.get(account.pk, (0, None))) for account in porting_accounts(request)],
        "ours": callback_url("porting:porting-webhook"),
        "late": learned_late(request.access),
        "days": SINCE.days,
    }
    return page(request, "porting/following/porting_webhook_list.html", context)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def porting_webhook_edit(request: StaffRequest, sid: str) -> HttpResponse:
    """The configuration as Twilio has it now, and another in its place, or `back` what a change replaced."""
    account = _account(request, sid)
    try:
        current = fetch_configuration(account)
    except TwilioFailure as failure:
        away = {"account": account, "unavailable": sentence_of(failure)}
        return page(request, "porting/following/porting_webhook_edit.html", away)
    earlier = actions.earlier_configurations(account, current)
    back = next((one for one in earlier if str(one.change.pk) == request.GET.get("back")), None)
    form = _form(request, current, back.configuration if back else None)
    context: dict[str, Any] = {"account": account, "form": form, "earlier": earlier, "back": back}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _set(request, account, form, context)):
            return answer
    context |= _shown(account, context.get("current", current))
    return page(request, "porting/following/porting_webhook_edit.html", context, status=status)


@require_POST
@allowed(Permission.MANAGE_PORTING)
def porting_webhook_delete(request: StaffRequest, sid: str) -> HttpResponse:
    account = _account(request, sid)
    try:
        operation = actions.delete_configuration(account=account, actor=request.user)
    except AlreadyUnderWay:
        messages.info(request, "A change of it has not ended yet.")
    except Uncertain:
        messages.warning(request, LOST)
    except TwilioFailure as failure:
        messages.error(request, sentence_of(failure))
    else:
        words = "Deleted. Twilio may send events for some minutes still." if operation else "There was none."
        messages.success(request, words)
    return go(request, "porting:porting-webhook-edit", account.pk)


def _set(
    request: StaffRequest, account: TwilioAccount, form: WebhookForm, context: dict[str, Any]
) -> HttpResponse | None:
    """Replace it. None when the form is to be shown again, with the reason on it."""
    try:
        operation = actions.set_configuration(
            account=account,
            wanted=form.wanted(),
            opened_with=form.cleaned_data["mark"],
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
        )
    except AlreadySent as sent:
        messages.info(request, sent.outcome)
    except AlreadyUnderWay:
        form.add_error(None, "A change of it has not ended yet. Wait for it, then set it.")
        return None
    except actions.ChangedMeanwhile as changed:
        context["current"] = changed.current
        form.add_error(None, "It was changed meanwhile; what there is now stands below. Look, then set it.")
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["mark"] = changed.current.mark  # type: ignore[index]
        return None
    except Uncertain:
        messages.warning(request, LOST)
    except TwilioFailure as failure:
        context["failure"] = failure
        form.add_error(None, sentence_of(failure))
        return None
    else:
        messages.success(request, "Set at Twilio." if operation else "Twilio has it so already.")
    return go(request, "porting:porting-webhook-edit", account.pk)


def _form(request: StaffRequest, current: Configuration, back: Configuration | None) -> WebhookForm:
    return WebhookForm(
        request.POST or None,
        current=current,
        back=back,
        ours=callback_url("porting:porting-webhook"),
        is_local=bool(settings.TWILIO_BASE_URL),
    )


def _shown(account: TwilioAccount, current: Configuration) -> dict[str, Any]:
    target = actions.target_of(account)
    return {
        "current": current,
        "is_ours": current.port_in_url == callback_url("porting:porting-webhook"),
        "open_operation": Operation.objects.open().about(target).select_related("actor").first(),
        "timeline": timeline(target, kinds=_TITLES, properties=_PROPERTIES),
    }


def _account(request: StaffRequest, sid: str) -> TwilioAccount:
    rows = request.access.visible(TwilioAccount.objects.present(), field="sid")
    account: TwilioAccount = get_object_or_404(rows, pk=sid)
    request.access.require(Permission.MANAGE_PORTING, account.pk)
    return account
