"""A bulk hosting request that was started elsewhere, as Twilio has it now; never stored.

The specification has two examples of it and no page (contract §4, row 12): statuses in snake case, counts as
text. What is read here is read so that anything else in its place is shown or left out, and never fails.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.labels import Label, Labels, label_for
from portal.mirror.records import iso8601, text
from portal.models import TwilioAccount
from porting.hosting import gateway
from porting.hosting.eligibility.next_steps import REASONS, normal_value, step_of
from porting.statuses import HOSTED_ORDER_STATES, normal_status

REQUEST_STATES: Labels = {
    "queued": Label("Queued", "wait"),
    "in_progress": Label("In progress", "wait"),
    "processed": Label("Processed", "ok"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One order. `next_step` is in our words, where they are known."""

    number: str
    order_sid: str
    letter_sid: str
    reason: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Group:
    """The orders of one status. Twilio may count more than it tells of."""

    status: str
    label: Label
    count: str
    rows: Sequence[Row]

    @property
    def numbers(self) -> str:
        """One in a line, as they are pasted."""
        return "\n".join(row.number for row in self.rows)


@dataclass(frozen=True, slots=True)
class BulkRequest:
    sid: str
    label: Label
    is_over: bool
    total: int | None
    created_at: datetime | None
    ended_at: datetime | None
    groups: Sequence[Group]


def find_bulk_request(account: TwilioAccount, sid: str, *, order_status: str = "") -> BulkRequest:
    """Raises Absent where the account has none such, and what a read raises."""
    told = gateway.fetch_bulk_hosting(account.require_own_login(), sid, order_status=order_status)
    return read_bulk_request(sid, told)


def read_bulk_request(sid: str, told: Mapping[str, Any]) -> BulkRequest:
    status, total = normal_status(told.get("request_status")), told.get("total_count")
    return BulkRequest(
        sid=sid,
        label=label_for(REQUEST_STATES, status),
        is_over=status == "processed",
        total=total if isinstance(total, int) else None,
        created_at=iso8601(told.get("date_created")),
        ended_at=iso8601(told.get("date_completed")),
        groups=[_group(one) for one in _objects(told.get("results"))],
    )


def _group(told: Mapping[str, Any]) -> Group:
    status = normal_status(told.get("order_status"))
    rows = [_row(one) for one in _objects(told.get("orders"))]
    count = text(told.get("count"), 12) or str(len(rows))
    return Group(status, label_for(HOSTED_ORDER_STATES, status), count, rows)


def _row(told: Mapping[str, Any]) -> Row:
    step, reason = normal_value(told.get("next_step")), text(told.get("failure_reason"), 500)
    return Row(
        number=text(told.get("phone_number"), 20),
        order_sid=text(told.get("hosting_order_sid"), 34),
        letter_sid=text(told.get("signing_document_sid"), 34),
        reason=REASONS.get(normal_value(reason), reason),
        next_step=step_of(step).title if step and step != "none" else "",
    )


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
