"""The tasks that put items into a bundle: end user, address, documents."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from compliance.documents.actions import ChangedMeanwhile as DocumentChanged
from compliance.documents.actions import KeptAsItIs
from compliance.guided import actions
from compliance.guided.draft import Draft
from compliance.guided.inputs import END_USER, document_task
from compliance.guided.offers import entered_by, other_bundles
from compliance.guided.pages import FAILURES, draft_of, explain, task_page
from compliance.guided.question import (
    KEEP,
    Option,
    Question,
    answer_of,
    ask_document,
    ask_end_user,
)
from compliance.guided.views import came_from_check
from compliance.items.actions import ChangedMeanwhile as EndUserChanged
from compliance.lint import holder_names
from compliance.matching import twins_of
from compliance.models import EndUser, SupportingDocument
from compliance.requirements import EndUserNeed
from portal.access import Permission, allowed
from portal.http import StaffRequest, go
from portal.operations import AlreadySent, AlreadyUnderWay
from portal.twilio.errors import Uncertain

Ask = Callable[..., Question]
Carry = Callable[[Draft, Question, Option], EndUser | SupportingDocument]


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def bundle_end_user(request: StaffRequest, sid: str) -> HttpResponse:
    draft = draft_of(request, sid)
    need = draft.end_user_need
    if need is None:
        raise Http404
    wanted = need

    def carry(draft: Draft, question: Question, option: Option) -> EndUser:
        return _carry_end_user(request, draft, wanted, question, option)

    context = {"need": need, "title": "Who is the end user?", "thing": "end user"}
    return _answer(request, draft, END_USER, lambda *sent: ask_end_user(draft, wanted, *sent), carry, context)


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def bundle_document(request: StaffRequest, sid: str, requirement: str) -> HttpResponse:
    draft = draft_of(request, sid)
    need = draft.need(requirement)
    if need is None:
        raise Http404
    wanted = need

    def carry(draft: Draft, question: Question, option: Option) -> SupportingDocument:
        return _carry_document(request, draft, question, option)

    context = {"need": need, "title": f"How do you prove “{need.name}”?", "thing": "document"}
    task = document_task(need)
    return _answer(request, draft, task, lambda *sent: ask_document(draft, wanted, *sent), carry, context)


def _answer(
    request: StaffRequest, draft: Draft, task: str, ask: Ask, carry: Carry, context: dict[str, Any]
) -> HttpResponse:
    """Ask, or take the answer: keep it, bring it to Twilio, have it evaluated, go on."""
    if request.method != "POST":
        question = ask()
        _note_shown(request, draft, question)
        return task_page(request, "bundle_item", draft, {**context, **_shown(request, draft, question)})
    question = ask((request.POST, request.FILES))
    option = question.option
    outcome: dict[str, Any] = {}
    if "later" in request.POST:
        _save(request, draft, question)
        messages.info(request, "Saved for later. Nothing of it was sent to Twilio.")
        return go(request, draft.tasks_url)
    if option is None:
        question.use_error = f"Choose the {context['thing']}, or enter a new one"
    elif theirs := _conflict(request, draft, question):
        outcome["conflict"] = theirs
        if option.form:
            option.form.is_valid()
    elif option.form is None or option.form.is_valid():
        if twins := _twins(request, draft, question, option):
            outcome["twins"] = twins
        else:
            _save(request, draft, question)
            if answer := _carried(request, draft, question, option, carry, outcome):
                return answer
    else:
        _save(request, draft, question)
    fresh = draft_of(request, draft.bundle.pk)
    question.draft = fresh
    whole = {**context, **_shown(request, fresh, question), **outcome}
    return task_page(request, "bundle_item", fresh, whole, status=422)


def _carried(
    request: StaffRequest,
    draft: Draft,
    question: Question,
    option: Option,
    carry: Carry,
    outcome: dict[str, Any],
) -> HttpResponse | None:
    """What was answered is at Twilio, or the reason stands on the form."""
    bundle = draft.bundle
    try:
        item = carry(draft, question, option)
    except (EndUserChanged, DocumentChanged) as conflict:
        now = conflict.end_user if isinstance(conflict, EndUserChanged) else conflict.document
        outcome["conflict"] = _lines(option, now.values)
        return None
    except KeptAsItIs:
        _refuse(option, question, "Twilio keeps this document as it is now. Choose another one.")
        return None
    except AlreadySent as sent:
        _refuse(option, question, explain(AlreadyUnderWay(sent.operation)))
        return None
    except Uncertain as failure:
        messages.warning(request, explain(failure))
        return go(request, draft.tasks_url)
    except FAILURES as failure:
        outcome["failure"] = failure
        _refuse(option, question, explain(failure))
        return None
    actions.save_answer(bundle=bundle, task=question.task, values={"use": item.pk}, actor=request.user)
    if actions.try_evaluation(bundle) is None:
        messages.warning(
            request, "Saved at Twilio. It could not be checked there now; the next step asks again."
        )
    fresh = draft_of(request, bundle.pk)
    if came_from_check(request):
        return go(request, "compliance:bundle-check", bundle.pk)
    return go(request, fresh.next_url(question.task))


def _carry_end_user(
    request: StaffRequest, draft: Draft, need: EndUserNeed, question: Question, option: Option
) -> EndUser:
    bundle, held = draft.bundle, draft.end_user
    if option.form is None:
        assert isinstance(option.item, EndUser)
        actions.put_item(bundle=bundle, item=option.item, instead_of=held, actor=request.user)
        return option.item
    if option.value == KEEP:
        assert held is not None
        kept = {name: value for name, value in held.values.items() if name not in option.form.names}
        actions.change_end_user(end_user=held, values={**kept, **option.form.values}, actor=request.user)
        return held
    values = option.form.values
    return actions.add_end_user(
        bundle=bundle,
        type=need.type,
        friendly_name=_name_of(values) or draft.bundle.friendly_name,
        values=values,
        instead_of=held,
        actor=request.user,
        form_key=question.form_key,
    )


def _carry_document(
    request: StaffRequest, draft: Draft, question: Question, option: Option
) -> SupportingDocument:
    """Use one, correct one, or make one. What was rejected is replaced when there is another file for it."""
    bundle = draft.bundle
    held = cast("SupportingDocument | None", question.held)
    form, item = option.form, option.item
    if form is None:
        assert isinstance(item, SupportingDocument)
        actions.put_item(bundle=bundle, item=item, instead_of=held, actor=request.user)
        return item
    values, file = form.values, form.file
    if isinstance(item, SupportingDocument):
        kept = {name: value for name, value in item.values.items() if name not in form.names}
        if not (file and item.status == item.Status.REJECTED):
            actions.change_document(
                document=item, values={**kept, **values}, file=file, actor=request.user, bundle=bundle
            )
            return item
        values, held = {**kept, **values}, item
    accepted = option.accepted
    assert accepted is not None
    whose = str(draft.end_user) if draft.end_user else bundle.friendly_name
    return actions.add_document(
        bundle=bundle,
        type=accepted.type,
        friendly_name=f"{accepted.name}, {whose}"[:200],
        values=values,
        file=file,
        instead_of=held,
        actor=request.user,
        form_key=question.form_key,
    )


def _save(request: StaffRequest, draft: Draft, question: Question) -> None:
    """Keep what was typed and the file that passed its checks, whatever Twilio will say."""
    values = answer_of(question, request.POST)
    option = question.option
    if option is None:
        return
    if option.form:
        if not option.form.is_bound:
            return
        option.form.is_valid()
        stored_id = option.form.keep_file(account=draft.bundle.account, user=request.user)
        values["file"] = stored_id or str(draft.said(question.task).get("file") or "")
        if checked := option.form.file:
            option.form.cleaned_data["the-file"] = _with_id(checked, stored_id)
    actions.save_answer(bundle=draft.bundle, task=question.task, values=values, actor=request.user)


def _with_id(checked: Any, stored_id: str) -> Any:
    return replace(checked, stored_id=stored_id) if stored_id and not checked.stored_id else checked


def _conflict(request: StaffRequest, draft: Draft, question: Question) -> list[tuple[str, str, str]]:
    """What somebody else has made of this task since the page was opened; [] if nobody was here."""
    if request.POST.get("opened_with") == question.token:
        return []
    answer = draft.answers.get(question.task)
    opened = request.POST.get("opened_with", "").partition(".")[0]
    is_ours = answer is not None and answer.saved_by_id == request.user.pk
    if is_ours or (answer is None and opened == "0" and question.held is None):
        return []
    option, held = question.option, question.held
    saved = draft.said(question.task)
    if saved.get("typed"):
        theirs = {name.partition("-")[2]: ", ".join(values) for name, values in dict(saved["typed"]).items()}
        yours = {
            name.partition("-")[2]: ", ".join(values)
            for name, values in answer_of(question, request.POST)["typed"].items()
        }
        labels = {key: _label(option, key) for key in {**theirs, **yours}}
        lines = [
            (labels[key], theirs.get(key, ""), yours.get(key, ""))
            for key in labels
            if theirs.get(key, "") != yours.get(key, "")
        ]
        return lines or []
    if held is None:
        return [("In the bundle", "nothing any more", option.label if option else "")]
    if option and option.form:
        option.form.is_valid()
        return _lines(option, held.values) or []
    if option and option.item and option.item.pk != held.pk:
        return [("In the bundle", str(held), str(option.item))]
    return []


def _label(option: Option | None, key: str) -> str:
    if option and option.form and key in option.form.fields:
        return str(option.form.fields[key].label)
    return key


def _lines(option: Option, now: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What stands at Twilio now beside what was typed, where they differ."""
    form = option.form
    if form is None:
        return []
    typed = form.values if hasattr(form, "cleaned_data") else {}
    return [
        (str(form.fields[key].label), str(now.get(name) or "nothing"), str(typed.get(name) or "nothing"))
        for name, key in form.names.items()
        if (now.get(name) or "") != (typed.get(name) or "")
    ]


def _twins(request: StaffRequest, draft: Draft, question: Question, option: Option) -> list[tuple[Any, bool]]:
    """Items that say the same as a new one; [] once the person has seen them and goes on."""
    if not option.is_new or option.form is None or request.POST.get("twins") == "seen":
        return []
    if actions.was_sent(question.form_key):
        return []  # what says the same may be what this form has made
    kind: type[EndUser] | type[SupportingDocument] = (
        EndUser if question.task == END_USER else SupportingDocument
    )
    need = draft.end_user_need
    type_ = option.accepted.type if option.accepted else need.type if need else ""
    besides = question.held.pk if question.held else ""
    found = twins_of(
        kind, account=draft.bundle.account, type=type_, values=option.form.values, besides=besides
    )
    offered = {one.value for one in question.options}
    return [(row, row.pk in offered) for row in found if row.pk in offered]


def _note_shown(request: StaffRequest, draft: Draft, question: Question) -> None:
    """Values that somebody else typed are written down as revealed before they are."""
    shown = [one.item for one in question.options if one.item and (one.form or one.value == KEEP)]
    known = entered_by(request.user, [item.pk for item in shown]) if shown else set()
    for item in shown:
        if item.pk not in known:
            actions.note_shown(bundle=draft.bundle, sid=item.pk, actor=request.user)


def _refuse(option: Option, question: Question, words: str) -> None:
    if option.form:
        option.form.add_error(None, words)
    else:
        question.use_error = words


def _shown(request: StaffRequest, draft: Draft, question: Question) -> dict[str, Any]:
    option, held = question.option, question.held
    return {
        "question": question,
        "form": option.form if option else None,
        "others": other_bundles(held, draft.bundle) if held else 0,
        "answer": draft.answers.get(question.task),
        "comes_from_check": came_from_check(request),
        "has_files": any(one.form and one.form.upload_field for one in question.options),
        "is_our_own": bool(request.POST.get("our-own")),
        "asks_whether_our_own": bool(request.POST.get("our-own")) or _names_own_number(option),
    }


def _names_own_number(option: Option | None) -> bool:
    errors = option.form.errors if option and option.form else {}
    return any("our own number" in str(words) for words in errors.values())


def _name_of(values: Mapping[str, Any]) -> str:
    return next(iter(holder_names(values)), "")
