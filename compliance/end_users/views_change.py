"""Changing an end user, and deleting it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from compliance.bundles.forms import DeletionForm
from compliance.bundles.holders import bundles_of
from compliance.changing import not_made
from compliance.end_users.fields import fields_of
from compliance.end_users.forms import EndUserForm, mark_of
from compliance.end_users.refusals import sentence_of
from compliance.end_users.views import show, visible_end_user
from compliance.items import actions
from compliance.items.actions import ChangedMeanwhile
from compliance.models import EndUser
from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.object_pages import note_on, read_again
from portal.twilio.errors import Absent, TwilioFailure


@require_POST
@allowed(Permission.ANNOTATE)
def end_user_note(request: StaffRequest, sid: str) -> HttpResponse:
    end_user = visible_end_user(request, sid)
    return note_on(request, end_user, lambda form: show(request, end_user, status=422, note_form=form))


@require_POST
@allowed(Permission.REFRESH)
def end_user_refresh(request: StaffRequest, sid: str) -> HttpResponse:
    """Read this one end user from Twilio now."""
    end_user = visible_end_user(request, sid)
    return read_again(request, end_user, lambda: actions.read_end_user(end_user=end_user), sentence_of)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def end_user_edit(request: StaffRequest, sid: str) -> HttpResponse:
    end_user = _end_user_to_change(request, sid)
    fields = fields_of(end_user)
    form = EndUserForm(request.POST or None, end_user=end_user, fields=fields)
    context: dict[str, Any] = {
        "end_user": end_user,
        "form": form,
        "bundles": bundles_of(end_user.pk, request.access.visible),
    }
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if form.cleaned_data["mark"] != mark_of(end_user):
                    raise ChangedMeanwhile(end_user, [])
                operation = actions.update_end_user(
                    end_user=end_user,
                    friendly_name=form.cleaned_data["friendly_name"],
                    values=form.wanted(),
                    opened_with=end_user.values,
                    actor=request.user,
                    form_key=form.cleaned_data["form_key"],
                    reason=form.cleaned_data["reason"],
                )
            except ChangedMeanwhile as conflict:
                form = EndUserForm(None, end_user=conflict.end_user, fields=fields_of(conflict.end_user))
                context |= {"form": form, "end_user": conflict.end_user, "has_changed": True}
            except Exception as fault:
                if answer := _answer(request, fault, end_user, form, context):
                    return answer
            else:
                words = "Saved at Twilio." if operation else "Nothing to change: Twilio already has it so."
                messages.success(request, words)
                return go(request, end_user)
    return page(request, "compliance/end_users/end_user_edit.html", context, fragment="change", status=status)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def end_user_delete(request: StaffRequest, sid: str) -> HttpResponse:
    end_user = _end_user_to_change(request, sid)
    form = DeletionForm(request.POST or None)
    context: dict[str, Any] = {
        "end_user": end_user,
        "form": form,
        "bundles": bundles_of(end_user.pk, request.access.visible),
    }
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.delete_end_user(
                    end_user=end_user,
                    actor=request.user,
                    form_key=form.cleaned_data["form_key"],
                    reason=form.cleaned_data["reason"],
                )
            except Absent:
                messages.info(request, "Twilio did not have the end user any more.")
                return go(request, end_user)
            except Exception as fault:
                if answer := _answer(request, fault, end_user, form, context):
                    return answer
            else:
                messages.success(request, f"{end_user} was deleted at Twilio.")
                return go(request, "compliance:end-user-list")
    return page(
        request, "compliance/end_users/end_user_delete.html", context, fragment="change", status=status
    )


def _end_user_to_change(request: StaffRequest, sid: str) -> EndUser:
    end_user = visible_end_user(request, sid)
    request.access.require(Permission.MANAGE_BUNDLES, end_user.account_id)
    return end_user


def _answer(
    request: StaffRequest,
    fault: Exception,
    end_user: EndUser,
    form: EndUserForm | DeletionForm,
    context: dict[str, Any],
) -> HttpResponse | None:
    return not_made(
        request,
        fault,
        form,
        context,
        row=end_user,
        noun="end user",
        sentence_of=sentence_of,
        field_of=lambda failure: _field_of(failure, form),
    )


def _field_of(failure: TwilioFailure, form: EndUserForm | DeletionForm) -> str | None:
    return "friendly_name" if failure.code == 20002 and "friendly_name" in form.fields else None
