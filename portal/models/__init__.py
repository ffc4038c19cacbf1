from portal.models.account import TwilioAccount, TwilioAccountQuerySet
from portal.models.batch import ApprovalRule, Batch, BatchItem, BatchItemQuerySet, BatchQuerySet
from portal.models.change import Change
from portal.models.delivery import Delivery, DeliveryQuerySet
from portal.models.fields import SidField
from portal.models.membership import Membership, Role
from portal.models.mirrored import AccountMirrored, Mirrored, MirroredQuerySet
from portal.models.note import Note, NoteMail
from portal.models.operation import Operation, OperationQuerySet
from portal.models.reveal import Reveal, RevealQuerySet
from portal.models.saved_view import SavedView, SavedViewQuerySet
from portal.models.stored_file import PurgeRecord, Purpose, StoredFile, StoredFileQuerySet
from portal.models.sync_run import SyncRun, SyncRunQuerySet
from portal.models.user import User, UserManager

__all__ = [
    "AccountMirrored",
    "ApprovalRule",
    "Batch",
    "BatchItem",
    "BatchItemQuerySet",
    "BatchQuerySet",
    "Change",
    "Delivery",
    "DeliveryQuerySet",
    "Membership",
    "Mirrored",
    "MirroredQuerySet",
    "Note",
    "NoteMail",
    "Operation",
    "OperationQuerySet",
    "PurgeRecord",
    "Purpose",
    "Reveal",
    "RevealQuerySet",
    "Role",
    "SavedView",
    "SavedViewQuerySet",
    "SidField",
    "StoredFile",
    "StoredFileQuerySet",
    "SyncRun",
    "SyncRunQuerySet",
    "TwilioAccount",
    "TwilioAccountQuerySet",
    "User",
    "UserManager",
]
