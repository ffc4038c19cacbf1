"""Proving that a number is its owner's: Twilio calls it, or reads a phone bill (pages 1 and 8).

Whoever is called types the code that we tell them. The preview also takes it from us, as they heard it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal import operations
from portal.models import Change, Operation, User
from portal.twilio.errors import Absent, TwilioFailure
from portal.twilio.patience import IN_A_TASK
from porting.hosting import gateway, sync
from porting.hosting.orders.actions import read_order
from porting.hosting.orders.tracker import MOST_CALLS
from porting.models import HostedOrder, VerificationCall
from porting.privacy import keepable
from porting.statuses import HOSTED_TO_VERIFY

CALL_OWNER = "porting.call_owner"
SEND_BILL = "porting.send_phone_bill"
SEND_CODE = "porting.send_verification_code"
CODE_GOOD_FOR = timedelta(minutes=10)  # page 8
# Twilio does not say when a call has ended; nobody gets through one in less than this.
BETWEEN_CALLS = timedelta(seconds=30)
# While somebody looks on, Twilio is asked no more often than this.
_WATCHED_EVERY = 4


class NoCallNow(Exception):
    """The order cannot be verified now; the words say why, and what to do."""

    def __init__(self, order: HostedOrder, words: str) -> None:
        super().__init__(words)
        self.order = order


def start_call(
    *,
    order: HostedOrder,
    attempts: int,
    delay: int = 0,
    extension: str = "",
    actor: User,
    form_key: UUID | None = None,
) -> Operation:
    """Have Twilio call the number and ask for the code.

    `attempts` are those the person knew of, so that two people do not use up two calls. Raises NoCallNow,
    the four Twilio failures, AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(order.pk, form_key)
    order = read_order(order=order)
    _check_may_call(order, attempts)
    try:
        operation = operations.start(
            CALL_OWNER,
            account=order.account,
            target=order.pk,
            actor=actor,
            detail={"attempt": attempts + 1, "delay": delay, "has_extension": bool(extension)},
            form_key=form_key,
            earlier=earlier,
        )
    except operations.Overtaken:
        raise NoCallNow(
            order, "Another change of this order was made in the same moment. Look again."
        ) from None
    last = calls_of(order).first()
    values = _call_values(delay, extension, clears=bool(last and last.extension))
    try:
        snapshot = gateway.update_order(order.account.require_own_login(), order.pk, values)
    except TwilioFailure as failure:
        operations.end_as(operation, keepable(failure, [extension]))
        raise
    with transaction.atomic(durable=True):
        sync.apply_order(snapshot, source=Change.Source.OPERATION, operation=operation)
        _note_call(order, attempts + 1, operation.started_at, delay, extension)
        operations.end(operation, request_id=snapshot.request_id)
    return operation


def prove_by_bill(
    *, order: HostedOrder, document_sid: str, actor: User, form_key: UUID | None = None
) -> Operation:
    """Have Twilio read a phone bill instead of calling; the preview's alone (contract §4, row 11).

    Raises NoCallNow, the four Twilio failures, AlreadySent and AlreadyUnderWay.
    """
    values = {
        "VerificationType": "phone-bill",
        "VerificationDocumentSid": document_sid,
        "Status": "pending-verification",
    }
    detail = {"document": document_sid}
    return _prove(SEND_BILL, order, values, HOSTED_TO_VERIFY, detail=detail, actor=actor, form_key=form_key)


def prove_by_code(*, order: HostedOrder, code: str, actor: User, form_key: UUID | None = None) -> Operation:
    """Send Twilio the code that the owner heard in the call; the preview's alone (contract §4, row 11).

    Raises NoCallNow, the four Twilio failures, AlreadySent and AlreadyUnderWay.
    """
    values = {"VerificationCode": code}
    return _prove(
        SEND_CODE, order, values, ("pending_verification",), detail={}, actor=actor, form_key=form_key
    )


def _prove(
    kind: str,
    order: HostedOrder,
    values: Mapping[str, str],
    statuses: Collection[str],
    *,
    detail: Mapping[str, str],
    actor: User,
    form_key: UUID | None,
) -> Operation:
    earlier = operations.check_may_start(order.pk, form_key)
    order = read_order(order=order)
    if order.status not in statuses:
        raise NoCallNow(order, "The order does not wait for its number to be verified any more.")
    try:
        operation = operations.start(
            kind, account=order.account, target=order.pk, actor=actor, detail=dict(detail), form_key=form_key,
            earlier=earlier,
        )  # fmt: skip
    except operations.Overtaken:
        raise NoCallNow(
            order, "Another change of this order was made in the same moment. Look again."
        ) from None
    try:
        snapshot = gateway.update_order(order.account.require_own_login(), order.pk, values)
    except TwilioFailure as failure:
        operations.end_as(operation, keepable(failure, [values.get("VerificationCode", "")]))
        raise
    with transaction.atomic(durable=True):
        sync.apply_order(snapshot, source=Change.Source.OPERATION, operation=operation)
        operations.end(operation, request_id=snapshot.request_id)
    return operation


def calls_of(order: HostedOrder) -> QuerySet[VerificationCall]:
    """The calls that were made for an order, newest first."""
    return VerificationCall.objects.filter(order=order)


def watch_order(order: HostedOrder) -> HostedOrder:
    """The order as Twilio has it now, or as it was some seconds ago: somebody looks at a page that waits."""
    if not cache.add(f"hosted-order-watched:{order.pk}", "1", _WATCHED_EVERY):
        return order
    try:
        return read_order(order=order)
    except Absent:
        order.refresh_from_db()
        return order
    except TwilioFailure:
        return order


def settle_verifications() -> None:
    """End calls, bills and codes whose answer was lost, by looking at what the order is now."""
    operations.settle_each(CALL_OWNER, _settle_call)
    operations.settle_each(SEND_BILL, _settle_bill)
    operations.settle_each(SEND_CODE, _settle_code)


def _check_may_call(order: HostedOrder, attempts: int) -> None:
    if order.status == "verified":
        raise NoCallNow(order, "The number is verified. No call is needed.")
    if order.status not in HOSTED_TO_VERIFY:
        raise NoCallNow(order, "The order does not wait for its number to be verified.")
    if order.verification_attempts >= MOST_CALLS:
        raise NoCallNow(order, "All three calls are used up. Twilio's support can allow more.")
    if order.verification_attempts != attempts:
        raise NoCallNow(order, "Somebody else had the number called meanwhile. Nothing was done.")
    last = calls_of(order).first()
    if last and timezone.now() - last.started_at < BETWEEN_CALLS + timedelta(seconds=last.delay):
        raise NoCallNow(order, "A call has just begun. Wait until it has ended: there are three in all.")


def _call_values(delay: int, extension: str, *, clears: bool) -> Mapping[str, Any]:
    """v2 writes `VerificationCall` before both, and the preview says how ownership is proved."""
    prefix = "VerificationCall" if settings.HOSTING_API == "v2" else ""
    values: dict[str, Any] = {"Status": "pending-verification"}
    values["VerificationCallDelay" if prefix else "CallDelay"] = delay
    if extension or clears:
        values[f"{prefix}Extension"] = extension
    if not prefix:
        values["VerificationType"] = "phone-call"
    return values


def _note_call(order: HostedOrder, attempt: int, at: datetime, delay: int = 0, extension: str = "") -> None:
    """Write a call down. Within ten minutes further calls ask for the same code (page 8)."""
    running = calls_of(order).filter(code_until__gt=at).first()
    VerificationCall.objects.create(
        order=order,
        attempt=attempt,
        started_at=at,
        code_until=running.code_until if running else at + CODE_GOOD_FOR,
        delay=delay,
        extension=extension,
    )


def _settle_call(operation: Operation) -> None:
    order = _looked_at(operation)
    attempt = operation.detail["attempt"]
    if order is None or order.verification_attempts < attempt:
        operations.refuse(operation, "Twilio's answer was lost, and it has not called.")
        return
    with transaction.atomic(durable=True):
        _note_call(order, attempt, operation.started_at, operation.detail["delay"])
        operations.end(operation, words="Twilio's answer was lost; it has called.")


def _settle_bill(operation: Operation) -> None:
    order = _looked_at(operation)
    if order is not None and order.payload.get("verification_type") == "phone-bill":
        operations.end(operation, words="Twilio's answer was lost; it has the phone bill.")
    else:
        operations.refuse(operation, "Twilio's answer was lost, and it does not have the phone bill.")


def _settle_code(operation: Operation) -> None:
    order = _looked_at(operation)
    if order is not None and order.status not in HOSTED_TO_VERIFY:
        operations.end(operation, words="Twilio's answer was lost; the order has gone on.")
    else:
        operations.refuse(operation, "Twilio's answer was lost, and the number is not verified.")


def _looked_at(operation: Operation) -> HostedOrder | None:
    assert operation.account
    return sync.refetch_order(
        operation.account,
        operation.target,
        source=Change.Source.OPERATION,
        operation=operation,
        patience=IN_A_TASK,
    )
