"""Changing a bundle by itself: its name and contact, an evaluation, a note, deleting it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from compliance.bundles import actions
from compliance.bundles.actions import ChangedMeanwhile
from compliance.bundles.forms import BundleForm, DeletionForm, mark_of
from compliance.bundles.refusals import field_of, sentence_of
from compliance.bundles.views import show, visible_bundle
from compliance.changing import not_made
from compliance.models import Bundle
from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.object_pages import note_on, read_again
from portal.twilio.errors import Absent, TwilioFailure, Uncertain


@require_POST
@allowed(Permission.ANNOTATE)
def bundle_note(request: StaffRequest, sid: str) -> HttpResponse:
    bundle = visible_bundle(request, sid)
    return note_on(request, bundle, lambda form: show(request, bundle, status=422, note_form=form))


@require_POST
@allowed(Permission.REFRESH)
def bundle_refresh(request: StaffRequest, sid: str) -> HttpResponse:
    """Read this one bundle, its items and its evaluations from Twilio now."""
    bundle = visible_bundle(request, sid)
    return read_again(request, bundle, lambda: actions.read_bundle(bundle=bundle), sentence_of)


@require_POST
@allowed(Permission.MANAGE_BUNDLES)
def bundle_evaluate(request: StaffRequest, sid: str) -> HttpResponse:
    """Have Twilio check the bundle now. It stands in the history, whatever it says."""
    bundle = _bundle_to_change(request, sid)
    try:
        evaluation = actions.evaluate_bundle(bundle=bundle)
    except Uncertain:
        messages.warning(
            request,
            "Twilio's answer was lost. Refresh now: the evaluation may be there. If not, start another.",
        )
    except TwilioFailure as failure:
        messages.error(request, sentence_of(failure))
    else:
        if evaluation.is_compliant:
            messages.success(request, "Twilio finds that the bundle complies.")
        else:
            messages.warning(request, "Twilio finds that something is missing or wrong. It stands below.")
    return go(request, bundle)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def bundle_edit(request: StaffRequest, sid: str) -> HttpResponse:
    bundle = _bundle_to_change(request, sid)
    form = BundleForm(request.POST or None, bundle=bundle)
    context: dict[str, Any] = {"bundle": bundle, "form": form}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _update(request, bundle, form, context)):
            return answer
    return page(request, "compliance/bundles/bundle_edit.html", context, fragment="change", status=status)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def bundle_delete(request: StaffRequest, sid: str) -> HttpResponse:
    bundle = _bundle_to_change(request, sid)
    form = DeletionForm(request.POST or None)
    context: dict[str, Any] = {"bundle": bundle, "form": form}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _delete(request, bundle, form, context)):
            return answer
    return page(request, "compliance/bundles/bundle_delete.html", context, fragment="change", status=status)


def _bundle_to_change(request: StaffRequest, sid: str) -> Bundle:
    bundle = visible_bundle(request, sid)
    request.access.require(Permission.MANAGE_BUNDLES, bundle.account_id)
    return bundle


def _update(
    request: StaffRequest, bundle: Bundle, form: BundleForm, context: dict[str, Any]
) -> HttpResponse | None:
    """Carry the change out. None when the form is to be shown again, with the reason on it."""
    if form.cleaned_data["mark"] != mark_of(bundle):
        _show_conflict(bundle, form, context)
        return None
    try:
        operation = actions.update_bundle(
            bundle=bundle,
            wanted=form.wanted(),
            opened_with=actions.values_of(bundle),
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
            reason=form.cleaned_data["reason"],
        )
    except ChangedMeanwhile as conflict:
        _show_conflict(conflict.bundle, form, context)
        return None
    except Exception as fault:
        return _answer(request, fault, bundle, form, context)
    if operation is None:
        messages.info(request, "Nothing to change: Twilio already has it so.")
    else:
        messages.success(request, "Saved at Twilio.")
    return go(request, bundle)


def _delete(
    request: StaffRequest, bundle: Bundle, form: DeletionForm, context: dict[str, Any]
) -> HttpResponse | None:
    try:
        actions.delete_bundle(
            bundle=bundle,
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
            reason=form.cleaned_data["reason"],
        )
    except Absent:
        messages.info(request, "Twilio did not have the bundle any more.")
        return go(request, bundle)
    except Exception as fault:
        return _answer(request, fault, bundle, form, context)
    messages.success(
        request, f"{bundle} was deleted at Twilio. Its end user and its documents are still there."
    )
    return go(request, "compliance:bundle-list")


def _show_conflict(bundle: Bundle, form: BundleForm, context: dict[str, Any]) -> None:
    """Somebody else changed it: what was typed stays, what Twilio has now stands beside it."""
    form.renew(mark=mark_of(bundle))
    form.add_error(None, "Somebody changed the bundle since this page was opened. Compare, then save again.")
    context["conflict"] = bundle


def _answer(
    request: StaffRequest,
    fault: Exception,
    bundle: Bundle,
    form: BundleForm | DeletionForm,
    context: dict[str, Any],
) -> HttpResponse | None:
    return not_made(
        request,
        fault,
        form,
        context,
        row=bundle,
        noun="bundle",
        sentence_of=sentence_of,
        field_of=lambda failure: field_of(failure, set(form.fields)),
    )
