"""Which accounts a person can host numbers on, and which of them Twilio keeps out (T2)."""

from portal.access import Permission
from portal.http import StaffRequest
from portal.models import TwilioAccount
from portal.shell import visible_accounts
from porting.models import AccountFeature


def hosting_accounts(request: StaffRequest) -> list[TwilioAccount]:
    return [
        account
        for account in visible_accounts(request)
        if account.status == "active" and request.access.can(Permission.MANAGE_PORTING, account.pk)
    ]


def kept_out(request: StaffRequest) -> list[AccountFeature]:
    """What Twilio said of the accounts, of those that the person may see, which have no hosted numbers."""
    features = AccountFeature.objects.filter(
        feature=AccountFeature.Feature.HOSTING, is_available=False
    ).select_related("account")
    return list(request.access.visible(features))
