"""Looking up bulk hosting requests that somebody started in Twilio's Console or with a script.

Numberdesk starts none: it orders each number by itself (porting.hosting.ordering).
"""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from portal.access import Permission, allowed
from portal.http import StaffRequest, page
from portal.models import TwilioAccount
from portal.twilio.errors import Absent, TwilioFailure
from porting.accounts import porting_accounts
from porting.hosting.bulk.forms import BulkForm
from porting.hosting.bulk.lookups import BulkRequest, find_bulk_request
from porting.hosting.refusals import sentence_of
from porting.models import HostedOrder

# So many orders of a status are shown; all of them stand in the list of orders.
_SHOWN = 200


@require_GET
@allowed(Permission.MANAGE_PORTING)
def bulk_hosting(request: StaffRequest) -> HttpResponse:
    """What Twilio says of a bulk request now, its orders by status, and what is next for the failed ones."""
    accounts = porting_accounts(request)
    is_asked = "sid" in request.GET
    form = BulkForm(request.GET if is_asked else None, accounts=accounts)
    context: dict[str, Any] = {
        "form": form,
        "accounts": accounts,
        "is_preview": settings.HOSTING_API == "preview",
        "shown": _SHOWN,
        "form_key": uuid4(),
    }
    status = 200
    if is_asked:
        found = _find(form, accounts, context) if form.is_valid() else None
        status = 200 if found else 422
        context["found"] = found
        if found:
            context["account"] = form.cleaned_data["account"]
            context["known"] = _known(request, found)
    return page(request, "porting/hosting/bulk_hosting.html", context, status=status)


def _find(form: BulkForm, accounts: Sequence[TwilioAccount], context: dict[str, Any]) -> BulkRequest | None:
    """None where Twilio does not tell, with the reason on the form."""
    typed = form.cleaned_data
    account = next(one for one in accounts if one.pk == typed["account"])
    try:
        return find_bulk_request(account, typed["sid"], order_status=typed["status"])
    except Absent:
        form.add_error("sid", f"Twilio has no such bulk request in {account}")
    except TwilioFailure as failure:
        context["failure"] = failure
        form.add_error(None, sentence_of(failure))
    return None


def _known(request: StaffRequest, found: BulkRequest) -> set[str]:
    """The SIDs of those orders that Numberdesk has a page for."""
    sids = [row.order_sid for group in found.groups for row in group.rows[:_SHOWN]]
    return set(request.access.visible(HostedOrder.objects.filter(pk__in=sids)).values_list("pk", flat=True))
