"""The kinds of what the board shows: where their rows are, how long each may rest, and who must act then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Length

from portal.labels import Labels
from portal.numbering import spaced
from porting.board.log import with_log
from porting.deadlines import Stage, late_after
from porting.following.lines import with_first_number
from porting.following.tracker import STAGES as PORT_IN_STAGES
from porting.hosting.orders.tracker import LOA_DAYS
from porting.hosting.orders.tracker import STAGES as ORDER_STAGES
from porting.models import AuthorizationDocument, HostedOrder, PortInRequest
from porting.models.port_in import HEAVY
from porting.statuses import AUTHORIZATION_STATES, HOSTED_ORDER_STATES, PORT_IN_STATES

_LETTER_STAGES: Mapping[str, Stage] = {
    "opened": Stage("We", "change the letter and send it again: it was taken back.", is_ours=True),
    "signing": Stage("The signer", "signs the letter that Twilio sent by e-mail.", LOA_DAYS),
}
# A letter stands for the orders that wait for its signature, up to 15,000 of them.
_ON_A_LETTER = Q(
    Exists(AuthorizationDocument.objects.waiting().filter(pk=OuterRef("signing_document_sid"))),
    status="pending_loa",
)
# What has no limit comes after all that has one, the longest rest first.
_NO_LIMIT = timedelta(days=36_500)
_PERSONAL_OF_HOSTING = ("payload", "email", "cc_emails")


def _first_of(number: str | None, count: int) -> str:
    """`+1 207-555-0110 and 2 more`; "" where no number is known."""
    if not number:
        return ""
    return f"{spaced(number)} and {count - 1:,} more" if count > 1 else spaced(number)


def _with_orders(letters: QuerySet[AuthorizationDocument]) -> QuerySet[AuthorizationDocument]:
    orders = HostedOrder.objects.present().filter(signing_document_sid=OuterRef("pk")).order_by()
    by_letter = orders.values("signing_document_sid")
    return letters.annotate(
        first_number=Subquery(by_letter.annotate(first=Min("phone_number")).values("first")),
        order_count=Subquery(by_letter.annotate(n=Count("pk")).values("n")),
    )


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of what the board shows."""

    kind: str
    name: str
    prefix: str  # of their SIDs
    stages: Mapping[str, Stage]
    labels: Labels
    rows: Callable[[], QuerySet[Any]]
    title: Callable[[Any], str]
    named: Callable[[QuerySet[Any]], QuerySet[Any]]  # with what the title is made of
    told_by: Q | None = None  # rows that the line of something else stands for

    @property
    def one(self) -> str:
        """`Port-in request`."""
        return self.name.removesuffix("s")

    def own_lines(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those that have a line of their own on the board."""
        return rows if self.told_by is None else rows.exclude(self.told_by)

    def open_rows(self) -> QuerySet[Any]:
        """Each with `until`, when Twilio gives it up, and with its log of reminders."""
        limits = [
            When(status=status, then=Value(timedelta(days=stage.days)))
            for status, stage in self.stages.items()
            if stage.days
        ]
        limit = Case(*limits, default=Value(_NO_LIMIT), output_field=DurationField())
        since = Coalesce("status_since", "first_seen_at")
        until = ExpressionWrapper(since + limit, output_field=DateTimeField())
        rows: QuerySet[Any] = self.named(self.rows()).annotate(until=until).select_related("account")
        return with_log(rows)

    def is_late(self, now: datetime) -> Q:
        """In the last fifth of its days."""
        late = Q(pk__in=[])
        for status, stage in self.stages.items():
            if stage.days:
                late |= Q(status=status, status_since__lte=now - late_after(stage.days))
        return late

    def is_ours(self) -> Q:
        return Q(status__in=[status for status, stage in self.stages.items() if stage.is_ours])


SOURCES = (
    Source(
        "requests", "Port-in requests", "KW", PORT_IN_STAGES, PORT_IN_STATES,
        lambda: PortInRequest.objects.present().open().defer(*HEAVY).annotate(
            signature_length=Length("signature_url")
        ),
        lambda row: _first_of(row.first_number, row.numbers_requested) or "Numbers to port in",
        with_first_number,
    ),
    Source(
        "orders", "Hosted orders", "HR", ORDER_STAGES, HOSTED_ORDER_STATES,
        lambda: HostedOrder.objects.open().defer(
            *_PERSONAL_OF_HOSTING, "contact_phone_number", "contact_title", "verification_code"
        ),
        lambda row: spaced(row.phone_number),
        lambda rows: rows,
        told_by=_ON_A_LETTER,
    ),
    Source(
        "letters", "Letters", "PX", _LETTER_STAGES, AUTHORIZATION_STATES,
        lambda: AuthorizationDocument.objects.waiting().defer(*_PERSONAL_OF_HOSTING),
        lambda row: _first_of(row.first_number, row.order_count or 0) or "Letter of authorization",
        _with_orders,
    ),
)  # fmt: skip
