"""What a check has found: rows for its table, and the requests that follow from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q

from inventory.models import PhoneNumber
from portal.access import Access
from portal.labels import ITEM_STATES, Label, label_for
from portal.models import Batch, BatchItem
from portal.numbering import country_of
from portal.secrets import fingerprint
from porting.checking.words import Answer, answer_of, heading_of, may_be_hosted, reason_of, request_text
from porting.models import NumberCheck, PortInDraft, PortInNumber
from porting.portin.splitter import Apart, By, Checked, Plan, Proposal, split
from porting.statuses import PORT_IN_OVER

SHOWN = {
    "portable": ("Portable", Q(number_check__portable=True)),
    "pin": ("PIN and account needed", Q(number_check__needs_pin=True)),
    "not": ("Not portable", Q(number_check__portable=False)),
    "unknown": ("Not known", Q(number_check=None)),
}


@dataclass(slots=True)
class Row:
    """One number in the table."""

    item: BatchItem
    check: NumberCheck | None
    answer: Answer | None
    state: Label
    ours: PhoneNumber | None = None
    porting: PortInNumber | None = None

    @property
    def country(self) -> str:
        return self.check.country if self.check else country_of(self.item.name)


@dataclass(slots=True)
class Offer:
    """A request as it is offered: `mark` is what it is known by until it is prepared."""

    mark: str
    proposal: Proposal


@dataclass(slots=True)
class Group:
    """Numbers in no request: what they are, why, and the text to send where Twilio ports by hand."""

    group: Apart
    heading: str
    reason: str
    text: str


@dataclass(slots=True)
class Outcome:
    """The requests that are prepared or filed already, those that nobody has begun, and all other numbers."""

    begun: list[PortInDraft] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    hosted: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return len(self.begun) + len(self.offers)


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a check is: all numbers, those it is done with, those to ask again, and each kind of answer."""

    total: int
    ended: int
    again: int
    answers: Mapping[str, int]

    @property
    def share(self) -> float:
        return self.ended / self.total if self.total else 1.0


def tally_of(batch: Batch) -> Tally:
    counts = batch.items.aggregate(
        total=Count("pk"),
        ended=Count("pk", filter=~Q(state__in=BatchItem.UNENDED)),
        again=Count("pk", filter=Q(state__in=BatchItem.AGAIN)),
        **{name: Count("pk", filter=q) for name, (_, q) in SHOWN.items()},
    )
    answers = {name: counts[name] for name in SHOWN}
    return Tally(counts["total"], counts["ended"], counts["again"], answers)


def rows_of(items: Sequence[BatchItem], access: Access) -> list[Row]:
    """The rows of a page, with what we know of the numbers ourselves."""
    names = [item.name for item in items]
    ours = {
        number.phone_number: number
        for number in access.visible(PhoneNumber.objects.present())
        .filter(phone_number__in=names)
        .select_related("account")
    }
    porting = {
        number.phone_number: number
        for number in access.visible(PortInNumber.objects.present())
        .filter(phone_number__in=names)
        .exclude(status__in=PORT_IN_OVER)
        .with_request()
    }
    rows = []
    for item in items:
        check = getattr(item, "number_check", None)
        answer = _answer(check) if check else None
        state = label_for(ITEM_STATES, item.state)
        rows.append(Row(item, check, answer, state, ours.get(item.name), porting.get(item.name)))
    return rows


def _answer(check: NumberCheck) -> Answer:
    return answer_of(
        portable=check.portable,
        code=check.code,
        reason=check.reason,
        number_type=check.number_type,
        country=check.country,
        needs_pin=check.needs_pin,
    )


def begun_drafts(batch: Batch, numbers: Iterable[str]) -> list[PortInDraft]:
    """Requests with any of these numbers that are being prepared, or were since the check."""
    rows = PortInDraft.objects.filter(account=batch.account_sids[0], numbers__overlap=list(numbers))
    rows = rows.filter(Q(port_in_sid="") | Q(created_at__gte=batch.created_at)).defer("values", "refusals")
    return list(rows.order_by("created_at"))


def plan_of(batch: Batch, by: Sequence[By]) -> tuple[list[PortInDraft], Plan]:
    """The requests that are begun, and what is proposed for the numbers in none of them."""
    checked = checked_of(batch)
    begun = begun_drafts(batch, (one.number for one in checked))
    return begun, split(checked, by=by, left_out={number for draft in begun for number in draft.numbers})


def checked_of(batch: Batch) -> list[Checked]:
    """Every number that Twilio has answered about."""
    rows = NumberCheck.objects.filter(item__batch=batch).select_related("item").order_by("item__position")
    return [
        Checked(
            number=row.item.name,
            portable=row.portable,
            country=row.country,
            number_type=row.number_type,
            needs_pin=row.needs_pin,
            code=row.code,
            carrier=str(row.item.detail.get("carrier") or ""),
        )
        for row in rows
    ]


def outcome_of(batch: Batch, by: Sequence[By]) -> Outcome:
    """The requests to file, those already begun, and the numbers that are in none."""
    begun, plan = plan_of(batch, by)
    offers = [Offer(mark_of(proposal), proposal) for proposal in plan.proposals]
    groups = [
        Group(group, heading_of(group), reason_of(group), request_text(group, batch.account_sids[0]))
        for group in plan.apart
    ]
    return Outcome(begun, offers, groups, may_be_hosted(plan.apart))


def mark_of(proposal: Proposal) -> str:
    """What a proposal is known by while the check may still change."""
    return fingerprint("proposal", *proposal.numbers)


def read_by(values: Sequence[str]) -> list[By]:
    return [by for by in By if by.value in values]


def lines_for_export(batch: Batch) -> list[list[Any]]:
    found = []
    for item in batch.items.select_related("number_check"):
        check = getattr(item, "number_check", None)
        answer = _answer(check) if check else None
        found.append(
            [
                item.name,
                answer.word if answer else label_for(ITEM_STATES, item.state).word,
                "yes" if check and check.portable else "no" if check else "",
                "yes" if check and check.needs_pin else "no" if check else "",
                check.number_type if check else "",
                check.country if check else "",
                check.code or "" if check else item.code or "",
                answer.next_step if answer else item.words,
            ]
        )
    return found
