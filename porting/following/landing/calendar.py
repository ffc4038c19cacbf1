"""The days on which numbers are ported, as the losing carriers agreed to them or as we asked for them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Exists, OuterRef, Subquery
from django.db.models.functions import TruncDate

from portal.access import Access
from portal.labels import Label, label_for
from porting.following.lines import with_first_number
from porting.models import PortInNumber, PortInRequest
from porting.models.port_in import HEAVY
from porting.portin.dates import unknown_holidays, warning_of
from porting.statuses import PORT_IN_STATES

# A month has room for so many requests of either kind, the first ones; the list has the others.
MOST = 500
_GONE = ("canceled", "expired", "canceling", "port_rejected")


@dataclass(frozen=True, slots=True)
class Port:
    """Numbers of a request on one day. It is agreed when the losing carrier has said so."""

    request: PortInRequest
    numbers: int
    is_agreed: bool
    country: str

    @property
    def others(self) -> int:
        return max(0, self.request.numbers_requested - 1)

    @property
    def label(self) -> Label:
        return label_for(PORT_IN_STATES, self.request.status)


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    ports: list[Port] = field(default_factory=list)

    @property
    def countries(self) -> list[str]:
        return sorted({port.country for port in self.ports})

    @property
    def warnings(self) -> list[str]:
        """Why carriers may not port on it, in the countries of its numbers."""
        return list(dict.fromkeys(filter(None, (warning_of(self.day, one) for one in self.countries))))

    @property
    def numbers(self) -> int:
        return sum(port.numbers for port in self.ports)


def month_of(text: str, today: date) -> date:
    """`2026-12` as its first day; this month for anything else."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)


def neighbors(month: date) -> tuple[date, date]:
    """The months before and after, as far as there are dates for them."""
    before = month if month.year <= 1 else (month - timedelta(days=1)).replace(day=1)
    after = month if month.year >= 9999 else (month + timedelta(days=32)).replace(day=1)
    return before, after


def days_of(month: date, access: Access) -> tuple[Sequence[Day], bool]:
    """The days of a month with something on them, in three queries; and whether those are all."""
    _, after = neighbors(month)
    agreed = access.visible(PortInNumber.objects.present()).exclude(status__in=_GONE)
    counts = list(
        agreed.filter(port_date__gte=_midnight(month), port_date__lt=_midnight(after))
        .order_by()
        .annotate(day=TruncDate("port_date", tzinfo=UTC))
        .values_list("day", "request", "country")
        .annotate(Count("sid"))
        .order_by("day", "request")[: MOST + 1]
    )
    requests = PortInRequest.objects.select_related("account").defer(*HEAVY)
    known = with_first_number(requests).in_bulk({sid for _, sid, _, _ in counts})
    ports = [
        (day, Port(known[sid], count, True, country))
        for day, sid, country, count in counts[:MOST]
        if sid in known
    ]
    numbers = PortInNumber.objects.filter(request=OuterRef("pk")).order_by("phone_number")
    wished = access.visible(requests.present().open().exclude(status="canceling")).filter(
        ~Exists(numbers.filter(port_date__isnull=False)), target_date__gte=month, target_date__lt=after
    )
    named = with_first_number(wished).annotate(country=Subquery(numbers.values("country")[:1]))
    asked = list(named.order_by("target_date", "sid")[: MOST + 1])
    ports += [
        (one.target_date, Port(one, one.numbers_requested, False, one.country or ""))
        for one in asked[:MOST]
        if one.target_date
    ]
    days: dict[date, Day] = {}
    for day, port in sorted(ports, key=lambda one: (one[0], not one[1].is_agreed, one[1].request.pk)):
        days.setdefault(day, Day(day)).ports.append(port)
    return list(days.values()), max(len(counts), len(asked)) <= MOST


def notes_of(days: Sequence[Day]) -> list[str]:
    """Of which countries nobody is warned of holidays, a sentence for each."""
    countries = {country: day.day for day in days for country in day.countries}
    return [note for one, day in sorted(countries.items()) if (note := unknown_holidays(one, day))]


def _midnight(day: date) -> datetime:
    """Where a day begins that is counted as Twilio counts its own."""
    return datetime.combine(day, time(), UTC)
