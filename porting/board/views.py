"""The board of deadlines, as a page and as CSV, and reminding the team of one thing on it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.freshness import freshness
from portal.http import StaffRequest, go, page
from portal.listing import list_url
from portal.shell import visible_accounts
from porting.board.entries import SOURCES, Entry, all_entries, board_page, entries_of, figures_of
from porting.board.next_steps import Step, step_of
from porting.board.reminders import JustTold, Told, remind_again, told_of

_SHOWN = {"late": "In the last fifth", "ours": "We act"} | {source.kind: source.name for source in SOURCES}
_CSV = {
    "kind": "Kind", "sid": "SID", "what": "What", "account_sid": "Account SID", "account": "Account",
    "status": "Status", "since": "Since", "day": "Day", "days": "Of days", "until": "Until",
    "late": "In the last fifth", "next": "Who acts next", "reminded": "Last reminded",
    "people": "People reminded",
}  # fmt: skip
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the board, what somebody here can do about it, and when people were reminded of it last."""

    entry: Entry
    step: Step | None
    told: Told | None


@require_GET
@allowed(Permission.VIEW)
def deadline_list(request: StaffRequest) -> HttpResponse:
    """Every open request, order and letter: day n of its limit, who must act, and when we were reminded."""
    shown = _shown(request)
    figures = figures_of(request.access, timezone.now())
    listing, entries = board_page(request, request.access, shown, figures.of(shown))
    accounts = visible_accounts(request)
    context = {
        "list": listing,
        "lines": _lines(request, entries),
        "total": figures.total,
        "shown": _SHOWN.get(shown, ""),
        "tally": [
            (label, figures.of(name), name == shown,
             list_url(request.GET, show=None if name == shown else name))
            for name, label in _SHOWN.items()
        ],
        "freshness": freshness("port_ins", accounts),
        "hosting": freshness("hosted_orders", accounts),
        "can_export": request.access.can(Permission.EXPORT),
    }  # fmt: skip
    return page(request, "porting/board/deadline_list.html", context, fragment="deadlines")


@require_GET
@allowed(Permission.EXPORT)
def deadline_export(request: StaffRequest) -> HttpResponseBase:
    """What the board shows, as CSV, without what is personal."""
    now = timezone.now()
    entries = all_entries(request.access, Permission.EXPORT, _shown(request), now)
    header = [f"{title} ({key})" for key, title in _CSV.items()]
    return csv_response("porting-deadlines", header, _csv_lines(entries))


@require_POST
@allowed(Permission.MANAGE_PORTING)
def deadline_remind(request: StaffRequest, sid: str) -> HttpResponse:
    """Mail everybody else who ports numbers on the account about this one thing."""
    now = timezone.now()
    entry = next(iter(entries_of(request.access, Permission.VIEW, [sid], now)), None)
    if entry is None:
        raise Http404
    request.access.require(Permission.MANAGE_PORTING, entry.row.account_id)
    try:
        count = remind_again(entry, actor=request.user)
    except JustTold as just:
        words = just.told.words if just.told else "People are being reminded"
        messages.info(request, f"{words} within the hour. Nobody is mailed again.")
    else:
        if count:
            people = "1 person" if count == 1 else f"{count:,} people"
            messages.success(request, f"{people} who port numbers on this account are mailed.")
        else:
            messages.info(request, "Nobody else ports numbers on this account, so nobody was mailed.")
    return go(request, entry.row)


def _shown(request: StaffRequest) -> str:
    shown = request.GET.get("show", "")
    return shown if shown in _SHOWN else ""


def _lines(request: StaffRequest, entries: Sequence[Entry]) -> list[Line]:
    """One query for all of them."""
    told = told_of([entry.row.pk for entry in entries])
    return [
        Line(
            entry,
            step_of(entry.row) if _is_theirs(request, entry) else None,
            next(iter(told.get(entry.row.pk, ())), None),
        )
        for entry in entries
    ]


def _is_theirs(request: StaffRequest, entry: Entry) -> bool:
    return request.access.can(Permission.MANAGE_PORTING, entry.row.account_id)


def _csv_lines(entries: Iterable[Entry]) -> Iterator[Sequence[Any]]:
    left = iter(entries)
    while chunk := list(islice(left, _CHUNK)):
        told = told_of([entry.row.pk for entry in chunk])
        for entry in chunk:
            yield _cells(entry, next(iter(told.get(entry.row.pk, ())), None))


def _cells(entry: Entry, told: Told | None) -> Sequence[Any]:
    row, deadline = entry.row, entry.deadline
    limit = (
        (deadline.day, deadline.days, deadline.until.isoformat(), "yes" if deadline.is_late else "no")
        if deadline
        else ("", "", "", "")
    )
    return [
        entry.source.one, row.pk, entry.title, row.account_id, row.account.friendly_name, row.status,
        _moment(row.status_since), *limit, entry.stage.who, _moment(told.at if told else None),
        told.sent if told else "",
    ]  # fmt: skip


def _moment(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
