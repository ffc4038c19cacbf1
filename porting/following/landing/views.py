"""When ports land: the calendar, and the checklist of what has come over."""

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from inventory.bulk.actions import freeze_numbers
from inventory.bulk.kinds import TASKS
from inventory.models import PhoneNumber
from portal.access import Permission, allowed
from portal.batches.asking import NotAllowed
from portal.freshness import freshness
from portal.http import StaffRequest, go, page
from portal.shell import visible_accounts
from porting.following.landing.calendar import days_of, month_of, neighbors, notes_of
from porting.following.landing.checklist import tick
from porting.following.views import visible_port_in
from porting.models import PortInNumber


@require_GET
@allowed(Permission.VIEW)
def port_in_calendar(request: StaffRequest) -> HttpResponse:
    today = timezone.now().date()
    month = month_of(request.GET.get("month", ""), today)
    before, after = neighbors(month)
    days, are_all = days_of(month, request.access)
    context = {
        "month": month,
        "before": before,
        "after": after,
        "today": today,
        "days": days,
        "are_all": are_all,
        "numbers": sum(day.numbers for day in days),
        "notes": notes_of(days),
        "freshness": freshness("port_ins", visible_accounts(request)),
    }
    return page(request, "porting/following/port_in_calendar.html", context, fragment="calendar")


@require_POST
@allowed(Permission.MANAGE_PORTING)
def port_in_tick(request: StaffRequest, sid: str) -> HttpResponse:
    """Write down what somebody has seen to after the port."""
    port_in = visible_port_in(request, sid, Permission.MANAGE_PORTING)
    count = tick(request=port_in, steps=request.POST.getlist("step"), actor=request.user)
    messages.success(request, "Noted." if count else "Tick what was seen to; what is ticked already stays.")
    return go(request, port_in)


@require_POST
@allowed(Permission.UPDATE_NUMBER)
def port_in_set_up(request: StaffRequest, sid: str) -> HttpResponse:
    """Take the ported numbers of a request on to their configuration, with a preset."""
    port_in = visible_port_in(request, sid, Permission.UPDATE_NUMBER)
    ported = PortInNumber.objects.filter(request=port_in, status="completed").values("phone_number")
    numbers = request.access.visible(
        PhoneNumber.objects.present().filter(phone_number__in=ported, account=port_in.account_id),
        permission=Permission.UPDATE_NUMBER,
    )
    task = TASKS["change"]
    try:
        batch = freeze_numbers(numbers, kind=task.kind, author=request.user, draft_view=task.draft_view)
    except NotAllowed:
        messages.error(request, "Numberdesk has not read these numbers yet. They come with the next reading.")
        return go(request, port_in)
    return go(request, batch)
