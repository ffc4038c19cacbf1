from compliance.models.bundle import Bundle, Evaluation, ItemAssignment
from compliance.models.document import SupportingDocument
from compliance.models.end_user import EndUser
from compliance.models.guided_answer import GuidedAnswer
from compliance.models.own_number import OwnNumber
from compliance.models.regulation import Regulation, RegulationVersion, RegulatoryType
from compliance.models.reminder import Reminder

__all__ = [
    "Bundle",
    "EndUser",
    "Evaluation",
    "GuidedAnswer",
    "ItemAssignment",
    "OwnNumber",
    "Regulation",
    "RegulationVersion",
    "RegulatoryType",
    "Reminder",
    "SupportingDocument",
]
