"""The rejected numbers of a request, grouped by the code they were rejected for."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from porting.models import PortInNumber, PortInRequest
from porting.rejections import Fix, Way, fix_of

REJECTED = "port_rejected"


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers that were rejected for one code; `again` are those it has happened to before.

    `earlier` are the requests in which that was, the newest first.
    """

    code: int
    fix: Fix
    reason: str
    numbers: Sequence[PortInNumber]
    again: Sequence[str]
    earlier: Sequence[PortInRequest]

    @property
    def name(self) -> str:
        return self.fix.name or self.reason or "No reason given"

    @property
    def can_be_filed(self) -> bool:
        return self.fix.way != Way.GIVE_UP

    @property
    def needs_note(self) -> bool:
        return self.fix.way == Way.SUPPORT

    @property
    def asks_support(self) -> bool:
        return self.needs_note or bool(self.again)


def groups_of(request: PortInRequest) -> list[Group]:
    """Two queries; the codes in their order."""
    rows = PortInNumber.objects.filter(request=request, status=REJECTED).defer("payload")
    rejected = sorted(rows, key=lambda one: (one.rejection_code or 0, one.phone_number))
    before = _rejected_before(request, rejected) if rejected else {}
    groups = []
    for code, found in groupby(rejected, key=lambda one: one.rejection_code or 0):
        numbers = list(found)
        again = [one.phone_number for one in numbers if (one.phone_number, code) in before]
        earlier = {old.pk: old for number in again for old in before[number, code]}
        groups.append(
            Group(code, fix_of(code), numbers[0].rejection_reason, numbers, again, list(earlier.values()))
        )
    return groups


def escalations_of(request: PortInRequest) -> list[Group]:
    """Groups with numbers that were rejected for the same before: Twilio's support has to look into them."""
    return [group for group in groups_of(request) if group.again]


def _rejected_before(
    request: PortInRequest, rejected: Sequence[PortInNumber]
) -> dict[tuple[str, int], list[PortInRequest]]:
    """By number and code, the earlier requests of the account in which the losing carrier said the same."""
    rows = PortInNumber.objects.filter(
        account=request.account_id,
        phone_number__in=[one.phone_number for one in rejected],
        rejection_code__in={one.rejection_code for one in rejected if one.rejection_code},
    ).exclude(request=request)
    if request.remote_created_at:
        rows = rows.filter(request__remote_created_at__lte=request.remote_created_at)
    found: dict[tuple[str, int], list[PortInRequest]] = {}
    rows = rows.select_related("request").only("phone_number", "rejection_code", "request__ticket")
    for row in rows.order_by("-request__remote_created_at"):
        found.setdefault((row.phone_number, row.rejection_code or 0), []).append(row.request)
    return found


def support_text(request: PortInRequest, group: Group) -> str:
    """What to tell Twilio's support about a group: no names, and every SID."""
    lines = [
        f"Port-in request {name_of(request)}",
        f"Account {request.account_id}",
        f"Rejected for {group.code or 'no code'}: {group.reason or group.name}",
        *(f"Rejected for the same before: {name_of(one)}" for one in group.earlier[:5]),
        "",
        *(f"{one.phone_number} ({one.pk})" for one in group.numbers[:50]),
        *([f"and {len(group.numbers) - 50} more"] if len(group.numbers) > 50 else []),
        "",
        "What does the losing carrier need to accept these numbers?",
    ]
    return "\n".join(lines)


def name_of(request: PortInRequest) -> str:
    """A request as Twilio's support finds it."""
    return str(request.pk) + (f", ticket {request.ticket}" if request.ticket else "")
