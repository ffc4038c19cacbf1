"""The kinds of what the board shows: where their rows are, how long each may rest, and who must act then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, DurationField, ExpressionWrapper, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Length

from portal.labels import Labels
from portal.numbering import spaced
from porting.board.log import with_log
from porting.deadlines import Stage, late_after
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
# What has no limit comes after all that has one, the longest rest first.
_NO_LIMIT = timedelta(days=36_500)
_PERSONAL_OF_HOSTING = ("payload", "email", "cc_emails")


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

    @property
    def one(self) -> str:
        """`Port-in request`."""
        return self.name.removesuffix("s")

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
        rows: QuerySet[Any] = self.rows().annotate(until=until).select_related("account")
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
        lambda row: f"{row.numbers_requested:,} number{'' if row.numbers_requested == 1 else 's'} to port in",
    ),
    Source(
        "orders", "Hosted orders", "HR", ORDER_STAGES, HOSTED_ORDER_STATES,
        lambda: HostedOrder.objects.open().defer(
            *_PERSONAL_OF_HOSTING, "contact_phone_number", "contact_title", "verification_code"
        ),
        lambda row: spaced(row.phone_number),
    ),
    Source(
        "letters", "Letters", "PX", _LETTER_STAGES, AUTHORIZATION_STATES,
        lambda: AuthorizationDocument.objects.waiting().defer(*_PERSONAL_OF_HOSTING),
        lambda row: "Letter of authorization",
    ),
)  # fmt: skip
