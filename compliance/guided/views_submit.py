"""Check the answers, submit, and the page that says what happens next."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from compliance.bundles.actions import NotCompliant, submit_bundle
from compliance.guided import actions
from compliance.guided.draft import Draft
from compliance.guided.pages import FAILURES, LOST, draft_of, explain, task_page
from compliance.guided.spelling import spelling_of
from compliance.guided.summary import sections_of, since_rejection
from compliance.labels import BUNDLE_STATES
from compliance.models import Bundle
from compliance.renewals.rules import escalation_after, expected_by
from portal.access import Permission, allowed
from portal.http import StaffRequest, go
from portal.labels import label_for
from portal.models import Operation
from portal.operations import AlreadySent
from portal.twilio.errors import TwilioFailure, Uncertain


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_BUNDLES)
def bundle_check(request: StaffRequest, sid: str) -> HttpResponse:
    """All answers before anything is sent; the button sends them to Twilio's reviewers."""
    draft = draft_of(request, sid)
    context: dict[str, object] = {"refusal": "", "failure": None}
    status = 200
    if request.method == "POST":
        status = 422
        if not draft.is_ready:
            context["refusal"] = "Some tasks are not completed yet"
        elif answer := _submit(request, draft, context):
            return answer
        draft = draft_of(request, sid)
    return task_page(
        request,
        "bundle_check",
        draft,
        {
            **context,
            "sections": sections_of(draft, request.user),
            "since": since_rejection(draft),
            "spelling": spelling_of(draft),
            "form_key": uuid4(),
        },
        status=status,
    )


@require_GET
@allowed(Permission.MANAGE_BUNDLES)
def bundle_spelling(request: StaffRequest, sid: str) -> HttpResponse:
    """Names beside each other, character by character. Whoever opens it is shown what the items say."""
    draft = draft_of(request, sid, must_be_open=False)
    findings = spelling_of(draft)
    shown = {finding.sid for finding in findings if not finding.sid.startswith("AD")}
    if findings and draft.end_user:
        shown.add(draft.end_user.pk)
    for item in sorted(shown):
        actions.note_shown(bundle=draft.bundle, sid=item, actor=request.user, why="Spelling compared")
    return task_page(request, "bundle_spelling", draft, {"findings": findings})


def _submit(request: StaffRequest, draft: Draft, context: dict[str, object]) -> HttpResponse | None:
    bundle = draft.bundle
    try:
        submit_bundle(
            bundle=bundle,
            actor=request.user,
            form_key=_form_key(request),
            reason=request.POST.get("reason", "")[:200],
        )
    except AlreadySent:
        return go(request, "compliance:bundle-submitted", bundle.pk)
    except NotCompliant:
        # What is wrong stands on the page by itself, with links to the inputs.
        context["refusal"] = "Twilio's check found something to correct. Nothing was submitted."
        return None
    except Uncertain:
        messages.warning(request, LOST)
        return go(request, "compliance:bundle-submitted", bundle.pk)
    except FAILURES as failure:
        context["failure"] = failure if isinstance(failure, TwilioFailure) else None
        context["refusal"] = explain(failure)
        return None
    actions.forget_answers(bundle=bundle)
    return go(request, "compliance:bundle-submitted", bundle.pk)


def _form_key(request: StaffRequest) -> UUID:
    try:
        return UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid4()


@require_GET
@allowed(Permission.VIEW)
def bundle_submitted(request: StaffRequest, sid: str) -> HttpResponse:
    """Reference, who acts next and by when. It stays true whatever became of the bundle since."""
    draft = draft_of(request, sid, must_be_open=False, permission=Permission.VIEW)
    bundle = draft.bundle
    submitted_at = bundle.submitted_at
    expected = expected_by(submitted_at) if submitted_at else None
    escalate_at = max(expected, submitted_at + escalation_after()) if expected and submitted_at else None
    context = {
        "label": label_for(BUNDLE_STATES, bundle.status),
        "expected_by": expected,
        "escalate_at": escalate_at,
        "is_late": bool(escalate_at and timezone.now() > escalate_at),
        "is_decided": bundle.status
        in (Bundle.Status.APPROVED, Bundle.Status.PROVISIONAL, Bundle.Status.REJECTED),
        "open_operation": _open_operation(bundle),
    }
    return task_page(request, "bundle_submitted", draft, context)


def _open_operation(bundle: Bundle) -> Operation | None:
    return Operation.objects.open().filter(target=bundle.pk).first()
