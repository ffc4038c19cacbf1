from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from portal.access import Permission, allowed
from portal.freshness import freshness
from portal.http import StaffRequest, page
from portal.listing import list_url
from portal.shell import visible_accounts
from porting.board.entries import SOURCES, board_page, figures_of

_SHOWN = {"late": "In the last fifth", "ours": "We act"} | {source.kind: source.name for source in SOURCES}


@require_GET
@allowed(Permission.VIEW)
def deadline_list(request: StaffRequest) -> HttpResponse:
    """Every open request, order and letter: day n of its limit, and who must act."""
    shown = request.GET.get("show", "")
    shown = shown if shown in _SHOWN else ""
    figures = figures_of(request.access, timezone.now())
    listing, entries = board_page(request, request.access, shown, figures.of(shown))
    accounts = visible_accounts(request)
    context = {
        "list": listing,
        "entries": entries,
        "total": figures.total,
        "shown": _SHOWN.get(shown, ""),
        "tally": [
            (label, figures.of(name), name == shown,
             list_url(request.GET, show=None if name == shown else name))
            for name, label in _SHOWN.items()
        ],
        "freshness": freshness("port_ins", accounts),
        "hosting": freshness("hosted_orders", accounts),
    }  # fmt: skip
    return page(request, "porting/board/deadline_list.html", context, fragment="deadlines")
