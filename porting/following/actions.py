"""What staff can do with a request that is filed: read it, write a note, cancel numbers or all of it.

Twilio answers a cancellation with nothing, so the request is read again right after it; and a number that
the losing carrier holds is canceling, not canceled, until the carrier lets go (page 14).
"""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from portal import operations
from portal.batches import asking
from portal.batches.runner import Outcome, Refused
from portal.models import Batch, BatchItem, Change, Operation, User
from portal.twilio.errors import Absent, TwilioFailure
from portal.twilio.patience import IN_A_REQUEST, IN_A_TASK, Patience
from porting.following.tracker import CancelGuard, first_date
from porting.models import PortInNumber, PortInRequest
from porting.portin import gateway
from porting.portin.sync import apply_port_in, refetch_port_in
from porting.statuses import PORT_IN_LET_GO, PORT_IN_OVER

CANCEL_PORT_IN = "porting.cancel_port_in"
CANCEL_NUMBER = "porting.cancel_port_in_number"
CANCEL_NUMBERS = "porting.cancel_numbers"  # the batch


class NotCancelable(Exception):
    """It is over, or being canceled."""

    def __init__(self, request: PortInRequest) -> None:
        super().__init__("It is over, or being canceled already.")
        self.request = request


class TooLate(Exception):
    """Less than 72 hours are left to the port date."""

    def __init__(self, request: PortInRequest, guard: CancelGuard) -> None:
        super().__init__("Twilio cancels up to 72 hours before the port date, and that has passed.")
        self.request = request
        self.guard = guard


def read_port_in(*, request: PortInRequest, patience: Patience = IN_A_REQUEST) -> PortInRequest:
    """Read the request from Twilio now. Raises Absent, having noted it, and what a read raises."""
    fresh = refetch_port_in(
        request, request.pk, reader=request.reader, source=Change.Source.READ, patience=patience
    )
    if fresh is None:
        raise Absent("Twilio does not have this request any more.")
    return fresh


def cancel_port_in(
    *, request: PortInRequest, actor: User, form_key: UUID | None = None, reason: str = ""
) -> Operation:
    """Cancel a request and all its numbers that are not over.

    Raises NotCancelable, TooLate, the four Twilio failures, AlreadySent and AlreadyUnderWay.
    """
    earlier = operations.check_may_start(request.pk, form_key)
    request = read_port_in(request=request)
    dates = PortInNumber.objects.filter(request=request).exclude(status__in=PORT_IN_OVER)
    first = first_date(dates.values_list("port_date", flat=True))
    _check(request, CancelGuard(request.status, first, timezone.now()))
    operation = _start(
        CANCEL_PORT_IN, request, request.pk, {"status": request.status}, actor, form_key, reason, earlier
    )
    login = request.reader.require_own_login()
    return _sent(operation, request, lambda: gateway.cancel_port_in(login, request.pk))


def cancel_number(
    *,
    number: PortInNumber,
    actor: User,
    form_key: UUID | None = None,
    reason: str = "",
    patience: Patience = IN_A_REQUEST,
) -> Operation:
    """Cancel one number; the others of its request go on. Raises as `cancel_port_in`."""
    earlier = operations.check_may_start(number.pk, form_key)
    request = read_port_in(request=number.request, patience=patience)
    number = PortInNumber.objects.select_related("request").get(pk=number.pk)
    _check(request, CancelGuard(number.status, number.port_date, timezone.now()))
    detail = {"request": request.pk, "status": number.status}
    operation = _start(CANCEL_NUMBER, request, number.pk, detail, actor, form_key, reason, earlier)
    login = request.reader.require_own_login()
    return _sent(operation, request, lambda: gateway.cancel_number(login, request.pk, number.pk))


def cancel_numbers(*, numbers: Iterable[PortInNumber], actor: User, reason: str = "") -> Batch:
    """Cancel many numbers of one request in the background, each by an operation of its own.

    Asked again while that goes on, it is the batch that is there.
    """
    chosen = list(numbers)
    sids = [number.pk for number in chosen]
    at_work = BatchItem.objects.filter(
        batch__kind=CANCEL_NUMBERS, batch__state__in=Batch.AT_WORK, target__in=sids
    )
    if item := at_work.select_related("batch").first():
        return item.batch
    batch = asking.draft(
        CANCEL_NUMBERS,
        author=actor,
        draft_view="batch-detail",
        items=[asking.Frozen(number.account_id, number.pk, number.phone_number) for number in chosen],
        detail={"request": chosen[0].request_id},
    )
    asking.confirm(batch, actor=actor, reason=reason)
    return batch


def carry_out_cancellation(item: BatchItem) -> Outcome:
    """Cancel one number of a batch, unless it is canceled already."""
    number = PortInNumber.objects.select_related("request__reader", "request__account").get(pk=item.target)
    try:
        operation = cancel_number(
            number=number,
            actor=item.batch.author,
            form_key=item.key,
            reason=item.batch.reason,
            patience=IN_A_TASK,
        )
    except NotCancelable:
        number.refresh_from_db(fields=["status"])
        if number.status in PORT_IN_LET_GO:
            return Outcome(words="It was canceled already.")
        raise Refused("It was ported, and cannot be canceled any more.") from None
    except TooLate as late:
        raise Refused(str(late)) from None
    return Outcome(operation)


def settle_cancellations() -> None:
    """End cancellations whose answer was lost, by looking at what Twilio has now. Nothing is sent again."""
    operations.settle_each(CANCEL_PORT_IN, lambda operation: _settle(operation, operation.target))
    operations.settle_each(CANCEL_NUMBER, lambda operation: _settle(operation, operation.detail["request"]))


def _settle(operation: Operation, request_sid: str) -> None:
    request = PortInRequest.objects.select_related("reader").get(pk=request_sid)
    fresh = refetch_port_in(
        request, request_sid, reader=request.reader, source=Change.Source.OPERATION, operation=operation
    )
    if fresh is None:
        operations.refuse(operation, "Twilio's answer was lost, and the request is gone.")
        return
    status = fresh.status
    if operation.kind == CANCEL_NUMBER:
        status = PortInNumber.objects.values_list("status", flat=True).get(pk=operation.target)
    if status in PORT_IN_LET_GO:
        operations.end(operation, words="Twilio's answer was lost; the cancellation arrived.")
    else:
        operations.refuse(operation, "Twilio's answer was lost, and nothing was canceled.")


def _check(request: PortInRequest, guard: CancelGuard) -> None:
    if guard.is_open:
        return
    raise TooLate(request, guard) if guard.words == "closed" else NotCancelable(request)


def _start(
    kind: str,
    request: PortInRequest,
    target: str,
    detail: dict[str, str],
    actor: User,
    form_key: UUID | None,
    reason: str,
    earlier: int,
) -> Operation:
    """Write the intent down; a change made since the request was read counts as one that is under way."""
    try:
        return operations.start(
            kind,
            account=request.account,
            target=target,
            actor=actor,
            detail=detail,
            reason=reason,
            form_key=form_key,
            earlier=earlier,
        )
    except operations.Overtaken:
        latest = Operation.objects.about(target).first()
        assert latest is not None
        raise operations.AlreadyUnderWay(latest) from None


def _sent(operation: Operation, request: PortInRequest, send: Callable[[], str]) -> Operation:
    try:
        request_id = send()
    except TwilioFailure as failure:
        operations.end_as(operation, failure)
        raise
    try:
        found = gateway.fetch_port_in(request.reader.require_own_login(), request.pk)
    except TwilioFailure:
        found = None  # what became of it is read later; it was canceled all the same
    with transaction.atomic(durable=True):
        if found:
            apply_port_in(found, source=Change.Source.OPERATION, operation=operation)
        operations.end(operation, request_id=request_id)
    return operation
