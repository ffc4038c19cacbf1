"""The accounts that somebody may buy numbers for."""

from django.core.exceptions import PermissionDenied
from django.http import Http404

from portal.access import Permission
from portal.http import StaffRequest
from portal.models import TwilioAccount
from portal.shell import visible_accounts


def accounts_to_buy_for(request: StaffRequest) -> list[TwilioAccount]:
    may_buy = request.access.can
    return [a for a in visible_accounts(request) if may_buy(Permission.BUY_NUMBERS, a.pk)]


def account_to_buy_for(request: StaffRequest, sid: str) -> TwilioAccount:
    """One of them; 404 for an account that the person may not see, 403 for one they may not buy for."""
    account = next((account for account in visible_accounts(request) if account.pk == sid), None)
    if account is None:
        raise Http404
    if not request.access.can(Permission.BUY_NUMBERS, sid):
        raise PermissionDenied(Permission.BUY_NUMBERS)
    return account
