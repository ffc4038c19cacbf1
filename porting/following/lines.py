"""What lists and pages say of a request and its numbers, worked out from our copy of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from inventory.models import PhoneNumber
from portal.labels import Label, label_for
from portal.models import Operation
from portal.reveal.reveals import Subject
from porting.checking.words import answer_of
from porting.deadlines import Deadline, Stage, deadline_in
from porting.following.tracker import CancelGuard, first_date, stage_of
from porting.models import PortInNumber, PortInRequest
from porting.statuses import PORT_IN_NUMBER_STATES, PORT_IN_OVER, PORT_IN_STATES

# What is masked on the page of a request: label, by the field of the losing carrier's information.
CARRIER_FIELDS = {
    "customer_name": "Customer name",
    "customer_type": "Customer type",
    "account_number": "Account number",
    "account_telephone_number": "Account telephone number",
    "authorized_representative": "Authorized representative",
    "authorized_representative_email": "Representative's e-mail",
    "address": "Address",
}
OTHER_FIELDS = {
    "notification_emails": "Notification e-mails",
    "signature_url": "Signature page",
}
FIELDS = {**CARRIER_FIELDS, **OTHER_FIELDS}
# Numbers that nothing went wrong with, so that none of them is filed again.
ON_THE_WAY = frozenset({"in_review", "waiting_for_signature", "port_submitted", "port_pending", "completed"})


@dataclass(frozen=True, slots=True)
class Line:
    """A request and where it stands."""

    request: PortInRequest
    label: Label
    stage: Stage
    deadline: Deadline | None

    @property
    def first_number(self) -> str:
        """One of its numbers, where the rows were asked for it."""
        return getattr(self.request, "first_number", "") or ""

    @property
    def others(self) -> int:
        return max(0, self.request.numbers_requested - 1)


@dataclass(frozen=True, slots=True)
class NumberLine:
    """One number of a request."""

    number: PortInNumber
    label: Label
    guard: CancelGuard
    ours: PhoneNumber | None  # once it is in the account
    is_unsettled: bool  # a cancellation of it has not ended

    @property
    def why_not_portable(self) -> str:
        """Why Twilio took it out of the request when it was filed, in words."""
        number = self.number
        return answer_of(
            portable=False,
            code=number.not_portable_code,
            reason=number.not_portable_reason,
            number_type=number.number_type,
            country="",
            needs_pin=False,
        ).word

    @property
    def lacks(self) -> str:
        """What a ported number still wants, as far as it can be seen."""
        if self.ours is None:
            return ""
        missing = [
            words
            for words, is_missing in (
                ("calls go nowhere", self.ours.calls_go_to.kind == "none"),
                ("messages go nowhere", self.ours.messages_go_to.kind == "none"),
                ("no emergency address", not self.ours.emergency_address_id),
            )
            if is_missing
        ]
        return ", ".join(missing).capitalize()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many numbers of a request have which status, and the first port date of one that is not over."""

    counts: Mapping[str, int]
    first_date: datetime | None

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def line_of(request: PortInRequest, now: datetime | None = None) -> Line:
    stage = stage_of(request.status)
    return Line(
        request,
        label_for(PORT_IN_STATES, request.status),
        stage,
        deadline_in(stage, request.status_since, now or timezone.now()),
    )


def with_first_number(rows: QuerySet[PortInRequest]) -> QuerySet[PortInRequest]:
    numbers = PortInNumber.objects.filter(request=OuterRef("pk")).order_by("phone_number")
    return rows.annotate(first_number=Subquery(numbers.values("phone_number")[:1]))


def with_open_operation(rows: QuerySet[PortInNumber]) -> QuerySet[PortInNumber]:
    open_ones = Operation.objects.open().filter(target=OuterRef("pk"))
    return rows.annotate(is_unsettled=Exists(open_ones))


def number_lines(numbers: Sequence[Any], account_sid: str) -> list[NumberLine]:
    """What a page says of numbers `with_open_operation`; one query where some of them were ported."""
    now = timezone.now()
    ours = _in_account(
        [number.phone_number for number in numbers if number.status == "completed"], account_sid
    )
    return [
        NumberLine(
            number,
            label_for(PORT_IN_NUMBER_STATES, number.status),
            CancelGuard(number.status, number.port_date, now),
            ours.get(number.phone_number),
            number.is_unsettled,
        )
        for number in numbers
    ]


def tally_of(request: PortInRequest) -> Tally:
    """One query."""
    rows = PortInNumber.objects.filter(request=request).order_by().values_list("status")
    told = list(rows.annotate(Count("sid"), Min("port_date")))
    return Tally(
        {status: count for status, count, _ in told},
        first_date(day for status, _, day in told if status not in PORT_IN_OVER),
    )


def guard_of(request: PortInRequest) -> CancelGuard:
    """Until when the whole request can be canceled."""
    return CancelGuard(request.status, tally_of(request).first_date, timezone.now())


def subject_of(request: PortInRequest, field: str) -> Subject:
    """A masked value of a request."""
    read = partial(_of_carrier, request, field)
    if field in OTHER_FIELDS:
        read = partial(getattr, request, field)
    return Subject(
        account=request.account,
        target=request.pk,
        field=field,
        label=FIELDS[field],
        url=reverse("porting:port-in-reveal", args=[request.pk, field]),
        page_url=request.get_absolute_url(),
        read=read,
        hint="•••• (a link)" if field == "signature_url" else "",
    )


def _of_carrier(request: PortInRequest, field: str) -> Any:
    value = request.carrier.get(field)
    if isinstance(value, Mapping):
        return ", ".join(str(part) for part in value.values() if part)
    return value


def _in_account(numbers: Iterable[str], account_sid: str) -> dict[str, PhoneNumber]:
    found = list(numbers)
    if not found:
        return {}
    rows = PhoneNumber.objects.for_table().present().filter(phone_number__in=found, account=account_sid)
    return {number.phone_number: number for number in rows.order_by("remote_created_at")}
