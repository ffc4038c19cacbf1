"""How a bundle whose regulation changed stands: its last day, and the update of it (pages 28 and 41).

Twilio gives an approved bundle a `valid_until` when its regulation changes, and rejects it on that day. Until
then a Copy of it can be made, put right and approved; then the bundle takes the items of the copy, keeps its
SID and its numbers, and has no last day any more. Copies that are used up are deleted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import F
from django.template.defaultfilters import date as format_date
from django.urls import reverse
from django.utils import timezone

from compliance.models import Bundle, ItemAssignment, Reminder
from compliance.renewals.hours import OfficeHours, after_business_time, business_time
from portal.labels import Label, Labels

# A step that somebody here has to take rests when nothing has come of it for so long.
RESTS_AFTER = timedelta(hours=24)
# How long before its last day a bundle is assumed to have been given it, where nobody saw that.
USUAL_NOTICE = timedelta(days=60)
# In days before the last one.
THRESHOLDS = (60, 30, 14, 7, 1)


class Stage(StrEnum):
    NONE = "none"
    DRAFT = "draft"
    REJECTED = "rejected"
    REVIEW = "review"
    APPROVED = "approved"
    REPLACED = "replaced"
    DONE = "done"
    LAPSED = "lapsed"


STAGES: Labels = {
    Stage.NONE: Label("Not started", "off"),
    Stage.DRAFT: Label("Copy in progress", "wait"),
    Stage.REJECTED: Label("Copy rejected", "bad"),
    Stage.REVIEW: Label("Copy under review", "wait"),
    Stage.APPROVED: Label("Approved, replace now", "ok"),
    Stage.REPLACED: Label("Replaced, delete the copy", "ok"),
    Stage.DONE: Label("Updated", "ok"),
    Stage.LAPSED: Label("Rejected, last day passed", "bad"),
}
# The next step of these is taken here; of the others it is Twilio's, or there is none.
OURS = frozenset({Stage.DRAFT, Stage.REJECTED, Stage.APPROVED, Stage.REPLACED})


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of a bundle, and since when it has one."""

    until: datetime
    since: datetime

    @classmethod
    def of(cls, until: datetime, since: datetime | None) -> "Deadline":
        return cls(until, since if since and since < until else until - USUAL_NOTICE)

    @property
    def is_over(self) -> bool:
        return self.until <= timezone.now()

    @property
    def words(self) -> str:
        return distance_words(self.until, timezone.now())

    @property
    def tone(self) -> str:
        """Red in the last fifth of the time there was, and afterwards."""
        left, whole = self.until - timezone.now(), self.until - self.since
        if left <= whole / 5:
            return "bad"
        return "wait" if left <= whole / 2 else "off"


@dataclass(frozen=True, slots=True)
class Renewal:
    """A bundle with its copy, if there is one, and how far the update is."""

    original: Bundle
    copy: Bundle | None
    stage: Stage
    since: datetime | None  # it is at this stage

    @property
    def label(self) -> Label:
        return STAGES[self.stage]

    @property
    def is_started(self) -> bool:
        return self.copy is not None and self.stage not in (Stage.NONE, Stage.LAPSED)

    @property
    def is_under_way(self) -> bool:
        return self.is_started and self.stage != Stage.DONE

    @property
    def can_start(self) -> bool:
        """22223: only an approved bundle with a last day can be copied (page 38)."""
        return self.stage == Stage.NONE and self.original.is_approved

    @property
    def is_stalled(self) -> bool:
        return rests(self.stage, self.since, timezone.now())

    @property
    def url(self) -> str:
        return reverse("compliance:renewal-detail", args=[self.original.pk])


def renewal_of(bundle: Bundle) -> Renewal | None:
    """The update that a bundle needs or is the copy of; None where there is nothing to tell.

    In two queries at most. A finished one is told, too, as long as the bundle has no other last day.
    """
    if bundle.copy_of:
        original = Bundle.objects.select_related("account", "regulation").filter(pk=bundle.copy_of).first()
        if original is None:
            return None
        copy: Bundle | None = bundle
    else:
        original, copy = bundle, newest_copy(bundle)
    if original.valid_until is None and copy is None:
        return None
    stage = stage_of(original, copy)
    if stage == Stage.NONE:
        copy = None
    return Renewal(original, copy, stage, since_of(stage, original, copy))


def newest_copy(original: Bundle) -> Bundle | None:
    """The copy that counts: one that is at Twilio before one that was, and the newest of them."""
    copies = Bundle.objects.select_related("account", "regulation").filter(copy_of=original.pk)
    newest: Bundle | None = copies.order_by(
        F("missing_since").desc(nulls_first=True), F("remote_created_at").desc(nulls_last=True), "-sid"
    ).first()
    return newest


def stage_of(original: Bundle, copy: Bundle | None) -> Stage:
    """How far an update is, by what Twilio has of the two."""
    if original.valid_until and original.status == Bundle.Status.REJECTED:
        return Stage.LAPSED
    if copy is None:
        return Stage.NONE
    if copy.missing_since is not None:
        return Stage.NONE if original.valid_until else Stage.DONE
    if copy.is_under_review:
        return Stage.REVIEW
    if copy.status == Bundle.Status.REJECTED:
        return Stage.REJECTED
    if not copy.is_approved:
        return Stage.DRAFT
    has_items = original.valid_until or ItemAssignment.objects.present().filter(bundle=copy).exists()
    return Stage.APPROVED if has_items else Stage.REPLACED


def since_of(stage: Stage, original: Bundle, copy: Bundle | None) -> datetime | None:
    """Since when an update is at its stage."""
    match stage:
        case Stage.LAPSED:
            return original.status_since
        case Stage.NONE:
            return None
    assert copy is not None
    match stage:
        case Stage.REVIEW:
            return copy.submitted_at or copy.status_since
        case Stage.REPLACED:
            return original.synced_at
        case Stage.DONE:
            return copy.missing_since
        case _:
            return copy.status_since or copy.remote_created_at


def rests(stage: Stage, since: datetime | None, now: datetime) -> bool:
    """Whether a step takes too long: ours a day, a review as long as Twilio says before one complains."""
    if since is None:
        return False
    if stage == Stage.REVIEW:
        return now - since > escalation_after()
    return stage in OURS and now - since > RESTS_AFTER


def distance_words(until: datetime, now: datetime) -> str:
    """`12 days left`, `5 hours left`, `overdue by 2 days` (UX-45)."""
    is_over = until <= now
    seconds = int(abs((until - now).total_seconds()))
    count, unit = (seconds // 86400, "day") if seconds >= 86400 else (seconds // 3600, "hour")
    length = f"{count} {unit}{'' if count == 1 else 's'}" if count else "less than an hour"
    return f"overdue by {length}" if is_over else f"{length} left"


def day_words(moment: datetime) -> str:
    """`12 Mar 2027`."""
    return format_date(timezone.localtime(moment), "j M Y")


def occasion_of(until: datetime, now: datetime) -> Reminder.Occasion | None:
    """What there is to be reminded of: the nearest threshold that was crossed, or that it is over."""
    if until <= now:
        return Reminder.Occasion.OVERDUE
    crossed = [days for days in THRESHOLDS if until - now <= timedelta(days=days)]
    return Reminder.Occasion(str(min(crossed))) if crossed else None


def office_hours() -> OfficeHours:
    return OfficeHours(
        settings.REVIEW_OFFICE_OPENS, settings.REVIEW_OFFICE_CLOSES, settings.REVIEW_OFFICE_ZONE
    )


def escalation_after() -> timedelta:
    return timedelta(hours=settings.REVIEW_ESCALATION_HOURS)


def expected_by(submitted_at: datetime) -> datetime:
    """When Twilio should have decided a review."""
    expected = timedelta(hours=settings.REVIEW_EXPECTED_HOURS)
    return after_business_time(submitted_at, expected, office_hours())


def reviewed_for(submitted_at: datetime, until: datetime) -> timedelta:
    """The business time a review has taken."""
    return business_time(submitted_at, until, office_hours())
