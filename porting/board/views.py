"""The board of deadlines, as a page and as CSV, and reminding the team of one thing on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from portal.access import Permission, allowed
from portal.csv_files import csv_response
from portal.freshness import freshness_of
from portal.http import StaffRequest, go, page
from portal.listing import list_url
from portal.shell import visible_accounts
from porting.board.entries import Entry, all_entries, board_page, entries_of, figures_of
from porting.board.log import people_words
from porting.board.next_steps import Step, step_of
from porting.board.reminders import JustTold, remind_again
from porting.board.sources import SOURCES

_SHOWN = {"late": "Runs out soon", "ours": "We act"} | {source.kind: source.name for source in SOURCES}
_CSV = {
    "kind": "Kind", "sid": "SID", "what": "What", "account_sid": "Account SID", "account": "Account",
    "status": "Status", "since": "Since", "day": "Day", "days": "Of days", "until": "Until",
    "late": "Runs out soon", "next": "Who acts next", "reminded": "Last reminded",
    "people": "People reminded",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the board, and what this person can do about it."""

    entry: Entry
    step: Step | None


@require_GET
@allowed(Permission.VIEW)
def deadline_list(request: StaffRequest) -> HttpResponse:
    """Every open request, order and letter: day n of its limit, who must act, and when we were reminded."""
    shown = _shown(request)
    figures = figures_of(request.access, timezone.now())
    listing, entries = board_page(request, request.access, shown, figures.of(shown))
    accounts = visible_accounts(request)
    read = freshness_of(("port_ins", "hosted_orders"), accounts)
    context = {
        "list": listing,
        "lines": [_line(request, entry) for entry in entries],
        "total": figures.total,
        "shown": _SHOWN.get(shown, ""),
        "tally": [
            (name, label, figures.of(name), name == shown,
             list_url(request.GET, show=None if name == shown else name))
            for name, label in _SHOWN.items()
        ],
        "freshness": read["port_ins"],
        "hosting": read["hosted_orders"],
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
    return csv_response("porting-deadlines", header, map(_cells, entries))


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
            messages.success(request, f"Mailed to {people_words(count)} who port numbers on this account.")
        else:
            messages.info(request, "Nobody else ports numbers on this account, so nobody was mailed.")
    return go(request, entry.row)


def _shown(request: StaffRequest) -> str:
    shown = request.GET.get("show", "")
    return shown if shown in _SHOWN else ""


def _line(request: StaffRequest, entry: Entry) -> Line:
    is_theirs = request.access.can(Permission.MANAGE_PORTING, entry.row.account_id)
    return Line(entry, step_of(entry.row) if is_theirs else None)


def _cells(entry: Entry) -> Sequence[Any]:
    row, deadline, told = entry.row, entry.deadline, entry.told
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
