"""Asking Twilio about one number, for the checks that staff ask for; never stored as truth."""

from portal.models import TwilioAccount
from portal.twilio.errors import Unavailable
from portal.twilio.patience import IN_A_TASK, Patience
from porting.features import noting_feature
from porting.models import AccountFeature
from porting.portin import gateway
from porting.portin.actions import login_for
from porting.portin.gateway import Portability

COULD_NOT_TELL = 22135


def check_number(account: TwilioAccount, number: str, *, patience: Patience = IN_A_TASK) -> Portability:
    """Whether a number can be ported into the account. That it cannot is an answer.

    Raises NotAvailable where the account has no porting, Rejected, and Unavailable, also where Twilio says
    that it could not tell (22135): asked again, it may.
    """
    login = login_for(account)
    with noting_feature(account, AccountFeature.Feature.PORTING):
        told = gateway.fetch_portability(login, number, account_sid=account.pk, patience=patience)
    if told.code == COULD_NOT_TELL:
        raise Unavailable("Twilio could not tell whether the number can be ported.", code=COULD_NOT_TELL)
    return told
