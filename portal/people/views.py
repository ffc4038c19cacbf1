"""The pages where administrators say who may do what."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.labels import Label
from portal.models import Membership, Role, User
from portal.people import actions
from portal.people.forms import PersonForm

_HISTORY = 50


@require_GET
@allowed(Permission.MANAGE_PEOPLE)
def people_list(request: StaffRequest) -> HttpResponse:
    context = {"people": [(person, state_of(person), second_factor_of(person)) for person in _people()]}
    return page(request, "portal/people_list.html", context)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PEOPLE)
def people_add(request: StaffRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                person = actions.add_person(form.standing(), actor=request.user)
            except actions.Refused as refusal:
                form.add_error("email", str(refusal))
            else:
                messages.success(
                    request,
                    f"{person} was added. A link to choose a password is on its way to {person.email}.",
                )
                return go(request, "people-edit", person.pk)
    return page(request, "portal/people_add.html", {"form": form}, fragment="person", status=status)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PEOPLE)
def people_edit(request: StaffRequest, pk: int) -> HttpResponse:
    person = _person(pk)
    form = PersonForm(request.POST or None, person=person)
    status = 200
    is_stale = False
    if request.method == "POST":
        actions.require_may_manage(person, request.user)
        status = 422
        if form.is_valid():
            try:
                changes = actions.change_person(
                    person,
                    form.standing(),
                    opened_with=form.cleaned_data["opened_with"],
                    actor=request.user,
                )
            except actions.ChangedMeanwhile:
                form.renew()
                is_stale, status = True, 409
            except actions.Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, "Saved." if changes else "Nothing was changed.")
                return go(request, "people-edit", person.pk)
    context = {
        "person": person,
        "state": state_of(person),
        "form": form,
        "is_stale": is_stale,
        "may_manage": request.user.is_superuser or not person.is_superuser,
        "devices": UserSession.objects.filter(user=person).count(),
        "second_factor": second_factor_of(person),
        "history": _history(person),
    }
    return page(request, "portal/people_edit.html", context, fragment="person", status=status)


@require_POST
@allowed(Permission.MANAGE_PEOPLE)
def people_link(request: StaffRequest, pk: int) -> HttpResponse:
    person = _person(pk)
    actions.send_link(person, actor=request.user)
    messages.success(request, f"A link to choose a password is on its way to {person.email}.")
    return go(request, "people-edit", person.pk)


@require_POST
@allowed(Permission.MANAGE_PEOPLE)
def people_second_factor(request: StaffRequest, pk: int) -> HttpResponse:
    person = _person(pk)
    actions.reset_second_factor(person, actor=request.user)
    messages.success(request, f"{person} has no second factor now, and was signed out everywhere.")
    return go(request, "people-edit", person.pk)


@require_POST
@allowed(Permission.MANAGE_PEOPLE)
def people_sign_out(request: StaffRequest, pk: int) -> HttpResponse:
    person = _person(pk)
    actions.sign_out_everywhere(person, actor=request.user)
    messages.success(request, f"{person} was signed out everywhere.")
    return go(request, "people-edit", person.pk)


@require_POST
@allowed(Permission.MANAGE_PEOPLE)
def people_active(request: StaffRequest, pk: int) -> HttpResponse:
    person = _person(pk)
    try:
        actions.set_active(person, active=request.POST.get("active") == "yes", actor=request.user)
    except actions.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        outcome = "may sign in again" if person.is_active else "cannot sign in any more"
        messages.success(request, f"{person} {outcome}.")
    return go(request, "people-edit", person.pk)


def second_factor_of(person: User) -> Label:
    """Whether somebody has a second factor, or ought to. Reads what `_people()` fetched."""
    if person.has_second_factor:  # type: ignore[attr-defined]
        return Label("On", "ok")
    roles = {membership.role for membership in person.memberships.all()}
    if person.is_superuser:
        roles.add(Role.ADMIN)
    if roles.intersection(settings.MFA_REQUIRED_ROLES):
        return Label("Demanded, not set up", "wait")
    return Label("None")


def state_of(person: User) -> Label:
    if not person.is_active:
        return Label("Switched off", "off")
    if person.last_login is None:
        return Label("Not signed in yet", "wait")
    return Label("Active", "ok")


def _people() -> QuerySet[User]:
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    memberships = Membership.objects.order_by("role").prefetch_related("accounts")
    return (
        User.objects.annotate(has_second_factor=Exists(factor))
        .prefetch_related(Prefetch("memberships", memberships))
        .order_by("-is_active", "first_name", "last_name", "email")
    )


def _person(pk: int) -> User:
    return get_object_or_404(_people(), pk=pk)


def _history(person: User) -> QuerySet[LogEntry]:
    """What administrators did with this person, here or in the stock admin, newest first."""
    about = ContentType.objects.get_for_model(User)
    entries = LogEntry.objects.filter(content_type=about, object_id=str(person.pk))
    return entries.select_related("user").order_by("-action_time")[:_HISTORY]
