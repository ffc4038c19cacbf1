"""The new bundle, its task list, which way to go, and its contact."""

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from compliance.bundles import actions as bundles
from compliance.guided import actions
from compliance.guided.draft import Draft, State
from compliance.guided.forms import BundleForm, ContactForm, PlaceForm
from compliance.guided.inputs import CONTACT, REGULATION, WAY, task_url
from compliance.guided.offers import entered_by
from compliance.guided.pages import (
    FAILURES,
    LOST,
    already_sent,
    draft_of,
    explain,
    task_page,
    version_of,
    was_changed_by_another,
)
from compliance.guided.repairs import fix_url
from compliance.labels import BUNDLE_STATES, end_user_type_name
from compliance.models import Bundle, Regulation, RegulationVersion
from compliance.regulation_diff import Difference, diff
from compliance.regulations.words import documents_of, summary_of
from compliance.rejections import code_of_words
from compliance.rejections import explain as explain_rejection
from compliance.requirements import read_requirements
from portal.access import Permission, allowed
from portal.http import StaffRequest, go, page
from portal.labels import label_for
from portal.models import TwilioAccount
from portal.numbering import country_name, normal_type, type_name
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.shell import visible_accounts
from portal.twilio.errors import TwilioFailure, Uncertain
from portal.urls_from_staff import fault_of_url
from portal.webhooks.intake import callback_url


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def bundle_create(request: StaffRequest) -> HttpResponse:
    """First for which country, then for which numbers and whom: only what is in force can be chosen."""
    accounts = [
        account
        for account in visible_accounts(request)
        if request.access.can(Permission.MANAGE_BUNDLES, account.pk)
    ]
    countries = Regulation.objects.in_force().order_by().values_list("iso_country", flat=True).distinct()
    given = {
        "account": request.GET.get("account") or (accounts[0].pk if accounts else ""),
        "country": request.GET.get("country", "").upper(),
    }
    is_asked = bool(given["country"]) or ("account" in request.GET and not request.htmx)
    place = PlaceForm(
        given if is_asked else None, initial=given, accounts=accounts, countries=list(countries)
    )
    context: dict[str, Any] = {"place": place, "accounts": accounts}
    if not place.is_valid():
        return page(request, "compliance/guided/bundle_create.html", context, fragment="new-bundle")
    account = next(one for one in accounts if one.pk == place.cleaned_data["account"])
    country = place.cleaned_data["country"]
    regulations = list(Regulation.objects.in_force().filter(iso_country=country))
    form = BundleForm(request.POST or None, regulations=regulations, initial=_proposed(request, regulations))
    context |= {"form": form, "account": account, "country": country, "choices": _choices(form, regulations)}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _create(request, account, form, context)):
            return answer
    return page(
        request, "compliance/guided/bundle_create.html", context, fragment="new-bundle", status=status
    )


def _proposed(request: StaffRequest, regulations: list[Regulation]) -> dict[str, Any]:
    """What the way here says already: a search for numbers names their type."""
    number_type, who = normal_type(request.GET.get("type", "")), request.GET.get("end_user", "")
    fitting = [
        one.pk
        for one in regulations
        if (not number_type or one.number_type == number_type) and (not who or one.end_user_type == who)
    ]
    chosen = fitting[0] if len(fitting) == 1 else None
    return {"form_key": uuid4(), "email": request.user.email, "regulation": chosen}


def _choices(form: BundleForm, regulations: list[Regulation]) -> list[dict[str, Any]]:
    """Every regulation with what it will ask for, by type of number."""
    found: list[dict[str, Any]] = []
    chosen = str(form["regulation"].value() or "")
    for regulation in regulations:
        requirements = read_requirements(regulation.payload.get("requirements"))
        found.append(
            {
                "regulation": regulation,
                "number_type": type_name(regulation.number_type),
                "who": end_user_type_name(regulation.end_user_type),
                "summary": summary_of(requirements),
                "end_users": requirements.end_users,
                "documents": documents_of(requirements),
                "is_chosen": regulation.pk == chosen,
            }
        )
    return found


def _create(
    request: StaffRequest, account: TwilioAccount, form: BundleForm, context: dict[str, Any]
) -> HttpResponse | None:
    regulation = form.chosen
    name = form.cleaned_data["friendly_name"] or _free_name(account, regulation)
    try:
        bundle = bundles.create_bundle(
            account=account,
            regulation=regulation,
            friendly_name=name,
            email=form.cleaned_data["email"],
            status_callback=own_callback(),
            is_test=form.cleaned_data["is_test"],
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
        )
    except AlreadySent as sent:
        if sent.operation.target.startswith("BU"):
            return already_sent(request, sent, task_url(sent.operation.target, "tasks"))
        return already_sent(request, sent, request.get_full_path())
    except AlreadyUnderWay:
        form.add_error(None, "This bundle is being made already. Wait until that has ended.")
        return None
    except Uncertain:
        messages.warning(request, f"{LOST} The bundle appears among the bundles when it is there.")
        return go(request, "compliance:bundle-list")
    except TwilioFailure as failure:
        context["failure"] = failure
        form.renew()
        form.add_error(None, explain(failure))
        return None
    if version := _newest_version(regulation):
        actions.note_version(bundle=bundle, version=version, actor=request.user)
    actions.begin_with(bundle=bundle, holder=request.GET.get("holder", ""), actor=request.user)
    messages.success(request, "The draft is made at Twilio. Everything you save from here on stays with it.")
    return go(request, "compliance:bundle-tasks", bundle.pk)


def own_callback() -> str:
    """Our address for Twilio's callbacks; "" while this installation cannot be reached from the internet."""
    url = callback_url("compliance:bundle-callback")
    return url if settings.TWILIO_BASE_URL or fault_of_url(url) is None else ""


def _free_name(account: TwilioAccount, regulation: Regulation) -> str:
    """A name after the regulation, numbered where the account has such a one."""
    words = ", ".join(
        (
            country_name(regulation.iso_country),
            type_name(regulation.number_type).lower(),
            end_user_type_name(regulation.end_user_type).lower(),
        )
    )
    known = Bundle.objects.filter(account=account, friendly_name__startswith=words)
    taken = set(known.values_list("friendly_name", flat=True))
    number = 1
    while (name := words if number == 1 else f"{words} {number}") in taken:
        number += 1
    return name


@require_GET
@allowed(Permission.MANAGE_BUNDLES)
def bundle_tasks(request: StaffRequest, sid: str) -> HttpResponse:
    draft = draft_of(request, sid)
    if _has_unexplained_rejection(draft):
        actions.read_papers(draft.bundle)
        draft = draft_of(request, sid)
    tasks = draft.tasks
    context = {
        "tasks": tasks,
        "done": sum(task.state == State.COMPLETED for task in tasks[:-1]),
        "applies": _what_applies(draft),
        "differences": _differences(draft),
        "rejection": _rejection(draft),
        "label": label_for(BUNDLE_STATES, draft.bundle.status),
    }
    return task_page(request, "bundle_tasks", draft, context)


def _has_unexplained_rejection(draft: Draft) -> bool:
    """Whether Twilio has rejected the bundle, and none of its documents says why as far as we know."""
    bundle = draft.bundle
    if bundle.status != Bundle.Status.REJECTED or _is_changed_since(draft):
        return False
    return not any(document.status == document.Status.REJECTED for document in draft.documents)


def _is_changed_since(draft: Draft) -> bool:
    since, changed = draft.bundle.status_since, draft.changed_at
    return bool(since and changed and changed > since)


def _what_applies(draft: Draft) -> str:
    """Which of page 24's combinations of bundle and address it is."""
    if not draft.takes_address:
        return "These numbers take a bundle alone; the regulation asks for no address."
    where = f" in {country_name(draft.country)}" if draft.must_be_domestic else ""
    return (
        f"These numbers take a bundle and an address{where}: the documents cite the address, and both are "
        "given when a number is bought."
    )


def _rejection(draft: Draft) -> dict[str, Any] | None:
    """Why Twilio rejected the bundle, in words with the fix."""
    bundle = draft.bundle
    if bundle.status != Bundle.Status.REJECTED:
        return None
    documents = [document for document in draft.documents if document.status == document.Status.REJECTED]
    told = bundle.review_reason or (documents[0].failure_reason if documents else "")
    reason = explain_rejection(code_of_words(told), told)
    return {
        "reason": reason,
        "told": told,
        "is_repaired": draft.is_ready and _is_changed_since(draft),
        "documents": documents,
        "url": "" if documents or reason.where in ("nothing", "unknown") else fix_url(draft, reason),
    }


@require_POST
@allowed(Permission.MANAGE_BUNDLES)
def bundle_regulation(request: StaffRequest, sid: str) -> HttpResponse:
    """The person has read what changed in the regulation."""
    draft = draft_of(request, sid)
    if draft.bundle.regulation and (version := _newest_version(draft.bundle.regulation)):
        actions.note_version(bundle=draft.bundle, version=version, actor=request.user)
    return go(request, draft.tasks_url)


def _newest_version(regulation: Regulation) -> RegulationVersion | None:
    return _versions(regulation).first()


def _versions(regulation: Regulation) -> "QuerySet[RegulationVersion]":
    return RegulationVersion.objects.filter(
        iso_country=regulation.iso_country,
        number_type=regulation.number_type,
        end_user_type=regulation.end_user_type,
    )


def _differences(draft: Draft) -> list[Difference]:
    """What the regulation asks for otherwise than when the draft was begun, or last looked at."""
    bundle = draft.bundle
    if bundle.regulation is None:
        return []
    seen = draft.said(REGULATION).get("version")
    versions = _versions(bundle.regulation)
    if seen is None:
        begun = bundle.remote_created_at or bundle.first_seen_at
        before = versions.filter(seen_at__lte=begun).first() or versions.last()
    else:
        before = versions.filter(number=seen).first()
    return diff(before.requirements, bundle.regulation.payload.get("requirements")) if before else []


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def bundle_way(request: StaffRequest, sid: str) -> HttpResponse:
    """Several sets of documents satisfy the regulation: which one is it to be?"""
    draft = draft_of(request, sid)
    ways = draft.requirements.alternatives
    if len(ways) < 2:
        return go(request, draft.tasks_url)
    error, conflict = "", []
    if request.method == "POST":
        chosen = request.POST.get("way", "")
        is_way = chosen.isdecimal() and int(chosen) < len(ways)
        if is_way and was_changed_by_another(request, draft, WAY) and draft.way is not None:
            conflict = [("Documents", draft.way_name(draft.way), draft.way_name(int(chosen)))]
        elif is_way:
            names = [need.requirement_name for need in ways[int(chosen)]]
            actions.save_answer(bundle=draft.bundle, task=WAY, values={"needs": names}, actor=request.user)
            return go(request, draft_of(request, sid).next_url(WAY))
        else:
            error = "Choose which documents to send"
    shared = set.intersection(*({need.requirement_name for need in group} for group in ways))
    options = [
        (index, draft.way_name(index), [need for need in group if need.requirement_name not in shared])
        for index, group in enumerate(ways)
    ]
    context = {
        "options": options,
        "shared": [need for need in ways[0] if need.requirement_name in shared],
        "error": error,
        "conflict": conflict,
        "answer": draft.answers.get(WAY),
        "version": version_of(draft, WAY),
    }
    return task_page(request, "bundle_way", draft, context, status=422 if error or conflict else 200)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def bundle_contact(request: StaffRequest, sid: str) -> HttpResponse:
    draft = draft_of(request, sid)
    bundle = draft.bundle
    held = bundles.values_of(bundle)
    saved = draft.said(CONTACT)
    own = own_callback()
    if bundle.pk not in entered_by(request.user, [bundle.pk]):
        actions.note_shown(bundle=bundle, sid=bundle.pk, actor=request.user)
    form = ContactForm(
        request.POST or None, initial={**held, **saved, "form_key": uuid4(), "own_callback": own}
    )
    context: dict[str, Any] = {"form": form, "own_callback": own}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            actions.save_answer(bundle=bundle, task=CONTACT, values=form.wanted(), actor=request.user)
            if answer := _save_contact(request, draft, form, context):
                return answer
    return task_page(request, "bundle_contact", draft, context, status=status)


def _save_contact(
    request: StaffRequest, draft: Draft, form: ContactForm, context: dict[str, Any]
) -> HttpResponse | None:
    bundle = draft.bundle
    opened = {
        name: request.POST.get(f"opened-{name}", held) for name, held in bundles.values_of(bundle).items()
    }
    try:
        bundles.update_bundle(
            bundle=bundle,
            wanted=form.wanted(),
            opened_with=opened,
            actor=request.user,
            form_key=form.cleaned_data["form_key"],
        )
    except AlreadySent:
        pass  # Back, and Continue once more: it is as it was sent
    except bundles.ChangedMeanwhile as conflict:
        context["conflict"] = [
            (bundles.PROPERTIES[name], was, now, form.cleaned_data[name])
            for name, (was, now) in conflict.fields.items()
        ]
        draft.bundle = conflict.bundle
        form.renew()
        return None
    except FAILURES as failure:
        context["failure"] = failure
        form.renew()
        form.add_error(None, explain(failure))
        return None
    actions.forget_answer(bundle=bundle, task=CONTACT)
    if came_from_check(request):
        return go(request, "compliance:bundle-check", bundle.pk)
    return go(request, draft_of(request, bundle.pk).next_url(CONTACT))


def came_from_check(request: StaffRequest) -> bool:
    """Change on the check page comes straight back."""
    return "check" in request.GET
