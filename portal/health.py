"""How the sync is doing, per account and resource (N7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from portal.labels import RUN_STATES, Label, label_for
from portal.mirror.runs import LEASE
from portal.models import SyncRun, TwilioAccount
from portal.tasks import BEAT_KEY

RESOURCE_NAMES = {
    "accounts": "Accounts",
    "numbers": "Numbers",
    "addresses": "Addresses",
    "applications": "Applications",
    "prices": "Prices",
    "usage": "Usage",
    "regulations": "Regulations",
    "end_users": "End users",
    "documents": "Documents",
    "bundles": "Bundles",
    "port_ins": "Port-in requests",
    "hosted_orders": "Hosted orders",
    "authorizations": "Authorization documents",
}
# Beat ticks every 15 seconds; this long without a tick means that nothing happens by itself.
BEAT_IS_LATE_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Line:
    """One resource of one account: its last run, and the last one that was complete."""

    account: TwilioAccount
    resource: str
    latest: SyncRun | None
    complete: SyncRun | None
    of_account: int  # lines that this account has

    @property
    def name(self) -> str:
        return RESOURCE_NAMES[self.resource]

    @property
    def interval(self) -> timedelta:
        return settings.SYNC_INTERVALS[self.resource]

    @property
    def state(self) -> Label:
        if self.latest is None:
            return Label("Never read", "off")
        if is_interrupted(self.latest):
            return Label("Interrupted", "wait")
        return label_for(RUN_STATES, self.latest.state)


def is_interrupted(run: SyncRun) -> bool:
    """Whether a running run has lost its worker. Beat begins it again."""
    moved = run.heartbeat_at or run.queued_at
    return run.state == SyncRun.State.RUNNING and moved < timezone.now() - LEASE


def health_of(accounts: Sequence[TwilioAccount]) -> list[Line]:
    """Two queries, however many accounts."""
    runs = SyncRun.objects.filter(account__in=accounts)
    latest = runs.order_by("account_id", "resource", "-queued_at").distinct("account_id", "resource")
    last = {(run.account_id, run.resource): run for run in latest}
    complete = {(run.account_id, run.resource): run for run in runs.latest_complete(settings.SYNC_INTERVALS)}
    lines = []
    for account in accounts:
        resources = [
            r
            for r in settings.SYNC_INTERVALS
            if not (r in settings.SYNC_BY_PARENTS and account.is_subaccount)
        ]
        for resource in resources:
            key = account.pk, resource
            lines.append(Line(account, resource, last.get(key), complete.get(key), len(resources)))
    return lines


def beat_at() -> datetime | None:
    """When beat and a worker last showed that they are alive; None when nobody knows."""
    try:
        return cache.get(BEAT_KEY)  # type: ignore[no-any-return]
    except Exception:  # the cache is down, in whichever way its client says so
        return None


def is_beat_late() -> bool:
    moment = beat_at()
    return moment is None or moment < timezone.now() - BEAT_IS_LATE_AFTER
