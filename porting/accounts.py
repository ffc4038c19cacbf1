"""Which accounts a person ports and hosts numbers on, and which of them Twilio keeps out (T2)."""

from portal.access import Permission
from portal.http import StaffRequest
from portal.models import TwilioAccount
from portal.shell import visible_accounts
from porting.models import AccountFeature


def porting_accounts(request: StaffRequest) -> list[TwilioAccount]:
    return [
        account
        for account in visible_accounts(request)
        if account.status == "active" and request.access.can(Permission.MANAGE_PORTING, account.pk)
    ]


def kept_out(request: StaffRequest, feature: AccountFeature.Feature) -> list[AccountFeature]:
    """What Twilio said of the accounts, of those that the person may see, to which it does not offer this."""
    features = AccountFeature.objects.filter(feature=feature, is_available=False).select_related("account")
    return list(request.access.visible(features))
