"""What staff can do with the register of sender IDs. Ours alone: Twilio has no API for it (page 3)."""

from django.db import IntegrityError, transaction

from inventory.models import SenderId
from portal import operations
from portal.models import Operation, TwilioAccount, User

ADD_SENDER = "inventory.add_sender"
REMOVE_SENDER = "inventory.remove_sender"
SET_DEFAULT = "inventory.set_default_sender"


class AlreadyRegistered(Exception):
    """The account has this sender ID in this country already."""


class ChangedMeanwhile(Exception):
    """The register is not what it was when the form was opened."""


def target_of(account_sid: str, country: str) -> str:
    """What the history of an account's sender IDs to one country is kept under."""
    return f"senders:{account_sid}:{country}"


def add_sender(
    *, account: TwilioAccount, country: str, sender: str, is_default: bool, actor: User, reason: str
) -> SenderId:
    """Write down a registered sender ID; as the default it takes the place of the present one.

    Raises AlreadyRegistered.
    """
    fields = {"sender": ["", sender]}
    with transaction.atomic():
        before = _lock_default(account.pk, country)
        if is_default:
            SenderId.objects.of(account.pk, country).defaults().update(is_default=False)
            fields["default_sender"] = [before, sender]
        try:
            with transaction.atomic():
                row = SenderId.objects.create(
                    account=account, country=country, sender=sender, is_default=is_default
                )
        except IntegrityError:
            raise AlreadyRegistered from None
        _record(ADD_SENDER, row, fields, actor=actor, reason=reason)
    return row


def set_default(
    *,
    account: TwilioAccount,
    country: str,
    sender: str,
    opened_with: str,
    actor: User,
    reason: str,
) -> bool:
    """Make a registered sender ID the default of a country, or with "" leave the country without one.

    `opened_with` is the default that the form was opened with. Returns whether anything changed; raises
    ChangedMeanwhile.
    """
    with transaction.atomic():
        before = _lock_default(account.pk, country)
        if before != opened_with:
            raise ChangedMeanwhile
        if before == sender:
            return False
        rows = SenderId.objects.of(account.pk, country)
        rows.defaults().update(is_default=False)
        if sender and not rows.filter(sender=sender).update(is_default=True):
            raise ChangedMeanwhile
        row = SenderId(account=account, country=country)
        _record(SET_DEFAULT, row, {"default_sender": [before, sender]}, actor=actor, reason=reason)
    return True


def remove_sender(*, row: SenderId, actor: User, reason: str) -> None:
    """Take a sender ID off the register. Whoever removes the default leaves its country without one."""
    with transaction.atomic():
        before = _lock_default(row.account_id, row.country)
        deleted, _ = SenderId.objects.filter(pk=row.pk).delete()
        if not deleted:
            return
        fields = {"sender": [row.sender, ""]}
        if before == row.sender:
            fields["default_sender"] = [before, ""]
        _record(REMOVE_SENDER, row, fields, actor=actor, reason=reason)


def _lock_default(account_sid: str, country: str) -> str:
    """The country's default, while nobody else can change what is registered there; "" for none."""
    TwilioAccount.objects.select_for_update(no_key=True).only("sid").get(pk=account_sid)
    default = SenderId.objects.of(account_sid, country).defaults().first()
    return default.sender if default else ""


def _record(kind: str, row: SenderId, fields: dict[str, list[str]], *, actor: User, reason: str) -> Operation:
    return operations.record(
        kind,
        account=row.account,
        target=target_of(row.account_id, row.country),
        actor=actor,
        detail={"fields": fields},
        reason=reason,
    )
