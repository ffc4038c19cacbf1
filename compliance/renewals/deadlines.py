"""The bundles that have a last day, and what a list says of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import Now

from compliance.models import Bundle, Regulation, RegulationVersion, Reminder
from compliance.querysets import BundleQuerySet
from compliance.regulation_diff import Difference, diff
from compliance.regulations.versions import Group, group_of
from compliance.renewals.rules import Deadline, Renewal, since_of, stage_of
from inventory.models import PhoneNumber


@dataclass(frozen=True, slots=True)
class LatestChange:
    """What a regulation asks for otherwise than before, as far as it was seen to change."""

    seen_at: datetime
    differences: Sequence[Difference]

    @property
    def first(self) -> Difference | None:
        """What to tell in one line: something that is asked for more, if there is."""
        more = (one for one in self.differences if one.asks_for_more)
        return next(more, next(iter(self.differences), None))

    @property
    def others(self) -> int:
        return max(0, len(self.differences) - 1)


@dataclass(frozen=True, slots=True)
class Line:
    """One bundle of the list."""

    bundle: Bundle
    renewal: Renewal
    deadline: Deadline
    numbers: int
    change: LatestChange | None
    reminder: Reminder | None


@dataclass(frozen=True, slots=True)
class Figures:
    """How many bundles end when, over all that a person may see, and in which countries."""

    overdue: int
    week: int
    month: int
    total: int
    countries: Sequence[str | None]

    @classmethod
    def of(cls, rows: BundleQuerySet) -> "Figures":
        """One query."""
        over = Q(valid_until__lte=Now())
        week, month = (~over & Q(valid_until__lte=Now() + timedelta(days=days)) for days in (7, 30))
        counts = list(
            rows.order_by()
            .values_list("regulation__iso_country")
            .annotate(
                overdue=Count("sid", filter=over),
                week=Count("sid", filter=week),
                month=Count("sid", filter=month),
                total=Count("sid"),
            )
        )
        overdue, in_week, in_month, total = (sum(row[column] for row in counts) for column in range(1, 5))
        return cls(overdue, in_week, in_month, total, [country for country, *_ in counts])


def deadlines() -> BundleQuerySet:
    """Bundles with a last day, and those that Twilio rejected on it. Copies have none of their own."""
    passed = Q(status=Bundle.Status.REJECTED, valid_until__lte=Now())
    valid = Q(status__in=(Bundle.Status.APPROVED, Bundle.Status.PROVISIONAL))
    rows: BundleQuerySet = Bundle.objects.present().filter(valid | passed, valid_until__isnull=False)
    return rows.filter(copy_of="")


def lines_of(bundles: Sequence[Bundle]) -> list[Line]:
    """What the list says of these bundles, in four queries."""
    sids = [bundle.pk for bundle in bundles]
    copies = _copies(sids)
    numbers = _number_counts(sids)
    changes = latest_changes(bundle.regulation for bundle in bundles if bundle.regulation)
    reminders = _reminders(sids)
    lines = []
    for bundle in bundles:
        copy = copies.get(bundle.pk)
        stage = stage_of(bundle, copy)
        change = changes.get(group_of(bundle.regulation)) if bundle.regulation else None
        assert bundle.valid_until
        lines.append(
            Line(
                bundle,
                Renewal(bundle, copy, stage, since_of(stage, bundle, copy)),
                Deadline.of(bundle.valid_until, change.seen_at if change else None),
                numbers.get(bundle.pk, 0),
                change,
                _told_of(reminders, bundle),
            )
        )
    return lines


def latest_changes(regulations: Iterable[Regulation]) -> dict[Group, LatestChange]:
    """The last change that was seen of what each group asks for. One query."""
    groups = {group_of(regulation) for regulation in regulations}
    versions: dict[Group, list[RegulationVersion]] = {}
    rows = RegulationVersion.objects.filter(
        iso_country__in={country for country, _, _ in groups},
        number_type__in={number_type for _, number_type, _ in groups},
    )
    for version in rows if groups else ():
        versions.setdefault(group_of(version), []).append(version)
    return {
        group: LatestChange(found[0].seen_at, diff(found[1].requirements, found[0].requirements))
        for group, found in versions.items()
        if group in groups and len(found) > 1
    }


def last_change_of(regulation: Regulation | None) -> datetime | None:
    """When what a regulation asks for was last seen to change; None if it never was."""
    changes = latest_changes([regulation]) if regulation else {}
    return next((change.seen_at for change in changes.values()), None)


def count_numbers(bundle_sid: str) -> int:
    return PhoneNumber.objects.present().filter(bundle_sid=bundle_sid).count()


def _number_counts(sids: Sequence[str]) -> dict[str, int]:
    rows = PhoneNumber.objects.present().filter(bundle_sid__in=sids).order_by()
    return dict(rows.values_list("bundle_sid").annotate(Count("sid")))


def _copies(sids: Sequence[str]) -> dict[str, Bundle]:
    """The newest copy of each that is still at Twilio."""
    rows = Bundle.objects.present().filter(copy_of__in=sids).defer("payload")
    return {copy.copy_of: copy for copy in rows.order_by("remote_created_at", "sid")}


def _reminders(sids: Sequence[str]) -> Mapping[tuple[str, datetime], Reminder]:
    rows = Reminder.objects.filter(bundle__in=sids).exclude(occasion=Reminder.Occasion.STALLED)
    return {(one.bundle_id, one.moment): one for one in rows.order_by("noted_at")}


def _told_of(reminders: Mapping[tuple[str, datetime], Reminder], bundle: Bundle) -> Reminder | None:
    return reminders.get((bundle.pk, bundle.valid_until)) if bundle.valid_until else None
