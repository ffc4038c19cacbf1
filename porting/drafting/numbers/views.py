"""Which numbers a request that is being prepared has: take some out, move them to another, add some."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from portal.access import Permission, allowed
from portal.http import StaffRequest, go
from portal.twilio.errors import TwilioFailure
from porting.drafting.numbers.actions import add_numbers
from porting.drafting.numbers.forms import AddForm, MoveForm
from porting.drafting.pages import draft_of, draft_page, led_on
from porting.models import PortInDraft
from porting.portin import drafts

# So many requests of the account are offered to move numbers to.
_MOST_OTHERS = 100


@require_http_methods(["GET", "POST"])
@allowed(Permission.MANAGE_PORTING)
def draft_numbers(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The numbers of a request, before it is filed."""
    draft = draft_of(request, pk)
    others = _others(draft)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    add = AddForm(request.POST if do == "add" else None, country=draft.country)
    move = MoveForm(draft, request.POST if do in ("move", "out") else None, others=others)
    form = add if do == "add" else move
    context: dict[str, Any] = {"form": form, "add": add, "move": move, "kept_out": []}
    place: tuple[Any, ...] = ("porting:draft-numbers", draft.pk)
    if do and form.is_valid():
        try:
            with led_on():
                if do == "add":
                    _add(request, draft, add, context)
                elif do == "move":
                    place = _move(request, draft, move) or place
                else:
                    _take_out(request, draft, move)
        except drafts.CannotMove as reason:
            form.add_error(None, str(reason))
        except TwilioFailure as failure:
            context["failure"] = failure
            form.add_error(None, f"Nothing was added. {failure.words}")
    if do and not (form.errors or context["kept_out"]):
        return go(request, *place)
    return draft_page(request, "draft_numbers", draft, context, status=422 if do else 200)


def _others(draft: PortInDraft) -> list[PortInDraft]:
    """Requests of the same account and country; one that files rejected numbers again keeps to those."""
    if draft.replaces:
        return []
    rows = PortInDraft.objects.editable().filter(account=draft.account_id, country=draft.country, replaces="")
    return list(rows.exclude(pk=draft.pk).defer("values", "refusals")[:_MOST_OTHERS])


def _add(request: StaffRequest, draft: PortInDraft, form: AddForm, context: dict[str, Any]) -> None:
    numbers = form.cleaned_data["numbers"]
    context["kept_out"] = add_numbers(draft=draft, numbers=numbers, access=request.access)
    if not context["kept_out"]:
        messages.success(request, f"{_counted(len(numbers))} added.")
        _warn(request, draft)


def _move(request: StaffRequest, draft: PortInDraft, form: MoveForm) -> tuple[PortInDraft] | None:
    """Where to go on, when that is not the page one comes from."""
    if form.target is None:
        numbers = form.cleaned_data["number"]
        new = drafts.split_off(draft=draft, numbers=numbers, actor=request.user)
        messages.success(request, f"{_counted(len(numbers))} moved to this new request. Select its bill.")
        return (new,)
    count = drafts.move_numbers(draft=draft, to=form.target, numbers=form.cleaned_data["number"])
    messages.success(request, f"{_counted(count)} moved to {form.target}.")
    _warn(request, form.target)
    return None


def _take_out(request: StaffRequest, draft: PortInDraft, form: MoveForm) -> None:
    ticked = form.cleaned_data["number"]
    if not drafts.leave_out(draft=draft, numbers=ticked):
        raise drafts.CannotMove("No number would be left. Leave one, or throw the request away instead.")
    messages.success(request, f"{_counted(len(ticked))} taken out of the request.")


def _warn(request: StaffRequest, before: PortInDraft) -> None:
    """What the numbers of a request do not share any more."""
    after = drafts.fetch_draft(before)
    lost = [
        words
        for name, words in (("number_type", "type"), ("carrier", "losing carrier"))
        if getattr(before, name) and not getattr(after, name)
    ]
    if lost:
        messages.warning(
            request,
            f"Its numbers are not of one {' and '.join(lost)} any more. A losing carrier answers a request "
            "as a whole, so they go faster apart.",
        )


def _counted(count: int) -> str:
    return f"{count:,} number{'' if count == 1 else 's'}"
