"""What staff can do with a hosted order by itself: read it, delete it, write a note."""

from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from inventory import actions as inventory
from inventory.models import PhoneNumber
from portal import operations
from portal.models import Change, Operation, User
from portal.twilio.errors import Absent, TwilioFailure
from portal.twilio.patience import IN_A_REQUEST, Patience
from porting.hosting import gateway, sync
from porting.models import HostedOrder

log = structlog.get_logger(__name__)

DELETE_ORDER = "porting.delete_hosted_order"


class NotDeletable(Exception):
    """Orders are deleted only while they are received, being verified, verified, or waiting for their LOA."""

    def __init__(self, order: HostedOrder) -> None:
        super().__init__("The order cannot be deleted in its status.")
        self.order = order


def read_order(*, order: HostedOrder, patience: Patience = IN_A_REQUEST) -> HostedOrder:
    """Read the order from Twilio now. Raises Absent, having noted it, and what a read raises."""
    fresh = sync.refetch_order(order.account, order.pk, source=Change.Source.READ, patience=patience)
    if fresh is None:
        raise Absent("Twilio does not have this order any more.")
    follow_number(order.status, fresh, patience=patience)
    return fresh


def follow_number(before: str, order: HostedOrder, *, patience: Patience) -> None:
    """Read the number of an order that was completed since it had the status `before`: it is in use from now
    on. One that cannot be read now comes with the next sync of numbers.
    """
    if order.status != "completed" or before == order.status or not order.number_sid:
        return
    number = PhoneNumber.objects.select_related("account").filter(pk=order.number_sid).first()
    if number is None:
        return
    try:
        inventory.read_number(number=number, patience=patience)
    except TwilioFailure as failure:
        log.info("hosted_number.unread", number=number.pk, code=failure.code)


def delete_order(
    *, order: HostedOrder, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation:
    """Delete an order, and with it the number that was prepared for it (page 8).

    Raises NotDeletable, the four Twilio failures (Absent: it was gone already), AlreadySent and
    AlreadyUnderWay.
    """
    earlier = operations.check_may_start(order.pk, form_key)
    order = read_order(order=order)
    if not order.is_deletable:
        raise NotDeletable(order)
    try:
        operation = operations.start(
            DELETE_ORDER,
            account=order.account,
            target=order.pk,
            actor=actor,
            detail={"status": order.status},
            reason=reason,
            form_key=form_key,
            earlier=earlier,
        )
    except operations.Overtaken:
        return delete_order(order=order, actor=actor, form_key=form_key, reason=reason)
    asked_at = timezone.now()
    try:
        request_id = gateway.delete_order(order.account.require_own_login(), order.pk)
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    with transaction.atomic(durable=True):
        sync.mark_order_absent(order.pk, asked_at=asked_at, source=Change.Source.OPERATION)
        operations.end(operation, request_id=request_id)
    return operation


def settle_deletions() -> None:
    """End deletions whose answer was lost, by looking whether the order is there."""
    operations.settle_each(DELETE_ORDER, _settle)


def _settle(operation: Operation) -> None:
    assert operation.account
    order = sync.refetch_order(
        operation.account, operation.target, source=Change.Source.OPERATION, operation=operation
    )
    if order is None:
        operations.end(operation, words="Twilio's answer was lost; the order is gone.")
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the order is still there.")
