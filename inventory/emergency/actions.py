"""Which address emergency services are told for a number."""

from datetime import timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Now
from django.utils import timezone

from inventory import gateway, sync
from inventory.actions import read_number
from inventory.emergency.rules import PENDING, EmergencyRefused, why_not
from inventory.models import Address, NumberFacet, PhoneNumber
from portal import operations
from portal.models import Change, Operation, User
from portal.twilio.errors import Absent, NoCredentials, TwilioFailure
from portal.twilio.login import Login
from portal.twilio.patience import IN_A_REQUEST, Patience

log = structlog.get_logger(__name__)

SET_EMERGENCY_ADDRESS = "inventory.set_emergency_address"
# Registrations are followed so long after they were asked for; the sync sees later ones.
_FOLLOWED_FOR = timedelta(hours=1)
_FOLLOWED_AT_ONCE = 50


def set_emergency_address(
    *,
    number: PhoneNumber,
    wanted: Address | None,
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
    patience: Patience = IN_A_REQUEST,
) -> Operation | None:
    """Assign an emergency address at Twilio, or with None remove it; None when Twilio already has it so.

    Reads the number first and raises EmergencyRefused for what Twilio would not take. What is done is
    asked for, not registered: that follows, and shows in `emergency_address_status`. Raises the four
    Twilio failures, AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(number.sid, form_key)
    number = read_number(number=number, patience=patience)
    before, after = number.emergency_address_id or "", wanted.sid if wanted else ""
    if before == after:
        return None
    if wanted and (reason_not := why_not(number, wanted)):
        raise EmergencyRefused(reason_not)
    try:
        operation = operations.start(
            SET_EMERGENCY_ADDRESS,
            account=number.account,
            target=number.sid,
            actor=actor,
            detail={"fields": {"emergency_address_sid": [before, after]}},
            reason=reason,
            form_key=form_key,
            earlier=earlier,
        )
    except operations.Overtaken:
        return set_emergency_address(
            number=number,
            wanted=wanted,
            actor=actor,
            form_key=form_key,
            reason=reason,
            patience=patience,
        )
    try:
        values = {"emergency_address_sid": after}
        snapshot = gateway.update_number(_login(number), number.sid, values, patience=patience)
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    with transaction.atomic(durable=True):
        sync.apply_number(snapshot, source=Change.Source.OPERATION, operation=operation)
        operations.end(operation, request_id=snapshot.request_id)
    return operation


def settle_emergency_operations() -> None:
    """End assignments whose answer was lost, by looking at what the number has now."""
    operations.settle_each(SET_EMERGENCY_ADDRESS, _settle)


def follow_emergency_registrations() -> None:
    """Read numbers again whose address is being registered or removed since a short while."""
    pending = NumberFacet.objects.filter(emergency_address_status__in=PENDING, count__gt=0)
    if not pending.aggregate(numbers=Sum("count"))["numbers"]:
        return
    numbers = PhoneNumber.objects.present().of_facets(list(pending.values_list("pk", flat=True)))
    recent = Operation.objects.filter(
        kind=SET_EMERGENCY_ADDRESS,
        state=Operation.State.DONE,
        target__in=numbers.values("pk"),
        ended_at__gt=Now() - _FOLLOWED_FOR,
    )
    sids = recent.order_by("ended_at").values_list("target", flat=True)[:_FOLLOWED_AT_ONCE]
    for number in PhoneNumber.objects.filter(pk__in=list(sids)).select_related("account"):
        try:
            read_number(number=number)
        except TwilioFailure as failure:  # the next round, or the sync, will
            log.info("emergency.not_followed", number=number.sid, failure=type(failure).__name__)


def _settle(operation: Operation) -> None:
    number = PhoneNumber.objects.select_related("account").get(pk=operation.target)
    asked_at = timezone.now()
    try:
        snapshot = gateway.fetch_number(_login(number), number.sid)
    except Absent:
        sync.mark_number_absent(number.sid, asked_at=asked_at)
        operations.refuse(operation, "Twilio's answer was lost, and this account no longer has the number.")
        return
    now = str(snapshot.payload.get("emergency_address_sid") or "")
    before, after = operation.detail["fields"]["emergency_address_sid"]
    with transaction.atomic(durable=True):
        sync.apply_number(snapshot, source=Change.Source.OPERATION, operation=operation)
        if now == after:
            operations.end(operation, words="Twilio's answer was lost; the number shows the change.")
        elif now == before:
            operations.refuse(operation, "Twilio's answer was lost, and the number does not show the change.")
        else:
            operations.end(operation, words="Twilio's answer was lost; the number has changed since.")


def _login(number: PhoneNumber) -> Login:
    login = number.account.api_login()
    if login is None:
        raise NoCredentials("There are no credentials for this account.")
    return login
