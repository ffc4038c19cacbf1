from porting.models.eligibility import EligibilityCheck, EligibilityResult
from porting.models.feature import AccountFeature
from porting.models.hosting import AuthorizationDocument, HostedOrder
from porting.models.hosting_work import LetterDraft, OrderTerms, VerificationCall
from porting.models.number_check import NumberCheck
from porting.models.port_in import PortInNumber, PortInRequest
from porting.models.port_in_draft import PortInDraft
from porting.models.reminder import Reminder, ReminderLine

__all__ = [
    "AccountFeature",
    "AuthorizationDocument",
    "EligibilityCheck",
    "EligibilityResult",
    "HostedOrder",
    "LetterDraft",
    "NumberCheck",
    "OrderTerms",
    "PortInDraft",
    "PortInNumber",
    "PortInRequest",
    "Reminder",
    "ReminderLine",
    "VerificationCall",
]
