"""What became, in the old request, of the numbers that a draft files again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from portal.models import Batch, BatchItem, Operation
from porting.following.actions import CANCEL_NUMBER, CANCEL_NUMBERS
from porting.following.fixing.groups import REJECTED
from porting.following.tracker import CancelGuard
from porting.models import PortInDraft, PortInNumber, PortInRequest
from porting.statuses import PORT_IN_LET_GO, PORT_IN_OVER


@dataclass(slots=True)
class Standing:
    """The numbers of a draft as they stand in the old request. Each is in one of the lists."""

    waiting: list[PortInNumber] = field(default_factory=list)  # to be canceled
    under_way: list[PortInNumber] = field(default_factory=list)  # being canceled, or not known yet
    gone: list[PortInNumber] = field(
        default_factory=list
    )  # canceled, or let go of by the losing carrier soon
    closed: list[PortInNumber] = field(default_factory=list)  # within 72 hours of their port date
    going_on: list[PortInNumber] = field(default_factory=list)  # not rejected any more
    refused: dict[str, str] = field(default_factory=dict)  # of those waiting: what was said the last time
    batch: Batch | None = None  # that cancels them, or did

    @property
    def is_settled(self) -> bool:
        """Whether nothing more has to be canceled before the draft is filed."""
        return not (self.waiting or self.under_way)

    @property
    def has_begun(self) -> bool:
        return bool(self.gone or self.under_way or self.refused)

    def said_of(self) -> list[tuple[PortInNumber, str]]:
        """Numbers whose cancellation failed, with the words."""
        return [(one, self.refused[one.pk]) for one in self.waiting if one.pk in self.refused]


def standing_of(request: PortInRequest, draft: PortInDraft) -> Standing:
    """Three queries."""
    rows = list(PortInNumber.objects.filter(request=request, phone_number__in=draft.numbers).defer("payload"))
    for row in rows:
        row.request = request
    last = _last_operations(rows)
    items = _last_items(request, rows)
    found, now = Standing(), timezone.now()
    for row in rows:
        operation, item = last.get(row.pk), items.get(row.pk)
        if item:
            found.batch = item.batch
        if row.status in PORT_IN_LET_GO:
            found.gone.append(row)
        elif (operation and operation.is_open) or (item and _is_at_work(item)):
            found.under_way.append(row)
        elif row.status != REJECTED or row.status in PORT_IN_OVER:
            found.going_on.append(row)
        elif CancelGuard(row.status, row.port_date, now).is_too_late:
            found.closed.append(row)
        else:
            found.waiting.append(row)
            if operation and operation.state == Operation.State.REFUSED:
                found.refused[row.pk] = operation.words
            elif item and item.state == BatchItem.State.FAILED:
                found.refused[row.pk] = item.words
    return found


def _last_operations(rows: list[PortInNumber]) -> Mapping[str, Operation]:
    operations = Operation.objects.filter(kind=CANCEL_NUMBER, target__in=[row.pk for row in rows])
    return {one.target: one for one in operations.order_by("started_at")}


def _last_items(request: PortInRequest, rows: list[PortInNumber]) -> Mapping[str, BatchItem]:
    of_request = BatchItem.objects.filter(batch__kind=CANCEL_NUMBERS, batch__detail__request=request.pk)
    items = of_request.filter(target__in=[row.pk for row in rows]).exclude(batch__state=Batch.State.DRAFT)
    return {one.target: one for one in items.select_related("batch").order_by("batch__created_at")}


def _is_at_work(item: BatchItem) -> bool:
    return item.state in BatchItem.UNENDED and item.batch.state in (*Batch.AT_WORK, Batch.State.REQUESTED)
